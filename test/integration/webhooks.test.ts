import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { traceparentOf } from '../../src/events/envelope.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { type ServerOptions, spawnServer, type TestServer } from '../support/server.js';
import { SteadyStream } from '../support/steady-stream.js';
import { tempDir } from '../support/temp.js';
import { sluice } from '../support/tools.js';
import { waitFor } from '../support/wait.js';
import { firsts, Receiver } from '../support/webhooks/receiver.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function receiver(): Promise<Receiver> {
  const made = await Receiver.listen();
  closing.push(() => made.away());
  return made;
}

async function serve(webhooks: readonly object[], options: ServerOptions = {}): Promise<TestServer> {
  const settings = { webhooks: JSON.stringify(webhooks), ...options.settings };
  const server = await spawnServer({ ...options, settings });
  closing.push(() => (server.child.exit === undefined ? server.stop() : undefined));
  return server;
}

/** Publishes, and leaves when told. */
async function publisher(server: TestServer, name: string): Promise<RawRtmp> {
  const client = await RawRtmp.connected({ port: server.rtmpPort });
  await client.publish(name);
  return client;
}

const typesOf = ({ posts }: Receiver): string[] =>
  posts.filter(({ isTaken }) => isTaken).map(({ body }) => (JSON.parse(body) as { type: string }).type.slice(10));

interface Listed {
  readonly name: string;
  readonly state: string;
  readonly pending: number;
}

async function listed(server: TestServer): Promise<Listed[]> {
  return ((await (await fetch(server.http('/v1/webhooks'))).json()) as { webhooks: Listed[] }).webhooks;
}

