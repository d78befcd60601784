import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OutFolder, recoverOutput } from '../../../../src/jobs/run/out-folder.js';
import { tempDir } from '../../../support/temp.js';

const ATTEMPT = { jobId: '01ABC/record', attempt: 3, token: 4711 };

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const resultIn = (path: string): unknown => JSON.parse(readFileSync(join(path, 'result.json'), 'utf8'));

async function made(dir = join(tempDir('out'), 'live', 'cam1')): Promise<{ dir: string; out: OutFolder }> {
  return { dir, out: await OutFolder.make(dir, ATTEMPT) };
}

describe('OutFolder', () => {
  it('makes a folder of its own for an attempt, and those above it', async () => {
    const { dir, out } = await made();
    expect(out.path).toBe(join(dir, '.3-4711'));
    expect(statSync(out.path).mode & 0o777).toBe(0o700);
    await expect(OutFolder.make(dir, ATTEMPT)).rejects.toMatchObject({ code: 'EEXIST' });
  });

  it('makes the folders of many attempts at once', async () => {
    const dir = join(tempDir('out'), 'a', 'b', 'c');
    const attempts = Array.from({ length: 16 }, (_, attempt) => ({ ...ATTEMPT, attempt }));
    await Promise.all(attempts.map((attempt) => OutFolder.make(dir, attempt)));
    expect(readdirSync(dir)).toHaveLength(16);
  });

  it('is published whole, with its result, under the number of the attempt', async () => {
    const { dir, out } = await made();
    mkdirSync(join(out.path, 'hls'));
    writeFileSync(join(out.path, 'part.mp4'), 'media');
    writeFileSync(join(out.path, 'hls', '1.ts'), 'segment');
    const times = { from: '2026-01-01T00:00:00.000Z', to: '2026-01-01T00:01:00.000Z', gapMs: 250 };
    const { path, result } = await out.accept({ ...times, sha256: true });
    expect(path).toBe(join(dir, '3'));
    expect(readdirSync(dir)).toEqual(['3']);
    expect(result).toEqual({
      accepted: true,
      ...times,
      ...ATTEMPT,
      files: [
        { name: 'hls/1.ts', bytes: 7, sha256: sha256('segment') },
        { name: 'part.mp4', bytes: 5, sha256: sha256('media') },
      ],
      fileCount: 2,
      bytes: 12,
    });
    expect(resultIn(path)).toEqual(JSON.parse(JSON.stringify({ ...result })));
    expect(readdirSync(path).sort()).toEqual(['hls', 'part.mp4', 'result.json']);
  });

  it('is kept apart with the reason when it is rejected, or removed', async () => {
    const { dir, out } = await made();
    writeFileSync(join(out.path, 'part.mp4'), 'media');
    const placed = await out.reject('fenced', true);
    expect(placed?.path).toBe(join(dir, '3.partial'));
    expect(resultIn(placed!.path)).toMatchObject({ accepted: false, reason: 'fenced', ...ATTEMPT, bytes: 5 });
    const other = await made();
    writeFileSync(join(other.out.path, 'part.mp4'), 'media');
    expect(await other.out.reject('failed', false)).toBeUndefined();
    expect(readdirSync(other.dir)).toEqual([]);
  });

  it('overwrites nothing: a name that is taken gets a number', async () => {
    const { dir, out } = await made();
    mkdirSync(join(dir, '3'));
    writeFileSync(join(dir, '3-2'), 'a file');
    expect((await out.accept()).path).toBe(join(dir, '3-3'));
    expect(readdirSync(join(dir, '3'))).toEqual([]);
    for (let number = 2; number <= 100; number++) mkdirSync(join(dir, `4.partial-${number}`));
    symlinkSync('/nowhere', join(dir, '4.partial'));
    const full = await OutFolder.make(dir, { ...ATTEMPT, attempt: 4 });
    await expect(full.reject('failed', true)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(lstatSync(full.path).isDirectory()).toBe(true);
  });

  it('keeps the content of a result.json that the program wrote', async () => {
    for (const lie of [{ accepted: true }, null, 'text', [1]]) {
      const { out } = await made();
      writeFileSync(join(out.path, 'result.json'), JSON.stringify(lie));
      const { path } = await out.accept();
      expect(resultIn(path)).toMatchObject({ accepted: true, ...ATTEMPT });
      expect(JSON.parse(readFileSync(join(path, 'result.program.json'), 'utf8'))).toEqual(lie);
    }
  });

  it('follows no symbolic link', async () => {
    const outside = tempDir('outside');
    writeFileSync(join(outside, 'secret'), 'secret');
    const { out } = await made();
    symlinkSync(join(outside, 'secret'), join(out.path, 'result.json'));
    symlinkSync(join(outside, 'secret'), join(out.path, 'link'));
    symlinkSync(outside, join(out.path, 'folder'));
    const { path, result } = await out.accept({ sha256: true });
    expect(result).toMatchObject({ files: [], fileCount: 0, bytes: 0 });
    expect(resultIn(path)).toMatchObject(ATTEMPT);
    expect(lstatSync(join(path, 'result.json')).isFile()).toBe(true);
    expect(readdirSync(outside)).toEqual(['secret']);
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('secret');
  });

  it('places nothing when the program has put something else in its place', async () => {
    const outside = tempDir('outside');
    const { dir, out } = await made();
    rmSync(out.path, { recursive: true });
    await expect(out.accept()).rejects.toMatchObject({ code: 'ENOENT' });
    symlinkSync(outside, out.path);
    await expect(out.accept()).rejects.toMatchObject({ code: 'ESTALE' });
    await expect(out.reject('failed', true)).rejects.toMatchObject({ code: 'ESTALE' });
    await expect(out.reject('failed', false)).rejects.toMatchObject({ code: 'ESTALE' });
    expect([readdirSync(dir), readdirSync(outside)]).toEqual([['.3-4711'], []]);
  });

  it('can be placed again after a failure', async () => {
    const { dir, out } = await made();
    writeFileSync(join(out.path, 'part.mp4'), 'media');
    for (let number = 1; number <= 100; number++) mkdirSync(join(dir, number === 1 ? '3' : `3-${number}`));
    await expect(out.accept()).rejects.toMatchObject({ code: 'EEXIST' });
    rmSync(join(dir, '3'), { recursive: true });
    const { path } = await out.accept();
    expect(readdirSync(path).sort()).toEqual(['part.mp4', 'result.json']);
  });

  it('lists 10,000 files at most, and counts the others', async () => {
    const { out } = await made();
    for (let i = 0; i < 10_001; i++) writeFileSync(join(out.path, String(i)), '.');
    const { result } = await out.accept();
    expect(result.files).toHaveLength(10_000);
    expect(result).toMatchObject({ fileCount: 10_001, bytes: 10_001, truncated: true });
  });

  it('is found again by a later process, but not a link in its place', async () => {
    const { dir, out } = await made();
    const found = await OutFolder.find(dir, ATTEMPT);
    expect((await found.accept()).path).toBe(join(dir, '3'));
    await expect(OutFolder.find(dir, ATTEMPT)).rejects.toMatchObject({ code: 'ENOENT' });
    symlinkSync(join(dir, '3'), out.path);
    await expect(OutFolder.find(dir, ATTEMPT)).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});

describe('recoverOutput', () => {
  it('places the output of a lost attempt as its record says, and leaves the others', async () => {
    const dir = tempDir('out');
    for (const attempt of [1, 2, 3]) await OutFolder.make(dir, { ...ATTEMPT, attempt, token: attempt * 10 });
    await recoverOutput(dir, { ...ATTEMPT, attempt: 1, token: 10 }, false);
    await recoverOutput(dir, { ...ATTEMPT, attempt: 2, token: 20 }, true);
    expect(readdirSync(dir).sort()).toEqual(['.3-30', '1.partial', '2']);
    expect(resultIn(join(dir, '1.partial'))).toMatchObject({
      accepted: false,
      reason: 'the runner was lost',
      token: 10,
    });
    expect(resultIn(join(dir, '2'))).toMatchObject({ accepted: true, token: 20 });
  });

  it('corrects the result of an attempt whose runner died between writing and renaming', async () => {
    const { dir, out } = await made();
    const { path } = await out.accept();
    renameSync(path, out.path);
    await recoverOutput(dir, ATTEMPT, false);
    expect(readdirSync(join(dir, '3.partial'))).toEqual(['result.json']);
    expect(resultIn(join(dir, '3.partial'))).toMatchObject({ accepted: false });
  });

  it('does nothing where there is no such folder, and refuses a link in its place', async () => {
    const dir = tempDir('out');
    expect(await recoverOutput(join(dir, 'gone'), ATTEMPT, true)).toBeUndefined();
    symlinkSync(tempDir('outside'), join(dir, '.3-4711'));
    await expect(recoverOutput(dir, ATTEMPT, true)).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});
