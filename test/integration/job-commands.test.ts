import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '../../src/jobs/desk/views.js';
import { Child, type Exit } from '../support/child.js';
import { RunnerProcess } from '../support/jobs/runner-process.js';
import { media } from '../support/media.js';
import { startNats } from '../support/nats.js';
import { freePort } from '../support/ports.js';
import { builtCli } from '../support/repository.js';
import { spawnServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import { ffmpegPublish } from '../support/tools.js';
import { waitFor } from '../support/wait.js';

/** `works` runs until its stream ends; `fails` cannot; `waits` finds no runner. */
const TEMPLATES = `
version: 1
templates:
  - name: works
    match: { app: live }
    run: { exec: [sh, -c, "echo begun; while :; do echo line; sleep 0.2; done"] }
    graceMs: 500
  - name: fails
    match: { app: live }
    run: { exec: [sh, -c, "echo oops; exit 64"] }
    retry: { max: 0, never: [64] }
  - name: waits
    match: { app: live }
    run: { exec: [sleep, "1000"] }
    runners: { labels: { gpu: "yes" } }
`;

let video = '';
beforeAll(async () => {
  video = await media('long.flv');
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function templatesFile(): string {
  const file = join(tempDir('templates'), 'jobs.yaml');
  writeFileSync(file, TEMPLATES);
  return file;
}

/** Runs a command to its end. */
async function cli(...args: string[]): Promise<Exit & { readonly out: string; readonly err: string }> {
  const child = new Child([process.execPath, builtCli(), 'jobs', ...args]);
  const exit = await child.finish(30_000);
  return { ...exit, out: child.stdout, err: child.stderr };
}

async function json<T>(...args: string[]): Promise<T> {
  const { out, err, code } = await cli(...args, '--json');
  if (code !== 0) throw new Error(`jobs ${args.join(' ')}: ${code} ${err}`);
  return JSON.parse(out) as T;
}

const jobsOf = async (...args: string[]) => (await json<{ items: JobView[] }>('ls', ...args)).items;

/** NATS, a server with a live stream, and a runner. */
async function world(runner: { args?: readonly string[] } = {}) {
  const nats = await startNats();
  closing.push(() => nats.stop());
  const server = await spawnServer({ nats: nats.url });
  closing.push(() => server.stop());
  const options = { nats: nats.url, file: templatesFile(), settings: { 'jobs.leaseMs': 2000 }, ...runner };
  const first = await new RunnerProcess(options).ready();
  closing.push(() => first.child.stop('SIGKILL'));
  const encoder = ffmpegPublish(video, server.url('cam1'));
  closing.push(() => encoder.stop('SIGKILL'));
  const { streamId } = await server.ready('cam1');
  const at = ['--nats', nats.url];
  const idOf = (template: string) => `${streamId}/${template}`;
  const seen = (template: string, state: string): Promise<JobView> =>
    waitFor(
      async () =>
        (await jobsOf(...at, '--state', state, '--stream', 'live/cam1')).find((job) => job.template === template),
      { timeoutMs: 20_000, everyMs: 200, what: () => `${template} to be ${state}\n${first.child.output.slice(-2000)}` },
    );
  await seen('works', 'running');
  return { nats, server, encoder, runner: first, at, idOf, seen, streamId };
}

describe('sluice jobs, over NATS', () => {
  it('lists jobs, shows one, its log, and what came of it', async () => {
    const { at, idOf, seen, streamId, runner } = await world();
    await seen('fails', 'failed');
    const states = (await jobsOf(...at)).map(({ template, state, outcome }) => [template, state, outcome]).sort();
    expect(states).toEqual([
      ['fails', 'done', 'failed'],
      ['waits', 'open', undefined],
      ['works', 'running', undefined],
    ]);
    expect((await jobsOf(...at, '--stream', streamId, '--template', 'waits')).map(({ jobId }) => jobId)).toEqual([
      idOf('waits'),
    ]);
    expect(await jobsOf(...at, '--stream', 'live/other')).toEqual([]);
    const table = await cli('ls', ...at, '--state', 'running');
    expect(table.out).toMatch(/^STREAM .*\nlive\/cam1 +works +running +1 /);
    expect(JSON.parse((await cli('get', idOf('fails'), ...at)).out)).toMatchObject({
      ...{ jobId: idOf('fails'), state: 'done', outcome: 'failed', reason: 'exit', attempt: 1 },
      last: { exit: { code: 64 }, logTail: 'oops', isAbandoned: true },
    });
    expect((await cli('logs', idOf('fails'), ...at)).out).toMatch(/^(?:\[sluice\].*\n)*oops\n/);
    expect((await cli('logs', idOf('works'), ...at)).out).toMatch(/begun\nline\n/);
    const templates = await json<{ items: { name: string }[] }>('templates', ...at);
    expect(templates.items.map(({ name }) => name)).toEqual(['fails', 'waits', 'works']);
    const runners = await json<{ items: { runnerId: string; used: number; state: string }[] }>('runners', ...at);
    expect(runners.items).toMatchObject([{ state: 'up' }]);
    expect(runner.child.output).toContain(runners.items[0]!.runnerId);
  });

  it('follows a log until the job is stopped, and has it run again', async () => {
    const { at, idOf, seen } = await world();
    const follow = new Child([process.execPath, builtCli(), 'jobs', 'logs', idOf('works'), '-f', ...at]);
    closing.push(() => follow.stop('SIGKILL'));
    await follow.waitForOutput(/(?:line\n){4}/, 20_000);
    expect((await cli('stop', idOf('works'), ...at)).out).toBe(`${idOf('works')} is being stopped\n`);
    expect(await follow.finish(20_000)).toMatchObject({ code: 0 });
    expect(await seen('works', 'done')).toMatchObject({ outcome: 'stopped', reason: 'operator' });
    expect((await cli('stop', idOf('works'), ...at)).out).toMatch(/^already so/);
    expect((await cli('retry', idOf('works'), ...at)).out).toBe(`${idOf('works')} is open again\n`);
    const again = await seen('works', 'running');
    expect(again.attempt).toBe(2);
    expect((await cli('logs', idOf('works'), '--attempt', '1', ...at)).out).toMatch(/begun/);
    expect((await cli('stop', idOf('waits'), ...at)).out).toBe(`${idOf('waits')} is stopped\n`);
  });

  it('removes a template, whose job goes on unless --stop says otherwise, and applies it again', async () => {
    const { at, seen, runner } = await world();
    const removed = await cli('rm', 'waits', ...at);
    expect([removed.code, removed.out]).toEqual([0, 'waits: removed; its jobs go on (--stop ends them)\n']);
    expect((await seen('waits', 'open')).template).toBe('waits');
    expect(await json('rm', 'works', '--stop', ...at)).toEqual({ ok: true, removed: true, stopped: 1 });
    expect(await seen('works', 'done')).toMatchObject({ reason: 'template_removed' });
    expect(await cli('rm', 'works', ...at)).toMatchObject({ code: 4 });
    const file = templatesFile();
    expect(await json('apply', '-f', file, ...at)).toEqual({ ok: true, stored: ['works', 'waits'], templates: 3 });
    expect((await cli('apply', '-f', file, ...at)).out).toBe('3 are as they were\n');
    expect(runner.child.exit).toBeUndefined();
  });

  it('drains a runner, which hands over its jobs and ends; the log of a lost runner is lost, and that is said', async () => {
    const { nats, at, idOf, runner } = await world();
    const second = await new RunnerProcess({ nats: nats.url, settings: { 'jobs.leaseMs': 2000 } }).ready();
    closing.push(() => second.child.stop('SIGKILL'));
    const by = async () => (await json<JobView>('get', idOf('works'), ...at)).by?.split('.')[0] ?? '';
    const first = await by();
    expect((await cli('drain', first, ...at)).out).toContain(`${first} drains`);
    expect(await runner.child.finish(20_000)).toMatchObject({ code: 0 });
    await waitFor(async () => !['', first].includes(await by()), {
      timeoutMs: 20_000,
      everyMs: 200,
      what: 'a new holder',
    });
    const lost = await cli('logs', idOf('works'), '--attempt', '1', ...at);
    expect(lost.code).toBe(4);
    expect(lost.err).toContain('ERR_JOB_LOG_LOST');
    expect(lost.err).toContain(first);
    const gone = await cli('drain', first, ...at);
    expect([gone.code, /ERR_JOB_RUNNER_UNREACHABLE/.test(gone.err)]).toEqual([3, true]);
  });

  it('refuses ids that no job has, and a job of a stream that has ended is not tried again', async () => {
    const { at, idOf, encoder, server, seen } = await world();
    for (const [args, code] of [
      [['get', 'nonsense'], 'ERR_JOB_UNKNOWN'],
      [['stop', '01JZ8Z3K6YQ4Q0V5N7W2T9B1CD/works'], 'ERR_JOB_UNKNOWN'],
      [['ls', '--state', 'gone'], 'ERR_CLI_USAGE'],
      [['rm', 'no-such'], 'ERR_JOB_TEMPLATE_UNKNOWN'],
      [['rm', '*'], 'ERR_CLI_USAGE'],
      [['logs', idOf('waits')], 'ERR_JOB_LOG_LOST'],
    ] as const) {
      const { code: exit, err } = await cli(...args, ...at);
      expect([args, exit !== 0, err.includes(code)]).toEqual([args, true, true]);
    }
    await encoder.stop('SIGKILL');
    await server.ended('cam1', 30_000);
    await seen('works', 'done');
    expect((await cli('retry', idOf('works'), ...at)).err).toContain('ERR_JOB_STATE');
  });
});

describe('sluice jobs, on the data folder of a runner without NATS', () => {
  it('reads what is there while the runner works, and says what is not possible', async () => {
    const server = await spawnServer();
    closing.push(() => server.stop());
    const http = `127.0.0.1:${server.httpPort}`;
    const runner = await new RunnerProcess({ http, file: templatesFile() }).ready();
    closing.push(() => runner.child.stop('SIGKILL'));
    const encoder = ffmpegPublish(video, server.url('cam1'));
    closing.push(() => encoder.stop('SIGKILL'));
    const { streamId } = await server.ready('cam1');
    const at = ['--data', runner.data];
    await waitFor(async () => (await jobsOf(...at, '--state', 'failed')).length === 1, { timeoutMs: 20_000 });
    await waitFor(async () => (await jobsOf(...at, '--state', 'running')).length === 1, { timeoutMs: 20_000 });
    expect((await cli('logs', `${streamId}/fails`, ...at)).out).toContain('oops\n');
    expect((await cli('get', `${streamId}/works`, ...at)).out).toContain('"state": "running"');
    expect((await json<{ items: unknown[] }>('templates', ...at)).items).toHaveLength(3);
    for (const args of [
      ['stop', `${streamId}/works`],
      ['retry', `${streamId}/fails`],
      ['runners'],
      ['drain', 'x'],
      ['rm', 'works'],
      ['apply', '-f', templatesFile()],
      ['logs', `${streamId}/works`, '-f'],
    ]) {
      const { code, err } = await cli(...args, ...at);
      expect([args[0], code, err.includes('ERR_JOB_NEEDS_NATS')]).toEqual([args[0], 2, true]);
    }
    expect((await cli('ls', ...at, '--nats', 'nats://127.0.0.1:1')).err).toContain('one of --nats and --data');
  });
});

describe('the metrics of a runner', () => {
  it('say what it has, and what came of attempts', async () => {
    const port = await freePort();
    await world({ args: ['--slots', '5', '--metrics', `127.0.0.1:${port}`] });
    const read = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    await waitFor(async () => /attempts_total\{outcome="failed"\} 1/.test(await read()), {
      what: 'the failed attempt',
    });
    const text = await read();
    expect(text).toMatch(/^sluice_runner_slots 5$/m);
    expect(text).toMatch(/^sluice_runner_used 1$/m);
    expect(text).toMatch(/^sluice_runner_jobs_open 1$/m);
    expect(text).toMatch(/^sluice_runner_events_dropped_total 0$/m);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    expect(await statusAt(port, 'evil.example')).toBe(421);
  });
});

/** Status of a request for metrics under a name. */
function statusAt(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', path: '/metrics', headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', reject).end();
  });
}
