import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { hashPassword } from '../../src/admission/scrypt-keys.js';
import { silentLogger } from '../../src/core/log.js';
import { NatsLink } from '../../src/nats/connection.js';
import { LinkRequests } from '../../src/nats/link-requests.js';
import { keySetBackEnd, natsBackEnd, webhookBackEnd } from '../support/admission/attempts/back-ends.js';
import {
  type Attempt,
  attemptsOf,
  CASES,
  countOf,
  type Outcome,
  outcomeOf,
} from '../support/admission/attempts/cases.js';
import {
  ANNA,
  AttemptClients,
  BANNED_ADDRESS,
  BANNED_KEY,
  isAddressBanned,
  KEY_SET,
  RULE_KEY,
  SIGNING_SECRET,
  TOKEN_SECRET,
  VERIFIER,
} from '../support/admission/attempts/clients.js';
import { NatsWatcher, short } from '../support/events.js';
import { startNats } from '../support/nats.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { waitFor } from '../support/wait.js';

const SEED = 16_001;
const ATTEMPTS = 1000;
/** Attempts at a time. */
const AT_ONCE = 25;
/** Time of the whole chain, and of one back end; a key set has two seconds to come. */
const [BUDGET_MS, TIMEOUT_MS] = [1200, 900];
/** A key set that could not be read is asked for again after a second. */
const KEY_SET_PAUSE_MS = 1000;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function settingsOf(webhook: string, jwks: string): Promise<Record<string, string | number | boolean>> {
  const key = { sha256: createHash('sha256').update(RULE_KEY).digest('hex') };
  const match = (name: string) => ({ match: { action: 'publish', name } });
  const rules = [
    // Adobe authentication is for its app only.
    { match: { action: 'connect', app: 'live' }, decision: 'allow' },
    { ...match('rules-allow-*'), key, decision: 'allow' },
    { ...match('rules-deny-*'), decision: 'deny', set: { message: 'not here' } },
    { ...match('rules-malformed-*'), key, decision: 'allow', set: { principal: RULE_KEY } },
    { ...match('rules-peer-gone-*'), key: { scrypt: await hashPassword(RULE_KEY) }, decision: 'allow' },
  ];
  return {
    ...{ 'auth.rules': JSON.stringify(rules), 'auth.webhook.url': webhook, 'auth.jwt.jwks': jwks },
    'auth.signed.keys': JSON.stringify([{ id: 'k1', secret: SIGNING_SECRET }]),
    ...{ 'auth.jwt.audience': 'sluice', 'auth.jwt.keys': JSON.stringify([{ alg: 'HS256', secret: TOKEN_SECRET }]) },
    'auth.adobe.users': JSON.stringify([{ user: ANNA.user, salt: ANNA.salt, verifier: VERIFIER }]),
    ...{ 'auth.nats.enabled': true, 'auth.nats.timeoutMs': TIMEOUT_MS, 'auth.webhook.timeoutMs': TIMEOUT_MS },
    ...{ 'auth.budgetMs': BUDGET_MS, 'auth.failuresPerMinutePerIp': 0, 'limits.eventsPerSecondPerIp': 0 },
  };
}

/** Bans what the attempts with bans say: a key, an address, principals and names. */
async function banAll(server: TestServer, clients: AttemptClients, attempts: readonly Attempt[]): Promise<void> {
  const ban = async (kind: string, value: string): Promise<void> => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ kind, value, ttlMs: 600_000, reason: 'a test' });
    expect((await fetch(server.http('/v1/bans'), { method: 'POST', headers, body })).status).toBe(200);
  };
  const first: Attempt = {
    decider: 'webhook',
    kind: 'allow',
    name: 'webhook-allow-first',
    variant: 0,
    key: BANNED_KEY,
  };
  const seen = waitFor(async () => server.stream(first.name), { everyMs: 1 }) as Promise<{ keyFingerprint?: string }>;
  expect(await clients.make(first, seen)).toBe('accepted');
  await ban('key', (await seen).keyFingerprint!);
  await ban('address', BANNED_ADDRESS);
  for (const { decider, kind, variant, name } of attempts) {
    if (decider !== 'bans' || kind !== 'deny') continue;
    if (variant % 4 === 2) await ban('principal', name);
    if (variant % 4 === 3) await ban('name', `live/${name}`);
  }
}

