import { afterEach, describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { repository } from '../support/repository.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

const folders: string[] = [];
const started: Child[] = [];

/** `npm start` on ports of its own, in a process group of its own, or in a terminal of its own. */
async function npmStart(terminal = false): Promise<{ child: Child; http: string }> {
  const data = tempDir('npm-start');
  folders.push(data);
  const command = ['npm', 'start', '--', '--rtmp', '127.0.0.1:0', '--http', '127.0.0.1:0', '--data', data];
  const child = new Child(
    terminal ? ['script', '--quiet', '--return', '--command', command.join(' '), '/dev/null'] : ['setsid', ...command],
    { cwd: repository() },
  );
  started.push(child);
  const [, http] = await child.waitForOutput(/listening on rtmp:\/\/\S+ and (http:\/\/[^\s]+)/, 60_000);
  return { child, http: http! };
}

/** Waits until nobody answers there any more. */
async function gone(http: string): Promise<void> {
  const answers = (): Promise<boolean> =>
    fetch(`${http}/healthz`).then(
      () => true,
      () => false,
    );
  await waitFor(async () => ((await answers()) ? undefined : true), { timeoutMs: 10_000, what: 'the server to end' });
}

afterEach(async () => {
  for (const child of started.splice(0)) await child.stop('SIGTERM');
  for (const folder of folders.splice(0)) removeTempDir(folder);
});

describe('a server started with npm start', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends in good order when npm gets %s, and npm waits for it',
    async (signal) => {
      const { child, http } = await npmStart();
      child.signal(signal);
      expect(await child.finish(10_000)).toEqual({ code: 0, signal: null });
      await gone(http);
    },
  );

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends in good order when the whole process group gets %s, and so gets it twice itself',
    async (signal) => {
      const { child, http } = await npmStart();
      process.kill(-child.pid, signal);
      expect(await child.finish(10_000)).toEqual({ code: 0, signal: null });
      await gone(http);
      expect(child.output).toContain('stopping: players are told, events are written');
    },
  );

  it.each(['SIGKILL', 'SIGHUP'] as const)('does not run on without npm, which %s has ended', async (signal) => {
    const { child, http } = await npmStart();
    child.signal(signal);
    await gone(http);
  });

  it('ends when its terminal is closed', async () => {
    const { child, http } = await npmStart(true);
    child.signal('SIGKILL');
    await gone(http);
  });
});

describe('a server without a terminal', () => {
  it('goes on after SIGHUP, as nohup asks', async () => {
    const data = tempDir('nohup');
    folders.push(data);
    const child = new Child(
      ['nohup', process.execPath, 'dist/src/cli.js', '--rtmp', '127.0.0.1:0', '--http', '127.0.0.1:0', '--data', data],
      { cwd: repository() },
    );
    started.push(child);
    const [, http] = await child.waitForOutput(/listening on rtmp:\/\/\S+ and (http:\/\/\S+)/, 60_000);
    child.signal('SIGHUP');
    expect((await fetch(`${http}/healthz`)).status).toBe(200);
    expect(await child.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  });
});
