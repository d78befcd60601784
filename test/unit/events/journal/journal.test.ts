import { describe, expect, it } from 'vitest';
import { newId } from '../../../../src/core/ids.js';
import { Journal, type JournalEntry } from '../../../../src/events/journal/journal.js';
import { type JournalOptions, journalOptions } from '../../../../src/events/journal/options.js';
import { JournalReader } from '../../../../src/events/journal/reader.js';
import type { RecoveryVisitor } from '../../../../src/events/journal/recovery.js';
import { MemoryStorage, type SegmentStorage } from '../../../../src/events/journal/storage.js';
import { FaultyStorage, ManualClock, RecordingLog, someEvent } from '../../../support/events-parts.js';
import { waitFor } from '../../../support/wait.js';

const nobody: RecoveryVisitor = {
  event: () => undefined,
  carried: () => undefined,
  moved: () => undefined,
  boot: () => undefined,
};

async function open(storage: SegmentStorage, overrides: Partial<JournalOptions> = {}, visitor = nobody) {
  const log = new RecordingLog();
  const clock = new ManualClock();
  const options = journalOptions(overrides.maxBytes ?? 64 << 20, overrides);
  const { journal, recovered } = await Journal.open(storage, options, visitor, { log, clock });
  return { journal, recovered, log, clock };
}

async function readAll(journal: Journal, from = 1): Promise<JournalEntry[]> {
  const reader = new JournalReader(journal, from);
  const out: JournalEntry[] = [];
  for (let page = await reader.next(7); page.length > 0; page = await reader.next(7)) out.push(...page);
  return out;
}

const id = newId(5);

