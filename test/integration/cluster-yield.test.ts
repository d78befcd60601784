import { connect } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoderRule, KEY } from '../support/admission/encoder-key.js';
import { checkEpochs, checkStreams, typeOf } from '../support/cluster/checks.js';
import { keepOwners, readOwners } from '../support/cluster/owners.js';
import { readStored, type Stored } from '../support/faults/checker.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { RawRtmp, statusOf } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

const NODES = ['n1', 'n2'];
const AAC_HEADER = Buffer.from([0xaf, 0, 0x12, 0x10]);
const AAC_FRAME = Buffer.from([0xaf, 1, 1, 2, 3]);
const RULES = [
  { match: { action: 'play' }, decision: 'allow' },
  encoderRule({ name: 'take', match: { name: 'take-*' }, set: { conflict: 'takeover' } }),
  encoderRule({ name: 'drained', match: { name: 'drain-*' }, set: { resumeWindowMs: 15_000 } }),
  encoderRule({ set: { conflict: 'resume', resumeWindowMs: 15_000 } }),
];
/** Streams of the drain. */
const STREAMS = 5;

let nats: NatsServer;
const servers: TestServer[] = [];
const folders = NODES.map(() => tempDir('yield'));
const clients: RawRtmp[] = [];

beforeAll(async () => {
  nats = await startNats();
  await keepOwners([nats.url]);
  const spawn = (id: string, at: number): Promise<TestServer> =>
    spawnServer({
      nats: nats.url,
      data: folders[at]!,
      settings: {
        'node.id': id,
        'cluster.enabled': true,
        'cluster.secret': '0123456789abcdef',
        'auth.rules': JSON.stringify(RULES),
        'limits.publishesPerSecondPerIp': 0,
        'shutdown.deadlineMs': 2000,
      },
    });
  servers.push(...(await Promise.all(NODES.map(spawn))));
});

afterAll(async () => {
  for (const client of clients) client.destroy();
  await Promise.all(servers.map((server) => server.stop()));
  await nats.stop();
  for (const folder of folders) removeTempDir(folder);
});

async function connected(server: TestServer): Promise<RawRtmp> {
  const client = await RawRtmp.connected({ port: server.rtmpPort });
  clients.push(client);
  return client;
}

/** A publisher that has sent a header and so many frames. */
async function publishing(server: TestServer, name: string, frames = 10) {
  const client = await connected(server);
  const id = await client.publish(`${name}?key=${KEY}`);
  client.message(8, AAC_HEADER, { messageStreamId: id, timestamp: 0 });
  for (let n = 0; n < frames; n++) client.message(8, AAC_FRAME, { messageStreamId: id, timestamp: n * 20 });
  await waitFor(async () => ((await server.stream(name))?.state === 'ready' ? true : undefined), {
    what: () => `${name} to be ready\n${server.child.output.slice(-1500)}`,
  });
  return { client, id };
}

/** Sends frames until a player gets some. @returns how many */
async function seenBy(player: RawRtmp, { client, id }: { client: RawRtmp; id: number }): Promise<number> {
  const audio = (): number => player.received.filter(({ type }) => type === 8).length;
  const before = audio();
  let sent = 0;
  await waitFor(
    () => {
      client.message(8, AAC_FRAME, { messageStreamId: id, timestamp: 1000 + sent++ * 20 });
      return audio() > before + 2;
    },
    { everyMs: 50, what: () => `media of the other node; ${player.describe()}` },
  );
  return sent;
}

/** Takes the job of a stream as a runner does. @returns what its run plays, with the ticket that a node gives it */
async function ticketFor(server: TestServer, streamId: string): Promise<string> {
  const connection = await connect({ servers: nats.url });
  const bucket = await connection.jetstream().views.kv('SLUICE_JOBS');
  const record = { v: 1, state: 'held', attempt: 1 };
  const token = await bucket.put(`${streamId}.record`, Buffer.from(JSON.stringify(record)));
  await connection.close();
  const answer = await fetch(server.http(`/v1/streams/${streamId}/ticket`), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ template: 'record', token }),
  });
  const { url } = (await answer.json()) as { url: string };
  return url.slice(url.lastIndexOf('/') + 1);
}

async function of(name: string): Promise<Stored[]> {
  return (await readStored(nats.url)).filter(({ event }) => event.data['name'] === name);
}

/** The end of the newest stream of a name, once NATS has it. */
function ended(name: string): Promise<Stored> {
  return waitFor(async () => (await of(name)).filter((one) => typeOf(one) === 'stream.ended').at(-1), {
    what: `the end of ${name}`,
  });
}

