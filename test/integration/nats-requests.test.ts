import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/core/log.js';
import { NATS_TRACE } from '../../src/core/trace.js';
import { NatsLink } from '../../src/nats/connection.js';
import { LinkRequests } from '../../src/nats/link-requests.js';
import { Child } from '../support/child.js';
import { NatsServer, startNats } from '../support/nats.js';
import { freePort } from '../support/ports.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

/** Longer than any test: whoever waits for it to be over fails. */
const FOR_EVER_MS = 600_000;
const text = (value: string): Buffer => Buffer.from(value);

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A connection that is made, and requests over it. */
async function connected(url: string) {
  const link = new NatsLink({ urls: [url], pingIntervalMs: 500 }, silentLogger);
  const requests = new LinkRequests(link);
  closing.push(() => link.close());
  link.start();
  await waitFor(() => requests.isConnected, { what: () => link.detail });
  return { link, requests };
}

async function natsServer(): Promise<NatsServer> {
  const server = await startNats();
  closing.push(() => server.stop());
  return server;
}

/** A nats-server on which the user `u` may do only what `permissions` say. @returns its URL with that user */
async function natsWith(permissions: string): Promise<string> {
  return (await changeableNats(permissions)).url;
}

/** As {@link natsWith}; `permit` starts the server again with other permissions. */
async function changeableNats(permissions: string) {
  const folder = tempDir('nats-permissions');
  closing.push(() => removeTempDir(folder));
  const port = await freePort();
  const file = join(folder, 'nats.conf');
  const write = (permitted: string): void =>
    writeFileSync(
      file,
      `listen: "127.0.0.1:${port}"\nmax_payload: 1024\nauthorization { users: [{ user: u, password: p, permissions: { ${permitted} } }] }\n`,
    );
  write(permissions);
  let child: Child;
  const begin = async (): Promise<void> => {
    const begun = new Child(['nats-server', '-c', file]);
    child = begun;
    closing.push(() => begun.stop('SIGKILL'));
    await begun.waitForOutput(/Server is ready/);
  };
  await begin();
  const permit = async (permitted: string): Promise<void> => {
    write(permitted);
    await child.stop('SIGKILL');
    await begin();
  };
  return { url: `nats://u:p@127.0.0.1:${port}`, permit };
}

describe('requests over the one NATS connection', () => {
  it('bring the answer of a subscriber, with headers in both directions', async () => {
    const { url } = await natsServer();
    const { requests: asked } = await connected(url);
    const { requests } = await connected(url);
    asked.subscribe('ask.*', undefined, (message) => {
      expect(message.wantsReply).toBe(true);
      const body = text(`${message.subject} ${Buffer.from(message.body)} ${message.headers['Who-Asks']}`);
      expect(message.reply(body, { 'Nats-Service-Error-Code': '404' })).toBe(true);
    });
    await asked.request('nobody.there', text(''), 5000);
    const outcome = await requests.request('ask.me', text('now'), 5000, { 'Who-Asks': 'a test' });
    if (outcome.kind !== 'reply') throw new Error(outcome.kind);
    expect(Buffer.from(outcome.reply.body).toString()).toBe('ask.me now a test');
    expect(outcome.reply.headers).toEqual({ 'Nats-Service-Error-Code': '404' });
  });

  it('end at once when nobody subscribes to the subject', async () => {
    const { requests } = await connected((await natsServer()).url);
    expect(await requests.request('nobody', text('{}'), FOR_EVER_MS)).toEqual({ kind: 'no_responders' });
  });

  it('end when their time is over, and a late answer harms nobody', async () => {
    const { requests } = await connected((await natsServer()).url);
    const late: (() => boolean)[] = [];
    requests.subscribe('slow', undefined, (message) => late.push(() => message.reply(text('late'))));
    expect(await requests.request('slow', text('{}'), 50)).toEqual({ kind: 'timeout' });
    expect(late.map((reply) => reply())).toEqual([true]);
    requests.subscribe('quick', undefined, (message) => message.reply(text('quick')));
    expect(await requests.request('quick', text('{}'), 5000)).toMatchObject({ kind: 'reply' });
  });

  it('end as away without a connection, and when the connection goes while they wait', async () => {
    const server = await natsServer();
    const { link, requests } = await connected(server.url);
    const came: string[] = [];
    requests.subscribe('deaf', undefined, ({ subject }) => came.push(subject));
    const waiting = requests.request('deaf', text('{}'), FOR_EVER_MS);
    await waitFor(() => came.length === 1);
    await server.kill();
    expect(await waiting).toEqual({ kind: 'away' });
    expect(await requests.request('deaf', text('{}'), FOR_EVER_MS)).toEqual({ kind: 'away' });
    expect(requests.isConnected).toBe(false);
    await link.close();
    expect(await requests.gather('deaf', text('{}'), FOR_EVER_MS, () => true)).toBe('away');
  });

  it('end as refused when this user may not publish to the subject, or the server takes no message of that size', async () => {
    const url = await natsWith('publish: ["ok.>", "_INBOX.>"], subscribe: ">"');
    const { requests } = await connected(url);
    expect(await requests.request('forbidden', text('{}'), FOR_EVER_MS)).toEqual({ kind: 'refused' });
    expect(await requests.request('ok.big', Buffer.alloc(2000), FOR_EVER_MS)).toEqual({ kind: 'refused' });
    const isSent: boolean[] = [];
    requests.subscribe('ok.answer', undefined, (message) => {
      isSent.push(message.reply(Buffer.alloc(2000)), message.reply(text('short')));
    });
    expect(await requests.request('ok.answer', text('{}'), 5000)).toMatchObject({ kind: 'reply' });
    expect(isSent).toEqual([false, true]);
  });

  it('are answered when the server permits the inbox after it was started again', async () => {
    const { url, permit } = await changeableNats('publish: ">", subscribe: "ok.>"');
    const { requests } = await connected(url);
    expect(await requests.request('ok.a', text('{}'), FOR_EVER_MS)).toEqual({ kind: 'refused' });
    await permit('publish: ">", subscribe: ">"');
    const ask = () => requests.request('ok.a', text('{}'), 1000);
    await waitFor(async () => (await ask()).kind === 'no_responders', { timeoutMs: 10_000, what: 'an answer' });
  });

  it('end as refused when this user may not subscribe to the inbox for answers', async () => {
    const { requests } = await connected(await natsWith('publish: ">", subscribe: "ok.>"'));
    requests.subscribe('ok.mute', undefined, () => undefined);
    const first = await requests.request('ok.mute', text('{}'), FOR_EVER_MS);
    const second = await requests.request('ok.mute', text('{}'), FOR_EVER_MS);
    expect([first, second]).toEqual([{ kind: 'refused' }, { kind: 'refused' }]);
  });

  it('gather the answers of several until enough have come or the time is over', async () => {
    const { url } = await natsServer();
    const { requests } = await connected(url);
    for (const name of ['n1', 'n2', 'n3']) {
      const { requests: node } = await connected(url);
      node.subscribe('all', undefined, (message) => message.reply(text(name)));
      await node.request('nobody', text(''), 5000);
    }
    const seen = async (most: number, timeoutMs: number) => {
      const names: string[] = [];
      const kind = await requests.gather('all', text('{}'), timeoutMs, ({ body }) => {
        names.push(Buffer.from(body).toString());
        return names.length === most;
      });
      return { kind, names: names.sort() };
    };
    expect(await seen(3, FOR_EVER_MS)).toEqual({ kind: 'reply', names: ['n1', 'n2', 'n3'] });
    expect(await seen(4, 500)).toEqual({ kind: 'timeout', names: ['n1', 'n2', 'n3'] });
    expect(await requests.gather('nobody', text('{}'), FOR_EVER_MS, () => true)).toBe('no_responders');
  });

  it('are traced with their subject and what became of them', async () => {
    const traced: string[] = [];
    const follow = (trace: unknown): void => {
      const { what, name, detail } = trace as { what: string; name: string; detail?: string };
      if (what !== 'state') traced.push(`${what} ${name} ${detail}`);
    };
    NATS_TRACE.subscribe(follow);
    closing.push(() => NATS_TRACE.unsubscribe(follow));
    const { requests } = await connected((await natsServer()).url);
    requests.subscribe('here', undefined, (message) => message.reply(text('yes')));
    await requests.request('here', text('{}'), 5000);
    await requests.request('there', text('{}'), 5000);
    expect(traced).toEqual([
      'request here 2 bytes',
      'message here 2 bytes',
      'reply here 3 bytes',
      'answer here 3 bytes',
      'request there 2 bytes',
      'no_answer there no_responders',
    ]);
  });
});

