import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { media } from '../support/media.js';
import { startNats } from '../support/nats.js';
import { freePort } from '../support/ports.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { type ServerOptions, spawnServer, type TestServer } from '../support/server.js';
import { SteadyStream } from '../support/steady-stream.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { ffmpegPublish } from '../support/tools.js';
import { waitFor } from '../support/wait.js';

const KEY = 'correct-horse-battery';
const sha256 = (key: string) => createHash('sha256').update(key).digest('hex');
const RULES = JSON.stringify([
  { name: 'studio', match: { action: 'publish', app: 'live' }, key: { sha256: sha256(KEY) }, decision: 'allow' },
  { match: { action: 'play' }, decision: 'allow' },
]);
let video = '';
beforeAll(async () => {
  video = await media('h264-aac.flv');
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(settings: ServerOptions['settings'], more: ServerOptions = {}): Promise<TestServer> {
  const server = await spawnServer({ settings, ...more });
  closing.push(() => server.stop());
  return server;
}

/** What ffmpeg prints when it may not publish. */
async function refusal(url: string): Promise<string> {
  const encoder = ffmpegPublish(video, url, { paced: false });
  closing.push(() => encoder.stop('SIGKILL'));
  const { code } = await encoder.finish(20_000);
  expect(code).not.toBe(0);
  return encoder.output;
}

function publishing(url: string) {
  const encoder = ffmpegPublish(video, url);
  closing.push(() => encoder.stop('SIGKILL'));
  return encoder;
}

function filesOf(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

async function ban(server: TestServer, body: object): Promise<void> {
  const answer = await fetch(server.http('/v1/bans'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
}

describe('rules decide about real encoders', () => {
  it('the key lets in; without it, and with another, ffmpeg says why; the key stands nowhere', async () => {
    const server = await start({ 'auth.rules': RULES }, { logLevel: 'debug' });
    publishing(server.url(`cam1?key=${KEY}`));
    await server.ready('cam1');
    for (const query of ['', '?key=CANARY-wrong-key']) {
      const said = await refusal(server.url(`cam2${query}`));
      expect(said).toMatch(/ERR_AUTH_CREDENTIALS: the stream key or token is missing or wrong \[\w{26}\]/);
    }
    const metrics = await (await fetch(server.http('/metrics'))).text();
    const streams = await (await fetch(server.http('/v1/streams'))).text();
    expect(metrics).toContain('sluice_auth_decisions_total{action="publish",decision="allow",responder="rules"} 1');
    expect(streams).toContain('"principal":"studio"');
    for (const text of [metrics, streams, server.child.stderr, server.child.stdout, filesOf(server.data)]) {
      expect(text).not.toContain(KEY);
      expect(text).not.toContain('CANARY');
    }
  }, 60_000);

  it('users of Adobe authentication get in with their password, and not with another', async () => {
    const verifier = createHash('md5').update('annasaltpassword').digest('base64');
    const server = await start({ 'auth.adobe.users': JSON.stringify([{ user: 'anna', salt: 'salt', verifier }]) });
    const as = (user: string) => server.url('cam1').replace('rtmp://', `rtmp://${user}@`);
    publishing(as('anna:password'));
    await server.ready('cam1');
    expect(await refusal(as('anna:wrong'))).toMatch(/authfailed|Incorrect username\/password/i);
    expect(await refusal(server.url('cam2'))).toMatch(/AccessManager\.Reject|authentication/i);
  }, 60_000);

  it('ten thousand wrong keys are refused in bounded time and memory, and what runs goes on', async () => {
    const server = await start({ 'auth.rules': RULES, 'limits.publishesPerSecondPerIp': 0 });
    const steady = await SteadyStream.start(server.rtmpPort, `cam1?key=${KEY}`);
    const attempt = async (i: number): Promise<void> => {
      const client = await RawRtmp.connected({ port: server.rtmpPort });
      const id = await client.createStream();
      // Each has a name of its own, since tries of one name are paced whatever their key is.
      client.command(id, 'publish', 0, null, `name${i}?key=guess-${i}`, 'live');
      await client.status('NetStream.Publish.Rejected');
      client.destroy();
    };
    const attempts = async (from: number, to: number): Promise<void> => {
      for (let i = from; i < to; i += 50) await Promise.all(Array.from({ length: 50 }, (_, j) => attempt(i + j)));
    };
    await attempts(0, 2000);
    const residentBytes = await server.residentBytes();
    const beganMs = performance.now();
    await attempts(2000, 10_000);
    const seconds = (performance.now() - beganMs) / 1000;
    expect((await server.residentBytes()) - residentBytes).toBeLessThan(64 * 1024 * 1024);
    // Two lines for each refusal at most, of those that log.faultLinesPerSecond lets through.
    expect(server.logLines('guess').length).toBe(0);
    expect(server.logLines('publish refused').length).toBeLessThan(2000 + 25 * seconds);
    expect(await server.metric('sluice_publishes_rejected_total', 'ERR_AUTH_CREDENTIALS')).toBe(10_000);
    expect(await (await fetch(server.http('/metrics'))).text()).toContain('sluice_auth_pending 0');
    await steady.goesOn();
    await steady.stop();
  }, 240_000);
});

describe('bans', () => {
  it('end what runs on another node within a second and a half, refuse its retry, and are lifted on every node', async () => {
    const nats = await startNats();
    closing.push(() => nats.stop());
    const settings = { 'auth.rules': RULES, 'auth.salt': 'one salt for both nodes' };
    const one = await start(settings, { nats: nats.url });
    const two = await start(settings, { nats: nats.url });
    const encoder = publishing(two.url(`cam1?key=${KEY}`));
    await two.ready('cam1');
    const atMs = performance.now();
    await ban(one, { kind: 'principal', value: 'studio', ttlMs: 600_000, reason: 'a test' });
    await waitFor(async () => (await two.streams()).length === 0);
    expect(performance.now() - atMs).toBeLessThan(1500);
    await encoder.finish(10_000);
    for (const server of [one, two]) expect(await refusal(server.url(`cam1?key=${KEY}`))).toContain('ERR_AUTH_BANNED');
    expect(await (await fetch(one.http('/readyz'))).text()).not.toContain('bans are not shared');
    const lifted = await fetch(two.http('/v1/bans/principal/studio'), {
      method: 'DELETE',
      headers: { 'content-type': 'application/json' },
    });
    expect(lifted.status).toBe(200);
    await waitFor(async () => !(await (await fetch(one.http('/v1/bans'))).text()).includes('studio'));
    publishing(one.url(`cam1?key=${KEY}`));
    await one.ready('cam1');
  }, 90_000);

  it('that were set while NATS was away are shared once it is back', async () => {
    const nats = await startNats();
    closing.push(() => nats.stop());
    const one = await start({}, { nats: nats.url });
    const two = await start({}, { nats: nats.url });
    await nats.kill();
    await ban(one, { kind: 'name', value: 'live/cam1', ttlMs: 600_000, reason: 'a test' });
    expect(await refusal(one.url('cam1'))).toContain('ERR_AUTH_BANNED');
    await nats.start();
    await waitFor(async () => (await (await fetch(two.http('/v1/bans'))).text()).includes('live/cam1'), {
      timeoutMs: 30_000,
    });
    expect(await refusal(two.url('cam1'))).toContain('ERR_AUTH_BANNED');
  }, 90_000);

  it('are a node’s own where its user of NATS may not see the others’, and readiness names that', async () => {
    const port = await freePort();
    const folder = tempDir('nats-bans');
    const jetstream = (what: string, names: readonly string[]) =>
      names.map((name) => `"$JS.API.STREAM.${what}.${name}"`);
    const users = (['without', 'with'] as const).map((user) => {
      const buckets = ['STREAMS', 'NODES', ...(user === 'with' ? ['BANS'] : [])].map((name) => `SLUICE_${name}`);
      const streams = ['SLUICE_EVENTS', ...buckets.map((name) => `KV_${name}`)];
      const kv = buckets.map((name) => `"$KV.${name}.>"`);
      const api = ['INFO', 'CREATE', 'MSG.GET'].flatMap((what) => jetstream(what, streams));
      const publish = ['"sluice.v1.>"', '"$JS.API.INFO"', ...kv, ...api].join(', ');
      const subscribe = [
        '"_INBOX.>"',
        '"sluice.v1.>"',
        '"$SRV.>"',
        ...(user === 'with' ? ['"$KV.SLUICE_BANS.>"'] : []),
      ];
      return `{ user: ${user}, password: pw, permissions: { publish: [${publish}], subscribe: [${subscribe.join(', ')}] } }`;
    });
    writeFileSync(
      join(folder, 'nats.conf'),
      `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${join(folder, 'js')}" }\nauthorization { users: [ ${users.join(', ')} ] }\n`,
    );
    const broker = new Child(['nats-server', '-c', join(folder, 'nats.conf')]);
    closing.push(async () => {
      await broker.stop('SIGKILL');
      removeTempDir(folder);
    });
    await broker.waitForOutput(/Server is ready/);
    const readiness = async (server: TestServer) => {
      const answer = await fetch(server.http('/readyz'));
      return { status: answer.status, text: await answer.text() };
    };
    const able = await start({}, { nats: `nats://with:pw@127.0.0.1:${port}` });
    await waitFor(async () => (await readiness(able)).status === 200);
    expect((await readiness(able)).text).not.toContain('bans');
    const unable = await start({}, { nats: `nats://without:pw@127.0.0.1:${port}` });
    await waitFor(async () => (await readiness(unable)).text.includes('bans are not shared with other nodes'));
    expect((await readiness(unable)).status).toBe(200);
    await ban(unable, { kind: 'name', value: 'live/cam1', ttlMs: 600_000, reason: 'a test' });
    expect(await refusal(unable.url('cam1'))).toContain('ERR_AUTH_BANNED');
    publishing(unable.url('cam2'));
    await unable.ready('cam2');
  }, 60_000);
});
