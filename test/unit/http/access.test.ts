import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import type { HttpToken } from '../../../src/config/http-token-settings.js';
import { bearerIn } from '../../../src/http/access.js';
import type { GuessLimits } from '../../../src/http/token-guesses.js';
import type { ApiRequest, ApiRoute } from '../../../src/model/api-route.js';
import { start } from '../../support/http/http-harness.js';

const token = (name: string, scope: HttpToken['scopes'][number]): HttpToken => ({
  name,
  sha256: createHash('sha256').update(`${name}-secret`).digest('hex'),
  scopes: [scope],
});
const TOKENS = [token('watch', 'read'), token('ops', 'control'), token('root', 'admin')];

const bearer = (name: string) => ({ authorization: `Bearer ${name}-secret` });
const JSON_TYPE = { 'content-type': 'application/json' };

/** A server with a route of each scope, and what they were asked. */
async function guarded(tokens: readonly HttpToken[] = TOKENS, allowedHosts = '', limits: Partial<GuessLimits> = {}) {
  const asked: ApiRequest[] = [];
  const route = (method: ApiRoute['method'], path: string, scope: ApiRoute['scope']): ApiRoute => ({
    ...{ method, path, scope },
    handle: async (request) => {
      asked.push(request);
      return { status: 200, body: { ok: true } };
    },
  });
  const routes = [route('GET', '/r', 'read'), route('POST', '/c', 'control'), route('DELETE', '/a', 'admin')];
  return { ...(await start({ options: { tokens, allowedHosts, ...limits }, deps: { routes } })), asked };
}

describe('without any token', () => {
  it('everybody may do everything', async () => {
    const { get, asked } = await guarded([]);
    expect((await get('/r')).status).toBe(200);
    expect((await get('/c', { method: 'POST', headers: JSON_TYPE, body: '{}' })).status).toBe(200);
    expect((await get('/a', { method: 'DELETE' })).status).toBe(200);
    expect(asked.map(({ actor }) => actor)).toEqual(['anonymous', 'anonymous', 'anonymous']);
  });
});

describe('a Host header whose port no URL can have', () => {
  it('is refused like any other that is not the origin of the page', async () => {
    const { server } = await guarded([]);
    const { port } = server.address;
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { ...JSON_TYPE, host: '127.0.0.1:99999', origin: 'http://127.0.0.1' };
      const request = httpRequest({ host: '127.0.0.1', port, path: '/c', method: 'POST', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject).end('{}');
    });
    expect(status).toBe(403);
  });
});

describe('a part of a path', () => {
  it('may be as long as the longest value of a ban, each character escaped', async () => {
    const asked: string[] = [];
    const ban: ApiRoute = {
      ...{ method: 'DELETE', path: '/b/:value', scope: 'control' },
      handle: async ({ params }) => {
        asked.push(params['value']!);
        return { status: 200, body: {} };
      },
    };
    const { get } = await start({ deps: { routes: [ban] } });
    const value = '€'.repeat(512);
    expect((await get(`/b/${encodeURIComponent(value)}`, { method: 'DELETE' })).status).toBe(200);
    expect(asked).toEqual([value]);
  });
});

