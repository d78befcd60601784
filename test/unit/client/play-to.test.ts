import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { playTo, publishFile, RtmpConnection, readFlvFile } from '../../../src/client/index.js';
import { openFlvSink } from '../../../src/flv/flv-file.js';
import type { FlvTag } from '../../../src/flv/flv-format.js';
import { FlvReader } from '../../../src/flv/flv-reader.js';
import { writeAmf0 } from '../../../src/protocol/messages/amf0-writer.js';
import { type FakePolicy, FakeServer } from '../../support/client/fake-server.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-client-'));
afterAll(() => rmSync(folder, { recursive: true }));
let server: FakeServer | undefined;
afterEach(() => server?.stop());
const start = async (policy?: FakePolicy): Promise<FakeServer> => {
  server = await FakeServer.start(policy);
  return server;
};

const METADATA = writeAmf0('onMetaData', { width: 320 });
const big = Buffer.alloc(200_000, 3);
big.set([0x17, 1, 0, 0, 0]);
const TAGS: readonly FlvTag[] = [
  { type: 18, timestamp: 0, payload: METADATA },
  { type: 9, timestamp: 0, payload: Buffer.from('170000000001', 'hex') },
  { type: 8, timestamp: 0, payload: Buffer.from('af001210', 'hex') },
  { type: 9, timestamp: 0, payload: big },
  { type: 8, timestamp: 5, payload: Buffer.alloc(0) },
  { type: 9, timestamp: 40, payload: Buffer.from('270100000000', 'hex') },
];
async function write(name: string, tags: readonly FlvTag[]): Promise<string> {
  const path = join(folder, name);
  const sink = await openFlvSink(path);
  for (const tag of tags) await sink.write(tag);
  await sink.close();
  return path;
}

describe('publishing a file', () => {
  it('sends every tag unchanged, then unpublishes', async () => {
    const fake = await start();
    const result = await publishFile(await write('a.flv', TAGS), fake.url('live/cam?key=1'), { realtime: false });
    expect(fake.got).toEqual(TAGS);
    expect(result).toMatchObject({ tags: 6, mediaMs: 40, loops: 0 });
    expect(fake.actions.find((a) => a.kind === 'publishRequested')).toMatchObject({
      app: 'live',
      name: 'cam',
      query: 'key=1',
    });
    expect(fake.actions.find((a) => a.kind === 'publishStopped')).toMatchObject({ reason: 'client_unpublish' });
  });

  it('starts time at 0 and passes over AMF3 script tags', async () => {
    const fake = await start();
    const late = TAGS.map((tag) => ({ ...tag, timestamp: tag.timestamp + 0xfffffff0 }));
    await publishFile(
      await write('late.flv', [...late.slice(0, 2), { type: 15, timestamp: 0xfffffff0, payload: Buffer.of(0) }]),
      fake.url('live/cam'),
      {
        realtime: false,
      },
    );
    expect(fake.got).toEqual(TAGS.slice(0, 2));
  });

  it('goes on with time when it loops, until asked to stop', async () => {
    const fake = await start();
    const stop = new AbortController();
    const publishing = publishFile(await write('loop.flv', TAGS), fake.url('live/cam'), {
      realtime: false,
      loop: true,
      signal: stop.signal,
    });
    await fake.until(() => fake.got.length >= 18);
    stop.abort();
    await expect(publishing).resolves.toMatchObject({ loops: expect.any(Number) });
    const times = fake.got.slice(0, 18).map((got) => got.timestamp);
    expect(times).toEqual([0, 0, 0, 0, 5, 40, 80, 80, 80, 80, 85, 120, 160, 160, 160, 160, 165, 200]);
  });

  it('never runs ahead of its timestamps unless asked to', async () => {
    const fake = await start();
    const { elapsedMs, mediaMs } = await publishFile(await write('b.flv', TAGS), fake.url('live/cam'));
    expect(elapsedMs).toBeGreaterThanOrEqual(mediaMs);
    expect(fake.got).toEqual(TAGS);
  });

  it('tells the code and description of a refusal', async () => {
    const fake = await start({ refuse: { code: 'NetStream.Publish.BadName', description: 'live/cam is taken' } });
    await expect(publishFile(await write('c.flv', TAGS), fake.url('live/cam'))).rejects.toMatchObject({
      code: 'ERR_CLIENT_REJECTED',
      details: { rtmpCode: 'NetStream.Publish.BadName', description: 'live/cam is taken' },
    });
  });

  it('tells why the server ended it', async () => {
    const fake = await start();
    const publishing = publishFile(await write('d.flv', TAGS), fake.url('live/cam'), { realtime: false, loop: true });
    const failure = expect(publishing).rejects.toMatchObject({ details: { description: 'enough' } });
    await fake.until(() => fake.got.length > 0);
    fake.peers[0]!.kick('enough');
    await failure;
  });

  it('does not connect for a file that is no FLV', async () => {
    const fake = await start();
    await expect(publishFile('package.json', fake.url('live/cam'))).rejects.toMatchObject({
      code: 'ERR_FLV_SIGNATURE',
    });
    expect(fake.peers).toHaveLength(0);
  });
});

