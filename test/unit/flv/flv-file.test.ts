import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { openFlvSink, readFlvFile } from '../../../src/flv/flv-file.js';
import type { FlvTag } from '../../../src/flv/flv-format.js';
import { flvHeader, flvTag } from '../../../src/flv/flv-writer.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-flv-'));
afterAll(() => rmSync(folder, { recursive: true }));

const tag = (type: number, timestamp: number, size: number): FlvTag => ({
  type,
  timestamp,
  payload: Buffer.alloc(size, type),
});
/** A tag with the digest of its payload: comparing large payloads byte by byte takes seconds. */
const digested = (t: FlvTag) => ({ ...t, payload: createHash('sha256').update(t.payload).digest('hex') });
async function collect(path: string): Promise<FlvTag[]> {
  const tags: FlvTag[] = [];
  for await (const t of readFlvFile(path)) tags.push({ ...t, payload: Buffer.from(t.payload) });
  return tags;
}

describe('FLV files', () => {
  it('reads back what a sink wrote, larger than its buffers, with the flags of what really came', async () => {
    const path = join(folder, 'video.flv');
    const tags = [tag(9, 0, 700_000), tag(9, 40, 3), tag(18, 40, 20), tag(9, 80, 300_000)];
    const sink = await openFlvSink(path);
    for (const t of tags) await sink.write(t);
    await sink.close();
    expect((await collect(path)).map(digested)).toEqual(tags.map(digested));
    const file = readFileSync(path);
    expect(file[4]).toBe(1);
    expect(sink.bytes).toBe(file.length);
  });

  it('leaves an empty but valid file when nothing came', async () => {
    const path = join(folder, 'empty.flv');
    await (await openFlvSink(path)).close();
    expect(readFileSync(path)).toEqual(flvHeader({ audio: false, video: false }));
    expect(await collect(path)).toEqual([]);
  });

  it('ends quietly after the last whole tag of a cut file', async () => {
    const path = join(folder, 'cut.flv');
    writeFileSync(
      path,
      Buffer.concat([
        flvHeader({ audio: true, video: true }),
        flvTag(8, 0, Buffer.alloc(5)),
        flvTag(8, 20, Buffer.alloc(5)).subarray(0, 14),
      ]),
    );
    expect(await collect(path)).toHaveLength(1);
  });

  it('tells why the system cannot read or write what was opened', async () => {
    await expect(collect(folder)).rejects.toMatchObject({
      code: 'ERR_FLV_FILE',
      message: expect.stringContaining('EISDIR'),
    });
    const full = await openFlvSink('/dev/full');
    await full.write(tag(8, 0, 10));
    await expect(full.close()).rejects.toMatchObject({
      code: 'ERR_FLV_FILE',
      message: expect.stringMatching(/\/dev\/full: ENOSPC/),
    });
  });

  it('tells what is wrong with a file that is no FLV, empty, damaged or missing', async () => {
    const path = join(folder, 'bad.flv');
    for (const [content, code] of [
      ['#EXTM3U and more', 'ERR_FLV_SIGNATURE'],
      ['', 'ERR_FLV_SIGNATURE'],
      [Buffer.concat([flvHeader({ audio: true, video: true }), Buffer.alloc(11)]), 'ERR_FLV_TAG'],
    ] as const) {
      writeFileSync(path, content);
      await expect(collect(path)).rejects.toMatchObject({ code });
    }
    await expect(collect(join(folder, 'missing.flv'))).rejects.toMatchObject({ code: 'ERR_FLV_FILE' });
    await expect(openFlvSink(join(folder, 'no', 'where.flv'))).rejects.toMatchObject({ code: 'ERR_FLV_FILE' });
  });

  it('waits for a slow stream and leaves it open', async () => {
    const stream = new PassThrough({ highWaterMark: 16 });
    const sink = await openFlvSink(stream);
    let written = false;
    const writing = sink.write(tag(8, 0, 100)).then(() => {
      written = true;
    });
    await new Promise(setImmediate);
    expect(written).toBe(false);
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    await writing;
    await sink.close();
    expect(stream.writableEnded).toBe(false);
    expect(Buffer.concat(chunks)).toEqual(
      Buffer.concat([flvHeader({ audio: true, video: true }), flvTag(8, 0, Buffer.alloc(100, 8))]),
    );
  });

  it('tells of a stream that failed or was closed', async () => {
    const failing = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => done(new Error('disk full')),
    });
    const sink = await openFlvSink(failing);
    await expect(sink.write(tag(8, 0, 10))).rejects.toMatchObject({ code: 'ERR_FLV_FILE' });
    const closed = new PassThrough();
    const second = await openFlvSink(closed);
    closed.destroy();
    await expect(second.write(tag(8, 0, 10))).rejects.toMatchObject({ code: 'ERR_FLV_FILE' });
  });
});
