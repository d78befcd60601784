import { connect, RequestStrategy } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectControl } from '../../src/cli/control/connect-nats.js';
import { main } from '../../src/cli/main.js';
import { resolveConfig } from '../../src/config/load.js';
import type { Child } from '../support/child.js';
import { TestIo } from '../support/cli/test-io.js';
import { media } from '../support/media.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { ffmpegPublish } from '../support/tools.js';
import { waitFor } from '../support/wait.js';

/** An answer of each node is waited for. */
const COUNTED = { strategy: RequestStrategy.Count, maxMessages: 3, maxWait: 10_000 };
/** An id that no stream has had. */
const UNKNOWN = '01JZ8Z3K6YQ4Q0V5N7W2T9B1CD';

/** Lists change by themselves: counters, and who answers first. */
const CHANGING = /^(?:bytesIn|bytesOut|videoFrames|audioFrames|kbpsIn|kbps|instance|events|fps|rttMs)$/;

let nats: NatsServer;
const servers: TestServer[] = [];
const encoders: Child[] = [];

beforeAll(async () => {
  nats = await startNats();
  for (const id of ['n1', 'n2', 'n3']) {
    servers.push(await spawnServer({ nats: nats.url, settings: { 'node.id': id, 'shutdown.deadlineMs': 2000 } }));
  }
  await waitFor(async () => (await cli('nodes', '--json')).answer['items']?.length === 3, { what: 'three nodes' });
});

afterAll(async () => {
  for (const encoder of encoders) await encoder.stop('SIGKILL');
  for (const server of servers) await server.stop();
  await nats.stop();
});

interface Answer {
  readonly items?: readonly Record<string, unknown>[];
  readonly [member: string]: unknown;
}

/** A command over NATS. */
async function cli(...args: string[]): Promise<{ code: number; answer: Answer; err: string }> {
  const io = new TestIo();
  const code = await main([...args, '--nats', nats.url], io);
  return { code, err: io.stderr, answer: (args.includes('--json') ? JSON.parse(io.stdout || '{}') : {}) as Answer };
}

/** A stream on a node, once it is ready. @returns its id */
async function publishOn(server: TestServer, name: string): Promise<{ streamId: string; encoder: Child }> {
  const encoder = ffmpegPublish(await media('long.flv'), server.url(name));
  encoders.push(encoder);
  return { streamId: (await server.ready(name)).streamId, encoder };
}

/** A command as JSON over HTTP or NATS, without what changes by itself. */
async function same(args: readonly string[], where: readonly string[]): Promise<unknown> {
  const io = new TestIo();
  const code = await main([...args, '--json', ...where], io);
  return { code, answer: JSON.parse(io.stdout, (key, value: unknown) => (CHANGING.test(key) ? undefined : value)) };
}