describe('webhooks of a server', () => {
  it('are told of a stream in order, each at its own pace, while media goes on frame by frame', async () => {
    const [good, hanging, broken, moved, gone] = await Promise.all([
      receiver(),
      receiver(),
      receiver(),
      receiver(),
      receiver(),
    ]);
    hanging!.answer = () => 'hang';
    broken!.answer = () => 500;
    moved!.answer = () => ({ status: 307, location: good!.url });
    gone!.answer = () => 410;
    const about = { types: 'stream.*', match: 'live/cam*', timeoutMs: 500 };
    const server = await serve([
      { name: 'good', url: good!.url, ...about },
      { name: 'hanging', url: hanging!.url, ...about },
      { name: 'broken', url: broken!.url, ...about },
      { name: 'moved', url: moved!.url, ...about },
      { name: 'gone', url: gone!.url, ...about },
      { name: 'nobody', url: 'http://127.0.0.1:9/', ...about },
    ]);
    const steady = await SteadyStream.start(server.rtmpPort);
    closing.push(() => steady.stop());
    for (let i = 0; i < 5; i++) (await publisher(server, `cam${i}`)).destroy();
    await waitFor(() => typesOf(good!).filter((type) => type === 'stream.ended').length === 5);
    for (let i = 0; i < 5; i++) {
      const of = good!.posts.filter(({ body }) => body.includes(`"subject":"live/cam${i}"`));
      expect(of.map(({ body }) => (JSON.parse(body) as { type: string }).type)).toEqual([
        'io.sluice.stream.started',
        'io.sluice.stream.ended',
      ]);
    }
    // Nothing but what was matched, and nothing of a redirect.
    expect(good!.posts).toHaveLength(10);
    await waitFor(async () => (await listed(server)).every(({ name, state }) => state !== 'ok' || name === 'good'));
    const states = Object.fromEntries((await listed(server)).map(({ name, state }) => [name, state]));
    expect(states).toEqual({
      good: 'ok',
      hanging: 'failing',
      broken: 'failing',
      moved: 'failing',
      gone: 'off',
      nobody: 'failing',
    });
    await steady.goesOn();
    expect(await server.metric('sluice_webhook_delivered_total', 'webhook="good"')).toBe(10);
    expect(await server.metric('sluice_webhook_pending', 'webhook="broken"')).toBeGreaterThan(9);
    expect(server.logLines('does not take an event').length).toBeLessThanOrEqual(4);
    expect(server.logLines('is off until')).toHaveLength(1);
  });

  it('get after a kill what they have not had, the ends that the kill made included', async () => {
    const taker = await receiver();
    const data = tempDir('data');
    const webhooks = [{ name: 'a', url: taker.url, types: ['stream.*'] }];
    const first = await serve(webhooks, { data });
    const early = await publisher(first, 'early');
    await waitFor(() => taker.taken.length === 1);
    await taker.away();
    const late = await publisher(first, 'late');
    await first.child.stop('SIGKILL');
    for (const client of [early, late]) client.destroy();
    await taker.back();
    await serve(webhooks, { data });
    await waitFor(() => firsts(taker.taken).length === 4);
    const events = firsts(taker.taken).map(
      (id) =>
        JSON.parse(taker.posts.find((post) => post.id === id)!.body) as {
          type: string;
          subject: string;
          data: { reason?: string };
        },
    );
    const of = (subject: string) =>
      events.filter((event) => event.subject === subject).map(({ type, data: { reason } }) => [type.slice(10), reason]);
    for (const name of ['early', 'late'])
      expect(of(`live/${name}`)).toEqual([
        ['stream.started', undefined],
        ['stream.ended', 'node_restart'],
      ]);
  });

  it('are listed, tried out and replayed from the command line, and change with the file', async () => {
    const [first, second] = [await receiver(), await receiver()];
    const config = join(tempDir('config'), 'sluice.yaml');
    const write = (url: string): void =>
      writeFileSync(config, JSON.stringify({ webhooks: [{ name: 'a', url, types: ['stream.*'] }] }));
    write(first.url);
    const server = await spawnServer({ config });
    closing.push(() => server.stop());
    const run = async (...args: string[]): Promise<{ code: number | null; text: string }> => {
      const child = sluice('webhooks', ...args, '--http', `127.0.0.1:${server.httpPort}`);
      const { code } = await child.finish(20_000);
      return { code, text: child.output };
    };
    (await publisher(server, 'cam')).destroy();
    await waitFor(() => first.taken.length === 2);
    expect((await run('ls')).text).toMatch(/a +ok +0 +2 +0 +0 .*cloudevents/);
    expect(await run('test', 'a')).toMatchObject({
      code: 0,
      text: expect.stringContaining('a takes it: status 204') as string,
    });
    expect((await run('test', 'b')).code).toBe(4);
    expect((await run('replay', 'a', '--since', '1h')).code).toBe(0);
    await waitFor(() => first.taken.length === 5);
    expect(first.taken.slice(3)).toEqual(first.taken.slice(0, 2));
    write(second.url);
    expect((await sluice('config', 'reload', '--http', `127.0.0.1:${server.httpPort}`).finish(20_000)).code).toBe(0);
    (await publisher(server, 'cam')).destroy();
    await waitFor(() => second.taken.length === 2);
    expect(first.taken).toHaveLength(5);
  });

  it('say at the end what is on its way, and keep the rest and the place of each on disk', async () => {
    const [taker, away] = [await receiver(), await receiver()];
    await away.away();
    const data = tempDir('data');
    const webhooks = [
      { name: 'a', url: taker.url },
      { name: 'b', url: away.url },
    ];
    const server = await serve(webhooks, { data });
    const client = await publisher(server, 'cam');
    await server.stop();
    client.destroy();
    expect(typesOf(taker)).toEqual(expect.arrayContaining(['stream.ended', 'node.stopped']));
    const cursor = JSON.parse(readFileSync(join(data, 'webhooks', 'b.cursor.json'), 'utf8')) as { open: number[] };
    expect(cursor.open.length).toBe(taker.taken.length);
    await away.back();
    await serve(webhooks, { data });
    await waitFor(() => typesOf(away).includes('node.stopped'));
    for (const id of taker.taken) expect(away.taken).toContain(id);
  });

  it('speak to a back end that was made for SRS or nginx-rtmp', async () => {
    const [srs, nginx] = [await receiver(), await receiver()];
    srs.answer = () => ({ status: 200, body: '{"code":0,"data":null}' });
    const server = await serve([
      { name: 'srs', url: srs.url, format: 'srs' },
      { name: 'nginx', url: nginx.url, format: 'nginx-rtmp' },
    ]);
    const steady = await SteadyStream.start(server.rtmpPort, 'cam');
    steady.stop();
    await waitFor(() => srs.taken.length === 4 && nginx.taken.length === 4);
    const bodies = srs.posts.map(({ body }) => JSON.parse(body) as Record<string, string>);
    const by = (action: string) => bodies.find((body) => body['action'] === action)!;
    expect(bodies.map((body) => body['action']).sort()).toEqual(['on_play', 'on_publish', 'on_stop', 'on_unpublish']);
    for (const body of bodies)
      expect(body).toMatchObject({ vhost: '__defaultVhost__', app: 'live', stream: 'cam', ip: '127.0.0.1', param: '' });
    expect(by('on_unpublish')['client_id']).toBe(by('on_publish')['client_id']);
    expect(by('on_stop')['client_id']).toBe(by('on_play')['client_id']);
    expect(by('on_stop')['client_id']).not.toBe(by('on_unpublish')['client_id']);
    expect(by('on_unpublish')['tcUrl']).toBe(by('on_publish')['tcUrl']);
    const calls = nginx.posts.map(({ body }) => new URLSearchParams(body));
    expect(calls.map((form) => form.get('call')).sort()).toEqual(['play', 'play_done', 'publish', 'publish_done']);
    for (const form of calls) expect(form.get('addr')).toBe('127.0.0.1');
    // The forms have no place for it.
    const { id } = srs.posts.find(({ body }) => body.includes('on_publish'))!;
    const traces = [...srs.posts, ...nginx.posts].map(({ headers }) => headers['traceparent']);
    expect(traces).toEqual(Array.from(traces, () => traceparentOf(id.slice(0, 26))));
  });
});
