import { describe, expect, it } from 'vitest';
import { type EventFeed, feedOfStream, findStart } from '../../../src/http/event-feed.js';

function feedOf(...ids: readonly string[]): EventFeed {
  return {
    async *follow() {
      for (const id of ids) yield { id, type: 'io.sluice.stream.started', json: new Uint8Array() };
    },
  };
}

describe('the events of one stream', () => {
  it('are those whose ids begin with its own, recordings and the end included', async () => {
    const feed = feedOfStream(feedOf('B1:started', 'S1:1', 'S12:1', 'S1:R1-end', 'xS1:1', 'S1:end'), 'S1');
    const ids: string[] = [];
    for await (const { id } of feed.follow('oldest', new AbortController().signal)) ids.push(id);
    expect(ids).toEqual(['S1:1', 'S1:R1-end', 'S1:end']);
  });
});

describe('where a follower of events starts', () => {
  it('is behind the last event, at a time, at the oldest, or now', () => {
    expect(findStart('S1:1', '1h', 0)).toEqual({ afterId: 'S1:1' });
    expect(findStart('', '90s', 100_000)).toEqual({ sinceMs: 10_000 });
    expect(findStart(undefined, '2026-11-27T00:00:00Z', 0)).toEqual({ sinceMs: Date.UTC(2026, 10, 27) });
    expect([findStart(undefined, 'all', 0), findStart(undefined, undefined, 0)]).toEqual(['oldest', 'now']);
  });

  it('is nowhere for what is no time', () => {
    expect([findStart(undefined, 'yesterday', 0), findStart(undefined, '2026-99-99', 0)]).toEqual([
      undefined,
      undefined,
    ]);
  });
});