describe('control of a cluster', () => {
  it('is the same over HTTP of its node, HTTP of another one, and NATS', async () => {
    const { streamId, encoder } = await publishOn(servers[0]!, 'same');
    const http = (i: number) => ['--http', `127.0.0.1:${servers[i]!.httpPort}`];
    const cases: readonly (readonly string[])[] = [
      ['get', streamId],
      ['label', streamId, 'room=a1'],
      ['limit', streamId, '--kbps', '100000'],
      ['limit', streamId, '--kbps', '-5'],
      ['send', streamId, 'onText', '{"a":1}'],
      ['reconnect', streamId],
      ['label', streamId, 'BAD KEY=1'],
    ];
    for (const args of cases) {
      // What is so already is told in the answer: it is made so first.
      await same(args, http(0));
      const [own, other, bus] = [
        await same(args, http(0)),
        await same(args, http(1)),
        await same(args, ['--nats', nats.url]),
      ];
      expect([args, other, bus]).toEqual([args, own, own]);
    }
    const listed = await same(['ls', '--name', 'same', '--cluster'], http(1));
    expect(await same(['ls', '--name', 'same'], ['--nats', nats.url])).toEqual(listed);
    expect((await cli('kick', 'live/same', '--reason', 'r')).code).toBe(0);
    await encoder.finish(10_000);
    for (const where of [http(0), http(1), ['--nats', nats.url]]) {
      expect([where, await same(['kick', streamId], where)]).toMatchObject([
        where,
        { code: 0, answer: { already: true } },
      ]);
      const got = await same(['get', streamId], where);
      expect([where, got]).toMatchObject([
        where,
        { code: 4, answer: { code: 'ERR_CTL_STREAM_UNKNOWN', reason: 'kicked' } },
      ]);
    }
  });

  it('names a node that is frozen, and goes on without it', async () => {
    servers[2]!.child.signal('SIGSTOP');
    try {
      const { code, answer, err } = await cli('ls', '--json');
      expect([code, answer['partial'], answer['missing']]).toEqual([5, true, ['n3']]);
      expect(err).toContain('no answer of n3');
      const { code: exit, answer: owner } = await cli('get', UNKNOWN, '--json');
      expect([exit, owner['code'], owner['missing']]).toEqual([3, 'ERR_CTL_OWNER_UNREACHABLE', ['n3']]);
    } finally {
      servers[2]!.child.signal('SIGCONT');
    }
    await waitFor(async () => (await cli('ls', '--json')).code === 0, { what: 'n3 to answer again' });
  });

  it('carries out one request that is sent a hundred times once', async () => {
    const { streamId } = await publishOn(servers[1]!, 'once');
    const url = servers[1]!.http(`/v1/streams/${streamId}/send`);
    const body = JSON.stringify({ handler: 'onText', values: [] });
    const ask = (key: string): Promise<string> =>
      fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body,
      }).then((answer) => answer.text());
    // At most 64 requests are carried out at once: these are one.
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask('once-1')));
    for (let i = 0; i < 10; i++) answers.push(await ask('once-1'));
    expect(new Set(answers).size).toBe(1);
    const control = await connectControl(resolveConfig({ nats: { url: nats.url } }), 'a test');
    const over = () => control.ask('send', { streamId, handler: 'onText', values: [] }, { requestId: 'once-1' });
    const overNats = await Promise.all(Array.from({ length: 100 }, over));
    for (let i = 0; i < 10; i++) overNats.push(await over());
    await control.close();
    expect(new Set(overNats.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
    expect(overNats[0]).toEqual({ ok: true, answer: JSON.parse(answers[0]!) });
    await ask('after');
    const told = await commandsOf(servers[1]!, 'after');
    expect(told.filter(({ requestId }) => requestId === 'once-1')).toHaveLength(1);
  });

  it('says that a stream is unknown when every node answers and none has it, on every way alike', async () => {
    const http = ['--http', `127.0.0.1:${servers[1]!.httpPort}`];
    const [own, bus] = [await same(['get', UNKNOWN], http), await same(['get', UNKNOWN], ['--nats', nats.url])];
    expect(own).toMatchObject({ code: 4, answer: { code: 'ERR_CTL_STREAM_UNKNOWN', status: 404 } });
    expect(bus).toEqual(own);
  });

  it('ends what a selector matches on several nodes only as each node has it confirmed', async () => {
    const streams = [await publishOn(servers[0]!, 'pair-1'), await publishOn(servers[1]!, 'pair-2')];
    for (const { streamId } of streams) expect((await cli('label', streamId, 'pair=yes')).code).toBe(0);
    const bare = await connect({ servers: nats.url });
    const ask = async (confirm?: unknown): Promise<Record<string, unknown>[]> => {
      const body = JSON.stringify({ label: 'pair=yes', confirm });
      const answers = await bare.requestMany('sluice.v1.ctl.all.streams.kick', body, COUNTED);
      const got: Record<string, unknown>[] = [];
      for await (const message of answers) got.push(message.json());
      return got.sort((a, b) => Number(a['matched'] ?? -1) - Number(b['matched'] ?? -1));
    };
    const refused = [409, 409];
    const counts = { n1: 1, n2: 1 };
    for (const confirm of [undefined, 1, 2]) {
      const answers = await ask(confirm);
      expect(answers.flatMap(({ status }) => status ?? [])).toEqual(refused);
      expect(answers[0]).toMatchObject({ code: 'ERR_CTL_CONFLICT', count: 2, counts });
    }
    expect((await ask(counts)).map(({ matched }) => matched)).toEqual([0, 1, 1]);
    await bare.close();
  });
});

/** `node.command` as the log of a node has them, up to that of a request. */
async function commandsOf(server: TestServer, last: string): Promise<{ readonly requestId: string }[]> {
  const stop = new AbortController();
  const found: { readonly requestId: string }[] = [];
  const response = await fetch(server.http('/v1/events?since=all'), { signal: stop.signal });
  let text = '';
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(part).toString();
    if (text.includes(`"requestId":"${last}"`) && text.endsWith('\n\n')) break;
  }
  stop.abort();
  for (const line of text.split('\n')) {
    if (!line.startsWith('data:') || !line.includes('io.sluice.node.command')) continue;
    found.push((JSON.parse(line.slice(5)) as { data: { requestId: string } }).data);
  }
  return found;
}
