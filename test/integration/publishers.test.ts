import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NatsWatcher, SseWatcher } from '../support/events.js';
import { media } from '../support/media.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { RawRtmp, statusOf } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import * as tools from '../support/tools.js';
import { waitFor } from '../support/wait.js';

const frame = (i: number, key: boolean) => {
  const payload = Buffer.alloc(100, i & 255);
  payload.set([key ? 0x12 : 0x22]);
  return payload;
};

describe('publishers', () => {
  let server: TestServer;
  let events: SseWatcher;
  beforeAll(async () => {
    server = await spawnServer({ settings: { 'publish.idleTimeoutMs': 3000 } });
    events = await SseWatcher.open(server.http('/v1/events'));
  });
  afterAll(async () => {
    events.close();
    await server.stop();
  });

  it('refuses a second publisher of a name with BadName and closes it, while the first goes on', async () => {
    const first = await RawRtmp.connected({ port: server.rtmpPort });
    const id = await first.publish('busy');
    const player = await RawRtmp.connected({ port: server.rtmpPort });
    await player.play('busy');
    first.message(9, frame(1, true), { messageStreamId: id });
    await player.expect((m) => m.type === 9 && m.payload[10] === 1, 'frame 1');

    const second = await RawRtmp.connected({ port: server.rtmpPort });
    const other = await second.createStream();
    second.command(other, 'publish', 0, null, 'busy', 'live');
    second.message(9, frame(99, true), { messageStreamId: other });
    const refusal = await second.status('NetStream.Publish.BadName');
    expect(statusOf(refusal).level).toBe('error');
    expect(refusal.messageStreamId).toBe(other);
    await second.gone();

    first.message(9, frame(2, false), { timestamp: 40, messageStreamId: id });
    await player.expect((m) => m.type === 9 && m.payload[10] === 2, 'frame 2');
    expect(
      player
        .media()
        .filter((m) => m.type === 9)
        .map((m) => m.payload[10]),
    ).toEqual([1, 2]);
    const rejected = await events.expect('stream.rejected', (e) => e.subject === 'live/busy');
    expect(rejected.data).toMatchObject({ app: 'live', name: 'busy' });

    const encoder = tools.ffmpegPublish(await media('h264-aac.flv'), server.url('busy'));
    expect((await encoder.finish(15_000)).code).not.toBe(0);
    first.destroy();
    player.destroy();
  });

  it('ends the stream of a publisher killed with SIGKILL as client_reset or client_closed', async () => {
    const encoder = tools.ffmpegPublish(await media('long.flv'), server.url('killed'));
    const { streamId } = await server.ready('killed');
    await encoder.stop('SIGKILL');
    const ended = await events.expect('stream.ended', (e) => e.streamid === streamId, 10_000);
    expect(['client_reset', 'client_closed']).toContain(ended.data['reason']);
    expect(ended.id).toBe(`${streamId}:end`);
  });

  it('ends the stream of a frozen publisher as idle or dead_peer, exactly once, and frees the name', async () => {
    const encoder = tools.ffmpegPublish(await media('long.flv'), server.url('frozen'));
    const { streamId } = await server.ready('frozen');
    encoder.signal('SIGSTOP');
    const ended = await events.expect('stream.ended', (e) => e.streamid === streamId, 15_000);
    expect(['idle', 'dead_peer']).toContain(ended.data['reason']);
    await encoder.stop('SIGKILL');
    const next = await RawRtmp.connected({ port: server.rtmpPort });
    await next.publish('frozen');
    next.destroy();
    await events.expect('stream.ended', (e) => e.subject === 'live/frozen' && e.streamid !== streamId);
    expect(events.all.filter((e) => e.id === `${streamId}:end`)).toHaveLength(1);
  });

  it('lets one connection publish two streams and play a third at the same time', async () => {
    const one = await RawRtmp.connected({ port: server.rtmpPort });
    const [a, b] = [await one.publish('two-a'), await one.publish('two-b')];
    const c = await one.play('two-c');
    expect(new Set([a, b, c]).size).toBe(3);
    const other = await RawRtmp.connected({ port: server.rtmpPort });
    const oc = await other.publish('two-c');
    const oa = await other.play('two-a');
    const ob = await other.play('two-b');

    one.message(9, frame(1, true), { messageStreamId: a, csid: 6 });
    one.message(9, frame(2, true), { messageStreamId: b, csid: 7 });
    other.message(9, frame(3, true), { messageStreamId: oc });
    const seen = async (client: RawRtmp, messageStreamId: number, number: number) =>
      client.expect(
        (m) => m.type === 9 && m.messageStreamId === messageStreamId && m.payload[10] === number,
        `frame ${number}`,
      );
    await seen(other, oa, 1);
    await seen(other, ob, 2);
    await seen(one, c, 3);

    one.command(0, 'deleteStream', 0, null, a);
    await server.ended('two-a');
    one.message(9, frame(4, false), { timestamp: 40, messageStreamId: b, csid: 7 });
    await seen(other, ob, 4);
    expect(other.media(oa).filter((m) => m.type === 9)).toHaveLength(1);
    one.destroy();
    other.destroy();
  });

  it('carries interleaved chunks of two published streams of one connection without mixing them', async () => {
    const one = await RawRtmp.connected({ port: server.rtmpPort });
    const [a, b] = [await one.publish('mix-a'), await one.publish('mix-b')];
    const other = await RawRtmp.connected({ port: server.rtmpPort });
    const [pa, pb] = [await other.play('mix-a'), await other.play('mix-b')];
    const { chunks } = await import('../support/rtmp-wire.js');
    const cut = (bytes: Buffer, first: number) => {
      const parts = [bytes.subarray(0, first)];
      for (let at = first; at < bytes.length; at += 129) parts.push(bytes.subarray(at, at + 129));
      return parts;
    };
    const message = (n: number, messageStreamId: number, chunkStreamId: number) =>
      cut(
        chunks({
          type: 9,
          timestamp: 0,
          messageStreamId,
          chunkStreamId,
          payload: Buffer.alloc(700, n).fill(0x12, 0, 1),
        }),
        12 + 128,
      );
    const [left, right] = [message(5, a, 6), message(6, b, 7)];
    one.send(...left.flatMap((part, i) => [part, right[i]]));
    const fromA = await other.expect((m) => m.type === 9 && m.messageStreamId === pa, 'a frame of mix-a');
    const fromB = await other.expect((m) => m.type === 9 && m.messageStreamId === pb, 'a frame of mix-b');
    expect(fromA.payload.subarray(1).equals(Buffer.alloc(699, 5))).toBe(true);
    expect(fromB.payload.subarray(1).equals(Buffer.alloc(699, 6))).toBe(true);
    one.destroy();
    other.destroy();
  });
});

