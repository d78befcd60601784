import { createHash, createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Config, DeepPartial } from '../../src/config/table.js';
import { createLogger } from '../../src/core/log.js';
import { createServer } from '../../src/server/server.js';
import type { SluiceServer } from '../../src/server/sluice-server.js';
import { rawAnswer, rawHttp } from '../support/admission/raw-http.js';
import { type Amf, amf } from '../support/amf.js';
import { hex } from '../support/conformance/hex.js';
import { LibObs } from '../support/rtmp/lib-obs.js';
import { type Received, statusOf } from '../support/rtmp-client.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

const KEY = 'a-key-of-the-encoder-of-cam-0123456789';
const sha256 = createHash('sha256').update(KEY).digest('hex');
/** An address of loopback that is banned, so that all others are not. */
const BANNED = '127.0.0.9';

const AVC_HEADER = hex(
  '17 00 000000 014d401e ff e1 001b 674d401eeca0a02ff97016a0201a080000030008000003019078b16cb0 01 0004 68ebecb2',
);
const AAC_HEADER = hex('af 00 1190 56e500');

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A server with these settings, in this process. */
async function serverWith(config: DeepPartial<Config>): Promise<SluiceServer> {
  const data = tempDir('libobs');
  const listen = '127.0.0.1:0';
  const log = createLogger({ level: 'silent' });
  const server = await createServer({ ...config, data, rtmp: { listen }, http: { listen } }, { log });
  closing.push(() => server.close().then(() => removeTempDir(data)));
  return server;
}

