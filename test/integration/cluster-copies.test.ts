import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawnNode } from '../support/cluster/spawn-node.js';
import { SseWatcher } from '../support/events.js';
import { getFlv } from '../support/http/flv-client.js';
import { media } from '../support/media.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { finishPlayer, hashesOf } from '../support/playback.js';
import { RawRtmp } from '../support/rtmp-client.js';
import type { TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import * as tools from '../support/tools.js';
import { waitFor } from '../support/wait.js';

const NODES = ['n1', 'n2', 'n3'];

let nats: NatsServer;
const nodes: TestServer[] = [];
const folders = NODES.map(() => tempDir('copies'));
const clients: RawRtmp[] = [];

function spawn(node: number): Promise<TestServer> {
  const settings = { 'cluster.idleMs': 1000, 'play.lingerMs': 500, 'play.waitForPublisher': node !== 1 };
  return spawnNode({ nats: nats.url, id: NODES[node]!, data: folders[node]!, settings });
}

beforeAll(async () => {
  nats = await startNats();
  for (const node of NODES.keys()) nodes.push(await spawn(node));
});

afterAll(async () => {
  for (const client of clients) client.destroy();
  for (const server of nodes) if (server.child.exit === undefined) await server.stop();
  await nats.stop();
  for (const folder of folders) removeTempDir(folder);
});

async function client(server: TestServer): Promise<RawRtmp> {
  const opened = await RawRtmp.connected({ port: server.rtmpPort });
  clients.push(opened);
  return opened;
}

/** Publishes numbered frames of video, each second one a keyframe, from a number on. */
async function publisher(server: TestServer, name: string, from: number) {
  const rtmp = await client(server);
  const messageStreamId = await rtmp.publish(name);
  let next = from;
  const send = (): void => {
    const frame = Buffer.alloc(200);
    frame.set([next % 2 === 0 ? 0x12 : 0x22]);
    frame.writeUInt32BE(next, 4);
    rtmp.message(9, frame, { messageStreamId, timestamp: 20 * (next - from) });
    next++;
  };
  return { rtmp, send };
}

/** Frames that a player has got. */
function framesOf(player: RawRtmp): { number: number; timestamp: number }[] {
  return player
    .media()
    .flatMap(({ type, payload, timestamp }) => (type === 9 ? [{ number: payload.readUInt32BE(4), timestamp }] : []));
}

describe('a stream that is published at one node of a cluster', () => {
  it('is played at the others bit for bit, over HTTP too, fetched once and for as long as it is played', async () => {
    const [origin, edge, other] = nodes as [TestServer, TestServer, TestServer];
    const file = await media('h264-aac.flv');
    const source = await hashesOf(file);
    const events = await SseWatcher.open(edge.http('/v1/events'));
    // These wait: the node hears of the publish, and fetches it from its first frame on.
    const outs = ['a.flv', 'b.flv'].map((name) => join(tempDir('copies'), name));
    const players = outs.map((out) => tools.sluice('play', other.url('cam'), '-o', out));
    await other.waitForPlayers(2);
    const encoder = tools.ffmpegPublish(file, origin.url('cam'));
    const published = await waitFor(() => origin.stream('cam'), { what: 'the stream' });
    const overHttp = await getFlv(edge.http('/live/cam.flv'));
    const late = await client(edge);
    await late.play('cam');
    expect((await encoder.finish(30_000)).code).toBe(0);
    for (const [at, player] of players.entries()) {
      await finishPlayer(player, outs[at]!, source.video.length + source.audio.length);
      expect(await hashesOf(outs[at]!)).toEqual(source);
    }
    expect((await overHttp.body).length).toBeGreaterThan(10_000);
    const { streamId } = published;
    const started = await events.expect('relay.started');
    expect(started.data).toMatchObject({ direction: 'copy', fromNode: 'n1', streamId });
    const relayId = started.data['relayId'];
    expect(await events.expect('play.started')).toMatchObject({ relayid: relayId, data: { streamId, nodeId: 'n2' } });
    expect((await events.expect('relay.ended')).data).toMatchObject({ relayId, reason: 'stream_ended' });
    expect(await edge.streams()).toEqual([]);
    for (const node of [edge, other]) expect(await node.metric('sluice_copies_total')).toBe(1);
    late.destroy();
    events.close();
  });

  it('ends at an edge some time after its last player, and no play of a name that nobody has waits', async () => {
    const [origin, edge] = nodes as [TestServer, TestServer];
    const { rtmp, send } = await publisher(origin, 'idle', 0);
    send();
    const player = await client(edge);
    await player.play('idle');
    player.destroy();
    await waitFor(async () => (await edge.metric('sluice_copies', 'state="running"')) === 0, { what: 'its end' });
    rtmp.destroy();
    const late = await client(edge);
    const id = await late.createStream();
    late.command(id, 'play', 0, null, 'nobody');
    await late.status('NetStream.Play.StreamNotFound');
  });

  it('is played on, with the same players and rising timestamps, when its node is killed and another publishes it', async () => {
    const [origin, edge, other] = nodes as [TestServer, TestServer, TestServer];
    const first = await publisher(origin, 'move', 0);
    first.send();
    first.send();
    const players = await Promise.all([edge, edge, edge].map((server) => client(server)));
    for (const player of players) await player.play('move');
    for (let n = 0; n < 10; n++) first.send();
    const has = (number: number) => () =>
      players.every((each) => framesOf(each).some((frame) => frame.number === number));
    await waitFor(has(11), { what: 'the frames of the first node' });
    origin.child.signal('SIGKILL');
    await waitFor(() => first.rtmp.closed, { what: 'the end of the first node' });
    const second = await waitFor(() => publisher(other, 'move', 100).catch(() => undefined), { what: 'a publish' });
    second.send();
    await waitFor(async () => (await edge.metric('sluice_copies', 'state="running"')) === 1, { what: 'the switch' });
    for (let n = 0; n < 10; n++) second.send();
    await waitFor(has(110), { what: 'the frames of the second node' });
    for (const player of players) {
      const frames = framesOf(player);
      const times = frames.map(({ timestamp }) => timestamp);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(frames.map(({ number }) => number)).toEqual(
        [...Array(12).keys(), ...Array(11).keys()].map((n, at) => (at < 12 ? n : 100 + n)),
      );
      expect(player.closed).toBe(false);
    }
  });
});
