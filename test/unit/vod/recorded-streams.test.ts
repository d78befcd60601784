import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { SluiceError } from '../../../src/core/errors.js';
import { MemoryAccount } from '../../../src/core/memory-account.js';
import { flvHeader, flvTag } from '../../../src/flv/flv-writer.js';
import { RecordedStreams } from '../../../src/vod/recorded-streams.js';
import { AVC_ENTRY, mp4File } from '../../support/mp4.js';
import { removeTempDir, tempDir } from '../../support/temp.js';

const FLV = Buffer.concat([
  flvHeader({ audio: false, video: true }),
  flvTag(9, 0, Buffer.from('170100000077', 'hex')),
  flvTag(9, 400, Buffer.from('270100000077', 'hex')),
]);
const MP4 = mp4File([
  { handler: 'vide', entry: AVC_ENTRY, timescale: 25, delta: 1, samples: [Buffer.alloc(9), Buffer.alloc(9)] },
]);
const OPTIONS = {
  ...{ enabled: true, maxPlays: 2, maxFiles: 2, maxIndexBytes: 100_000, cacheBytes: 1_000_000 },
  maxBufferMs: 60_000,
};

describe('files that are played', () => {
  let root: string;
  let nowMs = 0;
  const made: RecordedStreams[] = [];
  afterEach(() => {
    for (const recorded of made.splice(0)) recorded.close();
    removeTempDir(root);
  });

  function streams(options: Partial<typeof OPTIONS> = {}, memory = new MemoryAccount()) {
    root = tempDir('vod');
    mkdirSync(join(root, 'vod'));
    for (const name of ['film.flv', 'other.flv', 'third.flv']) writeFileSync(join(root, 'vod', name), FLV);
    writeFileSync(join(root, 'vod', 'film.mp4'), MP4);
    const read = (path: string) =>
      open(join(root, path)).catch((cause: unknown) => {
        throw new SluiceError('ERR_MEDIA_MISSING', '', { cause });
      });
    const recorded = new RecordedStreams({ ...OPTIONS, ...options }, { read }, () => nowMs, memory);
    made.push(recorded);
    return recorded;
  }
  const find = (recorded: RecordedStreams, name: string, container?: 'mp4' | 'flv') =>
    recorded.find({ app: 'vod', name, ...(container === undefined ? {} : { container }) });

  it('are found by name, prefix and ending', async () => {
    const recorded = streams();
    expect(await find(recorded, 'film')).toEqual({ file: 'vod/film.flv', durationMs: 400 });
    expect(await find(recorded, 'film', 'flv')).toMatchObject({ file: 'vod/film.flv' });
    expect(await find(recorded, 'film', 'mp4')).toEqual({ file: 'vod/film.mp4', durationMs: 40 });
    expect(await find(recorded, 'film.mp4')).toMatchObject({ file: 'vod/film.mp4' });
    expect(await find(recorded, 'film.mp4', 'mp4')).toMatchObject({ file: 'vod/film.mp4' });
    expect(await find(recorded, 'nothing')).toBeUndefined();
    expect(await find(streams({ enabled: false }), 'film')).toBeUndefined();
  });

  it('are opened once for all, and closed when nobody has used them for a while', async () => {
    const memory = new MemoryAccount();
    const recorded = streams({}, memory);
    await Promise.all([find(recorded, 'film'), find(recorded, 'film'), find(recorded, 'film')]);
    expect(recorded.counts.files).toBe(1);
    expect(memory.list().find(({ kind }) => kind === 'recorded_files')!.bytes).toBeGreaterThan(0);
    nowMs += 29_999;
    recorded.tick(nowMs);
    expect(recorded.counts.files).toBe(1);
    nowMs += 1;
    recorded.tick(nowMs);
    expect(recorded.counts.files).toBe(0);
    expect(memory.total).toBe(0);
  });

  it('that nobody plays make room for others, and files that are played do not', async () => {
    const recorded = streams();
    for (const name of ['film', 'other', 'third']) await find(recorded, name);
    expect(recorded.counts.files).toBe(2);
    const plays = ['vod/other.flv', 'vod/third.flv'].map((file, i) => play(recorded, file, String(i)));
    await Promise.all(plays.map(({ written }) => written));
    await expect(find(recorded, 'film')).rejects.toMatchObject({ code: 'ERR_LIMIT_VOD_FILES' });
    for (const { player } of plays) player.close();
    expect(await find(recorded, 'film')).toBeDefined();
  });

  it('are played by so many clients and no more', async () => {
    const recorded = streams();
    const one = play(recorded, 'vod/film.flv', 'a');
    expect(await find(recorded, 'film')).toBeDefined();
    const two = play(recorded, 'vod/film.flv', 'b');
    await expect(find(recorded, 'film')).rejects.toMatchObject({ code: 'ERR_LIMIT_VOD_PLAYS' });
    expect(recorded.counts).toMatchObject({ plays: 2, started: 2, files: 1 });
    one.player.close();
    two.player.close();
    expect(await find(recorded, 'film')).toBeDefined();
  });

  it('that were replaced are read anew, and go on for those that play the old one', async () => {
    const recorded = streams();
    const old = play(recorded, 'vod/film.flv', 'a');
    await old.written;
    writeFileSync(join(root, 'vod', 'new.flv'), Buffer.concat([FLV, flvTag(9, 900, Buffer.from('27010000', 'hex'))]));
    renameSync(join(root, 'vod', 'new.flv'), join(root, 'vod', 'film.flv'));
    expect(await find(recorded, 'film')).toMatchObject({ durationMs: 900 });
    expect(recorded.counts.files).toBe(2);
    old.player.close();
    expect(recorded.counts.files).toBe(1);
  });

  it('are refused with their code, and while memory is short', async () => {
    const recorded = streams({ maxIndexBytes: 100 });
    await expect(find(recorded, 'film', 'mp4')).rejects.toMatchObject({ code: 'ERR_VOD_INDEX' });
    expect(recorded.counts.files).toBe(0);
    const memory = new MemoryAccount(1);
    memory.register('log', () => 2);
    await expect(find(streams({}, memory), 'film')).rejects.toMatchObject({ code: 'ERR_LIMIT_MEMORY' });
  });

  /** A play whose first window is taken, and no other. */
  function play(recorded: RecordedStreams, file: string, id: string) {
    let taken = (): void => {};
    const written = new Promise<void>((resolve) => {
      taken = resolve;
    });
    const sink = {
      clogged: false,
      write: () => {
        taken();
        return false;
      },
      complete: () => {},
      failed: () => {},
    };
    const request = { id, file, startMs: -2, durationMs: -1, messageStreamId: 1, chunkSize: 4096 };
    return { player: recorded.play(request, sink), written };
  }
});
