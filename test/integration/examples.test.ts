import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JobRecord } from '../../src/jobs/record/record.js';
import { Child } from '../support/child.js';
import { bucketValues } from '../support/jobs/buckets.js';
import { RunnerProcess } from '../support/jobs/runner-process.js';
import { media } from '../support/media.js';
import { startNats } from '../support/nats.js';
import { APP, MISUSE } from '../support/package-programs.js';
import { installPacked, pack } from '../support/packed.js';
import { freePort } from '../support/ports.js';
import { repository } from '../support/repository.js';
import { spawnServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { goWithNats, type Program, pythonWithNats } from '../support/toolchains.js';
import { ffmpegPublish, probeStreams, sluice } from '../support/tools.js';
import { waitFor } from '../support/wait.js';

const examples = join(repository(), 'examples');
const programs = readdirSync(examples).filter((name) => name.endsWith('.ts'));
let folder = '';
let project = '';
/** The compiler's run that wrote the programs which are run. */
let written: Child;
const closing: (() => unknown)[] = [];

/** Writes a project file for one way to find modules, and runs the compiler with it. */
async function compiled(module: string, moduleResolution: string, output: object): Promise<Child> {
  const options = {
    ...{ target: 'ES2022', module, moduleResolution, types: ['node'], rootDir: '.' },
    ...{ strict: true, skipLibCheck: false, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true },
    ...output,
  };
  const path = join(project, `tsconfig.${moduleResolution}.json`);
  writeFileSync(path, JSON.stringify({ compilerOptions: options, include: ['*.ts'] }));
  const tsc = join(repository(), 'node_modules/typescript/bin/tsc');
  const child = new Child([process.execPath, tsc, '-p', path, '--pretty', 'false'], { cwd: project });
  await child.finish(120_000);
  return child;
}

/** An example at other addresses than those that it names, which may be taken; nothing else of it is changed. */
function example(name: string, addresses: Readonly<Record<string, string>>, env: Record<string, string> = {}): Child {
  const script = join(project, 'out', name.replace(/\.ts$/, '.js'));
  let text = readFileSync(script, 'utf8');
  for (const [written, used] of Object.entries(addresses)) {
    expect(text).toContain(written);
    text = text.replaceAll(written, used);
  }
  writeFileSync(script, text);
  const child = new Child([process.execPath, script], { cwd: project, env });
  closing.push(() => child.stop('SIGKILL'));
  return child;
}

/** Publishes the video with the command line. @returns its exit code, and what it says */
async function published(url: string): Promise<{ code: number | null; output: string }> {
  const publisher = sluice('publish', '--fast', join(project, 'video.flv'), url);
  const { code } = await publisher.finish(20_000);
  return { code, output: publisher.output };
}

/** Node finds packages from where the script is. */
function nodeWithNats(script: string): Promise<Program> {
  const inProject = join(project, basename(script));
  cpSync(script, inProject);
  return Promise.resolve({ command: [process.execPath, inProject], env: {} });
}

/** Who has the key of the examples is let in, once somebody answers, and who has another one is not. */
async function letsInByKey(url: string): Promise<void> {
  await waitFor(async () => (await published(`${url}?key=k-7f3a91`)).code === 0, { timeoutMs: 20_000, everyMs: 100 });
  const { code, output } = await published(`${url}?key=other`);
  expect([code, output]).toEqual([4, expect.stringContaining('ERR_AUTH_DENIED')]);
}

beforeAll(async () => {
  folder = tempDir('examples');
  project = join(folder, 'project');
  const { filename } = await pack(folder);
  await installPacked(join(folder, filename), project);
  mkdirSync(join(project, 'node_modules/@types'), { recursive: true });
  for (const name of ['@types/node', 'esbuild'])
    symlinkSync(join(repository(), 'node_modules', name), join(project, 'node_modules', name));
  for (const name of programs) cpSync(join(examples, name), join(project, name));
  writeFileSync(join(project, 'misuse.ts'), MISUSE);
  cpSync(await media('h264-aac.flv'), join(project, 'video.flv'));
  written = await compiled('NodeNext', 'NodeNext', { outDir: 'out' });
}, 240_000);

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(() => removeTempDir(folder));

describe('the types of the package', () => {
  it('fit the examples and refuse what is wrong, libraries checked, when Node finds the modules', () => {
    expect([written.exit?.code, written.output]).toEqual([0, '']);
  });

  it('fit the examples and refuse what is wrong, libraries checked, when a bundler finds the modules', async () => {
    const { exit, output } = await compiled('ESNext', 'Bundler', { noEmit: true });
    expect([exit?.code, output]).toEqual([0, '']);
  });

  it('are its own: no declaration that a program sees needs another package', () => {
    const home = join(project, 'node_modules/sluice');
    const seen = new Set<string>();
    const foreign: string[] = [];
    const visit = (path: string): void => {
      if (seen.has(path)) return;
      seen.add(path);
      for (const [, target] of readFileSync(path, 'utf8').matchAll(/(?:\bfrom|\bimport\(|^import)\s*'([^']+)'/gm)) {
        if (target!.startsWith('.')) visit(join(dirname(path), target!.replace(/\.js$/, '.d.ts')));
        else if (!target!.startsWith('node:')) foreign.push(`${path.slice(home.length)} → ${target}`);
      }
    };
    const { exports } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
      exports: Record<string, { types?: string }>;
    };
    for (const { types } of Object.values(exports)) if (types !== undefined) visit(join(home, types));
    expect(seen.size).toBeGreaterThan(10);
    expect(foreign).toEqual([]);
  });
});

