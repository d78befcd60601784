import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectControl } from '../../src/cli/control/connect-nats.js';
import { resolveConfig } from '../../src/config/load.js';
import type { ControlClient } from '../../src/control/client/control-client.js';
import { silentLogger } from '../../src/core/log.js';
import { NatsLink } from '../../src/nats/connection.js';
import { LinkRequests } from '../../src/nats/link-requests.js';
import { tokenOf } from '../support/admission/tokens.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { RawRtmp, type Received, statusOf } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { waitFor } from '../support/wait.js';

const SECRET = 'geheim-of-at-least-thirty-two-characters';
/** Within a second, and what a busy machine adds; `npm run bench:control` measures it. */
const SOON_MS = 2500;
/** Time of the bans. */
const BAN_MS = 1500;

let nats: NatsServer;
let link: NatsLink;
let control: ControlClient;
let one: TestServer;
let two: TestServer;
/** When the renewal of each name was refused, as `performance.now()`. */
const refusedMs = new Map<string, number>();

/** Lets everybody in. Grants of names that begin with `renewed` have a time, and are not given again. */
function answerTo(name: string, reason: string): object {
  const allow = { decision: 'allow', principal: `customer of ${name}` };
  if (!name.startsWith('renewed')) return allow;
  if (reason === 'start') return { ...allow, ttlMs: 1000 };
  refusedMs.set(name, performance.now());
  return { decision: 'deny', message: 'no more' };
}

beforeAll(async () => {
  nats = await startNats();
  const settings = {
    ...{ 'auth.nats.enabled': true, 'auth.salt': 'one salt for both nodes', 'auth.jwt.audience': 'sluice' },
    'auth.jwt.keys': JSON.stringify([{ alg: 'HS256', secret: SECRET }]),
  };
  [one, two] = await Promise.all([
    spawnServer({ settings, nats: nats.url }),
    spawnServer({ settings, nats: nats.url }),
  ]);
  link = new NatsLink({ urls: [nats.url] }, silentLogger);
  const requests = new LinkRequests(link);
  link.start();
  await waitFor(() => requests.isConnected);
  requests.subscribe('sluice.v1.auth.*', 'auth', (message) => {
    const { name, reason } = JSON.parse(Buffer.from(message.body).toString()) as { name: string; reason: string };
    message.reply(Buffer.from(JSON.stringify(answerTo(name, reason))));
  });
  await requests.request('nobody', Buffer.from(''), 5000);
  control = await connectControl(resolveConfig({ nats: { url: nats.url } }), 'a test');
});

afterAll(async () => {
  await control.close();
  await link.close();
  for (const server of [one, two]) await server.stop();
  await nats.stop();
});

/** An encoder that publishes on the second node, and its stream. */
async function publishing(name: string, localAddress = '127.0.0.1') {
  const encoder = await RawRtmp.shaken({ port: two.rtmpPort, localAddress });
  await encoder.connect();
  await encoder.publish(name);
  const stream = await waitFor(async () => two.stream(name.replace(/\?.*/, '')));
  return { encoder, stream: stream as typeof stream & { readonly keyFingerprint?: string } };
}

/** What the encoder is told at the end, once its socket is closed. */
async function told(encoder: RawRtmp): Promise<string> {
  await encoder.gone();
  const last = encoder.received.filter(({ values }) => values[0] === 'onStatus').at(-1)!;
  return String(statusOf(last).description);
}

/** What a try to publish comes to: `accepted`, or the code of the refusal. */
async function attempt(server: TestServer, name: string, localAddress = '127.0.0.1'): Promise<string> {
  const client = await RawRtmp.shaken({ port: server.rtmpPort, localAddress });
  // Who is banned by address is refused here already.
  const isConnected = await client.connect().catch(() => undefined);
  if (isConnected !== undefined) client.command(await client.createStream(), 'publish', 0, null, name, 'live');
  const isAnswer = ({ values }: Received): boolean => values[0] === 'onStatus' || values[0] === '_error';
  const answer = await client.expect(isAnswer, 'an answer');
  client.destroy();
  const { code, description } = statusOf(answer);
  return code === 'NetStream.Publish.Start' ? 'accepted' : String(description).replace(/:.*/, '');
}

describe('the socket of an encoder is closed soon', () => {
  it('after its renewal is refused', async () => {
    const { encoder } = await publishing('renewed');
    expect(await told(encoder)).toContain('ERR_AUTH_REVOKED: no more');
    expect(performance.now() - refusedMs.get('renewed')!).toBeLessThan(SOON_MS);
  });

  it('after its token is over, and not before', async () => {
    const exp = Math.floor(Date.now() / 1000) + 2;
    const claims = { aud: 'sluice', sub: 'alice', exp, sluice: { action: 'publish' } };
    const { encoder } = await publishing(`cam1?token=${tokenOf({ alg: 'HS256', key: SECRET, claims })}`);
    expect(await told(encoder)).toContain('ERR_AUTH_EXPIRED');
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000);
    expect(Date.now()).toBeLessThan(exp * 1000 + SOON_MS);
  });

  it.each(['kick', 'revoke'] as const)('after a %s over NATS, and over HTTP of the other node', async (verb) => {
    for (const way of ['NATS', 'HTTP']) {
      const { encoder, stream } = await publishing(`${verb}-${way}`);
      const { streamId } = stream;
      const atMs = performance.now();
      if (way === 'NATS') expect(await control.ask(verb, { streamId, reason: 'enough' })).toMatchObject({ ok: true });
      else await post(one, `/v1/streams/${streamId}/${verb}`, { reason: 'enough' });
      expect(await told(encoder)).toMatch(/^ERR_(?:SESSION_KICKED|AUTH_REVOKED): enough/);
      expect(performance.now() - atMs).toBeLessThan(SOON_MS);
    }
  });
});

async function post(server: TestServer, path: string, body: object): Promise<Record<string, unknown>> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(server.http(path), { method: 'POST', headers, body: JSON.stringify(body) });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Record<string, unknown>;
}

describe('a ban that is set on the other node', () => {
  it.each([
    ['key', '127.0.0.1'],
    ['principal', '127.0.0.1'],
    ['address', '127.0.4.4'],
    ['name', '127.0.0.1'],
  ] as const)(
    'on the %s ends what runs, is kept on both for its time, and is over then',
    async (kind, localAddress) => {
      const name = `ban-${kind}`;
      const { encoder, stream } = await publishing(`${name}?key=key-of-${kind}`, localAddress);
      const values = {
        ...{
          key: stream.keyFingerprint,
          principal: `customer of ${name}`,
          address: localAddress,
          name: `live/${name}`,
        },
      };
      const atMs = performance.now();
      const { ban } = await post(one, '/v1/bans', { kind, value: values[kind], ttlMs: BAN_MS, reason: 'spam' });
      const { untilMs } = ban as { readonly untilMs: number };
      expect(await told(encoder)).toContain('ERR_AUTH_BANNED: spam');
      expect(performance.now() - atMs).toBeLessThan(SOON_MS);
      const tries = async (): Promise<string[]> =>
        Promise.all([one, two].map((server) => attempt(server, `${name}?key=key-of-${kind}`, localAddress)));
      for (let i = 0; i < 10; i++) {
        const codes = await tries();
        // A try that was decided after the end says nothing.
        if (Date.now() < untilMs) expect(codes).toEqual(['ERR_AUTH_BANNED', 'ERR_AUTH_BANNED']);
      }
      await waitFor(() => Date.now() > untilMs);
      await waitFor(async () => (await tries()).every((code) => code === 'accepted'), { everyMs: 50 });
    },
  );
});