describe('with tokens', () => {
  it('a request without one, or with a wrong one, is told how to send it', async () => {
    const { get } = await guarded();
    const paths = ['/', '/r', '/metrics', '/v1/events', '/nothing', '/openapi.json'];
    for (const authorization of [undefined, 'Bearer wrong', 'Basic b3BzOm9wcy1zZWNyZXQ=']) {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      for (const path of paths) {
        const response = await get(path, { headers });
        expect([path, response.status, response.headers.get('www-authenticate')]).toEqual([path, 401, 'Bearer']);
        expect(response.headers.get('content-type')).toContain('application/problem+json');
        expect(await response.json()).toMatchObject({
          ...{ type: 'urn:sluice:error:ERR_CTL_UNAUTHENTICATED', status: 401, title: expect.any(String) },
          ...{ detail: expect.any(String), code: 'ERR_CTL_UNAUTHENTICATED', hint: expect.any(String) },
        });
      }
    }
  });

  it('health is told to all, and reasons to those who have one', async () => {
    const { get } = await guarded();
    expect(await (await get('/healthz')).json()).toEqual({ status: 'ok' });
    expect(await (await get('/readyz')).json()).toEqual({ status: 'ready' });
    expect(await (await get('/readyz', { headers: bearer('watch') })).json()).toEqual({
      status: 'ready',
      degraded: [],
    });
  });

  it('each may do what its scope says, and is told the scope that is missing', async () => {
    const { get, asked } = await guarded();
    const statuses = async (name: string) => [
      (await get('/r', { headers: bearer(name) })).status,
      (await get('/c', { method: 'POST', headers: { ...bearer(name), ...JSON_TYPE }, body: '{}' })).status,
      (await get('/a', { method: 'DELETE', headers: bearer(name) })).status,
    ];
    expect(await statuses('watch')).toEqual([200, 403, 403]);
    expect(await statuses('ops')).toEqual([200, 200, 403]);
    expect(await statuses('root')).toEqual([200, 200, 200]);
    expect(asked.map(({ actor }) => actor)).toEqual(['watch', 'ops', 'ops', 'root', 'root', 'root']);
    const refused = await get('/a', { method: 'DELETE', headers: bearer('ops') });
    expect(await refused.json()).toMatchObject({ code: 'ERR_CTL_FORBIDDEN', scope: 'admin' });
  });

  it('wrong ones are bounded: an address that guesses is told when to come back', async () => {
    const limits = { failuresPerMinutePerIp: 3, limitLoopback: true };
    const { get, server } = await guarded(TOKENS, '', limits);
    const ask = (authorization: string, path = '/r', method = 'GET') =>
      get(path, { method, headers: { authorization } });
    expect((await get('/r', { headers: bearer('watch') })).status).toBe(200);
    for (const guess of ['a', 'b', 'c']) expect((await ask(`Bearer ${guess}`)).status).toBe(401);
    for (const [path, method] of [
      ['/r', 'GET'],
      ['/v1/session', 'POST'],
      ['/nothing', 'GET'],
    ] as const) {
      const held = await ask('Bearer ops-secret', path, method);
      expect([path, held.status, held.headers.get('retry-after')]).toEqual([path, 429, '60']);
      expect(await held.json()).toMatchObject({ code: 'ERR_HTTP_TOKEN_GUESSES', status: 429, retryAfterS: 60 });
    }
    // Whoever was there before goes on, and so do sessions and what needs no token; nothing there tells a guess.
    expect((await get('/r', { headers: bearer('watch') })).status).toBe(200);
    expect((await ask('Bearer watch-secret', '/v1/session', 'POST')).status).toBe(200);
    expect(await (await ask('Bearer ops-secret', '/readyz')).json()).toEqual({ status: 'ready' });
    expect((await get('/r')).status).toBe(401);
    expect(server.tokenRefusals).toEqual({ wrong: 3, held: 4 });
    server.limitGuesses({ ...limits, failuresPerMinutePerIp: 0 });
    expect((await ask('Bearer ops-secret')).status).toBe(200);
  });

  it('others can be put in place while the server runs', async () => {
    const { get, server } = await guarded();
    server.setTokens([], 'new-secret');
    expect((await get('/r', { headers: bearer('root') })).status).toBe(401);
    expect((await get('/r', { headers: { authorization: 'bearer new-secret' } })).status).toBe(200);
  });
});

describe('a page', () => {
  it('signs in with a token, is known by its cookie, and signs out', async () => {
    const { get, base, server } = await guarded();
    const refused = await get('/v1/session', { method: 'POST', headers: { origin: base } });
    expect([refused.status, refused.headers.get('set-cookie')]).toEqual([401, null]);
    const begun = await get('/v1/session', { method: 'POST', headers: { origin: base, ...bearer('ops') } });
    expect(await begun.json()).toMatchObject({ ok: true, name: 'ops', scopes: ['control'] });
    const cookie = begun.headers.get('set-cookie')!;
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    expect(cookie).not.toContain('ops-secret');
    const headers = { cookie: cookie.split(';')[0]! };
    expect((await get('/r', { headers })).status).toBe(200);
    const post = { method: 'POST', body: '{}' };
    expect((await get('/c', { ...post, headers: { ...headers, ...JSON_TYPE, origin: base } })).status).toBe(200);
    expect((await get('/c', { ...post, headers: { ...headers, ...JSON_TYPE } })).status).toBe(401);
    const ended = await get('/v1/session', { method: 'DELETE', headers: { ...headers, origin: base } });
    expect(ended.headers.get('set-cookie')).toContain('Max-Age=0');
    expect((await get('/r', { headers })).status).toBe(401);
    const again = await get('/v1/session', { method: 'POST', headers: { origin: base, ...bearer('ops') } });
    const other = { cookie: again.headers.get('set-cookie')!.split(';')[0]! };
    server.setTokens([TOKENS[0]!], '');
    expect((await get('/r', { headers: other })).status).toBe(401);
  });

  it('of another origin changes nothing, whatever it has', async () => {
    const { get, base } = await guarded(TOKENS, 'control.example');
    const post = (origin: string) =>
      get('/c', { method: 'POST', body: '{}', headers: { ...bearer('ops'), ...JSON_TYPE, origin } });
    for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:1', 'http://localhost', 'file://', 'x']) {
      const response = await post(origin);
      expect([origin, response.status]).toEqual([origin, 403]);
      expect(await response.json()).toMatchObject({ code: 'ERR_HTTP_CROSS_ORIGIN' });
    }
    expect((await post(base)).status).toBe(200);
    expect((await post('https://control.example')).status).toBe(200);
    expect(
      (await get('/v1/session', { method: 'POST', headers: { ...bearer('ops'), origin: 'http://x.y' } })).status,
    ).toBe(403);
  });
});

