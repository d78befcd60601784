import { connect } from 'nats';
import { pause } from '../lib/process.js';
import { type Cluster, done, type Node, streamOf } from './cluster.js';
import { attempt, Encoder, tokenUntil } from './encoder.js';

/** Milliseconds of the same thing, measured again and again. */
export interface Times {
  readonly name: string;
  readonly ms: readonly number[];
}

const TOKEN_SECRET = 'a secret of the bench, which is long enough';
/** Time of a grant that is asked for again: the least that there is. */
const TTL_MS = 1000;
/** Encoders at once where each has to wait for its time. */
const AT_ONCE = 10;
/** Names of encoders whose grant has a time. */
const RENEWED = 'renewed';
/** Time of a ban of which only the beginning is of interest. */
const SHORT_BAN_MS = 5000;
/** Nobody tries so shortly before the end of a ban that the try may be decided after it. */
const GUARD_MS = 200;

/** Settings of the nodes. */
export const ENDS_ENV = {
  SLUICE_AUTH_NATS_ENABLED: 'true',
  SLUICE_AUTH_JWT_AUDIENCE: 'sluice',
  SLUICE_AUTH_JWT_KEYS: JSON.stringify([{ alg: 'HS256', secret: TOKEN_SECRET }]),
  SLUICE_AUTH_SALT: 'the same salt on both nodes',
};

/** Who is asked over NATS: it lets everybody in, and refuses to let those go on whose grant has a time. */
export class BackEnd {
  /** When each name was refused, as `performance.now()`. */
  readonly refusedMs = new Map<string, number>();
  readonly close: () => Promise<void>;

  private constructor(close: () => Promise<void>) {
    this.close = close;
  }