async function post(server: SluiceServer, path: string, body: object): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${server.httpAddress!.port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

const publish = (
  server: SluiceServer,
  key: string,
  more: { app?: string; localAddress?: string; extra?: Record<string, Amf> } = {},
) => LibObs.publish({ port: server.rtmpAddress.port, app: 'live', key, ...more });

/** A message as type, message stream id and payload in hex. */
type Line = readonly [type: number, messageStreamId: number, payload: string];
const command = (id: number, ...values: Amf[]): Line => [20, id, amf(...values).toString('hex')];
const lineOf = ({ type, messageStreamId, payload }: Received): Line => [type, messageStreamId, payload.toString('hex')];

/** What comes to an OBS up to the answer of createStream: librtmp waits for these, and for nothing else. */
const BEFORE: readonly Line[] = [
  [5, 0, '002625a0'],
  [6, 0, '002625a002'],
  [1, 0, '0000ea60'],
  command(
    0,
    '_result',
    1,
    { fmsVer: 'FMS/3,5,0,0', capabilities: 31, mode: 1 },
    {
      level: 'status',
      code: 'NetConnection.Connect.Success',
      description: 'Connection succeeded.',
      objectEncoding: 0,
    },
  ),
  command(0, '_result', 2, null, null),
  command(0, '_result', 3, null, null),
  command(0, 'onFCPublish', 0, null, {
    level: 'status',
    code: 'NetStream.Publish.Start',
    description: 'Ready to publish.',
  }),
  command(0, '_result', 4, null, 1),
];
const STARTED: readonly Line[] = [
  [4, 0, '000000000001'],
  command(1, 'onStatus', 0, null, { level: 'status', code: 'NetStream.Publish.Start', description: 'Publishing.' }),
];

const error = (id: number, code: string, description: string): Line =>
  command(id, 'onStatus', 0, null, { level: 'error', code, description });

/** The description of the last message, which has to match. */
function described(obs: LibObs, says: RegExp): string {
  const description = String(statusOf(obs.received.at(-1)!).description);
  expect(description).toMatch(says);
  return description;
}

/** Everything that came, byte by byte: what comes before a publish is decided, and then one status. Then the end. */
function expectRefused(obs: LibObs, code: string, says: RegExp): void {
  expect(obs.received.map(lineOf)).toEqual([...BEFORE, error(1, code, described(obs, says))]);
  expect(obs.client.closed).toBe(true);
  expect(obs.printed).toEqual([expect.stringContaining(`${code} (${described(obs, says)})`)]);
}

/** The only answer to connect is an `_error` whose fourth value has code and description. Then the end. */
function expectNotConnected(obs: LibObs, code: string, says: RegExp, more: Record<string, Amf> = {}): void {
  const info = { level: 'error', code, description: described(obs, says), ...more };
  expect(obs.received.map(lineOf)).toEqual([command(0, '_error', 1, null, info)]);
  expect(obs.client.closed).toBe(true);
  expect(obs.printed).toEqual([info.description]);
}

/** While it publishes: these messages, and then the end within a second. */
async function expectEnded(obs: LibObs, lines: (description: string) => readonly Line[], says: RegExp): Promise<void> {
  await obs.client.gone();
  expect(obs.received.map(lineOf)).toEqual([...BEFORE, ...STARTED, ...lines(described(obs, says))]);
}

const RULES = [
  { match: { action: ['connect'], app: 'closed' }, decision: 'deny', set: { message: 'closed on Mondays' } },
  {
    match: { action: ['connect'], app: 'moved' },
    decision: 'redirect',
    set: { redirectUrl: 'rtmp://other.example/live' },
  },
  { match: { action: ['connect'] }, decision: 'allow' },
  { match: { name: 'closed' }, decision: 'deny', set: { message: 'closed on Mondays' } },
  { match: { name: 'moved' }, decision: 'redirect', set: { redirectUrl: 'rtmp://other.example/live' } },
  { match: { name: 'small' }, key: { sha256 }, decision: 'allow', set: { limits: { height: 90 } } },
  { key: { sha256 }, decision: 'allow' },
] as const;

const ID = '\\[[0-9A-Z]{26}\\]';

describe('OBS, whose librtmp prints descriptions and stops at certain statuses,', () => {
  let server: SluiceServer;
  beforeAll(async () => {
    server = await serverWith({
      auth: { rules: RULES as never, redirectHosts: ['other.example'] },
      publish: { conflict: 'reject' },
    });
    closing.length = 0;
    const ban = { ttlMs: 600_000, reason: 'spam' };
    await post(server, '/v1/bans', { kind: 'address', value: BANNED, ...ban });
    await post(server, '/v1/bans', { kind: 'name', value: 'live/banned', ...ban });
  });
  afterAll(() => server.close());

  it.each<[row: string, key: string, code: string, says: string]>([
    ['is denied', 'closed', 'Rejected', `^ERR_AUTH_DENIED: closed on Mondays ${ID}$`],
    ['has a wrong key', 'cam?key=wrong', 'Rejected', `^ERR_AUTH_CREDENTIALS: .* ${ID}$`],
    ['has no key', 'cam', 'Rejected', `^ERR_AUTH_CREDENTIALS: .* ${ID}$`],
    ['is banned', `banned?key=${KEY}`, 'Rejected', `^ERR_AUTH_BANNED: .* ${ID}$`],
    ['names what cannot be', `c*m?key=${KEY}`, 'BadName', '^ERR_NAME_INVALID: .*"\\*" \\(U\\+002A\\)'],
    ['is sent elsewhere', 'moved', 'Rejected', `^ERR_AUTH_REDIRECTED: use other\\.example ${ID}$`],
  ])('is told in one status, and nothing after it, when it %s', async (_row, key, code, says) => {
    const obs = await publish(server, key);
    expectRefused(obs, `NetStream.Publish.${code}`, new RegExp(says));
    expect(JSON.stringify(obs.printed)).not.toContain(KEY);
    expect(server.streams()).toEqual([]);
  });

  it('is told BadName when the name is taken, and the holder goes on', async () => {
    const holder = await publish(server, `taken?key=${KEY}`);
    const obs = await publish(server, `taken?key=${KEY}`);
    expectRefused(obs, 'NetStream.Publish.BadName', /^ERR_PUBLISH_BUSY: somebody else is publishing under this name$/);
    expect([holder.client.closed, holder.received.length]).toEqual([false, BEFORE.length + STARTED.length]);
    holder.client.destroy();
    await waitFor(() => server.streams().length === 0);
  });

  it.each<[row: string, app: string, localAddress: string, says: string, more: Record<string, Amf>]>([
    ['is denied', 'closed', '127.0.0.1', `^ERR_AUTH_DENIED: closed on Mondays ${ID}$`, {}],
    ['is banned', 'live', BANNED, `^ERR_AUTH_BANNED: .* ${ID}$`, {}],
    [
      ...(['is sent elsewhere', 'moved', '127.0.0.1', `^ERR_AUTH_REDIRECTED: use other\\.example ${ID}$`] as const),
      { ex: { code: 302, redirect: 'rtmp://other.example/live' } },
    ],
  ])('is told by the _error of its connect when it %s there', async (_row, app, localAddress, says, more) => {
    const obs = await publish(server, `cam?key=${KEY}`, { app, localAddress });
    expectNotConnected(obs, 'NetConnection.Connect.Rejected', new RegExp(says), more);
  });

  it.each<[verb: 'kick' | 'revoke', code: string]>([
    ['kick', 'ERR_SESSION_KICKED'],
    ['revoke', 'ERR_AUTH_REVOKED'],
  ])(
    'is told Publish.Rejected with the reason when an operator says %s, and the connection ends',
    async (verb, code) => {
      const obs = await publish(server, `cam?key=${KEY}`);
      await post(server, `/v1/streams/${server.streams()[0]!.streamId}/${verb}`, { reason: 'the show is over' });
      const lines = (description: string) => [error(1, 'NetStream.Publish.Rejected', description)];
      await expectEnded(obs, lines, new RegExp(`^${code}: the show is over$`));
    },
  );

  it('is told Publish.Rejected with what was found and what is allowed, past a limit', async () => {
    const obs = await publish(server, `small?key=${KEY}`);
    obs.sendMedia(AVC_HEADER, AAC_HEADER);
    const lines = (description: string) => [error(1, 'NetStream.Publish.Rejected', description)];
    await expectEnded(obs, lines, /^ERR_LIMIT_SIZE: \d+x\d+; a height of 90 is allowed$/);
  });

  it('is asked to connect elsewhere, and not refused, when it has said that it understands this', async () => {
    const obs = await publish(server, 'moved', { extra: { capsEx: 1 } });
    const description = described(obs, new RegExp(`^ERR_AUTH_REDIRECTED: use other\\.example ${ID}$`));
    const code = 'NetConnection.Connect.ReconnectRequest';
    const where = { tcUrl: 'rtmp://other.example/live' };
    expect(obs.received.slice(BEFORE.length).map(lineOf)).toEqual([
      command(0, 'onStatus', 0, null, { level: 'status', code, description, ...where }),
    ]);
    expect(obs.printed).toEqual([]);
  });

  it('publishes with what its librtmp waits for, and asks for the bandwidth without harm', async () => {
    const obs = await publish(server, `cam?key=${KEY}`);
    expect(obs.received.map(lineOf)).toEqual([...BEFORE, ...STARTED]);
    obs.client.command(0, '_checkbw', 6, null);
    await obs.client.expect(({ values }) => values[1] === 6, 'an answer to _checkbw');
    expect([obs.client.closed, server.streams().length]).toEqual([false, 1]);
    obs.client.destroy();
    await waitFor(() => server.streams().length === 0);
  });
});

describe('OBS, when nobody can decide,', () => {
  it('is told to try again: Connect.Failed at connect, Publish.Rejected at publish', async () => {
    const url = 'http://127.0.0.1:9/nobody';
    const atConnect = await serverWith({ auth: { webhook: { url, actions: ['connect', 'publish'] } } });
    const says = new RegExp(`^ERR_AUTH_UNAVAILABLE: .*try again.* ${ID}$`);
    expectNotConnected(await publish(atConnect, 'cam'), 'NetConnection.Connect.Failed', says);
    const atPublish = await serverWith({ auth: { webhook: { url, actions: ['publish'] } } });
    expectRefused(await publish(atPublish, 'cam'), 'NetStream.Publish.Rejected', says);
  });

  it('is told so too when too many wait for a decision', async () => {
    const silent = await rawHttp(() => undefined);
    const webhook = { url: silent.url, actions: ['publish'] as const, timeoutMs: 10_000 };
    const server = await serverWith({ auth: { webhook: webhook as never, maxPending: 1 } });
    const waiting = publish(server, 'first');
    await waitFor(() => silent.requests.length === 1);
    const obs = await publish(server, 'second');
    expectRefused(obs, 'NetStream.Publish.Rejected', new RegExp(`^ERR_AUTH_OVERLOAD: .*try again.* ${ID}$`));
    silent.requests[0]!.socket.write(rawAnswer(200, '{"decision":"allow"}'));
    expect((await waiting).isPublishing).toBe(true);
  });
});

describe('OBS, whose permission is over,', () => {
  it('is told Publish.Rejected when its token expires', async () => {
    const server = await serverWith({
      auth: { jwt: { audience: 'sluice', keys: [{ alg: 'HS256', secret: KEY }] } },
    });
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { aud: 'sluice', exp: Date.now() / 1000 + 1.2, sluice: { action: ['publish'] } };
    const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
    const token = `${signed}.${createHmac('sha256', KEY).update(signed).digest('base64url')}`;
    const obs = await publish(server, `cam?token=${token}`);
    const lines = (description: string) => [error(1, 'NetStream.Publish.Rejected', description)];
    await expectEnded(obs, lines, /^ERR_AUTH_EXPIRED: /);
  });
});

describe('OBS with user and password', () => {
  it('finds the texts of Adobe authentication at the places where librtmp looks for them', async () => {
    const verifier = createHash('md5').update('annasaltpassword').digest('base64');
    const server = await serverWith({
      auth: { adobe: { users: [{ user: 'anna', salt: 'salt', verifier }] as never } },
    });
    const step = async (query: string, says: RegExp): Promise<string> => {
      const obs = await publish(server, 'cam', { app: `live${query}` });
      expectNotConnected(obs, 'NetConnection.Connect.Rejected', says);
      return obs.printed[0]!;
    };
    await step('', /^\[ AccessManager\.Reject \] : \[ code=403 need auth; authmod=adobe \] : $/);
    const user = '?authmod=adobe&user=anna';
    const asked = await step(
      user,
      /^\[ AccessManager\.Reject \] : \[ authmod=adobe \] : \?reason=needauth&user=anna&salt=salt&challenge=\w+&opaque=\w+$/,
    );
    const opaque = /opaque=(\w+)/.exec(asked)![1]!;
    await step(
      `${user}&challenge=c&response=wrong&opaque=${opaque}`,
      /^\[ AccessManager\.Reject \] : \[ authmod=adobe \] : \?reason=authfailed$/,
    );
  });
});

describe('OBS at a server that goes away', () => {
  it('is told AppShutdown on the connection and on its stream, at which librtmp does not stop: it comes back', async () => {
    const server = await serverWith({});
    const obs = await publish(server, 'cam');
    await server.close();
    const code = 'NetConnection.Connect.AppShutdown';
    await expectEnded(
      obs,
      (description) => [error(0, code, description), error(1, code, description)],
      /^ERR_SESSION_SHUTDOWN: /,
    );
    expect(obs.printed).toEqual([]);
  });

  it('is told AppShutdown by the _error of a connect while it is drained', async () => {
    const server = await serverWith({});
    const obs = await publish(server, 'cam');
    await server.drain({ deadlineMs: 60_000 } as never);
    const late = await publish(server, 'cam2');
    expectNotConnected(late, 'NetConnection.Connect.AppShutdown', /^ERR_SESSION_SHUTDOWN: /);
    expect(obs.client.closed).toBe(false);
    await server.undrain();
    obs.client.destroy();
  });
});