describe('an Authorization header', () => {
  it('holds a token behind the word Bearer', () => {
    expect(bearerIn('Bearer abc')).toBe('abc');
    expect(bearerIn('bearer  abc ')).toBe('abc');
    for (const none of [undefined, '', 'abc', 'Bearer', 'Bearer a b', 'Basic abc']) expect(bearerIn(none)).toBe('');
  });
});

describe('a body', () => {
  const BODY_TYPES = [undefined, 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'];

  it('must be JSON and say so', async () => {
    const { get, asked } = await guarded([]);
    for (const type of BODY_TYPES) {
      const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
      const response = await get('/c', { method: 'POST', headers, ...(type === undefined ? {} : { body: 'a=b' }) });
      expect([type, response.status]).toEqual([type, 415]);
      expect(await response.json()).toMatchObject({ code: 'ERR_CTL_BAD_REQUEST', errors: [{ pointer: '' }] });
    }
    for (const body of ['{', 'canary', '{"a": NaN}', '{"__proto__": 1}', '\ud800']) {
      const response = await get('/c', { method: 'POST', headers: JSON_TYPE, body });
      const text = await response.text();
      expect([body, response.status]).toEqual([body, 400]);
      expect(JSON.parse(text)).toMatchObject({
        code: 'ERR_CTL_BAD_REQUEST',
        errors: [{ pointer: '', expected: 'JSON' }],
      });
      expect(text).not.toContain('canary');
    }
    expect(asked).toEqual([]);
    expect((await get('/c', { method: 'POST', headers: JSON_TYPE, body: '' })).status).toBe(200);
    expect(asked).toMatchObject([{ body: undefined }]);
  });

  it('of more than 64 KiB is refused before it is read', async () => {
    const { get } = await guarded([]);
    const response = await get('/c', { method: 'POST', headers: JSON_TYPE, body: `"${'x'.repeat(65_536)}"` });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: 'ERR_CTL_BAD_REQUEST' });
  });

  it('without a length is refused when it becomes too long', async () => {
    const { server } = await guarded([]);
    const status = await new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: server.address.port, path: '/c', method: 'POST', headers: JSON_TYPE };
      const request = httpRequest(options, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
      for (let n = 0; n < 70; n++) request.write(' '.repeat(1024));
      request.end();
    });
    expect(status).toBe(413);
  });
});

describe('a token that is taken away', () => {
  /** Follows the events with the token `watch`. @returns whether that has ended, once asked */
  async function following(server: Awaited<ReturnType<typeof guarded>>) {
    const response = await server.get('/v1/events', { headers: bearer('watch') });
    const state = { isOver: false };
    void response.text().then(() => {
      state.isOver = true;
    });
    return state;
  }

  it('ends what follows the events, which connects again where it still may', async () => {
    const server = await guarded();
    const follower = await following(server);
    // The same tokens once more, and one besides, take nothing away.
    server.server.setTokens(TOKENS, '');
    server.server.setTokens([...TOKENS, token('more', 'read')], '');
    expect((await server.get('/v1/events', { headers: bearer('more') })).status).toBe(200);
    expect(follower.isOver).toBe(false);
    server.server.setTokens(TOKENS.slice(1), '');
    await vi.waitFor(() => expect(follower.isOver).toBe(true));
    expect((await server.get('/v1/events', { headers: bearer('watch') })).status).toBe(401);
  });

  it('is missed also when it was the first that anybody needed', async () => {
    const server = await guarded([]);
    const follower = await following(server);
    server.server.setTokens(TOKENS, '');
    await vi.waitFor(() => expect(follower.isOver).toBe(true));
  });
});
