import { readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/core/log.js';
import { createServer } from '../../src/server/server.js';
import { Child } from '../support/child.js';
import { SseWatcher } from '../support/events.js';
import { builtCli, repository } from '../support/repository.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

/** Namespaces of its own for a process, as two containers with one volume have them. */
const ELSEWHERE: readonly (readonly [string, readonly string[]])[] = [
  ['this process’s namespaces', []],
  ['a PID namespace of its own', ['--pid', '--fork', '--kill-child', '--mount-proc']],
  ['a network namespace of its own', ['--net']],
  [
    'PID, network, IPC and host name namespaces of its own',
    ['--pid', '--fork', '--kill-child', '--mount-proc', '--net', '--ipc', '--uts'],
  ],
];

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function folder(): string {
  const data = tempDir('data');
  closing.push(() => removeTempDir(data));
  return data;
}

/** A server that lives as long as the test. */
async function running(data: string): Promise<TestServer> {
  const server = await spawnServer({ data });
  closing.push(() => server.child.stop('SIGKILL'));
  return server;
}

/** Tries to start a second server on the folder and waits until it gives up. */
async function second(data: string, namespaces: readonly string[] = []): Promise<Child> {
  const unshare = namespaces.length === 0 ? [] : ['unshare', '--map-root-user', ...namespaces];
  const serve = ['serve', '--rtmp', '127.0.0.1:0', '--http', 'off', '--data', data];
  const child = new Child([...unshare, process.execPath, builtCli(), ...serve]);
  closing.push(() => child.stop('SIGKILL'));
  await child.finish(20_000);
  return child;
}

describe('a data folder that a running server uses', () => {
  it.each(ELSEWHERE)('is refused to a second server in %s, and no stream notices', async (_where, namespaces) => {
    const data = folder();
    const server = await running(data);
    const watcher = await SseWatcher.open(server.http('/v1/events?since=all'));
    closing.push(() => watcher.close());
    const encoder = await RawRtmp.connected({ port: server.rtmpPort });
    encoder.command(await encoder.createStream(), 'publish', 0, null, 'cam1', 'live');
    await watcher.expect('stream.started');
    const other = await second(data, namespaces);
    expect(other.exit?.code, other.output).not.toBe(0);
    expect(other.output).toContain('ERR_EVENTS_JOURNAL_LOCKED');
    expect(other.output).toMatch(/process \d+/);
    expect((await server.stream('cam1'))?.state).toBe('live');
    expect(watcher.types()).not.toContain('stream.ended');
    encoder.destroy();
  });

  it('is refused to a second server while the first one is stopped by a signal, and is free when that one is killed', async () => {
    const data = folder();
    const server = await running(data);
    server.child.signal('SIGSTOP');
    for (const [, namespaces] of ELSEWHERE) {
      const other = await second(data, namespaces);
      expect(other.output).toContain('ERR_EVENTS_JOURNAL_LOCKED');
      expect(other.output).toContain('frozen, or too busy');
    }
    server.child.signal('SIGKILL');
    await server.child.exited;
    const next = await running(data);
    await next.stop();
  });

  it('goes over to exactly one of several servers that start when its holder was killed', async () => {
    const data = folder();
    await (await running(data)).child.stop('SIGKILL');
    const start = () => {
      const serve = ['serve', '--rtmp', '127.0.0.1:0', '--http', 'off', '--data', data];
      const child = new Child([process.execPath, builtCli(), ...serve]);
      closing.push(() => child.stop('SIGKILL'));
      return child;
    };
    for (let round = 0; round < 3; round++) {
      const servers = [start(), start(), start()];
      await waitFor(() => servers.filter(({ exit }) => exit !== undefined).length === 2, { timeoutMs: 30_000 });
      const [winner] = servers.filter(({ exit }) => exit === undefined);
      await winner!.waitForOutput(/listening on rtmp/, 20_000);
      await winner!.stop('SIGKILL');
    }
  });

  it('is named as in use by this very process when a worker of it has it, and is free when the worker was terminated', async () => {
    const data = folder();
    const config = { data, rtmp: { listen: '127.0.0.1:0' }, http: { listen: 'off' }, log: { level: 'silent' } };
    const script = `import { createServer } from ${JSON.stringify(pathToFileURL(join(repository(), 'dist/src/server/server.js')))};
      import { parentPort } from 'node:worker_threads';
      await createServer(${JSON.stringify(config)});
      parentPort.postMessage('ready');
      setInterval(() => undefined, 1000);`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`));
    closing.push(() => worker.terminate());
    await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    const deps = { log: createLogger({ level: 'silent' }) };
    const here = { data, rtmp: { listen: '127.0.0.1:0' }, http: { listen: 'off' } };
    await expect(createServer(here, deps)).rejects.toMatchObject({
      code: 'ERR_EVENTS_JOURNAL_LOCKED',
      message: expect.stringContaining('another server in this very process'),
    });
    await worker.terminate();
    const server = await createServer(here, deps);
    await server.close();
  });
});

describe('a data folder that goes while a server runs and nobody publishes', () => {
  /** What /readyz says. */
  async function ready(server: TestServer): Promise<{ status: number; reasons: string; degraded: string }> {
    const response = await fetch(server.http('/readyz'));
    const { reasons = [], degraded } = (await response.json()) as { reasons?: string[]; degraded: string[] };
    return { status: response.status, reasons: reasons.join(), degraded: degraded.join() };
  }

  it.each([
    ['the whole folder', ''],
    ['the folder of the events', 'events'],
    ['the journal', join('events', 'journal')],
  ])(
    'makes the node not ready when it is %s, refuses publishes, and hurts no running stream',
    async (_what, inside) => {
      const data = folder();
      const server = await running(data);
      const encoder = await RawRtmp.connected({ port: server.rtmpPort });
      encoder.command(await encoder.createStream(), 'publish', 0, null, 'cam1', 'live');
      await waitFor(async () => (await server.stream('cam1')) !== undefined);
      expect(await ready(server)).toEqual({ status: 200, reasons: '', degraded: '' });
      rmSync(join(data, inside), { recursive: true });
      await waitFor(async () => (await ready(server)).status === 503, { everyMs: 100 });
      expect((await ready(server)).reasons).toMatch(/journal is failed: .*gone.*new streams are refused/);
      const late = await RawRtmp.connected({ port: server.rtmpPort });
      late.command(await late.createStream(), 'publish', 0, null, 'cam2', 'live');
      await waitFor(() => server.logLines('ERR_EVENTS_JOURNAL_FAILED').length > 0);
      expect(await server.stream('cam2')).toBeUndefined();
      expect((await server.stream('cam1'))?.state).toBe('live');
      for (const client of [encoder, late]) client.destroy();
      await server.stop();
    },
  );

  it('makes the node ready again when it is back', async () => {
    const data = folder();
    const server = await running(data);
    renameSync(join(data, 'events'), join(data, 'away'));
    await waitFor(async () => (await ready(server)).status === 503, { everyMs: 100 });
    renameSync(join(data, 'away'), join(data, 'events'));
    await waitFor(async () => (await ready(server)).status === 200, { everyMs: 100 });
    await server.stop();
  });

  it('has its lock made anew when only that was removed', async () => {
    const data = folder();
    const server = await running(data);
    const lock = () => readdirSync(join(data, 'events')).filter((name) => name.startsWith('lock.'));
    for (const name of lock()) rmSync(join(data, 'events', name));
    await waitFor(() => lock().length > 0, { everyMs: 100 });
    expect((await second(data)).output).toContain('ERR_EVENTS_JOURNAL_LOCKED');
    expect((await ready(server)).status).toBe(200);
    await server.stop();
  });
});
