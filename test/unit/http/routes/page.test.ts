import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../src/core/log.js';
import { addAccess } from '../../../../src/http/access.js';
import { type FastifyInstance, fastify } from '../../../../src/http/fastify.js';
import { HostGuard } from '../../../../src/http/host-guard.js';
import { PageFiles } from '../../../../src/http/page-files.js';
import { addPage } from '../../../../src/http/routes/page.js';
import { Sessions } from '../../../../src/http/sessions.js';
import { TokenGuesses } from '../../../../src/http/token-guesses.js';
import { HttpTokens } from '../../../../src/http/tokens.js';
import { tempDir } from '../../../support/temp.js';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
  "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/** Policy of every answer but the page. */
const NOTHING = "default-src 'none'; frame-ancestors 'none'";
const HTML = '<!doctype html><script type="module" src="/page/app-AAAA1111.js"></script>';
const SCRIPT = `export const x = '${'x'.repeat(500)}';`;
const SECRET = 'a-token-that-is-nowhere-in-the-page';

const running: FastifyInstance[] = [];
afterEach(async () => {
  for (const app of running.splice(0)) await app.close();
});

/** A page of two files, the script also packed, beside files that are none of it. */
function setUp({ isOn = true, token = '' } = {}) {
  const folder = join(tempDir('page'), 'page');
  mkdirSync(folder);
  writeFileSync(join(folder, 'index.html'), HTML);
  writeFileSync(join(folder, 'app-AAAA1111.js'), SCRIPT);
  writeFileSync(join(folder, 'app-AAAA1111.js.br'), brotliCompressSync(SCRIPT));
  writeFileSync(join(folder, 'app-AAAA1111.js.gz'), gzipSync(SCRIPT));
  writeFileSync(join(folder, 'app-AAAA1111.js.map'), '{}');
  writeFileSync(join(folder, '../outside.js'), 'outside');
  symlinkSync(join(folder, '../outside.js'), join(folder, 'note'));
  const app = fastify();
  running.push(app);
  const clock = { wallMs: () => 0, monotonicMs: () => 0 };
  const guesses = new TokenGuesses({ failuresPerMinutePerIp: 10, limitLoopback: false }, clock, silentLogger);
  const sessions = new Sessions(() => 0);
  addAccess(app, { guard: new HostGuard(''), tokens: new HttpTokens([], token), sessions, guesses });
  addPage(app, isOn ? new PageFiles([new URL(`file://${folder}/`)]) : undefined, { '/healthz': 'runs' });
  app.get('/v1/streams', async () => ({ ok: true }));
  const get = (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' | 'POST' = 'GET') =>
    app.inject({ method, url, headers: { host: 'localhost', accept: 'text/html', ...headers } });
  return { get };
}

describe('the page', () => {
  it('is sent with exactly this policy, every file of it, with a token set and without, to GET and to HEAD', async () => {
    for (const token of ['', SECRET]) {
      const { get } = setUp({ token });
      for (const path of ['/', '/page/index.html', '/page/app-AAAA1111.js'])
        for (const method of ['GET', 'HEAD'] as const) {
          const answer = await get(path, {}, method);
          expect([path, method, answer.statusCode]).toEqual([path, method, 200]);
          expect(answer.headers['content-security-policy']).toBe(POLICY);
          expect(answer.headers).toMatchObject({ 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer' });
          expect(answer.headers['x-content-type-options']).toBe('nosniff');
          expect(method === 'HEAD' ? answer.body : '').toBe('');
          expect(answer.body).not.toContain(SECRET);
        }
    }
  });

  it('is kept by browsers where the name says what is in it, and nowhere else; packed as they take it', async () => {
    const { get } = setUp();
    expect((await get('/')).headers['cache-control']).toBe('no-store');
    const script = (encoding: string) => get('/page/app-AAAA1111.js', { 'accept-encoding': encoding });
    expect((await script('')).headers['cache-control']).toContain('immutable');
    expect((await script('gzip, br')).headers['content-encoding']).toBe('br');
    expect((await script('gzip, br;q=0')).headers['content-encoding']).toBe('gzip');
    expect((await script('identity')).body).toBe(SCRIPT);
    expect((await script('')).headers['vary']).toContain('accept-encoding');
  });

  it.each([
    ...['/page/../outside.js', '/page/..%2foutside.js', '/page/%2e%2e%2foutside.js', '/page/..%5coutside.js'],
    ...['/page/note', '/page/app-AAAA1111.js.map', '/page/app-AAAA1111.js.br', '/page/app-AAAA1111.js.gz'],
    ...[
      '/page/',
      '/page/%00',
      '/page/app-AAAA1111.js%00.js',
      '/page/__proto__',
      '/page//etc/passwd',
      '/page/APP-AAAA1111.JS',
    ],
  ])('has no file %s', async (path) => {
    const answer = await setUp().get(path);
    expect([400, 401, 404]).toContain(answer.statusCode);
    expect(answer.body).not.toContain('outside ');
    expect(answer.headers['content-type']).toContain('json');
  });

  it('is turned off as a whole: programs are told the paths at /, with their token', async () => {
    const { get } = setUp({ isOn: false, token: SECRET });
    expect((await get('/page/index.html')).statusCode).toBe(401);
    expect((await get('/')).statusCode).toBe(401);
    const told = await get('/', { authorization: `Bearer ${SECRET}` });
    expect(told.json()).toMatchObject({ name: 'sluice', paths: { '/healthz': 'runs' } });
  });
});

describe('a link on another site', () => {
  const followed = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

  it('leads to the page', async () => {
    const { get } = setUp({ token: SECRET });
    for (const path of ['/', '/?from=mail', '/page/index.html'])
      expect([path, (await get(path, followed)).statusCode]).toEqual([path, 200]);
  });

  it('leads to nothing else, and nothing else on that site does', async () => {
    const { get } = setUp();
    const refused = [
      ...[get('/v1/streams', followed), get('/nothing', followed), get('/', followed, 'HEAD')],
      ...[get('/', { ...followed, 'sec-fetch-mode': 'cors' }), get('/', { ...followed, 'sec-fetch-mode': 'no-cors' })],
      get('/', { ...followed, 'sec-fetch-dest': 'iframe' }),
      get('/', { 'sec-fetch-site': 'cross-site' }),
      setUp({ isOn: false }).get('/', followed),
    ];
    for (const answer of await Promise.all(refused)) {
      expect(answer.statusCode).toBe(403);
      expect(answer.headers['content-security-policy']).toBe(NOTHING);
    }
  });
});