describe('SIGTERM', () => {
  let nats: NatsServer;
  beforeAll(async () => {
    nats = await startNats();
  });
  afterAll(() => nats.stop());

  it('ends streams as server_drain, tells players, flushes the events and exits with 0 within 5 s', async () => {
    const watcher = await NatsWatcher.open(nats.url);
    const server = await spawnServer({ nats: nats.url });
    const encoder = tools.ffmpegPublish(await media('long.flv'), server.url('term'));
    const { streamId } = await server.ready('term');
    const player = await RawRtmp.connected({ port: server.rtmpPort });
    await player.play('term');
    await player.expect((m) => m.type === 9, 'video');

    expect(await server.stop()).toEqual({ code: 0, signal: null });
    await player.gone();
    const told = player.received.flatMap((m) => (m.values[0] === 'onStatus' ? [String(statusOf(m).code)] : []));
    expect(
      told.some((code) => /UnpublishNotify|Play\.Stop|Connect\.AppShutdown|Connect\.Closed/.test(code)),
      told.join(),
    ).toBe(true);
    const ended = await watcher.expect('stream.ended', (e) => e.streamid === streamId);
    expect(ended.data['reason']).toBe('server_drain');
    await watcher.expect('node.stopped');
    await waitFor(() => encoder.exit !== undefined, { what: 'the encoder to notice' });
    await watcher.close();
  });
});
