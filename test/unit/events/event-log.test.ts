import { describe, expect, it } from 'vitest';
import { newId } from '../../../src/core/ids.js';
import { WorkTurns } from '../../../src/core/work-turns.js';
import { EventLog, type LogCursor, type LogEntry } from '../../../src/events/event-log.js';
import { IdSearch } from '../../../src/events/journal/id-search.js';
import { Journal } from '../../../src/events/journal/journal.js';
import { journalOptions } from '../../../src/events/journal/options.js';
import { MemoryStorage } from '../../../src/events/journal/storage.js';
import { ManualClock, RecordingLog, someEvent } from '../../support/events-parts.js';
import { waitFor } from '../../support/wait.js';

const id = newId(5);

async function open(storage = new MemoryStorage(), clock = new ManualClock()) {
  const nobody = { event: () => undefined, carried: () => undefined, moved: () => undefined, boot: () => undefined };
  const options = journalOptions(64 << 20, { segmentBytes: 4096, historyBytes: 32 << 20 });
  const { journal } = await Journal.open(storage, options, nobody, { log: new RecordingLog(), clock });
  return { storage, clock, journal, log: new EventLog(journal) };
}

/** Segments in memory that count how often they are read. */
class CountedStorage extends MemoryStorage {
  readonly reads: string[] = [];
  onRead: () => void = () => {};

  override readAt(name: string, position: number, length: number): Promise<Buffer> {
    this.reads.push(name);
    this.onRead();
    return super.readAt(name, position, length);
  }
}

/**
 * A log of events that earlier processes wrote, an hour between one stream and the next: nothing of it is known by
 * heart.
 */
