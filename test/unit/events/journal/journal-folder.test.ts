import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type JournalItem, readJournalFolder } from '../../../../src/events/journal/journal-folder.js';
import { encodeRecord, eventPayload, RecordKind, sequencesPayload } from '../../../../src/events/journal/record.js';
import { segmentName } from '../../../../src/events/journal/storage.js';
import { tempDir } from '../../../support/temp.js';

function event(sequence: number): Buffer {
  return encodeRecord(
    RecordKind.Event,
    sequence,
    1000 + sequence,
    ...eventPayload('x', Buffer.from(`{"id":"${sequence}"}`)),
  );
}

function commit(lowWater: number, ...more: number[]): Buffer {
  return encodeRecord(RecordKind.Commit, 0, 5000, sequencesPayload([lowWater, ...more]));
}

async function read(...segments: Buffer[]): Promise<JournalItem[]> {
  const folder = tempDir('journal');
  for (const [index, bytes] of segments.entries())
    writeFileSync(join(folder, segmentName(index + 1)), bytes, { mode: 0o600 });
  const before = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
  const items: JournalItem[] = [];
  for await (const item of readJournalFolder(folder)) items.push(item);
  expect(readdirSync(folder).map((name) => readFileSync(join(folder, name)))).toEqual(before);
  return items;
}

describe('a journal folder', () => {
  it('is read segment by segment: events in order, then the segment with its positions and times', async () => {
    const items = await read(
      Buffer.concat([event(1), event(2)]),
      Buffer.concat([commit(1, 3), event(3), Buffer.alloc(99)]),
    );
    expect(items.map((item) => (item.kind === 'event' ? item.sequence : item.kind))).toEqual([
      1,
      2,
      'segment',
      3,
      'segment',
    ]);
    expect(items[2]).toMatchObject({ events: 2, first: 1, last: 2, open: 1, fromMs: 1001, toMs: 1002 });
    expect(items[4]).toMatchObject({ events: 1, first: 3, last: 3, open: 0 });
  });

  it('is read without events that were withdrawn later', async () => {
    const voids = encodeRecord(RecordKind.Void, 0, 5000, sequencesPayload([1]));
    const items = await read(Buffer.concat([event(1), event(2)]), voids);
    expect(items.filter(({ kind }) => kind === 'event')).toMatchObject([{ sequence: 2 }]);
  });

  it('names the byte of a damaged record, and the records behind it are read', async () => {
    const damaged = event(2);
    damaged[30] ^= 1;
    const items = await read(Buffer.concat([event(1), damaged, event(3)]));
    expect(items.map((item) => (item.kind === 'event' ? item.sequence : item.kind))).toEqual([
      1,
      'damage',
      3,
      'segment',
    ]);
    expect(items[1]).toMatchObject({ at: event(1).length, lostBytes: damaged.length });
  });

  it('names the byte of an end that is torn', async () => {
    const items = await read(Buffer.concat([event(1), event(2).subarray(0, -4)]));
    expect(items[1]).toMatchObject({ kind: 'damage', at: event(1).length, lostBytes: event(2).length - 4 });
  });

  it('that is none is refused with its path', async () => {
    const items = readJournalFolder(join(tempDir('journal'), 'none'));
    await expect(items.next()).rejects.toMatchObject({ code: 'ERR_JOURNAL_FOLDER' });
  });
});
