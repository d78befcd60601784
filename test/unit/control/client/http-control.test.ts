import { afterEach, describe, expect, it } from 'vitest';
import { HttpControl } from '../../../../src/control/client/http-control.js';
import { OPERATIONS, type Verb } from '../../../../src/control/operations.js';
import { problemOf } from '../../../../src/core/problem.js';
import { StubServer } from '../../../support/control/stub-server.js';

const CREDENTIALS = { authorization: 'Bearer secret-token' };

const closing: StubServer[] = [];
afterEach(async () => {
  for (const stub of closing.splice(0)) await stub.close();
});

async function stubThat(answer: Parameters<typeof StubServer.listen>[0] = () => ({ body: { ok: true } })) {
  const stub = await StubServer.listen(answer);
  closing.push(stub);
  return { stub, client: new HttpControl(`http://${stub.address}`, CREDENTIALS) };
}

describe('operations over HTTP', () => {
  it('go to their routes: what a path names into the path, the rest into query or body', async () => {
    const { stub, client } = await stubThat();
    await client.ask('streams.list', { app: 'live', limit: 5 }, { isCluster: true });
    await client.ask('kick', { streamId: 'S1', reason: 'off topic' }, { requestId: 'r1' });
    await client.ask('plays.kick', { playId: 'P1' });
    await client.ask('plays.kick', { app: 'live' });
    await client.ask('bans.remove', { kind: 'address', value: '192.0.2.0/24' });
    expect(stub.asked).toEqual([
      'GET /v1/streams?app=live&limit=5&scope=cluster',
      'POST /v1/streams/S1/kick',
      'POST /v1/plays/P1/kick',
      'POST /v1/plays/kick',
      'DELETE /v1/bans/address/192.0.2.0%2F24',
    ]);
    expect(stub.got[1]).toMatchObject({
      body: { reason: 'off topic' },
      headers: { 'idempotency-key': 'r1', authorization: 'Bearer secret-token', 'content-type': 'application/json' },
    });
    expect(stub.got[3]?.body).toEqual({ app: 'live' });
  });

  it('send a patch as the whole body, and its revision as If-Match', async () => {
    const { stub, client } = await stubThat();
    await client.ask('config.set', { patch: { log: { level: 'debug' } }, revision: 'abc', reauthorise: true });
    expect(stub.got[0]).toMatchObject({
      ...{ method: 'PATCH', path: '/v1/config?reauthorise=true', body: { log: { level: 'debug' } } },
      headers: { 'if-match': '"abc"' },
    });
  });

  it('find a route for every operation there is', async () => {
    const { stub, client } = await stubThat();
    for (const verb of Object.keys(OPERATIONS) as Verb[]) await client.ask(verb, OPERATIONS[verb].example as never);
    expect(stub.got).toHaveLength(Object.keys(OPERATIONS).length);
    expect(stub.asked.filter((each) => each.includes('undefined') || each.includes(':'))).toEqual([]);
  });

  it('come back as the answer, or as the refusal of the server', async () => {
    const problem = problemOf('ERR_CTL_CONFLICT', 'two', { count: 2, instance: 'r' });
    const { client } = await stubThat(({ method }) =>
      method === 'GET' ? { body: { ok: true, streams: [] } } : { status: 409, body: problem },
    );
    expect(await client.ask('streams.list', {})).toEqual({ ok: true, answer: { ok: true, streams: [] } });
    expect(await client.ask('streams.kick', {})).toEqual({ ok: false, problem });
  });

  it.each([
    ['a proxy that says it in HTML', { status: 502, text: '<html>' }],
    ['a server that is no Sluice', { status: 404, body: { error: 'not found' } }],
    ['a list instead of an answer', { body: [] }],
  ])('say that the server cannot be asked before %s', async (_, answer) => {
    const { client } = await stubThat(() => answer);
    expect(await client.ask('info', {})).toMatchObject({ ok: false, problem: { code: 'ERR_CTL_SERVER_UNREACHABLE' } });
  });

  it('say so when nobody listens, and never the token', async () => {
    const outcome = await new HttpControl('http://127.0.0.1:1', CREDENTIALS).ask('info', {});
    expect(outcome).toMatchObject({ ok: false, problem: { code: 'ERR_CTL_SERVER_UNREACHABLE' } });
    expect(JSON.stringify(outcome)).not.toContain('secret-token');
  });
});