  static async start(url: string): Promise<BackEnd> {
    const connection = await connect({ servers: url });
    const backEnd = new BackEnd(() => connection.close());
    connection.subscribe('sluice.v1.auth.*', {
      callback: (_, message) => {
        const { name, reason } = message.json<{ name: string; reason: string }>();
        message.respond(Buffer.from(JSON.stringify(backEnd.#answer(name, reason))));
      },
    });
    await connection.flush();
    return backEnd;
  }

  #answer(name: string, reason: string): object {
    if (!name.startsWith(RENEWED)) return { decision: 'allow', principal: principalOf(name) };
    if (reason === 'start') return { decision: 'allow', principal: principalOf(name), ttlMs: TTL_MS };
    this.refusedMs.set(name, performance.now());
    return { decision: 'deny', message: 'no more' };
  }
}

function principalOf(name: string): string {
  return `customer of ${name}`;
}

/** How long the socket of an encoder stays open after what ends its stream, for each cause. */
export async function measureEnds(cluster: Cluster, backEnd: BackEnd, rounds: number): Promise<readonly Times[]> {
  const [one, two] = cluster.nodes as [Node, Node];
  const ended = async (what: string, cause: (streamId: string) => Promise<unknown>): Promise<Times> =>
    measure(what, rounds, async (i) => {
      const name = `${what.replaceAll(/\W+/g, '-')}${i}`;
      const encoder = await Encoder.start({ port: two.port, name });
      const { streamId } = await streamOf(two, name);
      return since(encoder, () => cause(String(streamId)));
    });
  return [
    await inBatches('renewal denied', rounds, (i) => renewalDenied(two, backEnd, i)),
    await inBatches('token over', rounds, (i) => tokenOver(two, i)),
    await ended('revoke, HTTP of the other node', (streamId) =>
      done(one.http, 'revoke', { streamId, reason: 'bench' }),
    ),
    await ended('revoke, NATS', (streamId) => done(cluster.nats, 'revoke', { streamId, reason: 'bench' })),
    await ended('kick, HTTP of the other node', (streamId) => done(one.http, 'kick', { streamId, reason: 'bench' })),
    await ended('kick, NATS', (streamId) => done(cluster.nats, 'kick', { streamId, reason: 'bench' })),
    ...(await measureBanEnds(one, two, rounds)),
  ];
}

/** A ban is set on one node, and the encoder is at the other one. */
async function measureBanEnds(one: Node, two: Node, rounds: number): Promise<readonly Times[]> {
  const times: Times[] = [];
  for (const kind of ['key', 'principal', 'address', 'name'] as const) {
    const ended = measure(`ban on the other node: ${kind}`, rounds, async (i) => {
      const name = `ban-${kind}${i}`;
      const localAddress = kind === 'address' ? `127.0.1.${(i % 250) + 1}` : '127.0.0.1';
      const encoder = await Encoder.start({ port: two.port, name: `${name}?key=key-of-${name}`, localAddress });
      const { keyFingerprint } = await streamOf(two, name);
      const values = { key: keyFingerprint, principal: principalOf(name), address: localAddress, name: `live/${name}` };
      const ban = { kind, value: String(values[kind]), ttlMs: SHORT_BAN_MS, reason: 'bench' };
      return since(encoder, () => done(one.http, 'bans.add', ban));
    });
    times.push(await ended);
  }
  return times;
}

/** From the answer that refuses a renewal to the end. */
async function renewalDenied(node: Node, backEnd: BackEnd, i: number): Promise<number> {
  const name = `${RENEWED}${i}`;
  const closedMs = await (await Encoder.start({ port: node.port, name })).closedMs;
  return closedMs - (backEnd.refusedMs.get(name) ?? Number.NaN);
}

/** From the `exp` of a token to the end. It may not come before. */
async function tokenOver(node: Node, i: number): Promise<number> {
  const expS = Math.floor(Date.now() / 1000) + 3;
  const token = tokenUntil(expS, TOKEN_SECRET);
  const encoder = await Encoder.start({ port: node.port, name: `token${i}?token=${token}` });
  const closedMs = await encoder.closedMs;
  return closedMs - (performance.now() + expS * 1000 - Date.now());
}

/** From the moment at which something is ordered to the moment at which the encoder's socket is closed. */
export async function since(encoder: Encoder, order: () => Promise<unknown>): Promise<number> {
  const orderedMs = performance.now();
  const [closedMs] = await Promise.all([encoder.closedMs, order()]);
  return closedMs - orderedMs;
}

/** One round after the other. */
export async function measure(name: string, rounds: number, once: (i: number) => Promise<number>): Promise<Times> {
  const ms: number[] = [];
  for (let i = 0; i < rounds; i++) ms.push(await once(i));
  return { name, ms };
}

async function inBatches(name: string, rounds: number, once: (i: number) => Promise<number>): Promise<Times> {
  const ms: number[] = [];
  while (ms.length < rounds) {
    const count = Math.min(AT_ONCE, rounds - ms.length);
    ms.push(...(await Promise.all(Array.from({ length: count }, (_, j) => once(ms.length + j)))));
  }
  return { name, ms };
}

/** What came of the tries of a banned key on one node. */
export interface BannedTries {
  readonly nodeId: string;
  readonly tries: number;
  readonly refused: number;
  /** From the end of the ban to the first try that was accepted, in ms. */
  readonly acceptedAfterMs: number;
}

/** Tries on every node, evenly over the whole time of a ban that was set on the first one, and after it. */
export async function measureBannedTries(cluster: Cluster, tries: number, ttlMs: number): Promise<BannedTries[]> {
  const [one] = cluster.nodes as [Node];
  const query = '?key=banned-for-a-while';
  const encoder = await Encoder.start({ port: one.port, name: `before${query}` });
  const { keyFingerprint } = await streamOf(one, 'before');
  const ban = { kind: 'key', value: String(keyFingerprint), ttlMs, reason: 'bench' };
  const answer = (await done(one.http, 'bans.add', ban)) as unknown as { readonly ban: { readonly untilMs: number } };
  await encoder.closedMs;
  const { untilMs } = answer.ban;
  const everyMs = (untilMs - GUARD_MS - Date.now()) / tries;
  const beganMs = performance.now();
  return Promise.all(
    cluster.nodes.map(async ({ id, port }) => {
      let refused = 0;
      for (let i = 0; i < tries; i++) {
        await pause(Math.max(0, beganMs + i * everyMs - performance.now()));
        // Tries of one name are paced.
        if ((await attempt({ port, name: `tried-${id}-${i}${query}` })) === 'ERR_AUTH_BANNED') refused++;
      }
      const isOver = Date.now() < untilMs;
      await pause(Math.max(0, untilMs - Date.now()));
      for (let i = 0; (await attempt({ port, name: `after-${id}-${i}${query}` })) !== 'accepted'; i++) await pause(10);
      return { nodeId: id, tries, refused: isOver ? refused : Number.NaN, acceptedAfterMs: Date.now() - untilMs };
    }),
  );
}
