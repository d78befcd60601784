import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Obs } from '../support/interop/obs.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

const KEY = 'a-key-of-the-encoder-of-cam';
const sha256 = createHash('sha256').update(KEY).digest('hex');
const ALLOWED = { key: { sha256 }, decision: 'allow' };

/** One refusal: the settings with which OBS meets it, and what is done while it streams. */
interface Case {
  readonly picture: string;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** Of the stream; default: `cam` with the right key. */
  readonly key?: string;
  /** Before OBS streams. */
  readonly before?: (server: TestServer) => Promise<void>;
  /** While it streams. */
  readonly during?: (server: TestServer) => Promise<void>;
  /** In the server's log, or in OBS' own. */
  readonly code: string;
}

const rules = (...list: unknown[]): { readonly 'auth.rules': string } => ({ 'auth.rules': JSON.stringify(list) });
const holds: Case['before'] = async (server) => {
  const holder = await RawRtmp.connected({ port: server.rtmpPort });
  await holder.publish(`cam?key=${KEY}`);
};
const post = async (server: TestServer, path: string, body: object): Promise<void> => {
  const headers = { 'content-type': 'application/json' };
  const { status } = await fetch(server.http(path), { method: 'POST', headers, body: JSON.stringify(body) });
  expect(status).toBeLessThan(300);
};
const streamIdOf = async (server: TestServer): Promise<string> => (await server.ready('cam', 30_000)).streamId;

const CASES: readonly Case[] = [
  { picture: 'credentials', settings: rules(ALLOWED), key: 'cam?key=wrong', code: 'ERR_AUTH_CREDENTIALS' },
  {
    picture: 'kicked',
    settings: rules(ALLOWED),
    during: async (server) => {
      await post(server, `/v1/streams/${await streamIdOf(server)}/kick`, { reason: 'the show is over' });
    },
    code: '"reason":"kicked"',
  },
  {
    picture: 'denied',
    settings: rules({ decision: 'deny', set: { message: 'this channel is closed on Mondays' } }),
    code: 'ERR_AUTH_DENIED',
  },
  {
    picture: 'banned',
    settings: rules(ALLOWED),
    before: async (server) => {
      const ban = { kind: 'name', value: 'live/cam', ttlMs: 600_000, reason: 'banned for spam' };
      await post(server, '/v1/bans', ban);
    },
    code: 'ERR_AUTH_BANNED',
  },
  {
    picture: 'unavailable',
    settings: { 'auth.webhook.url': 'http://127.0.0.1:9/nobody' },
    code: 'ERR_AUTH_UNAVAILABLE',
  },
  {
    picture: 'busy',
    settings: { ...rules(ALLOWED), 'publish.conflict': 'reject' },
    before: holds,
    code: 'ERR_PUBLISH_BUSY',
  },
  { picture: 'name', settings: rules(ALLOWED), key: `c*m?key=${KEY}`, code: 'ERR_NAME_INVALID' },
  {
    picture: 'redirect',
    settings: {
      ...rules({ decision: 'redirect', set: { redirectUrl: 'rtmp://other.example/live' } }),
      'auth.redirectHosts': 'other.example',
    },
    code: 'ERR_AUTH_REDIRECTED',
  },
  { picture: 'limit', settings: rules({ ...ALLOWED, set: { limits: { height: 240 } } }), code: 'ERR_LIMIT_SIZE' },
  {
    picture: 'shutdown',
    settings: rules(ALLOWED),
    during: async (server) => {
      await streamIdOf(server);
      await server.stop();
    },
    code: 'server_drain',
  },
];

// Every case takes a start of OBS. By default the two kinds are run, a refusal and an end; SLUICE_PICTURES=DIR runs all
// and keeps a picture of each: docs/images is made so.
const folder = process.env['SLUICE_PICTURES'];

it.each(folder === undefined ? CASES.slice(0, 2) : CASES)('OBS stops and says so: $picture', async (of) => {
  const server = await spawnServer({ settings: of.settings });
  await of.before?.(server);
  const obs = await Obs.start(`rtmp://127.0.0.1:${server.rtmpPort}/live`, of.key ?? `cam?key=${KEY}`);
  try {
    await obs.startStream().catch(() => {});
    await of.during?.(server);
    await waitFor(() => server.child.output.includes(of.code), { timeoutMs: 30_000, what: () => server.child.output });
    const stops = /==== Streaming Stop|Connection to .* failed|could not|Streaming Stop/i;
    await waitFor(() => stops.test(obs.child.output), { timeoutMs: 30_000, what: () => obs.child.output.slice(-3000) });
    const out = folder ?? tempDir('obs-pictures');
    mkdirSync(out, { recursive: true });
    await obs.picture(join(out, `obs-${of.picture}.png`));
    expect(obs.child.output).not.toContain('Reconnecting in');
  } finally {
    await obs.close();
    await server.stop();
  }
});
