import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Hub } from '../../../src/hub/hub.js';
import { Player } from '../../../src/hub/player.js';
import { batch, message } from '../../support/hub/media.js';
import { LIMITS } from '../../support/hub/publication-harness.js';
import { RecordingSink } from '../../support/hub/sinks.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'Date'] }));
afterEach(() => void vi.useRealTimers());

const observer = { ready: () => undefined, updated: () => {}, codecRefused: () => {} };

function harness(startDelayMs: number | undefined) {
  const options = { ...LIMITS, lingerMs: 5000, maxDelayMs: 0, playersAtMaxDelay: 1, startDelayMs };
  const hub = new Hub(options, () => Date.now());
  const publication = hub.claim('live', 'cam')!.open('stream', observer, Date.now());
  const append = (...timestamps: number[]): void =>
    publication.append(batch(...timestamps.map((at) => message(at % 100 === 0 ? 'key' : 'inter', at))), Date.now());
  append(0, 40);
  const play = (name = 'cam') => {
    const sink = new RecordingSink();
    const player = new Player(`p-${name}`, sink, 1, { maxLagBytes: 2 ** 20 }, hub.writes);
    sink.player = player;
    hub.subscribe('live', name, player);
    return { sink, player };
  };
  return { hub, append, play };
}

describe('the first media of a play', () => {
  it('waits for so long behind the answer, and then is all there is, without a skip', () => {
    const { append, play } = harness(20);
    const { sink, player } = play();
    vi.advanceTimersByTime(10);
    append(80);
    vi.advanceTimersByTime(9);
    expect(sink.bytes).toHaveLength(0);
    expect(player.caughtUp).toBe(false);
    vi.advanceTimersByTime(1);
    vi.advanceTimersByTime(1);
    expect(player.caughtUp).toBe(true);
    expect([player.bytesSent, player.skips]).toEqual([sink.bytes.length, 0]);
    const first = sink.bytes.length;
    append(100);
    vi.advanceTimersByTime(1);
    expect(sink.bytes.length).toBeGreaterThan(first);
  });

  it('waits for each play from its own beginning, with one timer', () => {
    const { play } = harness(20);
    const one = play();
    vi.advanceTimersByTime(15);
    const two = play();
    expect(vi.getTimerCount()).toBeLessThanOrEqual(2);
    vi.advanceTimersByTime(10);
    expect([one.sink.bytes.length > 0, two.sink.bytes.length > 0]).toEqual([true, false]);
    vi.advanceTimersByTime(11);
    expect(two.sink.bytes.length).toBe(one.sink.bytes.length);
    vi.runAllTimers();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('never comes to a player that has left, and keeps a stream that ends until the others have it', () => {
    const { hub, play } = harness(20);
    const gone = play();
    const stays = play();
    hub.unsubscribe('live', 'cam', gone.player);
    vi.runAllTimers();
    expect(gone.sink.bytes).toHaveLength(0);
    expect(stays.sink.bytes.length).toBeGreaterThan(0);
  });

  it('is not held up where nothing says so', () => {
    const { play } = harness(undefined);
    const { sink } = play();
    vi.advanceTimersByTime(1);
    expect(sink.bytes.length).toBeGreaterThan(0);
  });

  it('waits for as long as was set when the play began', () => {
    const { hub, play } = harness(0);
    hub.change({ ...LIMITS, lingerMs: 5000, maxDelayMs: 0, playersAtMaxDelay: 1, startDelayMs: 100 });
    const { sink } = play();
    vi.advanceTimersByTime(99);
    expect(sink.bytes).toHaveLength(0);
    vi.advanceTimersByTime(2);
    expect(sink.bytes.length).toBeGreaterThan(0);
  });

  it('comes at once after the options were changed so', () => {
    const { hub, play } = harness(1000);
    hub.change({ ...LIMITS, lingerMs: 5000, maxDelayMs: 0, playersAtMaxDelay: 1 });
    const { sink } = play();
    vi.advanceTimersByTime(1);
    expect(sink.bytes.length).toBeGreaterThan(0);
  });
});
