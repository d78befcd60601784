import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { media } from '../support/media.js';
import { startNats } from '../support/nats.js';
import { freePort } from '../support/ports.js';
import { repository } from '../support/repository.js';
import { removeTempDir, tempDir } from '../support/temp.js';

const cli = join(repository(), 'dist', 'src', 'cli.js');
const started: Child[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const child of started.splice(0)) await child.stop('SIGKILL');
  for (const folder of folders.splice(0)) removeTempDir(folder);
});

function sluice(args: readonly string[], env: Record<string, string> = {}): Child {
  const child = new Child([process.execPath, cli, ...args], { env });
  started.push(child);
  return child;
}

async function serve(extra: readonly string[] = [], env: Record<string, string> = {}) {
  const data = tempDir('cli');
  folders.push(data);
  const child = sluice(['--rtmp', '127.0.0.1:0', '--http', '127.0.0.1:0', '--data', data, ...extra], env);
  const [, rtmp, http] = await child.waitForOutput(/listening on (rtmp:\/\/\S+) and (http:\/\/\S+)/);
  return { child, rtmp: rtmp!, http: http! };
}

describe('sluice serve', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends streams in good order on %s and exits with 0 within 5 s',
    async (signal) => {
      const { child, rtmp } = await serve();
      const publish = sluice(['publish', '--loop', await media('h264-aac.flv'), `${rtmp}/live/cam1`]);
      await child.waitForOutput(/stream started/);
      child.signal(signal);
      expect(await child.finish(5000)).toEqual({ code: 0, signal: null });
      expect(child.output).toContain('server_drain');
      expect((await publish.finish(5000)).code).toBe(1);
      expect(publish.stderr).toMatch(/code: ERR_CLIENT_(?:ENDED|LOST)/);
    },
  );

  it('prints where to publish, play and look, and logs JSON lines to stderr only', async () => {
    const { child, rtmp } = await serve([], { SLUICE_LOG_LEVEL: 'debug' });
    for (const words of [`${rtmp}/live/cam1`, 'ffplay', 'sluice events', '/readyz'])
      expect(child.stdout).toContain(words);
    await child.stop('SIGTERM');
    const lines = child.stderr.trim().split('\n');
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines)
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(String), msg: expect.any(String) });
  });

  it('warns loudly when anyone can reach it', async () => {
    const { child } = await serve(['--rtmp', '0.0.0.0:0', '--set', 'auth.allowAnonymousPublish=true']);
    await child.waitForOutput(/ANYONE who reaches this address can publish/);
    expect((await child.stop('SIGTERM')).code).toBe(0);
  });

  it('exits with 3 and names the address when it is taken, and with 2 when a setting is wrong', async () => {
    const { rtmp } = await serve();
    const other = tempDir('cli-other');
    folders.push(other);
    const taken = sluice(['--rtmp', rtmp.slice('rtmp://'.length), '--http', 'off', '--data', other]);
    expect((await taken.finish(10_000)).code).toBe(3);
    expect(taken.stderr).toContain('code: ERR_LISTEN');
    const wrong = sluice(['--log-level', 'loud']);
    expect((await wrong.finish(10_000)).code).toBe(2);
    expect(wrong.stderr).toContain('code: ERR_CONFIG_INVALID_VALUE');
  });

  it('takes the stream key to no output: log, events, metrics and streams', async () => {
    const { child, rtmp, http } = await serve([], { SLUICE_LOG_LEVEL: 'debug' });
    const publish = sluice(['publish', '--loop', await media('h264-aac.flv'), `${rtmp}/live/cam1?key=canary4711`]);
    await child.waitForOutput(/stream started/);
    const pages = await Promise.all(
      ['/v1/streams', '/metrics', '/v1/node'].map(async (path) => (await fetch(http + path)).text()),
    );
    expect((await publish.stop('SIGINT')).code).toBe(0);
    const events = sluice(['events', '--json', '--since', 'all', '--http', http]);
    await events.waitForOutput(/stream\.ended/);
    await events.stop('SIGINT');
    await child.stop('SIGTERM');
    expect([...pages, child.output, events.output, publish.output].join('\n')).not.toContain('canary4711');
  });
});

describe('sluice publish and play', () => {
  it('carry a file through the server and tell what it came to', async () => {
    const { rtmp } = await serve();
    const folder = tempDir('cli-play');
    folders.push(folder);
    const play = sluice(['play', `${rtmp}/live/cam1`, '-o', join(folder, 'out.flv'), '--for', '1s']);
    await play.waitForOutput(/waiting for a publisher of rtmp:/);
    const publish = sluice(['publish', await media('h264-aac.flv'), `${rtmp}/live/cam1`]);
    expect((await play.finish(20_000)).code).toBe(0);
    expect(play.stderr).toMatch(/playing rtmp:.* into /);
    expect(play.stderr).toMatch(/played {2}1\.\d s of media, [\d.]+ kB, \d+ kbit\/s/);
    expect((await publish.finish(20_000)).code).toBe(0);
    expect(publish.stderr).toMatch(/published {2}3\.\d s of media/);
  });

  it('play into a pipe ends with 0 and without a complaint when its reader goes away', async () => {
    const { child, rtmp } = await serve();
    sluice(['publish', '--loop', await media('h264-aac.flv'), `${rtmp}/live/cam1`]);
    await child.waitForOutput(/stream started/);
    const command = `"${process.execPath}" "${cli}" play ${rtmp}/live/cam1 -o - | head -c 1000 >/dev/null; echo "\${PIPESTATUS[0]}"`;
    const piped = new Child(['bash', '-c', command]);
    started.push(piped);
    expect(await piped.finish(20_000)).toEqual({ code: 0, signal: null });
    expect(piped.stdout).toBe('0\n');
    expect(piped.stderr).not.toContain('ERR_');
  });

  it('exit with 3 when no server is there and 4 when the server refuses', async () => {
    const file = await media('h264-aac.flv');
    const nobody = sluice(['publish', file, `rtmp://127.0.0.1:${await freePort()}/live/a`]);
    expect((await nobody.finish(20_000)).code).toBe(3);
    const { child, rtmp } = await serve();
    const first = sluice(['publish', '--loop', file, `${rtmp}/live/a`]);
    await child.waitForOutput(/stream started/);
    const second = sluice(['publish', file, `${rtmp}/live/a`]);
    expect((await second.finish(20_000)).code).toBe(4);
    expect(second.stderr).toContain('NetStream.Publish.BadName');
    expect((await first.stop('SIGINT')).code).toBe(0);
    expect((await child.stop('SIGTERM')).code).toBe(0);
    const warnings = child.stderr.split('\n').filter((line) => line.includes('"level":"warn"'));
    expect(warnings).toHaveLength(1);
    expect(JSON.parse(warnings[0]!)).toMatchObject({
      msg: 'publish refused',
      peer: '127.0.0.1',
      code: 'ERR_PUBLISH_BUSY',
    });
  });
});