describe('a stream in a cluster', () => {
  it('goes to another node with its publisher and back, under one id and one sequence, and its player stays', async () => {
    const [a, b] = servers as [TestServer, TestServer];
    const first = await publishing(a, 'cam');
    const { streamId } = (await a.stream('cam'))!;
    const player = await connected(a);
    await player.play('cam');
    await a.waitForPlayers(1);
    const second = await publishing(b, 'cam', 20);
    await waitFor(() => first.client.closed, { what: 'the first connection to be closed' });
    expect((await b.stream('cam'))?.streamId).toBe(streamId);
    await waitFor(async () => (await a.stream('cam')) === undefined, { what: 'the first node to let it go' });
    // Its player on the first node gets what is published on the second one, by a copy.
    const sent = 20 + (await seenBy(player, second));
    const third = await publishing(a, 'cam', 30);
    expect((await a.stream('cam'))?.streamId).toBe(streamId);
    third.client.command(third.id, 'closeStream', 0, null);
    const end = await ended('cam');
    expect(end.event.data).toMatchObject({
      ...{ streamId, reason: 'client_unpublish', totals: 'exact', nodeId: 'n1' },
      ...{ audioFrames: 40 + sent, payloadBytes: 3 * AAC_HEADER.length + (40 + sent) * AAC_FRAME.length },
    });
    const stored = await of('cam');
    expect(checkStreams(stored)).toEqual([]);
    const moves = stored.filter((one) => typeOf(one) === 'stream.resumed').map(({ event }) => event.data);
    expect(moves).toMatchObject([
      { cause: 'moved', fromNode: 'n1', nodeId: 'n2' },
      { cause: 'moved', fromNode: 'n2', nodeId: 'n1' },
    ]);
    expect(checkEpochs(stored, await readOwners([nats.url]))).toEqual([]);
    expect(player.closed).toBe(false);
  });

  it('is played at the node that it has left with the ticket of a job, until a later run has one', async () => {
    const [a, b] = servers as [TestServer, TestServer];
    await publishing(a, 'worked');
    const { streamId } = (await a.stream('worked'))!;
    const ticket = await ticketFor(a, streamId);
    const before = await connected(a);
    await before.play(ticket);
    const second = await publishing(b, 'worked');
    // It ends as at the end of any stream, and comes back to where it was.
    await waitFor(() => before.closed, { what: () => `the end of the first play; ${before.describe()}` });
    const again = await connected(a);
    await again.play(ticket);
    await seenBy(again, second);
    const later = await ticketFor(b, streamId);
    await waitFor(() => again.received.map(statusOf).some(({ code }) => code === 'NetStream.Play.Failed'), {
      what: () => `the play of the run before to be cut; ${again.describe()}`,
    });
    const late = await connected(a);
    const id = await late.createStream();
    late.command(id, 'play', 0, null, ticket);
    const refused = await waitFor(() =>
      late.received.map(statusOf).find(({ code }) => code === 'NetStream.Play.Failed'),
    );
    expect(refused['description']).toContain('ERR_JOB_FENCED');
    const newest = await connected(a);
    await newest.play(later);
    await seenBy(newest, second);
    second.client.command(second.id, 'closeStream', 0, null);
    await waitFor(() => newest.closed, { what: () => `the end of the newest play; ${newest.describe()}` });
  });

  it('is taken over from another node where the policy says so', async () => {
    const [a, b] = servers as [TestServer, TestServer];
    const first = await publishing(a, 'take-cam');
    const { streamId } = (await a.stream('take-cam'))!;
    const second = await publishing(b, 'take-cam');
    await waitFor(() => first.client.closed, { what: 'the first connection to be closed' });
    const next = (await b.stream('take-cam'))!.streamId;
    expect(next).not.toBe(streamId);
    second.client.command(second.id, 'closeStream', 0, null);
    await waitFor(async () => checkStreams(await of('take-cam')).length === 0, { what: 'both ends' });
    const types = (await of('take-cam')).filter(({ event }) => event.streamid === streamId).map(typeOf);
    expect(types.filter((type) => type.startsWith('stream.')).slice(-2)).toEqual(['stream.taken_over', 'stream.ended']);
  });

  it('stays where somebody else wants its name', async () => {
    const [a, b] = servers as [TestServer, TestServer];
    const { client, id: own } = await publishing(a, 'mine');
    const other = await connected(b);
    const id = await other.createStream();
    other.command(id, 'publish', 0, null, `mine?key=wrong`, 'live');
    const status = await waitFor(() =>
      other.received.map(statusOf).find(({ code }) => String(code).startsWith('NetStream.Publish')),
    );
    expect(status.code).not.toBe('NetStream.Publish.Start');
    expect(client.closed).toBe(false);
    client.command(own, 'closeStream', 0, null);
    await ended('mine');
  });

  it(`goes with its publisher while its node drains: ${STREAMS} of them, under their ids`, async () => {
    const [a, b] = servers as [TestServer, TestServer];
    const names = Array.from({ length: STREAMS }, (_, n) => `drain-${n}`);
    const before = await Promise.all(names.map((name) => publishing(a, name)));
    const ids = new Map((await a.streams()).map(({ name, streamId }) => [name, streamId]));
    const player = await connected(a);
    await player.play('drain-0');
    await a.waitForPlayers(1);
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ deadlineMs: 60_000 });
    const drained = await fetch(a.http('/v1/node/drain'), { method: 'POST', headers, body });
    expect(drained.status).toBe(200);
    // Some encoders have gone before they come back, the others have not.
    for (const { client } of before.slice(2)) client.destroy();
    const after = await Promise.all(names.map((name) => publishing(b, name)));
    for (const { name, streamId } of await b.streams()) expect(streamId).toBe(ids.get(name));
    await waitFor(async () => (await a.streams()).length === 0, { what: 'nothing to run on the node that drains' });
    const sent = await seenBy(player, after[0]!);
    for (const { client, id } of after) client.command(id, 'closeStream', 0, null);
    for (const name of names) {
      const end = await ended(name);
      const audioFrames = 20 + (name === 'drain-0' ? sent : 0);
      expect(end.event.data).toMatchObject({ streamId: ids.get(name), audioFrames, totals: 'exact' });
      expect(checkStreams(await of(name))).toEqual([]);
    }
  });
});
