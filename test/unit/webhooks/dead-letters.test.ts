import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DeadLetters } from '../../../src/webhooks/dead-letters.js';
import { tempDir } from '../../support/temp.js';

const letter = (position: number, json?: Buffer) => ({ atMs: 0, why: 'status 500', position, json });

it('appends a line of JSON for each, in order, also for an event that is no longer there', async () => {
  const folder = tempDir('dead');
  const letters = new DeadLetters(folder, 'a', 1 << 20);
  await Promise.all([letters.write(letter(1, Buffer.from('{"id":"x:1"}'))), letters.write(letter(2))]);
  const lines = readFileSync(join(folder, 'a.dead.jsonl'), 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { time: '1970-01-01T00:00:00.000Z', why: 'status 500', position: 1, event: { id: 'x:1' } },
    { time: '1970-01-01T00:00:00.000Z', why: 'status 500', position: 2, event: null },
  ]);
});

it('holds no more bytes than it may, and the newest', async () => {
  const folder = tempDir('dead');
  const letters = new DeadLetters(folder, 'a', 4000);
  for (let i = 1; i <= 100; i++)
    await letters.write(letter(i, Buffer.from(JSON.stringify({ n: i, x: 'y'.repeat(100) }))));
  const files = readdirSync(folder).sort();
  expect(files).toEqual(['a.dead.jsonl', 'a.dead.older.jsonl']);
  expect(files.map((name) => statSync(join(folder, name)).size).reduce((a, b) => a + b)).toBeLessThanOrEqual(4000);
  expect(readFileSync(join(folder, 'a.dead.jsonl'), 'utf8')).toContain('"n":100,');
});

it('rejects where the disk does not take it, and tries the next one', async () => {
  const letters = new DeadLetters(join(tempDir('dead'), 'missing'), 'a', 4000);
  await expect(letters.write(letter(1))).rejects.toThrow(/ENOENT/);
  await expect(letters.write(letter(2))).rejects.toThrow(/ENOENT/);
});

it('begins a line of its own behind one that a kill or a full disk has left in part', async () => {
  const folder = tempDir('dead');
  const path = join(folder, 'a.dead.jsonl');
  writeFileSync(path, '{"time":"1970-01-01T00:0', { mode: 0o600 });
  const letters = new DeadLetters(folder, 'a', 1 << 20);
  for (const position of [1, 2]) await letters.write(letter(position));
  const [torn, ...whole] = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(torn).toBe('{"time":"1970-01-01T00:0');
  expect(whole.map((line) => (JSON.parse(line) as { position: number }).position)).toEqual([1, 2]);
});