describe('the journal', () => {
  it('gives back what was appended, in order, before and after it is opened again', async () => {
    const storage = new MemoryStorage();
    const { journal } = await open(storage);
    for (let i = 1; i <= 20; i++) expect(journal.append(someEvent(id, i))).toBe(i);
    await journal.sync();
    const before = await readAll(journal);
    expect(before.map((e) => e.sequence)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(before[6].json.equals(someEvent(id, 7).json)).toBe(true);
    expect(before[6].subject).toBe(someEvent(id, 7).subject);
    await journal.close();
    const again = await open(storage);
    expect((await readAll(again.journal)).map((e) => e.json.toString())).toEqual(before.map((e) => e.json.toString()));
    expect(again.journal.append(someEvent(id, 21))).toBe(21);
  });

  it('shows events to listeners only when they are written, and all of them', async () => {
    const { journal } = await open(new MemoryStorage());
    const shown: number[] = [];
    journal.subscribe((entries) => shown.push(...entries.map((e) => e.sequence)));
    journal.append(someEvent(id, 1));
    expect(shown).toEqual([]);
    await journal.sync();
    journal.append(someEvent(id, 2));
    await journal.sync();
    expect(shown).toEqual([1, 2]);
  });

  it('is read for clients in pieces, from near the place where they begin, and none is left behind uncounted', async () => {
    const { journal } = await open(new MemoryStorage());
    for (let i = 1; i <= 2000; i++) journal.append(someEvent(id, i));
    await journal.sync();
    let asked = 0;
    const dropped: number[] = [];
    const turns = { mine: () => Promise.resolve(void asked++) };
    const reader = new JournalReader(journal, 1601, { turns, dropped: { letGo: (_, bytes) => dropped.push(bytes) } });
    const read: number[] = [];
    for (let page = await reader.next(64); page.length > 0; page = await reader.next(64)) {
      read.push(...page.map(({ sequence }) => sequence));
    }
    expect([read.length, read[0], read.at(-1)]).toEqual([400, 1601, 2000]);
    // 400 events at 8, and a few before the first of them at 64.
    expect(asked).toBeGreaterThanOrEqual(400 / 8);
    expect(asked).toBeLessThan(400 / 8 + 20);
    reader.close();
    expect(dropped.length).toBeGreaterThan(1);
    expect(reader.heldBytes).toBe(0);
  });

  it('cuts a torn tail at every byte of the last record and goes on behind the record before', async () => {
    const whole = new MemoryStorage();
    const { journal } = await open(whole);
    journal.append(someEvent(id, 1));
    journal.append(someEvent(id, 2));
    await journal.sync();
    const second = journal.table.current.bytes;
    journal.append(someEvent(id, 3));
    await journal.sync();
    const third = journal.table.current.bytes;
    const [name, bytes] = [...whole.segments.entries()][0];
    for (let cut = second; cut < third; cut++) {
      const torn = new MemoryStorage();
      torn.segments.set(name, Buffer.from(bytes.subarray(0, cut)));
      const opened = await open(torn);
      expect(opened.recovered.lastSequence, `cut at ${cut}`).toBe(2);
      expect(opened.journal.append(someEvent(id, 3))).toBe(3);
      await opened.journal.sync();
      expect((await readAll(opened.journal)).map((e) => e.sequence)).toEqual([1, 2, 3]);
    }
  });

  it('refuses a record with any one bit flipped', async () => {
    const whole = new MemoryStorage();
    const { journal } = await open(whole);
    journal.append(someEvent(id, 1));
    await journal.sync();
    const length = journal.table.current.bytes;
    const [name, bytes] = [...whole.segments.entries()][0];
    for (let at = 0; at < length; at++) {
      const damaged = Buffer.from(bytes.subarray(0, length));
      damaged[at] ^= 1 << (at % 8);
      const storage = new MemoryStorage();
      storage.segments.set(name, damaged);
      const { recovered, log } = await open(storage);
      expect(recovered.lastSequence, `byte ${at}`).toBe(0);
      expect(log.lines.map((line) => line.level)).toEqual(['warn']);
    }
  });

  it('remembers commits across a restart, in whatever order they came', async () => {
    const storage = new MemoryStorage();
    const { journal } = await open(storage);
    for (let i = 1; i <= 10; i++) journal.append(someEvent(id, i));
    await journal.sync();
    for (const sequence of [1, 2, 3, 7, 9, 5]) journal.commit(sequence);
    expect(journal.stats().pending).toBe(4);
    await journal.close();
    const again = await open(storage);
    expect(again.journal.stats().pending).toBe(4);
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].filter((s) => again.journal.table.isOpen(s))).toEqual([4, 6, 8, 10]);
    expect(again.journal.table.lowWater).toBe(3);
  });

  it('counts nothing as waiting without a bus, and not later either', async () => {
    const storage = new MemoryStorage();
    const { journal } = await open(storage, { bus: false });
    journal.note('Boot', Buffer.from('{"bootId":"b","bus":false}'));
    journal.append(someEvent(id, 1));
    await journal.sync();
    expect(journal.stats().pending).toBe(0);
    await journal.close();
    const again = await open(storage, { bus: true });
    expect(again.journal.stats().pending).toBe(0);
  });

  it('syncs a start before it resolves and shows it to nobody earlier', async () => {
    const storage = new FaultyStorage();
    const { journal } = await open(storage, { fsync: 'never' });
    const shown: number[] = [];
    journal.subscribe((entries) => shown.push(...entries.map((e) => e.sequence)));
    const started = journal.appendStart(someEvent(id, 1));
    expect(storage.syncs).toBe(0);
    await expect(started).resolves.toBe(1);
    expect(storage.syncs).toBeGreaterThan(0);
    await waitFor(() => shown.length === 1);
  });

  it('makes many starts durable with few syncs', async () => {
    const storage = new FaultyStorage();
    const { journal } = await open(storage);
    await Promise.all(Array.from({ length: 200 }, (_, i) => journal.appendStart(someEvent(newId(i), 1))));
    expect(storage.syncs).toBeLessThan(20);
  });

  it('deletes committed segments past the history, never one that waits, and carries open sessions forward', async () => {
    const storage = new MemoryStorage();
    const openStreams: string[] = [];
    const { journal } = await open(storage, { segmentBytes: 4096, historyBytes: 8192 });
    let anchor = 1;
    journal.carry = (upTo) =>
      anchor <= upTo
        ? [
            {
              json: Buffer.from('{"streamId":"S"}'),
              moved: (position) => {
                anchor = position;
              },
            },
          ]
        : [];
    for (let i = 1; i <= 200; i++) {
      journal.append(someEvent(id, i));
      await journal.sync();
      if (i !== 150) journal.commit(i);
    }
    await waitFor(() => journal.stats().segments < 20);
    expect(anchor).toBeGreaterThan(1);
    expect((await readAll(journal)).map((e) => e.sequence)).toContain(150);
    expect((await readAll(journal))[0].sequence).toBeGreaterThan(1);
    await journal.close();
    const again = await open(storage, {}, { ...nobody, carried: (_p, json) => openStreams.push(json.toString()) });
    expect(openStreams).toContain('{"streamId":"S"}');
    expect(again.journal.stats().pending).toBe(1);
    expect(again.journal.table.isOpen(150)).toBe(true);
  });

  it('refuses starts at its cap, still takes ends, and opens again when events are committed', async () => {
    const { journal } = await open(new MemoryStorage(), {
      maxBytes: 64 << 10,
      segmentBytes: 8 << 10,
      reservePerStream: 1024,
    });
    let last = 0;
    while (journal.admits('stream')) {
      last = journal.append(someEvent(id, last + 1));
      await journal.sync();
    }
    expect(journal.state).toBe('full');
    await expect(journal.appendStart(someEvent(newId(9), 1))).rejects.toMatchObject({
      code: 'ERR_EVENTS_JOURNAL_FULL',
    });
    expect(journal.admits('end')).toBe(true);
    for (let sequence = 1; sequence <= last; sequence++) journal.commit(sequence);
    await journal.sync();
    await waitFor(() => journal.state === 'ok');
    await expect(journal.appendStart(someEvent(newId(9), 1))).resolves.toBeGreaterThan(last);
  });

  it('withdraws the starts of a full disk, writes the ends into the space held back, and heals when space returns', async () => {
    const storage = new FaultyStorage();
    const { journal, log } = await open(storage, { maxBytes: 1 << 20, historyBytes: 1 << 20, segmentBytes: 1 << 20 });
    await journal.appendStart(someEvent(id, 1));
    storage.capacity = storage.used;
    const shown: number[] = [];
    journal.subscribe((entries) => shown.push(...entries.map((e) => e.sequence)));
    const refused = newId(77);
    await expect(journal.appendStart(someEvent(refused, 1))).rejects.toMatchObject({ code: 'ERR_EVENTS_JOURNAL_FULL' });
    expect(journal.state).toBe('full');
    expect(journal.admits('stream')).toBe(false);
    const end = journal.append(someEvent(id, 2, 2000));
    await waitFor(() => shown.includes(end));
    storage.capacity = Number.POSITIVE_INFINITY;
    await waitFor(() => journal.state === 'ok');
    await journal.appendStart(someEvent(newId(78), 1));
    await journal.close();
    const again = await open(storage);
    const held = (await readAll(again.journal)).map((e) => e.subject);
    expect(held.filter((subject) => subject.includes(refused))).toEqual([]);
    expect(held).toHaveLength(3);
    expect(again.recovered.damagedBytes).toBe(0);
    expect(log.lines.filter((line) => line.level === 'error')).toHaveLength(1);
  });

  it('withdraws a start whose fsync failed, also for a process that reads the file later', async () => {
    const storage = new FaultyStorage();
    const { journal } = await open(storage);
    const shown: number[] = [];
    journal.subscribe((entries) => shown.push(...entries.map((e) => e.sequence)));
    storage.syncError = Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
    await expect(journal.appendStart(someEvent(id, 1))).rejects.toMatchObject({ code: 'ERR_EVENTS_JOURNAL_FAILED' });
    storage.syncError = undefined;
    await waitFor(() => journal.state === 'ok');
    const next = journal.append(someEvent(newId(3), 1));
    await waitFor(() => shown.includes(next));
    expect(shown).toEqual([next]);
    await journal.close();
    const seen: string[] = [];
    const again = await open(storage, {}, { ...nobody, event: (_s, _w, subject) => seen.push(subject) });
    expect(seen).toHaveLength(1);
    expect((await readAll(again.journal)).map((e) => e.sequence)).toEqual([next]);
    expect(again.journal.stats().pending).toBe(1);
  });
});