async function history(events: number, storage = new CountedStorage()) {
  const { clock, journal } = await open(storage);
  const known: string[] = [];
  for (let i = 1; i <= events; i++) {
    const streamId = newId(clock.wallMs());
    journal.append(someEvent(streamId, 1));
    known.push(`${streamId}:1`);
    await journal.sync();
    clock.pass(3_600_000);
  }
  await journal.close();
  const again = await open(storage, clock);
  storage.reads.length = 0;
  return { ...again, storage, known };
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

  it('finds one event by its id, new or of an earlier process, and nothing for an id that it has not', async () => {
    const { log, journal, known } = await history(5);
    journal.append(someEvent(id, 1));
    await journal.sync();
    expect((await log.find(`${id}:1`))?.id).toBe(`${id}:1`);
    expect((await log.find(known[2]!))?.event.id).toBe(known[2]);
    for (const none of [`${id}:2`, `${id}:end`, '', 'x'.repeat(200)]) expect(await log.find(none)).toBeUndefined();
  });

  it('reads one event at its position, of this process or an earlier one, and nothing where none is', async () => {
    const { storage, journal, log } = await open();
    for (let i = 1; i <= 100; i++) journal.append(someEvent(id, i));
    await journal.sync();
    await waitFor(() => log.newest === 100);
    for (const position of [1, 2, 50, 99, 100]) expect((await log.at(position))?.id).toBe(`${id}:${position}`);
    expect(await log.at(101)).toBeUndefined();
    await journal.close();
    const again = await open(storage);
    expect([again.log.oldest, again.log.newest, again.log.inherited]).toEqual([1, 100, 100]);
    expect((await again.log.at(77))?.id).toBe(`${id}:77`);
    expect(await ids(again.log.since({ afterPosition: 97 }))).toEqual(range(98, 100));
  });

  it('reads little of a large segment for one event', async () => {
    const storage = new CountedStorage();
    const nobody = { event: () => undefined, carried: () => undefined, moved: () => undefined, boot: () => undefined };
    const deps = { log: new RecordingLog(), clock: new ManualClock() };
    const { journal } = await Journal.open(storage, journalOptions(64 << 20), nobody, deps);
    const log = new EventLog(journal);
    for (let i = 1; i <= 2000; i++) journal.append(someEvent(id, i, 1000));
    await journal.sync();
    await waitFor(() => log.newest === 2000);
    expect(journal.table.list).toHaveLength(1);
    for (const position of [1, 17, 1000, 1999, 2000]) {
      storage.reads.length = 0;
      expect((await log.at(position))?.position).toBe(position);
      expect(storage.reads.length).toBeLessThanOrEqual(2);
    }
  });

  it('tells before events are deleted which ones, and deletes them only then', async () => {
    const storage = new MemoryStorage();
    const nobody = { event: () => undefined, carried: () => undefined, moved: () => undefined, boot: () => undefined };
    const options = journalOptions(64 << 20, { segmentBytes: 4096, historyBytes: 8192, bus: false });
    const deps = { log: new RecordingLog(), clock: new ManualClock() };
    const { journal } = await Journal.open(storage, options, nobody, deps);
    const log = new EventLog(journal);
    const told: { upTo: number; isThere: boolean }[] = [];
    journal.onLeaving(() => Promise.reject(new Error('a listener that fails')));
    journal.onLeaving(async (upTo) => {
      told.push({ upTo, isThere: (await log.at(upTo)) !== undefined });
    });
    for (let i = 1; i <= 100; i++) {
      journal.append(someEvent(id, i));
      await journal.sync();
    }
    await waitFor(() => log.oldest > 50);
    expect(told.length).toBeGreaterThan(2);
    expect(told.every(({ isThere }) => isThere)).toBe(true);
    expect(told.at(-1)!.upTo).toBe(log.oldest - 1);
    expect(told.map(({ upTo }) => upTo)).toEqual(told.map(({ upTo }) => upTo).sort((a, b) => a - b));
  });

  it('gives each event parsed, the same object each time it is asked for', async () => {
    const { journal, log } = await open();
    journal.append(someEvent(id, 1));
    await journal.sync();
    for await (const entry of log.since('oldest')) {
      expect(entry.event).toEqual(JSON.parse(entry.json.toString()));
      expect(entry.event.id).toBe(`${id}:1`);
      expect(entry.event).toBe(entry.event);
    }
    expect(await ids(log.since('oldest'))).toHaveLength(1);
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

  it('tells a slow follower the newest event although nothing comes after it', async () => {
    const { journal, log } = await open();
    const stop = new AbortController();
    const follower = log.follow('now', stop.signal);
    const first = follower.next();
    for (let i = 1; i <= 3000; i++) journal.append(someEvent(id, i));
    await journal.sync();
    await first;
    let last = '';
    for (let i = 2; i <= 3000; i++) last = (await follower.next()).value?.id ?? '';
    expect(last).toBe(`${id}:3000`);
    stop.abort();
    await follower.return(undefined);
  });

  it('lets the event loop go on while a long history is read', async () => {
    const { journal } = await open();
    for (let i = 1; i <= 2000; i++) journal.append(someEvent(id, i));
    await journal.sync();
    // Every look at the clock finds that the time of a turn is over.
    let nowMs = 0;
    const turnsOfWork = new WorkTurns(() => (nowMs += 10), setImmediate);
    const log = new EventLog(journal, Date.now, turnsOfWork);
    let turns = 0;
    const count = (): void => {
      turns++;
      counting = setImmediate(count);
    };
    let counting = setImmediate(count);
    await ids(log.since('oldest'));
    clearImmediate(counting);
    expect(turns).toBeGreaterThanOrEqual(2000 / 8 - 1);
  });
});

describe('the search for an event id', () => {
  const nextAfter = (log: EventLog, afterId: string, signal = new AbortController().signal) =>
    log.follow({ afterId }, signal).next();

  it('finds every event of a segment, wherever its bytes lie in the pieces that are read', async () => {
    const storage = new CountedStorage();
    const nobody = { event: () => undefined, carried: () => undefined, moved: () => undefined, boot: () => undefined };
    const parts = { log: new RecordingLog(), clock: new ManualClock() };
    const options = journalOptions(64 << 20, { segmentBytes: 4 << 20 });
    const { journal } = await Journal.open(storage, options, nobody, parts);
    for (let i = 1; i <= 2000; i++) journal.append(someEvent(id, i));
    await journal.sync();
    const search = new IdSearch(journal);
    for (let i = 1; i <= 2000; i += 7) expect(await search.find(`${id}:${i}`, Date.now())).toBe(i);
    expect(await search.find(`${id}:2001`, Date.now())).toBeUndefined();
    expect(search.heldBytes).toBe(0);
  });

  it('reads only segments that are younger than the id', async () => {
    const { storage, log, known } = await history(200);
    const segments = storage.segments.size;
    expect(segments).toBeGreaterThan(20);
    const [streamId] = known[190]!.split(':') as [string];
    await expect(nextAfter(log, `${streamId}:77`)).rejects.toMatchObject({ code: 'ERR_EVENTS_CURSOR' });
    expect(new Set(storage.reads).size).toBeLessThan(8);
  });

  it.each(['', 'x', '01M89QTRAP0000000000000000', `${'Z'.repeat(26)}:1`, `${newId(Date.now() + 1e10)}:1`, `${id}:1"`])(
    'reads nothing for %j, which no event can have',
    async (odd) => {
      const { storage, log } = await history(5);
      await expect(nextAfter(log, odd)).rejects.toMatchObject({ code: 'ERR_EVENTS_CURSOR' });
      expect(storage.reads).toEqual([]);
    },
  );

  it('stops when whoever asked has gone, and does not begin for one who went while waiting', async () => {
    const { storage, log } = await history(200);
    const [first, second] = [new AbortController(), new AbortController()];
    storage.onRead = () => {
      first.abort();
      second.abort();
    };
    const results = await Promise.all([
      nextAfter(log, `${id}:1`, first.signal),
      nextAfter(log, `${id}:2`, second.signal),
    ]);
    expect(results.map(({ done }) => done)).toEqual([true, true]);
    expect(storage.reads).toHaveLength(1);
  });

  it('does not take text in a publisher\u2019s data for the event', async () => {
    const { journal, storage, clock } = await open(new CountedStorage());
    const [real, planted] = [newId(clock.wallMs()), newId(clock.wallMs())];
    journal.append(someEvent(real, 1, 300, { id: `${planted}:5` }));
    await journal.close();
    const again = await open(storage, clock);
    await expect(nextAfter(again.log, `${planted}:5`)).rejects.toMatchObject({ code: 'ERR_EVENTS_CURSOR' });
  });

  it('tells each listener alone: one that throws keeps nothing from the others', async () => {
    const { journal, log } = await open();
    const seen: string[] = [];
    const warned = new Promise((resolve) => process.once('warning', resolve));
    log.subscribe(() => {
      throw new Error('a program at fault');
    });
    log.subscribe((entry) => seen.push(entry.id));
    journal.append(someEvent(id, 1));
    await journal.sync();
    await waitFor(() => seen.length === 1);
    expect(String(await warned)).toContain('a program at fault');
  });

  it('ends its followers when it is closed, after the last event', async () => {
    const { journal, log } = await open();
    const following = ids(log.follow('oldest', new AbortController().signal));
    journal.append(someEvent(id, 1));
    await journal.sync();
    journal.append(someEvent(id, 2));
    await journal.sync();
    log.close();
    expect(await following).toEqual([`${id}:1`, `${id}:2`]);
  });

  it.each([undefined, null, 'yesterday', {}, 5])('has a code for a place to begin that is none: %j', async (cursor) => {
    const { log } = await open();
    const first = log.follow(cursor as never, new AbortController().signal).next();
    await expect(first).rejects.toMatchObject({ code: 'ERR_EVENTS_CURSOR' });
  });
});
