import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createLogger } from '../../../../src/core/log.js';
import { RecordFolder } from '../../../../src/recording/record/record-folder.js';
import { tempDir } from '../../../support/temp.js';

const STREAM = { streamId: '01ARZ3NDEKTSV4RRFFQ69G5FAV', app: 'live', name: 'cam', connectionId: 'c' };
const END = { reason: 'rotated', gaps: 0, detail: undefined } as const;

it('parts of one stream that begin within a second get names of their own, while others are being completed', async () => {
  const folder = tempDir('record-folder');
  const told: string[] = [];
  const events = {
    started: () => {},
    ended: (_stream: object, { file }: { file: string }) => {
      told.push(file);
      return Promise.resolve();
    },
  };
  const log = createLogger({ level: 'silent' });
  const records = new RecordFolder(
    { root: join(folder, 'media'), notes: join(folder, 'notes') },
    { events: events as never, log, wallMs: () => Date.UTC(2026, 10, 26) },
  );
  const open = (part: number) =>
    records.open(STREAM, { part, metadata: undefined, wrote: () => {}, isAppended: false, maxMs: 60_000 });
  let opened = await open(1);
  for (let part = 2; part <= 30; part++) {
    // The part before is given its name while the next one looks for its own.
    const [next] = await Promise.all([open(part), records.complete(opened, END)]);
    opened = next;
  }
  await records.complete(opened, END);
  expect(new Set(told).size).toBe(30);
  expect(records.trouble).toBe('');
  const files = readdirSync(join(folder, 'media/live/cam')).sort();
  expect(files).toHaveLength(30);
  expect(files.every((name) => name.endsWith('.flv'))).toBe(true);
  expect(readdirSync(join(folder, 'notes'))).toEqual([]);
});