describe('the examples', () => {
  it('are all run here', () => {
    const text = readFileSync(join(repository(), 'test/integration/examples.test.ts'), 'utf8');
    expect(programs.filter((name) => !text.includes(`example('${name}'`))).toEqual([]);
  });

  it('of the server as a library tells of a stream that comes and goes, and ends in good order', async () => {
    const [rtmp, http] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const data = join(folder, 'library');
    const program = example('library.ts', { '127.0.0.1:1935': rtmp, '127.0.0.1:8080': http, './data': data });
    await waitFor(
      async () =>
        (await fetch(`http://${http}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        )) || program.exit !== undefined,
      { everyMs: 50, what: () => `the server to be ready\n${program.output}` },
    );
    const publisher = sluice('publish', '--fast', join(project, 'video.flv'), `rtmp://${rtmp}/live/cam1`);
    expect((await publisher.finish(20_000)).code).toBe(0);
    await program.waitForOutput(/has ended/);
    expect(program.stdout.split('\n')).toEqual([
      'live/cam1 comes from 127.0.0.1',
      'live/cam1 has ended: client_unpublish',
      '',
    ]);
    expect((await program.stop('SIGINT')).code).toBe(0);
    expect(statSync(join(data, 'events')).isDirectory()).toBe(true);
  });

  it('of the client publishes a file in a loop and writes two seconds of it to another', async () => {
    const server = await spawnServer();
    closing.push(() => server.stop());
    const program = example('client.ts', { '127.0.0.1:1935': `127.0.0.1:${server.rtmpPort}` });
    expect((await program.finish(20_000)).code).toBe(0);
    const [, mediaMs, bytes] = /^played (\d+) ms, (\d+) bytes$/m.exec(program.stdout) ?? [program.output];
    expect(Number(mediaMs)).toBeGreaterThanOrEqual(2000);
    expect(Number(bytes)).toBeGreaterThan(1000);
    const streams = await probeStreams(join(project, 'out.flv'));
    expect(streams.map(({ codec_name }) => codec_name).sort()).toEqual(['aac', 'h264']);
    await server.ended('cam1');
  });

  it('of a consumer tells start, codecs and end, and only what is new when it is started again', async () => {
    const nats = await startNats();
    closing.push(() => nats.stop());
    const server = await spawnServer({ nats: nats.url });
    closing.push(() => server.stop());
    const publish = async (name: string): Promise<void> => {
      const publisher = sluice('publish', '--fast', join(project, 'video.flv'), server.url(name));
      expect((await publisher.finish(20_000)).code).toBe(0);
    };
    await publish('first');
    const address = { '127.0.0.1:4222': `127.0.0.1:${nats.port}` };
    const program = example('on-stream.ts', address);
    await program.waitForOutput(/ended: client_unpublish after \d+ ms/, 20_000);
    expect(program.stdout.split('\n').slice(0, 2)).toEqual([
      'live/first started by 127.0.0.1',
      expect.stringMatching(/^live\/first is avc1\.\w+ \+ mp4a\.40\.2$/),
    ]);
    expect((await program.stop('SIGINT')).code).toBe(0);
    await publish('second');
    const again = new Child([process.execPath, join(project, 'out/on-stream.js')], { cwd: project });
    closing.push(() => again.stop('SIGKILL'));
    await again.waitForOutput(/live\/second ended/, 20_000);
    expect(again.stdout).not.toContain('first');
    expect((await again.stop('SIGINT')).code).toBe(0);
  });

  it('of a bundle makes one file that serves, publishes and consumes, far from any package', async () => {
    writeFileSync(join(project, 'app.js'), APP);
    expect(await example('bundle.ts', {}).finish(60_000)).toEqual({ code: 0, signal: null });
    const away = join(folder, 'away');
    cpSync(join(project, 'bundle'), away, { recursive: true });
    cpSync(join(project, 'video.flv'), join(away, 'video.flv'));
    expect(readdirSync(away).sort()).toEqual(['app.js', 'sluice.wasm', 'video.flv']);
    writeFileSync(join(away, 'package.json'), '{ "type": "module" }');
    const nats = await startNats();
    closing.push(() => nats.stop());
    const program = new Child([process.execPath, 'app.js', nats.url, join(folder, 'bundled')], { cwd: away });
    closing.push(() => program.stop('SIGKILL'));
    expect(await program.finish(30_000)).toEqual({ code: 0, signal: null });
    expect(JSON.parse(program.stdout)).toEqual({
      codecs: [expect.stringMatching(/^avc1\./), 'mp4a.40.2'],
      publishes: '1',
    });
    expect(program.stderr).toMatch(/^[\d:]{8} info {2}stream started {4}live\/cam1 {2}from 127\.0\.0\.1/m);
  });

  it('of a watcher lists what is live when it begins, and follows', async () => {
    const nats = await startNats();
    closing.push(() => nats.stop());
    const server = await spawnServer({ nats: nats.url });
    closing.push(() => server.stop());
    const publish = (name: string): Child => {
      const publisher = sluice('publish', '--loop', join(project, 'video.flv'), server.url(name));
      closing.push(() => publisher.stop('SIGKILL'));
      return publisher;
    };
    const first = publish('first');
    await server.ready('first');
    await waitFor(async () => (await server.metric('sluice_events_pending')) === 0, { what: 'events to be stored' });
    const program = example('watch-streams.ts', { '127.0.0.1:4222': `127.0.0.1:${nats.port}` });
    await program.waitForOutput(/^live: first$/m, 20_000);
    publish('second');
    await program.waitForOutput(/^live: first second$/m, 20_000);
    await first.stop('SIGINT');
    await program.waitForOutput(/^live: second$/m, 20_000);
    expect((await program.stop('SIGINT')).code).toBe(0);
  });
});

describe('the examples of workers for jobs', () => {
  /** NATS, a server and a dispatcher with the template of the examples. */
  async function dispatching() {
    const nats = await startNats();
    closing.push(() => nats.stop());
    const server = await spawnServer({ nats: nats.url });
    closing.push(() => server.stop());
    const runner = new RunnerProcess({
      nats: nats.url,
      file: join(examples, 'jobs/worker.yaml'),
      args: ['--dispatch'],
    });
    closing.push(() => runner.child.stop('SIGTERM', 20_000));
    await runner.child.waitForOutput(/workers outside can lease jobs/, 20_000);
    return { nats, server, address: { '127.0.0.1:4222': `127.0.0.1:${nats.port}` } };
  }

  /** ffmpeg publishes some seconds; the worker writes them, and the job is over then. */
  async function recorded({ nats, server }: Awaited<ReturnType<typeof dispatching>>, file: string, worker: Child) {
    const encoder = ffmpegPublish(await media('long.flv'), server.url('cam1'), { input: ['-t', '4'] });
    closing.push(() => encoder.stop('SIGKILL'));
    const job = await waitFor(
      async () => (await bucketValues<JobRecord>(nats.url, 'SLUICE_JOBS')).find(({ state }) => state === 'done'),
      { timeoutMs: 30_000, everyMs: 100, what: () => `the end of the job\n${worker.output}` },
    );
    expect(job).toMatchObject({ template: 'record', outcome: 'succeeded', attempt: 1 });
    const tracks = await probeStreams(file);
    expect(tracks.map(({ codec_name }) => codec_name).sort()).toEqual(['aac', 'h264']);
  }

  it('record a stream with ten lines of the client library', async () => {
    const parts = await dispatching();
    const worker = example('job-worker.ts', parts.address);
    await recorded(parts, join(project, 'cam1-1.mp4'), worker);
  });

  it('record a stream with nothing but the client of NATS', async () => {
    const parts = await dispatching();
    const script = join(project, 'job-worker-plain.mjs');
    const text = readFileSync(join(examples, 'job-worker-plain.mjs'), 'utf8');
    expect(text).toContain('127.0.0.1:4222');
    writeFileSync(script, text.replace('127.0.0.1:4222', parts.address['127.0.0.1:4222']));
    const worker = new Child([process.execPath, script], { cwd: project });
    closing.push(() => worker.stop('SIGKILL'));
    await recorded(parts, join(project, 'plain-1.mp4'), worker);
  });
});

describe('the examples of deciding who may', () => {
  /** A server that asks on NATS, and where that is. */
  async function askingServer() {
    const nats = await startNats();
    closing.push(() => nats.stop());
    const settings = { 'auth.nats.enabled': true, 'auth.denyCacheMs': 0 };
    const server = await spawnServer({ nats: nats.url, settings });
    closing.push(() => server.stop());
    return { url: server.url('cam1'), address: { '127.0.0.1:4222': `127.0.0.1:${nats.port}` } };
  }

  it.each([
    ['Node', 'mjs', nodeWithNats],
    ['Python', 'py', pythonWithNats],
    ['Go', 'go', goWithNats],
  ] as const)(
    'on NATS in %s let in who has the key, and a consumer tells of it, where the language is there',
    async (...its) => {
      const [language, ending, prepare] = its;
      const { url, address } = await askingServer();
      const started = async (name: string): Promise<Child | undefined> => {
        const script = join(folder, basename(name));
        const text = readFileSync(join(examples, name), 'utf8');
        for (const written of Object.keys(address)) expect(text).toContain(written);
        writeFileSync(script, text.replaceAll('127.0.0.1:4222', address['127.0.0.1:4222']));
        const program = await prepare(script, folder);
        if (program === undefined) return undefined;
        const child = new Child(program.command, { cwd: folder, env: program.env });
        closing.push(() => child.stop('SIGKILL'));
        return child;
      };
      if ((await started(`nats-responder.${ending}`)) === undefined) {
        process.stderr.write(`${language} or its package for NATS is not there\n`);
        return;
      }
      await letsInByKey(url);
      // Of docs/events-from-nothing.md: what was before it comes as well, in order.
      const consumer = await started(`consumers/consumer.${ending}`);
      await consumer!.waitForOutput(/stream\.ended live\/cam1 client_unpublish/, 20_000);
      const types = [...consumer!.stdout.matchAll(/io\.sluice\.stream\.(\w+) live\/cam1/g)].map(([, type]) => type);
      expect(types.filter((type) => type !== 'rejected').slice(0, 3)).toEqual(['started', 'ready', 'ended']);
    },
  );

  it('by a webhook let in who has the key', async () => {
    const port = String(await freePort());
    const secret = 'shared with the receiver';
    example('webhook.ts', { '9000': port }, { SLUICE_AUTH_WEBHOOK_SECRET: secret });
    const settings = {
      'auth.webhook.url': `http://127.0.0.1:${port}/`,
      'auth.webhook.secret': secret,
      'auth.denyCacheMs': 0,
    };
    const server = await spawnServer({ settings });
    closing.push(() => server.stop());
    await letsInByKey(server.url('cam1'));
  });

  it.each([
    ['webhook-receiver.mjs', process.execPath],
    ['webhook-receiver.py', 'python3'],
  ])('are told of a stream by %s, signed and once each', async (script, language) => {
    const port = String(await freePort());
    const path = join(folder, script);
    writeFileSync(path, readFileSync(join(examples, script), 'utf8').replace('9100', port));
    const secret = 'shared with the receiver';
    const receiver = new Child([language, path], { cwd: folder, env: { WEBHOOK_SECRET: secret } });
    closing.push(() => receiver.stop('SIGKILL'));
    const url = `http://127.0.0.1:${port}/`;
    const answered = await waitFor(() =>
      fetch(url, { method: 'POST', body: '{}' }).then(
        ({ status }) => status,
        () => undefined,
      ),
    );
    expect(answered).toBe(403);
    const server = await spawnServer({
      settings: { webhooks: JSON.stringify([{ name: 'a', url, secret, types: 'stream.*' }]) },
    });
    closing.push(() => server.stop());
    expect((await published(server.url('cam1'))).code).toBe(0);
    const ended = 'io.sluice.stream.ended live/cam1';
    await waitFor(() => receiver.output.includes(ended), { what: () => `the end\n${receiver.output}` });
    const again = { since: new Date(0).toISOString() };
    const replay = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(again) };
    expect((await fetch(server.http('/v1/webhooks/a/replay'), replay)).status).toBe(200);
    const delivered = 2 * receiver.output.trim().split('\n').length;
    await waitFor(async () => (await server.metric('sluice_webhook_delivered_total')) >= delivered);
    expect(receiver.output.split(ended)).toHaveLength(2);
  });

  it('by a token of a service of one’s own let in as far as the token goes', async () => {
    const secret = 'a secret that the service and the server share';
    const settings = {
      'auth.jwt.audience': 'sluice',
      'auth.jwt.keys': JSON.stringify([{ kid: '2026-01', alg: 'HS256', secret }]),
    };
    const server = await spawnServer({ settings });
    closing.push(() => server.stop());
    const address = { '127.0.0.1:1935': `127.0.0.1:${server.rtmpPort}` };
    const program = example('make-token.ts', address, { SLUICE_JWT_SECRET: secret });
    expect((await program.finish(20_000)).code).toBe(0);
    const url = program.stdout.trim();
    expect((await published(url)).code).toBe(0);
    const { code, output } = await published(url.replace('/cam1?', '/other?'));
    expect([code, output]).toEqual([4, expect.stringContaining('ERR_AUTH_DENIED')]);
  });
});
