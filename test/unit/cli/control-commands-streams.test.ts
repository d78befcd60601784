import { describe, expect, it } from 'vitest';
import { problemOf } from '../../../src/core/problem.js';
import { runAgainst } from '../../support/control/cli-run.js';

const CAM1 = {
  ...{ streamId: 'S1', app: 'live', name: 'cam1', state: 'ready', connectionId: 'C1', players: 2, principal: 'studio' },
  ...{ startedAt: new Date(Date.now() - 90_000).toISOString(), peer: { address: '192.0.2.7', port: 5000 } },
  tracks: [{ id: 0, kind: 'video', codec: 'avc1.64001F', width: 1280, height: 720, fps: 30 }],
  ...{ bytesIn: 1, bytesOut: 1, videoFrames: 1, audioFrames: 0, drops: 0, kbpsIn: 2680.4 },
};
const listing = (...streams: object[]) => ({ body: { ok: true, nodeId: 'n1', streams } });
const done = { body: { ok: true } };
/** Answers lists with `cam1` and everything else with `done`. */
const withCam1 = ({ method }: { method: string }) => (method === 'GET' ? listing(CAM1) : done);

describe('sluice ls', () => {
  it('prints a table', async () => {
    const { code, out, stub } = await runAgainst(() => listing(CAM1), ['ls', '--app', 'live']);
    expect(code).toBe(0);
    expect(stub.asked).toEqual(['GET /v1/streams?app=live&limit=1000']);
    const [head, row] = out.split('\n');
    expect(head).toMatch(/^STREAM {5,}STATE {2}/);
    expect(row).toMatch(
      /^live\/cam1 {2}ready +1:\d\d {2}avc1.64001F 1280x720@30 +2680 +2 {2}192.0.2.7:5000 {2}studio +n1 {4}S1$/,
    );
  });

  it('prints one JSON object with the same members wherever it asks, page after page', async () => {
    const { out, stub } = await runAgainst(
      ({ path }) =>
        path.includes('cursor=c1') ? listing({ streamId: 'S2' }) : { body: { ...listing(CAM1).body, cursor: 'c1' } },
      ['ls', '--json'],
    );
    expect(JSON.parse(out)).toEqual({
      items: [
        { ...CAM1, nodeId: 'n1' },
        { streamId: 'S2', nodeId: 'n1' },
      ],
      ...{ partial: false, missing: [] },
    });
    expect(stub.asked[1]).toBe('GET /v1/streams?limit=1000&cursor=c1');
  });

  it('ends with 5 and names the nodes when the answer is a part', async () => {
    const body = { ok: true, items: [], partial: true, missing: ['n2', 'n3'] };
    const { code, err, out, stub } = await runAgainst(() => ({ body }), ['ls', '--cluster', '--limit', '10']);
    expect({ code, err, out }).toEqual({
      ...{ code: 5, out: 'no stream is live\n', err: 'sluice: this is a part of it: no answer of n2, n3\n' },
    });
    expect(stub.asked).toEqual(['GET /v1/streams?limit=10&scope=cluster']);
  });

  it('cleans what peers have named themselves', async () => {
    const { out } = await runAgainst(() => listing({ ...CAM1, principal: '\u001b[31mred' }), ['ls']);
    expect(out).not.toContain('\u001b');
  });
});

describe('a target', () => {
  it('is an id, or a name that is looked up and told', async () => {
    const byId = await runAgainst(() => done, ['kick', 'S1']);
    expect(byId.stub.asked).toEqual(['POST /v1/streams/S1/kick']);
    const byName = await runAgainst(withCam1, ['kick', 'live/cam1']);
    expect(byName.stub.asked).toEqual(['GET /v1/streams?app=live&name=cam1&limit=1000', 'POST /v1/streams/S1/kick']);
    expect([byName.err, byName.out]).toEqual(['live/cam1 is S1\n', 'kicked S1\n']);
  });

  it('may have slashes in its app or in its name', async () => {
    const { stub } = await runAgainst(
      ({ path, method }) => (method === 'GET' && !path.includes('app=a%2Fb') ? listing() : withCam1({ method })),
      ['get', 'a/b/c'],
    );
    expect(stub.asked.slice(0, 2)).toEqual([
      'GET /v1/streams?app=a&name=b%2Fc&limit=1000',
      'GET /v1/streams?app=a%2Fb&name=c&limit=1000',
    ]);
  });

  it('that nobody publishes is refused, and one that several nodes publish, too', async () => {
    const none = await runAgainst(() => listing(), ['kick', 'live/cam9']);
    expect([none.code, none.err]).toEqual([4, expect.stringContaining('nobody publishes live/cam9')]);
    const two = await runAgainst(() => listing(CAM1, { ...CAM1, streamId: 'S2' }), ['kick', 'live/cam1']);
    expect([two.code, two.err]).toEqual([4, expect.stringContaining('names 2 streams: S1, S2')]);
  });
});