describe('subscriptions over the one NATS connection', () => {
  it('share the messages within a queue group', async () => {
    const { url } = await natsServer();
    const { requests } = await connected(url);
    let count = 0;
    const take = (): void => {
      count++;
    };
    for (let n = 0; n < 3; n++) requests.subscribe('work', 'workers', take);
    for (let n = 0; n < 10; n++) await requests.request('work', text(String(n)), 10);
    expect(count).toBe(10);
  });

  it('go on after the server was away, and with a connection that is made anew', async () => {
    const server = await natsServer();
    const { link, requests } = await connected(server.url);
    const before = requests.subscribe('here', undefined, (message) => message.reply(text('yes')));
    const isAnswered = async (): Promise<void> => {
      await waitFor(() => requests.isConnected, { timeoutMs: 20_000 });
      expect(await requests.request('here', text('{}'), 5000)).toMatchObject({ kind: 'reply' });
    };
    await isAnswered();
    await server.kill();
    await waitFor(() => !requests.isConnected);
    await server.start();
    await isAnswered();
    await link.connection?.close();
    await waitFor(() => !requests.isConnected);
    await isAnswered();
    before.close();
    expect(await requests.request('here', text('{}'), FOR_EVER_MS)).toEqual({ kind: 'no_responders' });
  });

  it('may be made while there is no connection', async () => {
    const server = await NatsServer.prepare();
    closing.push(() => server.stop());
    const link = new NatsLink({ urls: [server.url] }, silentLogger);
    const requests = new LinkRequests(link);
    closing.push(() => link.close());
    link.start();
    requests.subscribe('here', undefined, (message) => message.reply(text('yes')));
    const never = requests.subscribe('never', undefined, () => undefined);
    never.close();
    await server.start();
    await waitFor(() => requests.isConnected, { timeoutMs: 20_000 });
    expect(await requests.request('here', text('{}'), 5000)).toMatchObject({ kind: 'reply' });
    expect(await requests.request('never', text('{}'), FOR_EVER_MS)).toEqual({ kind: 'no_responders' });
  });

  it('say so when this user may not subscribe, and others go on', async () => {
    const { requests } = await connected(await natsWith('publish: ">", subscribe: ["ok", "_INBOX.>"]'));
    const refused = requests.subscribe('forbidden', undefined, () => undefined);
    requests.subscribe('ok', undefined, (message) => message.reply(text('yes')));
    await waitFor(() => refused.isRefused);
    expect(await requests.request('ok', text('{}'), 5000)).toMatchObject({ kind: 'reply' });
    refused.close();
  });
});
