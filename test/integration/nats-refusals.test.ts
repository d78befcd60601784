import { afterEach, describe, expect, it } from 'vitest';
import { followNats } from '../../src/cli/follow-nats.js';
import { resolveConfig } from '../../src/config/load.js';
import { createLogger } from '../../src/core/log.js';
import { connectNats } from '../../src/nats/connection.js';
import { createServer } from '../../src/server/server.js';
import { Child } from '../support/child.js';
import { freePort } from '../support/ports.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A nats-server with these arguments. @returns its `host:port` */
async function nats(...more: string[]): Promise<string> {
  const port = await freePort();
  const child = new Child(['nats-server', '-a', '127.0.0.1', '-p', String(port), ...more]);
  closing.push(() => child.stop('SIGKILL'));
  await child.waitForOutput(/Server is ready/);
  return `127.0.0.1:${port}`;
}

/** A server whose events go there, and what it says of its health. */
async function serverWith(url: string) {
  const data = tempDir('data');
  closing.push(() => removeTempDir(data));
  const server = await createServer(
    { data, rtmp: { listen: '127.0.0.1:0' }, http: { listen: '127.0.0.1:0' }, nats: { url } },
    { log: createLogger({ level: 'silent' }) },
  );
  closing.push(() => server.close());
  const base = `http://127.0.0.1:${server.httpAddress?.port}`;
  return {
    ready: async () => {
      const response = await fetch(`${base}/readyz`);
      const { degraded } = (await response.json()) as { degraded: string[] };
      return { status: response.status, degraded: degraded.join() };
    },
  };
}

describe('a NATS server without JetStream', () => {
  it('is named as that by /readyz, which stays ready, with what to do', async () => {
    const server = await nats();
    const { ready } = await serverWith(`nats://${server}`);
    await waitFor(async () => (await ready()).degraded.includes('no_jetstream'), { everyMs: 50 });
    expect(await ready()).toMatchObject({ status: 200, degraded: expect.stringContaining('start it with -js') });
  });

  it('is named as that by sluice events', async () => {
    const url = `nats://${await nats()}`;
    const options = { config: resolveConfig({ nats: { url } }), since: undefined, notice: () => undefined };
    const events = followNats({ ...options, signal: new AbortController().signal });
    await expect(events.next()).rejects.toMatchObject({
      code: 'ERR_EVENTS_NO_JETSTREAM',
      message: expect.stringContaining('start nats-server with -js'),
    });
  });
});

describe('a NATS server that refuses the password', () => {
  it('is named as that by /readyz, without the password', async () => {
    const server = await nats('--user', 'sluice', '--pass', 'right');
    const { ready } = await serverWith(`nats://sluice:geheim@${server}`);
    await waitFor(async () => (await ready()).degraded.includes('NATS is refused'), { everyMs: 50 });
    const { status, degraded } = await ready();
    expect(status).toBe(200);
    expect(degraded).toContain(`nats://${server}: the server refuses the user, password`);
    expect(degraded).not.toContain('geheim');
  });

  it('is named as that to consumers, without the password', async () => {
    const server = await nats('--user', 'sluice', '--pass', 'right');
    const connecting = connectNats({ urls: [`nats://sluice:geheim@${server}`] });
    await expect(connecting).rejects.toMatchObject({
      code: 'ERR_EVENTS_UNREACHABLE',
      message: expect.stringContaining('refuses the user, password'),
    });
    await expect(connecting).rejects.not.toMatchObject({ message: expect.stringContaining('geheim') });
  });
});

describe('NATS settings that can never work', () => {
  it.each(['http://127.0.0.1:4222', 'nats://user:ge/heim@127.0.0.1:4222'])(
    'keep the server from starting: %s',
    async (url) => {
      await expect(serverWith(url)).rejects.toMatchObject({ code: 'ERR_EVENTS_NATS_OPTIONS' });
    },
  );
});