describe('sluice kick, revoke, limit, label, send', () => {
  it.each([
    [['kick', 'S1', '--reason', 'r', '--ban', '10m'], 'kick', { reason: 'r', banTtlMs: 600_000 }],
    [['revoke', 'S1', '--reason', 'r'], 'revoke', { reason: 'r' }],
    [
      ['limit', 'S1', '--kbps', '8000', '--max-gop', '4s', '--codecs', 'avc1, mp4a', '--warn'],
      'limit',
      {
        limits: { kbps: 8000, codecs: ['avc1', 'mp4a'], maxGopMs: 4000, action: 'warn' },
      },
    ],
    [['limit', 'S1', '--none'], 'limit', { limits: {} }],
    [['label', 'S1', 'room=a1', 'old-'], 'label', { labels: { room: 'a1', old: null } }],
    [['send', 'S1', 'onText', '{"a":1}', 'plain'], 'send', { handler: 'onText', values: [{ a: 1 }, 'plain'] }],
    [['reconnect', 'S1', '--to', 'rtmp://b/live'], 'reconnect', { tcUrl: 'rtmp://b/live' }],
    [['call', 'S1', 'ping', '1', '--timeout', '2s'], 'call', { method: 'ping', values: [1], timeoutMs: 2000 }],
  ])('%j asks for it with an id of its own', async (args, verb, body) => {
    const answer = { body: { ok: true, supported: true, kind: 'result', values: [] } };
    const { code, stub } = await runAgainst(() => answer, args);
    expect(code).toBe(0);
    expect(stub.asked).toEqual([`POST /v1/streams/S1/${verb}`]);
    expect(stub.got[0]).toMatchObject({
      body,
      headers: { 'idempotency-key': expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
  });

  it('say when it was so before', async () => {
    const { out } = await runAgainst(() => ({ body: { ok: true, already: true } }), ['kick', 'S1']);
    expect(out).toBe('already so: kicked S1\n');
  });

  it('tell a refusal in words with its code, and every wrong member', async () => {
    const errors = [{ pointer: '/limits/kbps', expected: 'a number', got: 'a string' }];
    const refusal = problemOf('ERR_CTL_BAD_REQUEST', 'limits', { errors });
    const { code, err, out } = await runAgainst(() => ({ status: 400, body: refusal }), ['kick', 'S1', '--json']);
    expect(code).toBe(2);
    expect(err).toContain('  /limits/kbps: a number was expected, not a string\n');
    expect(err).toContain('code: ERR_CTL_BAD_REQUEST');
    expect(JSON.parse(out)).toEqual(refusal);
  });

  it('end with the exit code of the refusal, also of one that a newer server has', async () => {
    const exitOf = async (status: number, body: object) =>
      (await runAgainst(() => ({ status, body }), ['kick', 'S1'])).code;
    expect(await exitOf(404, problemOf('ERR_CTL_STREAM_UNKNOWN'))).toBe(4);
    expect(await exitOf(503, problemOf('ERR_CTL_OWNER_UNREACHABLE'))).toBe(3);
    expect(await exitOf(409, { code: 'ERR_OF_TOMORROW', message: 'm', hint: 'h' })).toBe(4);
  });

  it.each([
    [['label', 'S1', 'room']],
    [['limit', 'S1']],
    [['limit', 'S1', '--none', '--kbps', '1']],
    [['kick', 'S1', '--app', 'live']],
    [['kick']],
    [['kick', 'S1', '--ban', 'long']],
    [['limit', 'S1', '--kbps', 'many']],
  ])('%j is a mistake of the command line and asks nobody', async (args) => {
    const { code, stub, err } = await runAgainst(() => done, args);
    expect([code, stub.asked]).toEqual([2, []]);
    expect(err).toMatch(/^sluice: /);
  });

  it('say when the client cannot be asked to connect again, or answers with an error', async () => {
    const unsupported = await runAgainst(() => ({ body: { ok: true, supported: false } }), ['reconnect', 'S1']);
    expect([unsupported.code, unsupported.err]).toEqual([4, expect.stringContaining('kick it instead')]);
    const called = (kind: string) => runAgainst(() => ({ body: { ok: true, kind, values: [] } }), ['call', 'S1', 'm']);
    expect((await called('error')).code).toBe(4);
    expect((await called('timeout')).code).toBe(3);
  });

  it('call one that plays with --play', async () => {
    const answer = { body: { ok: true, kind: 'result', values: [{ fps: 30 }] } };
    const { out, stub } = await runAgainst(() => answer, ['call', 'P1', 'stats', '--play']);
    expect(stub.asked).toEqual(['POST /v1/plays/P1/call']);
    expect(JSON.parse(out)).toEqual([{ fps: 30 }]);
  });
});

describe('a kick of what flags select', () => {
  const counting =
    (matched: number) =>
    ({ body }: { body: unknown }) => {
      const kicked =
        (body as { dryRun?: boolean }).dryRun === true ? [] : Array.from({ length: matched }, (_, i) => `S${i}`);
      return { body: { ok: true, nodeId: 'n1', matched, kicked } };
    };

  it('counts first, and kicks one without asking', async () => {
    const { code, out, stub } = await runAgainst(counting(1), ['kick', '--ip', '192.0.2.7']);
    expect([code, out]).toEqual([0, 'kicked 1\n']);
    expect(stub.got.map(({ body }) => body)).toEqual([
      { ip: '192.0.2.7', dryRun: true },
      { ip: '192.0.2.7', confirm: 1 },
    ]);
  });

  it('kicks several only with --yes', async () => {
    const refused = await runAgainst(counting(3), ['kick', '--app', 'live']);
    expect([refused.code, refused.stub.got.length]).toEqual([4, 1]);
    expect(refused.err).toContain('that matches 3 streams; say --yes');
    const { out, stub } = await runAgainst(counting(3), ['kick', '--app', 'live', '--yes']);
    expect([out, stub.got[1]?.body]).toEqual(['kicked 3\n', { app: 'live', confirm: 3 }]);
  });

  it('says when nothing matches', async () => {
    const { code, out, stub } = await runAgainst(counting(0), ['kick', '--app', 'live']);
    expect([code, out, stub.got.length]).toEqual([0, 'that matches no stream\n', 1]);
  });
});