/** Everything in the files of a folder. */
function filesOf(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

/** The events that an outcome is told by, and for those that nobody waits for, either of two. */
function eventsOf(attempt: Attempt): readonly (readonly string[])[] {
  const { decider } = attempt;
  const outcome = outcomeOf(attempt);
  const lived = ['stream.started', 'stream.ended'];
  const gone = ['stream.rejected ERR_PEER_CLOSED'];
  if (outcome === 'accepted') return [lived];
  if (outcome === 'not connected' || isAddressBanned(attempt)) return [[]];
  if (outcome === 'gone') return decider === 'webhook' || decider === 'nats' ? [gone] : [gone, lived];
  return [[`stream.rejected ${outcome}`]];
}

describe('a thousand attempts with a seed, every responder real', () => {
  const attempts = attemptsOf(SEED, ATTEMPTS);

  it('meet every case twenty times', () => {
    for (const [decider, kinds] of Object.entries(CASES)) {
      for (const kind of kinds) expect(countOf(attempts, decider as keyof typeof CASES, kind)).toBeGreaterThan(20);
    }
  });

  it('come to what the model says, for clients and in events, and no key stands in log, events or metrics', async () => {
    const nats = await startNats();
    closing.push(() => nats.stop());
    const watcher = await NatsWatcher.open(nats.url, ['sluice.v1.evt.>', 'sluice.v1.conn.>']);
    closing.push(() => watcher.close());
    const onBus: string[] = [];
    watcher.connection.subscribe('>', {
      callback: (_error, message) => {
        // Questions, and answers of a back end that tells a key, are not Sluice's to keep.
        if (!/^(?:sluice\.v1\.auth\.|_INBOX\.)/.test(message.subject))
          onBus.push(`${message.subject} ${[...(message.headers ?? [])].flat(2).join(' ')} ${message.string()}`);
      },
    });
    const outcomes = new Map<string, Outcome>();
    let clients: AttemptClients | undefined;
    const closed = new Set<string>();
    const parts = {
      told: async (name: string): Promise<void> => {
        await waitFor(() => outcomes.has(name), { what: `${name} to be told` });
      },
      leave: async (name: string, connectionId: string): Promise<void> => {
        clients?.leave(name);
        const isClosed = (): boolean => {
          for (const { via = '' } of watcher.all) if (via.endsWith('.closed')) closed.add(via.split('.').at(-2)!);
          return closed.has(connectionId);
        };
        await waitFor(isClosed, { timeoutMs: TIMEOUT_MS, what: `the server to see that ${name} has gone` });
      },
    };
    const keySet = await keySetBackEnd(KEY_SET);
    const link = new NatsLink({ urls: [nats.url] }, silentLogger);
    closing.push(() => link.close());
    const requests = new LinkRequests(link);
    link.start();
    await waitFor(() => requests.isConnected);
    const backEnd = natsBackEnd(requests, parts);
    await requests.request('nobody', Buffer.from(''), 5000);
    const settings = await settingsOf(await webhookBackEnd(parts), keySet.url);
    const server = await spawnServer({ settings, nats: nats.url, logLevel: 'debug' });
    closing.push(() => server.child.stop('SIGKILL'));
    clients = new AttemptClients(server.rtmpPort);
    await banAll(server, clients, attempts);

    const make = async (some: readonly Attempt[], atOnce: number): Promise<void> => {
      const rest = [...some];
      const work = async (): Promise<void> => {
        for (let next = rest.pop(); next !== undefined; next = rest.pop())
          outcomes.set(next.name, await clients!.make(next));
      };
      await Promise.all(Array.from({ length: atOnce }, work));
    };
    const isSlow = ({ kind }: Attempt): boolean => kind === 'time-out' || kind === 'late';
    const lateTokens = attempts.filter(({ decider, kind }) => decider === 'jwt' && kind === 'late');
    const away = attempts.filter(({ decider, kind }) => decider === 'nats' && kind === 'unavailable');
    const slow = attempts.filter((attempt) => isSlow(attempt) && attempt.decider !== 'jwt');
    // Tokens that nobody can check come first: later the keys are known.
    const isFirst = ({ decider, kind }: Attempt): number => (decider === 'jwt' && kind === 'unavailable' ? 0 : 1);
    const others = attempts
      .filter((attempt) => !isSlow(attempt) && !away.includes(attempt))
      .sort((a, b) => isFirst(a) - isFirst(b));
    await Promise.all([make(slow, slow.length), make(others.slice(0, others.length / 2), AT_ONCE)]);
    // The key set that would let them in comes when nobody waits any more.
    await waitFor(() => keySet.idleMs() > KEY_SET_PAUSE_MS);
    keySet.hold();
    await make(lateTokens, lateTokens.length);
    keySet.release();
    const late = async (of: string): Promise<number> => server.metric('sluice_auth_late_replies_total', of);
    await waitFor(async () => (await late('jwt')) > 0);
    await make(others.slice(others.length / 2), AT_ONCE);
    backEnd.close();
    await make(away, away.length);

    expect(attempts.map(({ name }) => `${name}: ${outcomes.get(name)}`)).toEqual(
      attempts.map((attempt) => `${attempt.name}: ${outcomeOf(attempt)}`),
    );
    await waitFor(
      async () => (await server.metric('sluice_connections')) === 0 && (await server.streams()).length === 0,
    );
    const told = (): Map<string, string[]> => {
      const byName = new Map<string, string[]>();
      for (const event of watcher.all) {
        if (event.via?.startsWith('sluice.v1.evt.') !== true) continue;
        const { name, code } = event.data as { name: string; code?: string };
        const list = byName.get(name) ?? [];
        byName.set(name, list);
        list.push(`${short(event)}${code === undefined ? '' : ` ${code}`}`);
      }
      return byName;
    };
    const wrong = (): unknown[] => {
      const byName = told();
      return attempts
        .map((attempt) => ({ name: attempt.name, events: byName.get(attempt.name) ?? [], model: eventsOf(attempt) }))
        .filter(({ events, model }) => !model.some((list) => JSON.stringify(list) === JSON.stringify(events)));
    };
    await waitFor(() => wrong().length === 0, { timeoutMs: 20_000, what: () => JSON.stringify(wrong().slice(0, 20)) });

    const count = (decider: keyof typeof CASES, ...kinds: Attempt['kind'][]) => countOf(attempts, decider, ...kinds);
    for (const decider of ['rules', 'jwt', 'webhook', 'nats'] as const) {
      const replies = await server.metric('sluice_auth_invalid_replies_total', `"${decider}"`);
      expect([decider, replies]).toEqual([decider, count(decider, 'malformed')]);
    }
    for (const decider of ['jwt', 'webhook', 'nats'] as const) {
      const failures = await server.metric('sluice_auth_unavailable_total', `"${decider}"`);
      expect([decider, failures]).toEqual([decider, count(decider, 'time-out', 'late', 'unavailable')]);
    }
    await waitFor(async () => (await late('nats')) === count('nats', 'late'), { what: 'all late replies' });
    expect(await server.metric('sluice_auth_pending')).toBe(0);
    const metrics = await (await fetch(server.http('/metrics'))).text();
    const streams = await (await fetch(server.http('/v1/node'))).text();
    const texts = [metrics, streams, server.child.output, filesOf(server.data), onBus.join('\n')];
    for (const text of texts) {
      expect(text).not.toContain('CANARY');
      expect(clients.secrets.filter((secret) => text.includes(secret))).toEqual([]);
    }
    expect(server.child.output).toContain('publish refused');
    expect(await server.stop()).toMatchObject({ code: 0 });
  }, 120_000);
});
