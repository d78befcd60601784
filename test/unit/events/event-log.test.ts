import { describe, expect, it } from 'vitest';
import { newId } from '../../../src/core/ids.js';
import { EventLog, type LogCursor, type LogEntry } from '../../../src/events/event-log.js';
import { Journal } from '../../../src/events/journal/journal.js';
import { journalOptions } from '../../../src/events/journal/options.js';
import { MemoryStorage } from '../../../src/events/journal/storage.js';
import { ManualClock, RecordingLog, someEvent } from '../../support/events-parts.js';
import { waitFor } from '../../support/wait.js';

const id = newId(5);

async function open(storage = new MemoryStorage(), clock = new ManualClock()) {
  const nobody = { event: () => undefined, session: () => undefined, boot: () => undefined };
  const options = journalOptions(64 << 20, { segmentBytes: 4096, historyBytes: 32 << 20 });
  const { journal } = await Journal.open(storage, options, nobody, { log: new RecordingLog(), clock });
  return { storage, clock, journal, log: new EventLog(journal) };
}

async function ids(entries: AsyncIterable<LogEntry>): Promise<string[]> {
  const out: string[] = [];
  for await (const entry of entries) out.push(entry.id);
  return out;
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `${id}:${from + i}`);

describe('the event log', () => {
  it('reads from the oldest, from a time, behind an id and from now on, over many segments and a restart', async () => {
    const { storage, clock, journal } = await open();
    for (let i = 1; i <= 100; i++) {
      journal.append(someEvent(id, i));
      await journal.sync();
      clock.pass(1000);
    }
    await journal.close();
    const again = await open(storage, clock);
    const read = (cursor: LogCursor) => ids(again.log.since(cursor));
    expect(await read('oldest')).toEqual(range(1, 100));
    expect(await read({ sinceMs: clock.wallMs() - 10_000 })).toEqual(range(91, 100));
    expect(await read({ sinceMs: clock.wallMs() + 1 })).toEqual([]);
    expect(await read({ afterId: `${id}:97` })).toEqual(range(98, 100));
    expect(await read({ afterId: `${id}:100` })).toEqual([]);
    expect(await read('now')).toEqual([]);
    await expect(read({ afterId: `${id}:101` })).rejects.toMatchObject({ code: 'ERR_EVENTS_CURSOR' });
  });

  it('follows without a gap or a double from history into what comes, for a reader that is slow', async () => {
    const { journal, log } = await open();
    const stop = new AbortController();
    const seen: string[] = [];
    for (let i = 1; i <= 50; i++) journal.append(someEvent(id, i));
    await journal.sync();
    const reading = (async () => {
      for await (const entry of log.follow('oldest', stop.signal)) {
        seen.push(entry.id);
        if (seen.length % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    // More than a follower may hold in memory: the rest has to come from the segments.
    for (let i = 51; i <= 12_000; i++) {
      journal.append(someEvent(id, i));
      if (i % 1000 === 0) await journal.sync();
    }
    await journal.sync();
    await waitFor(() => seen.length >= 12_000);
    stop.abort();
    await reading;
    expect(seen).toEqual(range(1, 12_000));
  });

  it('ends a follower that waits when it is told to', async () => {
    const { log } = await open();
    const stop = new AbortController();
    const reading = ids(log.follow('now', stop.signal));
    stop.abort();
    expect(await reading).toEqual([]);
  });
});
