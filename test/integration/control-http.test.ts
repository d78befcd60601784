import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { sendExamples } from '../support/control/send-examples.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { waitFor } from '../support/wait.js';

const AAC_FRAME = Buffer.from([0xaf, 1, 1, 2, 3]);

describe('control over HTTP', () => {
  let server: TestServer;
  afterEach(async () => {
    await server.stop();
  });

  /** Publishes audio. @returns the connection, and the id of the stream */
  async function publish(name: string): Promise<{ client: RawRtmp; streamId: string }> {
    const client = await RawRtmp.connected({ port: server.rtmpPort });
    const id = await client.createStream();
    client.command(id, 'publish', 0, null, name, 'live');
    await client.status('NetStream.Publish.Start');
    client.message(8, AAC_FRAME, { messageStreamId: id });
    const { streamId } = await waitFor(async () => server.stream(name), { what: 'the stream' });
    return { client, streamId };
  }

  async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(server.http(path), {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  it('lists, kicks once however often it is asked to, bans, and tells all of it as events', async () => {
    server = await spawnServer();
    const { client, streamId } = await publish('cam1');
    expect((await ask('GET', '/v1/streams?app=live&limit=5')).body).toMatchObject({
      ...{ ok: true, streams: [{ streamId, name: 'cam1' }] },
    });
    const headers = { 'idempotency-key': 'kick-1' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => ask('POST', `/v1/streams/${streamId}/kick`, { reason: 'off topic' }, headers)),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify({ status: 200, body: { ok: true } })]),
    );
    await client.gone();
    const told = await client.status('NetStream.Publish.Rejected');
    expect(JSON.stringify(told.values)).toContain('ERR_SESSION_KICKED');
    const late = await ask('POST', `/v1/streams/${streamId}/kick`, {});
    expect(late.body).toEqual({ ok: true, already: true });
    const gone = await ask('GET', `/v1/streams/${streamId}`);
    expect(gone).toMatchObject({ status: 404, body: { code: 'ERR_CTL_STREAM_UNKNOWN', reason: 'kicked' } });

    const ban = { kind: 'name', value: 'live/cam2', ttlMs: 60_000, reason: 'test' };
    const added = await ask('POST', '/v1/bans', ban);
    expect(added).toMatchObject({ status: 200, body: { ok: true, ban: { kind: 'name', value: 'live/cam2' } } });
    expect((await ask('GET', '/v1/bans')).body).toMatchObject({ bans: [{ by: 'anonymous', reason: 'test' }] });
    expect((await ask('DELETE', '/v1/bans/name/live%2Fcam2')).body).toEqual({ ok: true });
    expect((await ask('DELETE', '/v1/bans/name/live%2Fcam2')).body).toEqual({ ok: true, already: true });

    const commands = (await eventsUntil('command.5')).filter(({ type }) => type === 'io.sluice.node.command');
    expect(commands.map(({ id, data }) => [id.split(':')[1], data['verb'], data['result']])).toEqual([
      ...[
        ['command.1', 'kick', 'done'],
        ['command.2', 'kick', 'already'],
        ['command.3', 'bans.add', 'done'],
      ],
      ...[
        ['command.4', 'bans.remove', 'done'],
        ['command.5', 'bans.remove', 'already'],
      ],
    ]);
    expect(commands[0]!.data).toMatchObject({ actor: 'anonymous', requestId: 'kick-1', target: { streamId } });

    const ofStream = await eventsUntil(`${streamId}:end`, `streamId=${streamId}`);
    expect(ofStream.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['io.sluice.stream.started', 'io.sluice.stream.ended']),
    );
    expect(ofStream.filter(({ id }) => !id.startsWith(`${streamId}:`))).toEqual([]);
  });

  /** The events of the log, up to the one whose id ends so. */
  async function eventsUntil(ending: string, selecting = '') {
    const stop = new AbortController();
    const response = await fetch(server.http(`/v1/events?since=all&${selecting}`), { signal: stop.signal });
    const decoder = new TextDecoder();
    let text = '';
    for await (const part of response.body!) {
      text += decoder.decode(part, { stream: true });
      if (new RegExp(`"id":"[^"]*${ending}".*\\n\\n`).test(text)) break;
    }
    stop.abort();
    return [...text.matchAll(/^data: (.*)$/gm)].map(
      ([, json]) => JSON.parse(json!) as { id: string; type: string; data: Record<string, unknown> },
    );
  }

  it('answers what is wrong with a request, with every place', async () => {
    server = await spawnServer();
    const many = JSON.stringify(Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`k${n}`, n])));
    const cases: readonly [string, string, unknown, number, unknown][] = [
      ['POST', '/v1/bans', '{', 400, [{ pointer: '', expected: 'JSON' }]],
      ['POST', '/v1/bans', '{"ttlMs": NaN}', 400, [{ pointer: '', expected: 'JSON' }]],
      [
        'POST',
        '/v1/bans',
        { kind: 'x', ttlMs: 1 },
        400,
        [{ pointer: '/kind' }, { pointer: '/value' }, { pointer: '/ttlMs' }],
      ],
      ['POST', '/v1/bans', many, 400, [{ pointer: '', expected: 'at most 100 values, 32 levels deep' }]],
      ['POST', '/v1/bans', `[${'['.repeat(30_000)}`, 400, [{ pointer: '' }]],
      ['POST', '/v1/bans', `"${'x'.repeat(70_000)}"`, 413, [{ pointer: '' }]],
      ['POST', '/v1/bans', { kind: 'address', value: 'nowhere' }, 400, [{ pointer: '/value' }]],
      ['GET', '/v1/streams?limit=1001', undefined, 400, [{ pointer: '/limit', expected: 'at most 1000', got: '1001' }]],
      ['POST', '/v1/streams/kick', { app: 7 }, 400, [{ pointer: '/app', expected: 'text', got: '7' }]],
    ];
    for (const [method, path, body, status, errors] of cases) {
      const answer = await ask(method, path, body);
      expect([path, answer]).toMatchObject([path, { status, body: { code: 'ERR_CTL_BAD_REQUEST', errors } }]);
    }
    expect((await ask('POST', '/v1/streams/x/explode', {})).body).toMatchObject({
      code: 'ERR_HTTP_NOT_FOUND',
      status: 404,
    });
  });

  it('serves a document whose examples it answers as the document says', async () => {
    server = await spawnServer();
    const document = (await (await fetch(server.http('/openapi.json'))).json()) as object;
    let n = 0;
    const replace = async (text: string): Promise<string> => {
      if (!text.includes(STREAM)) return text;
      // The kick of an example bans its publisher, which is this test.
      const { bans } = (await ask('GET', '/v1/bans')).body as { bans: { kind: string; value: string }[] };
      for (const { kind, value } of bans) await ask('DELETE', `/v1/bans/${kind}/${encodeURIComponent(value)}`);
      const { streamId } = await publish(`cam${++n}`);
      return text.replaceAll(STREAM, streamId);
    };
    const STREAM = '01JZ8Z3K6YQ4Q0V5N7W2T9B1CD';
    const only = [
      ...['get', 'kick', 'revoke', 'limit', 'label', 'streams.list', 'plays.list', 'wants.list', 'nodes.list', 'info'],
      ...['streams.kick', 'drain', 'undrain', 'config.get', 'config.validate', 'config.set', 'log.level', 'bans.add'],
      ...['bans.list', 'bans.remove', 'healthz', 'readyz', 'metrics', 'session.begin', 'session.end'],
    ];
    const sent = await sendExamples(server.http(''), document, {}, replace, only);
    expect(sent.map(({ operationId }) => operationId).sort()).toEqual([...only].sort());
    expect(sent.filter(({ status, wrong }) => status !== 200 || wrong !== '')).toEqual([]);
  });

  it('lets in whoever has a token, and never tells it', async () => {
    const secret = 'canary-4b825dc642cb6eb9';
    const sha256 = createHash('sha256').update('watching').digest('hex');
    server = await spawnServer({
      settings: {
        'http.token': secret,
        'http.tokens': JSON.stringify([{ name: 'watch', sha256, scopes: ['read'] }]),
      },
      logLevel: 'debug',
    });
    expect((await ask('GET', '/v1/streams')).status).toBe(401);
    expect((await ask('GET', '/v1/streams', undefined, { authorization: 'Bearer wrong-canary' })).status).toBe(401);
    const watching = { authorization: 'Bearer watching' };
    expect((await ask('GET', '/v1/streams', undefined, watching)).status).toBe(200);
    expect((await ask('POST', '/v1/streams/kick', {}, watching)).body).toMatchObject({ code: 'ERR_CTL_FORBIDDEN' });
    const all = { authorization: `Bearer ${secret}` };
    expect((await ask('POST', '/v1/streams/kick', {}, all)).body).toMatchObject({ ok: true, matched: 0 });
    expect(server.child.output).not.toContain('canary');
  });
});
