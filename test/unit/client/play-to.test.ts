import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { playTo, readFlvFile } from '../../../src/client/index.js';
import type { FlvTag } from '../../../src/flv/flv-format.js';
import { FlvReader } from '../../../src/flv/flv-reader.js';
import { startFake } from '../../support/client/fake-server.js';
import { TAGS } from '../../support/client/flv-tags.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-client-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('playing', () => {
  it('writes what it gets as FLV, with time from 0', async () => {
    const fake = await startFake();
    const path = join(folder, 'out.flv');
    const playing = playTo(fake.url('live/cam'), { output: path });
    await fake.until(() => fake.peers[0]?.playing === 1);
    for (const tag of TAGS) fake.peers[0]!.play(tag.type, tag.timestamp + 0x1000000, tag.payload);
    fake.peers[0]!.end(true);
    await expect(playing).resolves.toMatchObject({ end: 'stream_ended', tags: 6, mediaMs: 40 });
    const tags: FlvTag[] = [];
    for await (const tag of readFlvFile(path)) tags.push({ ...tag, payload: Buffer.from(tag.payload) });
    expect(tags).toEqual(TAGS);
  });

  it('survives a clock that wraps and frames that go back', async () => {
    const fake = await startFake();
    const times: number[] = [];
    const playing = playTo(fake.url('live/cam'), { onTag: (tag) => times.push(tag.timestamp) });
    await fake.until(() => fake.peers[0]?.playing === 1);
    for (const time of [0xfffffff0, 0xfffffffa, 0x10, 0x0, 0xffffffe0])
      fake.peers[0]!.play(8, time, Buffer.of(0xaf, 1));
    fake.peers[0]!.end(false);
    await playing;
    expect(times).toEqual([0, 10, 32, 16, 0]);
  });

  it('stops at the duration', async () => {
    const fake = await startFake();
    const stream = new PassThrough();
    const playing = playTo(fake.url('live/cam'), { output: stream, durationMs: 100 });
    await fake.until(() => fake.peers[0]?.playing === 1);
    for (let time = 0; time <= 200; time += 20) fake.peers[0]!.play(9, time, Buffer.of(0x27, 1, 0, 0, 0));
    await expect(playing).resolves.toMatchObject({ end: 'duration', tags: 6, mediaMs: expect.any(Number) });
    expect(new FlvReader().push(stream.read() as Buffer)).toHaveLength(6);
  });

  it('stops on request and leaves in good order', async () => {
    const fake = await startFake();
    const stop = new AbortController();
    const playing = playTo(fake.url('live/cam'), { signal: stop.signal, onTag: () => stop.abort() });
    await fake.until(() => fake.peers[0]?.playing === 1);
    fake.peers[0]!.play(8, 0, Buffer.of(0xaf, 1));
    await expect(playing).resolves.toMatchObject({ end: 'stopped', tags: 1 });
    await fake.until(() => fake.actions.some((action) => action.kind === 'playStopped'));
  });

  it('tells of a stream that does not exist', async () => {
    const fake = await startFake({ refuse: { code: 'NetStream.Play.StreamNotFound', description: 'no such stream' } });
    await expect(playTo(fake.url('live/cam'))).rejects.toMatchObject({
      code: 'ERR_CLIENT_REJECTED',
      details: { rtmpCode: 'NetStream.Play.StreamNotFound' },
    });
  });

  it('tells of an output that cannot be written before the first frame comes', async () => {
    const fake = await startFake();
    const playing = playTo(fake.url('live/cam'), { output: join(folder, 'no', 'where.flv') });
    await expect(playing).rejects.toMatchObject({ code: 'ERR_FLV_FILE' });
  });

  it('stops reading while the output does not take more', async () => {
    const fake = await startFake();
    const stream = new PassThrough({ highWaterMark: 1 });
    const playing = playTo(fake.url('live/cam'), { output: stream });
    await fake.until(() => fake.peers[0]?.playing === 1);
    const peer = fake.peers[0]!;
    let sent = 0;
    const payload = Buffer.alloc(100_000, 1);
    while (sent < 300) {
      peer.play(9, sent++, payload);
      if (peer.socket.writableLength > 8_000_000) break;
    }
    expect(sent).toBeLessThan(300);
    const reader = new FlvReader();
    let tags = 0;
    stream.on('data', (bytes: Buffer) => {
      tags += reader.push(bytes).length;
    });
    peer.end(true);
    await playing;
    expect(tags).toBe(sent);
  });
});