describe('playing', () => {
  it('writes what it gets as FLV, with time from 0', async () => {
    const fake = await start();
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
    const fake = await start();
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
    const fake = await start();
    const stream = new PassThrough();
    const playing = playTo(fake.url('live/cam'), { output: stream, durationMs: 100 });
    await fake.until(() => fake.peers[0]?.playing === 1);
    for (let time = 0; time <= 200; time += 20) fake.peers[0]!.play(9, time, Buffer.of(0x27, 1, 0, 0, 0));
    await expect(playing).resolves.toMatchObject({ end: 'duration', tags: 6, mediaMs: expect.any(Number) });
    expect(new FlvReader().push(stream.read() as Buffer)).toHaveLength(6);
  });

  it('stops on request and leaves in good order', async () => {
    const fake = await start();
    const stop = new AbortController();
    const playing = playTo(fake.url('live/cam'), { signal: stop.signal, onTag: () => stop.abort() });
    await fake.until(() => fake.peers[0]?.playing === 1);
    fake.peers[0]!.play(8, 0, Buffer.of(0xaf, 1));
    await expect(playing).resolves.toMatchObject({ end: 'stopped', tags: 1 });
    await fake.until(() => fake.actions.some((action) => action.kind === 'playStopped'));
  });

  it('tells of a stream that does not exist', async () => {
    const fake = await start({ refuse: { code: 'NetStream.Play.StreamNotFound', description: 'no such stream' } });
    await expect(playTo(fake.url('live/cam'))).rejects.toMatchObject({
      code: 'ERR_CLIENT_REJECTED',
      details: { rtmpCode: 'NetStream.Play.StreamNotFound' },
    });
  });

  it('tells of an output that cannot be written before the first frame comes', async () => {
    const fake = await start();
    const playing = playTo(fake.url('live/cam'), { output: join(folder, 'no', 'where.flv') });
    await expect(playing).rejects.toMatchObject({ code: 'ERR_FLV_FILE' });
  });

  it('stops reading while the output does not take more', async () => {
    const fake = await start();
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

describe('connecting', () => {
  const open = (url: string, o: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<RtmpConnection> =>
    RtmpConnection.open(url, { mode: 'play', ...o });

  it('tells that nobody listens', async () => {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    await expect(open(`rtmp://127.0.0.1:${port}/live/cam`)).rejects.toMatchObject({ code: 'ERR_CLIENT_CONNECT' });
  });

  it('gives up on a server that says nothing', async () => {
    const fake = await start({ mute: true });
    await expect(open(fake.url('live/cam'), { timeoutMs: 50 })).rejects.toMatchObject({ code: 'ERR_CLIENT_TIMEOUT' });
  });

  it('tells that the peer speaks something else', async () => {
    const fake = await start({ babble: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') });
    await expect(open(fake.url('live/cam'))).rejects.toMatchObject({ code: 'ERR_HANDSHAKE_HTTP' });
  });

  it('tells that the chunk stream is damaged', async () => {
    const fake = await start({ babble: Buffer.concat([Buffer.of(3), Buffer.alloc(3072), Buffer.alloc(64, 0xff)]) });
    await expect(open(fake.url('live/cam'))).rejects.toMatchObject({ code: 'ERR_CHUNK_FRESH_HEADER' });
  });

  it('can be given up while it waits', async () => {
    const fake = await start({ mute: true });
    const stop = new AbortController();
    const opening = open(fake.url('live/cam'), { signal: stop.signal });
    const failure = expect(opening).rejects.toMatchObject({ code: 'ERR_CLIENT_ABORTED' });
    await fake.until(() => fake.peers.length >= 0);
    stop.abort();
    await failure;
    await expect(open(fake.url('live/cam'), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_CLIENT_ABORTED',
    });
  });

  it('tells that the connection broke', async () => {
    const fake = await start();
    const connection = await open(fake.url('live/cam'));
    fake.peers[0]!.socket.destroy();
    await expect(connection.ended).resolves.toMatchObject({ error: { code: 'ERR_CLIENT_LOST' } });
    await connection.close();
  });

  it('has no error when it was closed by us', async () => {
    const fake = await start();
    const connection = await open(fake.url('live/cam'));
    await connection.close();
    await expect(connection.ended).resolves.toEqual({ error: undefined });
    await connection.close();
  });
});