describe('sluice load', () => {
  it('has its own help and its own check of what it is given', async () => {
    const help = sluice(['load', '--help']);
    expect((await help.finish(10_000)).code).toBe(0);
    expect(help.stdout).toContain('Usage: sluice load [options] <MODE> <URL>');
    expect((await sluice(['load', 'nothing']).finish(10_000)).code).toBe(2);
  });
});

describe('sluice events', () => {
  it('prints a line for people for each event and ends with 0 when its reader goes away', async () => {
    const { rtmp, http } = await serve();
    const publish = sluice(['publish', '--fast', await media('h264-aac.flv'), `${rtmp}/live/cam1`]);
    expect((await publish.finish(20_000)).code).toBe(0);
    const events = sluice(['events', '--since', 'all', '--http', http]);
    await events.waitForOutput(/stream\.ended +live\/cam1 {2}client_unpublish/);
    expect(events.stdout).toMatch(/stream\.started +live\/cam1 {2}from 127\.0\.0\.1:\d+, over rtmp/);
    expect(events.stdout).toMatch(
      /stream\.ready +live\/cam1 {2}avc1\.\w+ 320x180 \(claims 25 fps\) \+ mp4a\.40\.2 44100 Hz x2/,
    );
    expect((await events.stop('SIGTERM')).code).toBe(0);
    const piped = new Child([
      'sh',
      '-c',
      `"${process.execPath}" "${cli}" events --since all --http ${http} | head -n 1`,
    ]);
    started.push(piped);
    await piped.waitForOutput(/node\.started/);
    // head has gone; the next event finds nobody.
    const again = sluice(['publish', '--fast', await media('h264-aac.flv'), `${rtmp}/live/cam1`]);
    await again.finish(20_000);
    expect((await piped.finish(10_000)).code).toBe(0);
  });
});

describe('sluice events --nats', () => {
  it('waits for the stream, follows it, and starts earlier when asked', async () => {
    const nats = await startNats();
    try {
      const early = sluice(['events', '--nats', nats.url]);
      await early.waitForOutput(/there is no stream SLUICE_EVENTS yet/);
      const { rtmp } = await serve(['--nats', nats.url]);
      const publish = sluice(['publish', await media('h264-aac.flv'), `${rtmp}/live/cam1`]);
      await early.waitForOutput(/stream\.ready +live\/cam1/, 15_000);
      expect((await publish.finish(20_000)).code).toBe(0);
      await early.waitForOutput(/stream\.ended +live\/cam1/, 15_000);
      expect((await early.stop('SIGINT')).code).toBe(0);
      const late = sluice(['events', '--nats', nats.url, '--since', '1h', '--json']);
      await late.waitForOutput(/"type":"io\.sluice\.stream\.ended"/, 15_000);
      for (const line of late.stdout.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ specversion: '1.0' });
      expect(late.stdout).toContain('io.sluice.stream.started');
      expect((await late.stop('SIGTERM')).code).toBe(0);
    } finally {
      await nats.stop();
    }
  });
});

describe('the HTTP interface of a running server', () => {
  it('answers only 200 and 503 on /readyz while the server stops', async () => {
    const { child, rtmp, http } = await serve();
    expect((await fetch(`${http}/readyz`)).status).toBe(200);
    // A connection that does not go away by itself keeps the server draining for a moment.
    const socket = connect(Number(new URL(rtmp.replace('rtmp', 'http')).port), '127.0.0.1');
    socket.on('error', () => undefined);
    const statuses: number[] = [];
    child.signal('SIGTERM');
    while (child.exit === undefined) {
      const status = await fetch(`${http}/readyz`).then(
        (response) => response.status,
        () => undefined,
      );
      if (status === undefined) break;
      statuses.push(status);
    }
    socket.destroy();
    expect(await child.finish(5000)).toEqual({ code: 0, signal: null });
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
  });
});

describe('sluice key hash', () => {
  it('reads the password from standard input, and nothing of it is printed', async () => {
    const child = new Child([process.execPath, cli, 'key', 'hash', '--json'], { input: Buffer.from('geheim7\n') });
    started.push(child);
    expect((await child.finish(10_000)).code).toBe(0);
    const { scrypt } = JSON.parse(child.stdout) as { scrypt: string };
    expect(scrypt).toMatch(/^scrypt:[\w-]{22}:[\w-]{43}$/);
    expect(child.output).not.toContain('geheim7');
  });
});
