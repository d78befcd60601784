import { connect, type NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/main.js';
import { newId } from '../../src/core/ids.js';
import { RelaySeal, type RelayTicket } from '../../src/live/relay-ticket.js';
import type { Epoch } from '../../src/model/epoch.js';
import type { NodeHello } from '../../src/model/node-link.js';
import { audienceReport, helloObject, readWelcome } from '../../src/protocol/messages/node-link.js';
import type { Amf } from '../support/amf.js';
import { TestIo } from '../support/cli/test-io.js';
import { readStored } from '../support/faults/checker.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { RawRtmp, type Received, statusOf } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { waitFor } from '../support/wait.js';

const SECRET = 'a secret that the nodes share';
const BOOT = newId();
/** Nobody but nodes may play, but for one name. */
const RULES = [
  { match: { action: 'play', name: 'open' }, decision: 'allow' },
  { match: { action: 'play' }, decision: 'deny' },
  { decision: 'allow' },
];
const AAC_HEADER = Buffer.from([0xaf, 0, 0x12, 0x10]);

/** A frame of audio that no other one is like. */
function frame(number: number): Buffer {
  const payload = Buffer.alloc(40 + number, number);
  payload.set([0xaf, 1]);
  return payload;
}

/** Someone who publishes and has sent a header and frames. */
class Source {
  readonly #client: RawRtmp;
  readonly #id: number;
  readonly sent: Buffer[] = [];

  private constructor(client: RawRtmp, id: number) {
    this.#client = client;
    this.#id = id;
  }

  static async open(server: TestServer, name: string): Promise<Source> {
    const client = await RawRtmp.connected({ port: server.rtmpPort });
    clients.push(client);
    const source = new Source(client, await client.publish(name));
    source.send(AAC_HEADER);
    source.frames(5);
    await server.ready(name);
    return source;
  }

  frames(count: number): void {
    for (let n = 0; n < count; n++) this.send(frame(this.sent.length));
  }

  send(payload: Buffer): void {
    const timestamp = this.sent.length * 20;
    this.#client.message(8, payload, { messageStreamId: this.#id, timestamp });
    this.sent.push(payload);
  }

  end(): void {
    this.#client.command(this.#id, 'closeStream', 0, null);
  }
}

let nats: NatsServer;
let watcher: NatsConnection;
let server: TestServer;
let cam: Source;
let epoch: Epoch;
let streamId: string;
/** Figures of `live/cam` that were sent under `tel.*`. */
const figures: { readonly players: number }[] = [];
const clients: RawRtmp[] = [];
const seal = new RelaySeal(SECRET);

beforeAll(async () => {
  nats = await startNats();
  const settings = {
    ...{ 'node.id': 'n1', 'cluster.enabled': true, 'cluster.secret': SECRET, 'auth.rules': JSON.stringify(RULES) },
    ...{ 'shutdown.deadlineMs': 1000, 'events.plays': true },
  };
  server = await spawnServer({ nats: nats.url, settings });
  watcher = await connect({ servers: nats.url });
  watcher.subscribe('sluice.v1.tel.live.cam.>', { callback: (_error, message) => figures.push(message.json()) });
  await watcher.flush();
  cam = await Source.open(server, 'cam');
  streamId = (await server.stream('cam'))!.streamId;
  const started = await waitFor(
    async () => (await readStored(nats.url)).find(({ event }) => event.type === 'io.sluice.stream.started'),
    { what: 'the start of the stream' },
  );
  const { epoch: revision, registry } = started.event.data as { epoch: number; registry: string };
  epoch = { registry, revision };
});

afterAll(async () => {
  for (const client of clients) client.destroy();
  await server.stop();
  await watcher.close();
  await nats.stop();
});

/** What another node says in its connect, with a ticket for `live/cam`. */
function hello(
  ticket: Partial<RelayTicket> = {},
  more: Partial<NodeHello> = {},
  agoMs = 0,
  lifeMs = 60_000,
): NodeHello {
  const whole = { from: 'n2', to: 'n1', app: 'live', name: 'cam', epoch, ...ticket };
  return { nodeId: 'n2', bootId: BOOT, ticket: seal.write(whole, Date.now() - agoMs, lifeMs), path: ['n2'], ...more };
}

/** Connects with the object of a node. @returns the answer to connect */
async function connecting(to: TestServer, said: NodeHello): Promise<{ client: RawRtmp; answer: Received }> {
  const client = await RawRtmp.shaken({ port: to.rtmpPort });
  clients.push(client);
  client.command(0, 'connect', 1, { app: 'live', tcUrl: to.url(''), sluice: helloObject(said) as Amf });
  const answer = await client.expect(({ values: [name] }) => name === '_result' || name === '_error', 'an answer');
  return { client, answer };
}

/** Connects and plays as another node. */
async function fetching(): Promise<{ client: RawRtmp; answer: Received; id: number }> {
  const { client, answer } = await connecting(server, hello());
  const id = await client.createStream();
  client.command(id, 'play', 0, null, 'cam', -2000);
  await client.status('NetStream.Play.Start');
  return { client, answer, id };
}

const sluiceOf = (answer: Received) => (statusOf(answer) as { sluice?: Amf }).sluice;
const soundOf = (client: RawRtmp) => client.received.filter(({ type }) => type === 8).map(({ payload }) => payload);

describe('a node that fetches a stream', () => {
  it('is told which stream it is, and gets every byte of it, although nobody else may play', async () => {
    const { client, answer, id } = await fetching();
    expect(readWelcome(sluiceOf(answer))).toMatchObject({ nodeId: 'n1', streamId, epoch, hops: 1 });
    client.message(18, audienceReport(40), { messageStreamId: id });
    cam.frames(200);
    await waitFor(() => soundOf(client).at(-1)?.equals(cam.sent.at(-1)!), { what: 'the last frame' });
    const got = soundOf(client);
    expect(got[0]).toEqual(AAC_HEADER);
    const first = cam.sent.findIndex((payload) => payload.equals(got[1]!));
    expect(got.slice(1)).toEqual(cam.sent.slice(first));
    expect(got.length).toBeGreaterThan(200);

    const { client: player } = await connecting(server, { ...hello(), nodeId: 'no node' });
    const wanted = await player.createStream();
    player.command(wanted, 'play', 0, null, 'cam', -2000);
    expect(statusOf(await player.expect(({ values }) => values[0] === 'onStatus', 'a refusal')).code).toBe(
      'NetStream.Play.Failed',
    );
  });

  it.each<[string, () => NodeHello, string]>([
    [
      'a forged ticket',
      () => hello({}, { ticket: new RelaySeal('another secret').write(cams(), Date.now()) }),
      'TICKET',
    ],
    ['a ticket for another node', () => hello({ to: 'n3' }), 'TICKET'],
    ['a ticket of another node', () => hello({ from: 'n3' }), 'TICKET'],
    ['a ticket for another app', () => hello({ app: 'other' }), 'TICKET'],
    ['a ticket that is over', () => hello({}, {}, 2000, 1000), 'TICKET'],
    ['a clock that is late', () => hello({}, {}, 40_000), 'CLOCK'],
    ['a clock that is early', () => hello({}, {}, -40_000), 'CLOCK'],
    ['this node in its path', () => hello({}, { path: ['n2', 'n1'] }), 'LOOP'],
    ['too many nodes in its path', () => hello({}, { path: ['n2', 'n3', 'n4', 'n5', 'n6'] }), 'HOPS'],
    ['an older claim', () => hello({ epoch: { ...epoch, revision: epoch.revision - 1 } }), 'EPOCH'],
    ['a newer claim', () => hello({ epoch: { ...epoch, revision: epoch.revision + 1 } }), 'EPOCH'],
    ['a name that is not published there', () => hello({ name: 'none' }), 'EPOCH'],
  ])('is refused with %s', async (_what, said, code) => {
    const { client, answer } = await connecting(server, said());
    expect(answer.values[0]).toBe('_error');
    const { code: status, description } = statusOf(answer);
    const whole = code === 'CLOCK' ? 'ERR_CLUSTER_CLOCK' : `ERR_RELAY_${code}`;
    expect([status, String(description).split(':')[0]]).toEqual(['NetConnection.Connect.Rejected', whole]);
    await client.gone();
  });

  it('plays nothing but its stream, and is shown and ended like any other play', async () => {
    await Source.open(server, 'open');
    const { client } = await connecting(server, hello());
    const id = await client.createStream();
    client.command(id, 'play', 0, null, 'open', -2000);
    const refused = await client.expect(({ values }) => values[0] === 'onStatus', 'a refusal');
    expect(statusOf(refused)).toMatchObject({ description: expect.stringContaining('ERR_RELAY_TICKET') });

    const { client: fetches } = await fetching();
    const { plays } = (await (await fetch(server.http('/v1/plays'))).json()) as {
      plays: { playId: string; peer: { port: number }; relay?: object }[];
    };
    const shown = plays.find(({ peer }) => peer.port === fetches.socket.localPort)!;
    expect(shown).toMatchObject({ relay: { nodeId: 'n2' }, streamId, name: 'cam' });
    const io = new TestIo();
    const code = await main(['plays', 'ls', '--http', `127.0.0.1:${server.httpPort}`], io);
    const { stdout } = io;
    expect([code, stdout.split('\n')[0]]).toEqual([0, expect.stringMatching(/NODE +RELAY$/)]);
    expect(stdout).toMatch(new RegExp(`${shown.playId} .* n2$`, 'm'));
    expect(await server.metric('sluice_cluster_relays_served')).toBe(2);
    const headers = { 'content-type': 'application/json' };
    const kick = { method: 'POST', headers, body: '{"reason":"maintenance"}' };
    expect((await fetch(server.http(`/v1/plays/${shown.playId}/kick`), kick)).status).toBe(200);
    await fetches.gone();
  });

  it('is counted, and so is each refusal by its code', async () => {
    const refused = (code: string) => server.metric('sluice_cluster_relays_refused_total', `code="${code}"`);
    expect(await server.metric('sluice_cluster_relays_admitted_total')).toBe(3);
    expect(await refused('ERR_RELAY_TICKET')).toBe(6);
    expect(await refused('ERR_RELAY_EPOCH')).toBe(3);
    expect(await refused('ERR_CLUSTER_CLOCK')).toBe(2);
    expect([await refused('ERR_RELAY_LOOP'), await refused('ERR_RELAY_HOPS')]).toEqual([1, 1]);
  });

  it('counts with the players that it has told of, and no event tells of its play', async () => {
    await waitFor(() => figures.at(-1)?.players === 40, { what: () => `40 players in ${JSON.stringify(figures)}` });
    const player = await RawRtmp.connected({ port: server.rtmpPort });
    clients.push(player);
    await player.play('open');
    const told = await waitFor(
      async () => {
        const plays = (await readStored(nats.url)).filter(({ event }) => event.type.startsWith('io.sluice.play.'));
        return plays.length > 0 ? plays : undefined;
      },
      { what: 'the event of a play' },
    );
    expect(told.map(({ event }) => event.data['name'])).toEqual(['open']);
    expect(server.child.output).not.toContain(SECRET);
  });
});

it('a node is an ordinary client where there is no cluster', async () => {
  const alone = await spawnServer({ settings: { 'auth.rules': JSON.stringify(RULES) } });
  try {
    await Source.open(alone, 'open');
    const { client, answer } = await connecting(alone, hello({ name: 'open' }));
    expect([answer.values[0], sluiceOf(answer)]).toEqual(['_result', undefined]);
    await client.play('open');
  } finally {
    await alone.stop();
  }
});

/** What a ticket for `live/cam` is for. */
function cams(): RelayTicket {
  return { from: 'n2', to: 'n1', app: 'live', name: 'cam', epoch };
}
