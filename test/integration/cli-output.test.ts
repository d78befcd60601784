import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { media } from '../support/media.js';
import { builtCli } from '../support/repository.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

const started: Child[] = [];
const folders: string[] = [];
let server: TestServer | undefined;

afterEach(async () => {
  for (const child of started.splice(0)) await child.stop('SIGKILL');
  await server?.stop();
  server = undefined;
  for (const folder of folders.splice(0)) removeTempDir(folder);
});

function sluice(...args: string[]): Child {
  const child = new Child([process.execPath, builtCli(), ...args]);
  started.push(child);
  return child;
}

/** The command line with its standard output where `redirection` says. */
function redirected(redirection: string, ...args: string[]): Child {
  const child = new Child(['bash', '-c', `exec "$0" "$@" ${redirection}`, process.execPath, builtCli(), ...args]);
  started.push(child);
  return child;
}

/** A server with `live/cam1` on air, in a loop. */
async function onAir(): Promise<TestServer> {
  const running = await spawnServer();
  server = running;
  sluice('publish', '--loop', await media('h264-aac.flv'), running.url('cam1'));
  await running.ready('cam1');
  return running;
}

/** Ended, and not yet seen by its parent, which waits for those who hold its output. */
function isZombie(pid: number): boolean {
  return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

function file(name: string, content: Uint8Array): string {
  const folder = tempDir('flv');
  folders.push(folder);
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('what a command prints', () => {
  it('and cannot be written ends it with 1 and one sentence', async () => {
    const { httpPort } = await onAir();
    const http = `127.0.0.1:${httpPort}`;
    for (const args of [['config'], ['config', '--json'], ['events', '--json', '--since', 'all', '--http', http]]) {
      const child = redirected('>/dev/full', ...args);
      expect((await child.finish(20_000)).code).toBe(1);
      expect(child.stderr).toMatch(
        /^sluice: what the command prints cannot be written.*ENOSPC\n.*\n {2}code: ERR_CLI_OUTPUT\n$/,
      );
    }
  });

  it.each([
    ['play', /playing rtmp:/, (of: TestServer) => ['play', of.url('cam1'), '-o', '-']],
    ['events', /following http:/, (of: TestServer) => ['events', '--http', `127.0.0.1:${of.httpPort}`]],
  ])('into a reader that takes nothing leaves %s to be ended by SIGINT', async (_, begun, args) => {
    const running = await onAir();
    const child = redirected('> >(exec sleep 60 >&- 2>&-)', ...args(running));
    await child.waitForOutput(begun);
    child.signal('SIGINT');
    await waitFor(() => !existsSync(`/proc/${child.pid}`) || isZombie(child.pid), { what: 'the command to end' });
  });
});

describe('sluice events', () => {
  it('shows the live streams first, and then that it follows', async () => {
    const { httpPort } = await onAir();
    const events = sluice('events', '--http', `127.0.0.1:${httpPort}`);
    await events.waitForOutput(/following http:/);
    await events.waitForOutput(/ live {14}live\/cam1 {2}avc1\.\w+ .* playing\n/);
    expect((await events.stop('SIGINT')).code).toBe(0);
  });
});

describe('sluice play', () => {
  it('of a name that nobody publishes says that it waits, and ends by SIGINT', async () => {
    server = await spawnServer();
    const play = sluice('play', server.url('nobody'));
    await play.waitForOutput(/waiting for a publisher of rtmp:\S+\/live\/nobody\n/);
    expect(play.output).not.toContain('playing');
    expect((await play.stop('SIGINT')).code).toBe(0);
  });

  it('takes seconds and durations', async () => {
    const { url } = await onAir().then((running) => ({ url: running.url('cam1') }));
    for (const given of ['1', '1s', '1000ms']) {
      const play = sluice('play', url, '--for', given);
      expect((await play.finish(20_000)).code).toBe(0);
      expect(play.stderr).toMatch(/played {2}[01]\.\d s of media/);
    }
  });
});

describe('sluice publish', () => {
  it('warns of an FLV that ends inside a tag, and sends what is whole', async () => {
    server = await spawnServer();
    const whole = readFileSync(await media('h264-aac.flv'));
    const publish = sluice(
      'publish',
      '--fast',
      file('cut.flv', whole.subarray(0, whole.length - 7)),
      server.url('cut'),
    );
    expect((await publish.finish(20_000)).code).toBe(0);
    expect(publish.stderr).toMatch(/cut\.flv ends inside a tag: its last \d+ bytes are left out/);
  });

  it('of an FLV without a tag fails before there is a stream', async () => {
    server = await spawnServer();
    const whole = readFileSync(await media('h264-aac.flv'));
    const publish = sluice('publish', file('empty.flv', whole.subarray(0, 13)), server.url('empty'));
    expect((await publish.finish(20_000)).code).toBe(1);
    expect(publish.stderr).toContain('code: ERR_FLV_EMPTY');
    expect(await server.metric('sluice_publishes_total')).toBe(0);
  });
});

describe('sluice load', () => {
  it.each([
    [['play', 'rtmp://127.0.0.1/live/a', '-n', 'many'], /A number was expected/],
    [['play', 'rtmp://127.0.0.1/live/a', '-n', ''], /A number was expected/],
    [['play', 'rtmp://127.0.0.1/live/a', '--cuont', '3'], /unknown option '--cuont'/],
    [['watch', 'rtmp://127.0.0.1/live/a'], /expected load play URL or load publish URL/],
    [['play', 'rtmp://127.0.0.1/live/a', '-n', '0'], /from 1 to/],
  ])('refuses %j with exit code 2 and words', async (args, words) => {
    const load = sluice('load', ...args);
    expect((await load.finish(20_000)).code).toBe(2);
    expect(load.stderr).toMatch(words);
  });

  it('that is stopped before it measured says so, and fails', async () => {
    const running = await onAir();
    const load = sluice('load', 'play', running.url('cam1'), '--warmup', '600');
    await running.waitForPlayers(1);
    expect((await load.stop('SIGINT')).code).toBe(1);
    expect(load.stdout).toContain('nothing was measured');
    expect(load.stdout).toContain(' 0 failed, 0 lost');
    // Nobody watches: there is no line a second.
    expect(load.stderr).toBe('');
  });

  it('through which no byte flowed fails', async () => {
    server = await spawnServer();
    // The server announces an acknowledgement window when it first looks after a play, within a second, and the next
    // one much later.
    const load = sluice('load', 'play', server.url('nobody'), '--warmup', '1.5', '--seconds', '0.2', '--json');
    expect((await load.finish(20_000)).code).toBe(1);
    expect(JSON.parse(load.stdout.trim().split('\n').at(-1)!)).toMatchObject({ type: 'result', bytes: 0, ready: 1 });
  });
});
