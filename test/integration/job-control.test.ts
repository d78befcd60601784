import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '../../src/jobs/desk/views.js';
import { Child } from '../support/child.js';
import { RunnerProcess } from '../support/jobs/runner-process.js';
import { media } from '../support/media.js';
import { startNats } from '../support/nats.js';
import { freePort } from '../support/ports.js';
import { builtCli, repository } from '../support/repository.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import { ffmpegPublish } from '../support/tools.js';
import { waitFor } from '../support/wait.js';

const TEMPLATES = `
version: 1
templates:
  - name: works
    match: { app: live }
    run: { exec: [sh, -c, "echo begun; exec sleep 1000"] }
    graceMs: 500
  - name: pulls
    match: { app: live }
    run: { exec: [ffmpeg, -hide_banner, -i, "{url}", -c, copy, -f, "null", "-", -progress, "pipe:3"] }
    graceMs: 500
  - name: waits
    match: { app: live }
    run: { exec: [sleep, "1000"] }
    runners: { labels: { gpu: "yes" } }
  - name: when-wanted
    match: { app: live, name: "wanted*" }
    on: wanted
    until: unwanted
    run: { exec: [sleep, "1000"] }
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

async function publish(server: TestServer, name: string): Promise<string> {
  const encoder = ffmpegPublish(video, server.url(name));
  closing.push(() => encoder.stop('SIGKILL'));
  return (await server.ready(name)).streamId;
}

describe('jobs over a node', () => {
  it('are listed in parts, shown, stopped and tried again, and counted also while no runner is up', async () => {
    const nats = await startNats();
    closing.push(() => nats.stop());
    const server = await spawnServer({ nats: nats.url });
    closing.push(() => server.stop());
    const ask = async <T>(path: string, method = 'GET'): Promise<T & { status: number; code?: string }> => {
      const init = method === 'GET' ? {} : { body: '{}', headers: { 'content-type': 'application/json' } };
      const response = await fetch(server.http(path), { method, ...init });
      return { status: response.status, ...((await response.json()) as T) };
    };
    const list = async (query: string) => ask<{ jobs: JobView[]; cursor?: string }>(`/v1/jobs${query}`);
    // Before any runner there is nothing, and no trouble either.
    expect(await list('')).toMatchObject({ status: 200, jobs: [] });
    expect(await server.metric('sluice_jobs_open')).toBe(0);
    const runner = await new RunnerProcess({ nats: nats.url, file: templatesFile() }).ready();
    closing.push(() => runner.child.stop('SIGKILL'));
    const streamId = await publish(server, 'cam1');
    const pathOf = (template: string) => `/v1/jobs/${encodeURIComponent(`${streamId}/${template}`)}`;
    const state = async (template: string) => (await ask<JobView>(pathOf(template))).state;
    await waitFor(async () => (await state('works')) === 'running' && (await state('pulls')) === 'running', {
      timeoutMs: 20_000,
      everyMs: 100,
      what: () => `the jobs to run\n${runner.child.output.slice(-2000)}`,
    });
    const names: string[] = [];
    let cursor = '';
    do {
      const page = await list(`?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`);
      names.push(...page.jobs.map(({ template }) => template));
      cursor = page.cursor ?? '';
    } while (cursor !== '');
    expect(names).toEqual(['pulls', 'waits', 'works']);
    const open = await list('?state=open&app=live&name=cam1');
    expect(open.jobs.map(({ template }) => template)).toEqual(['waits']);
    expect(await ask('/v1/jobs/templates')).toMatchObject({
      templates: [{ name: 'pulls' }, {}, {}, { name: 'works' }],
    });
    const runners = async () => (await ask<{ runners: { state: string; used: number }[] }>('/v1/jobs/runners')).runners;
    // What it has is told by the next heartbeat.
    await waitFor(async () => (await runners())[0]?.used === 2, { timeoutMs: 20_000, everyMs: 200 });
    expect(await runners()).toMatchObject([{ state: 'up', used: 2 }]);
    const log = await ask<{ text: string; cursor: string }>(`${pathOf('works')}/log`);
    expect(log).toMatchObject({ status: 200, attempt: 1, attempts: [1], isEnd: false });
    expect(log.text).toContain('begun');
    expect(await ask(`${pathOf('works')}/log?cursor=${log.cursor}`)).toMatchObject({ text: '', isEnd: false });
    expect(await ask(`${pathOf('works')}/log?cursor=x`)).toMatchObject({ status: 400, code: 'ERR_CTL_BAD_REQUEST' });
    expect(await ask(`${pathOf('waits')}/log`)).toMatchObject({ status: 404, code: 'ERR_JOB_LOG_LOST' });
    expect(await ask(`${pathOf('none')}/log`)).toMatchObject({ status: 404, code: 'ERR_JOB_UNKNOWN' });
    expect(JSON.stringify(await ask('/v1/jobs/templates'))).not.toContain('echo begun');
    expect(await ask(`${pathOf('works')}/stop`, 'POST')).toMatchObject({ status: 200, ok: true });
    await waitFor(async () => (await state('works')) === 'done', { timeoutMs: 20_000, what: 'the job to be over' });
    expect(await ask(`${pathOf('works')}/stop`, 'POST')).toMatchObject({ already: true, job: { outcome: 'stopped' } });
    expect(await ask(`${pathOf('works')}/retry`, 'POST')).toMatchObject({ status: 200, job: { state: 'open' } });
    await waitFor(async () => (await state('works')) === 'running', { timeoutMs: 20_000, what: 'the second attempt' });
    expect(await ask(pathOf('none'))).toMatchObject({ status: 404, code: 'ERR_JOB_UNKNOWN' });
    expect(await ask('/v1/jobs/x')).toMatchObject({ status: 404, code: 'ERR_JOB_UNKNOWN' });
    expect(await list('?state=gone')).toMatchObject({ status: 400, code: 'ERR_CTL_BAD_REQUEST' });
    const counts = async (template: string) => {
      const label = `template="${template}"`;
      return [await server.metric('sluice_jobs_open', label), await server.metric('sluice_jobs_running', label)];
    };
    await waitFor(async () => String(await counts('works')) === '0,1', { timeoutMs: 20_000, everyMs: 500 });
    expect([await counts('waits'), await counts('when-wanted')]).toEqual([
      [1, 0],
      [0, 0],
    ]);
    // Nobody is there to take what is handed over.
    await runner.child.stop('SIGTERM', 20_000);
    expect(await ask(`${pathOf('works')}/log`)).toMatchObject({ status: 404, code: 'ERR_JOB_LOG_LOST' });
    await waitFor(async () => String(await counts('works')) === '1,0', { timeoutMs: 20_000, everyMs: 500 });
    expect(
      (await fetch(server.http('/metrics')).then((r) => r.text())).includes(
        'sluice_jobs_open{template="when-wanted"} 0',
      ),
    ).toBe(true);
    await nats.kill();
    expect(await list('')).toMatchObject({ status: 503 });
    await waitFor(
      async () => !(await fetch(server.http('/metrics')).then((r) => r.text())).includes('sluice_jobs_open{'),
      { timeoutMs: 20_000, everyMs: 500, what: 'no line rather than an old one' },
    );
  });

  it('are refused by a node without NATS', async () => {
    const server = await spawnServer();
    closing.push(() => server.stop());
    for (const path of ['/v1/jobs', '/v1/jobs/x%2Fy', '/v1/jobs/templates', '/v1/jobs/runners']) {
      const response = await fetch(server.http(path));
      expect([path, response.status, await response.json()]).toMatchObject([path, 409, { code: 'ERR_JOB_NEEDS_NATS' }]);
    }
  });
});

describe('the permissions that the documentation gives', () => {
  it('are enough for a runner, and it asks for nothing else', async () => {
    const text = readFileSync(join(repository(), 'examples/nats-runner-permissions.conf'), 'utf8').trim();
    const user = text.replace('$RUNNER_PASSWORD', '"pw"');
    const port = await freePort();
    const folder = tempDir('nats');
    const file = join(folder, 'nats.conf');
    writeFileSync(
      file,
      `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${join(folder, 'js')}" }\n` +
        `authorization { users: [ ${user}, { user: admin, password: pw } ] }\n`,
    );
    const broker = new Child(['nats-server', '-c', file]);
    closing.push(() => broker.stop('SIGKILL'));
    await broker.waitForOutput(/Server is ready/);
    const url = (name: string) => `nats://${name}:pw@127.0.0.1:${port}`;
    const server = await spawnServer({ nats: url('admin') });
    closing.push(() => server.stop());
    // What a runner makes when it is missing is made once by somebody who may.
    const maker = await new RunnerProcess({ nats: url('admin'), file: templatesFile() }).ready();
    await maker.child.waitForOutput(/runner takes jobs/);
    await maker.child.stop('SIGTERM', 20_000);
    const settings = { 'jobs.leaseMs': 2000, 'jobs.compareMs': 1000, 'jobs.keepMs': 1000 };
    const runner = await new RunnerProcess({ nats: url('runner'), settings }).ready();
    closing.push(() => runner.child.stop('SIGKILL'));
    const streamId = await publish(server, 'cam1');
    const jobs = async () => ((await (await fetch(server.http('/v1/jobs'))).json()) as { jobs: JobView[] }).jobs;
    const seen = async () => (await jobs()).map(({ template, state }) => `${template} ${state}`).join(', ');
    await waitFor(async () => (await seen()) === 'pulls running, waits open, works running', {
      timeoutMs: 20_000,
      everyMs: 200,
      what: () => `the jobs\n${runner.child.output.slice(-3000)}\n${broker.output.slice(-3000)}`,
    });
    const cli = async (...args: string[]) => {
      const child = new Child([process.execPath, builtCli(), 'jobs', ...args, '--nats', url('admin')]);
      return { ...(await child.finish(30_000)), out: child.stdout };
    };
    expect((await cli('logs', `${streamId}/works`)).out).toContain('begun');
    const runnerId = /runner[=": ]+([0-9A-Z]{26})/.exec(runner.child.output)?.[1] ?? '';
    expect(await cli('drain', runnerId)).toMatchObject({ code: 0 });
    expect(await runner.child.finish(20_000)).toMatchObject({ code: 0 });
    // To forget is the one thing that it tries and may not: one runner of all may, or somebody else does.
    const denied = broker.output
      .split('\n')
      .filter((line) => /Permissions Violation/i.test(line))
      .filter((line) => !/STREAM\.PURGE\.KV_SLUICE_(?:JOBS|RUNNERS)/.test(line));
    expect(denied).toEqual([]);
  });
});
