import { describe, expect, it, onTestFinished } from 'vitest';
import { type JwtOptions, JwtResponder } from '../../../../src/admission/responders/jwt.js';
import { systemClock } from '../../../../src/core/clock.js';
import { silentLogger } from '../../../../src/core/log.js';
import { rawAnswer, rawHttp } from '../../../support/admission/raw-http.js';
import { admissionRequest, type RequestParts } from '../../../support/admission/request.js';
import { GOOD_CLAIMS, keyPair, tokenOf } from '../../../support/admission/tokens.js';

const SECRET = 'a secret of thirty-two characters';
const OPTIONS: JwtOptions = {
  keys: [{ alg: 'HS256', secret: SECRET }],
  jwks: '',
  audience: 'sluice',
  issuer: '',
  parameter: 'token',
  onExpiry: 'end',
};
const NOW_MS = 1_700_000_000_000;
const NOW_S = NOW_MS / 1000;

function responder(more: Partial<JwtOptions> = {}) {
  const jwt = new JwtResponder({ ...OPTIONS, ...more }, { clock: systemClock, log: silentLogger });
  onTestFinished(() => jwt.close());
  return jwt;
}
const origin = { wallMs: () => NOW_MS };
const signed = (claims: object) => tokenOf({ alg: 'HS256', key: SECRET, claims: { ...GOOD_CLAIMS, ...claims } });
/** What a token with these claims gets, in a request that differs so from the usual one. */
const answerTo = (claims: object, question: RequestParts['question'] = {}, more: Partial<JwtOptions> = {}) =>
  responder(more).answer(admissionRequest({ question: { query: `token=${signed(claims)}`, ...question }, origin }));

describe('a token in the URL', () => {
  it('allows, and its subject is the principal', async () => {
    expect(await answerTo({})).toEqual({ decision: 'allow', principal: 'alice', credential: signed({}) });
  });

  it('is asked for publish and play, and without one the next responder decides', async () => {
    const jwt = responder();
    expect([jwt.asks('connect'), jwt.asks('publish'), jwt.asks('play')]).toEqual([false, true, true]);
    for (const query of ['', 'token=', 'key=abc']) {
      expect(await jwt.answer(admissionRequest({ question: { query } }))).toMatchObject({ decision: 'next' });
    }
  });

  it('stands in the parameter that is set', async () => {
    const question = { query: `jwt=${signed({})}&token=other` };
    expect(await answerTo({}, question, { parameter: 'jwt' })).toMatchObject({ decision: 'allow' });
  });

  it.each([
    ['nonsense', 'token=nonsense'],
    ['a token without signature', `token=${tokenOf({ alg: 'none' })}`],
    ['a token for others', `token=${signed({ aud: 'other' })}`],
    ['a token that has expired', `token=${signed({ exp: NOW_S })}`],
    ['a token that says nothing about streams', `token=${signed({ sluice: undefined })}`],
    ['a token with a word that is spelt wrong', `token=${signed({ sluice: { action: ['play'], nmae: 'cam1' } })}`],
    ['a token without an action', `token=${signed({ sluice: { action: [] } })}`],
  ])('is refused as wrong when it is %s, and nothing of it is told', async (_, query) => {
    const answer = await responder().answer(admissionRequest({ question: { query }, origin }));
    expect(answer).toMatchObject({ decision: 'deny', error: 'ERR_AUTH_CREDENTIALS' });
    expect(JSON.stringify(answer)).not.toContain(query.slice(6));
  });

  it.each([
    [{ action: 'publish' }, 'allow'],
    [{ action: ['play'] }, 'deny'],
    [{ action: ['publish'], app: 'live' }, 'allow'],
    [{ action: ['publish'], app: 'li*' }, 'allow'],
    [{ action: ['publish'], app: 'other' }, 'deny'],
    [{ action: ['publish'], name: 'cam*' }, 'allow'],
    [{ action: ['publish'], name: 'cam' }, 'deny'],
    [{ action: ['publish'], name: 'c.m1' }, 'deny'],
  ])('allows what it names, and no more: %o %s', async (sluice, decision) => {
    expect(await answerTo({ sluice })).toMatchObject({ decision });
  });

  it('sets members of the reply', async () => {
    const set = { labels: { tier: 'gold' }, limits: { kbps: 4000 }, conflict: 'takeover' };
    expect(await answerTo({ sluice: { action: 'publish', set } })).toMatchObject({
      decision: 'allow',
      principal: 'alice',
      ...set,
    });
  });

  it('cannot be used when its subject is no principal', async () => {
    expect(await answerTo({ sub: 'x'.repeat(257) })).toMatchObject({ decision: 'invalid', pointer: '/principal' });
  });
});

describe('the time of a token', () => {
  it('is that of the stream', async () => {
    expect(await answerTo({ exp: NOW_S + 60 })).toMatchObject({ decision: 'allow', ttlMs: 60_000 });
    expect(await answerTo({ exp: NOW_S + 0.2 })).toMatchObject({ decision: 'allow', ttlMs: 200 });
    expect(await answerTo({ exp: NOW_S + 10_000_000 })).toMatchObject({ decision: 'allow', ttlMs: 2_592_000_000 });
  });

  it('is the shorter one of that and what the token sets', async () => {
    const set = { ttlMs: 10_000 };
    const sluice = { action: 'publish', set };
    expect(await answerTo({ exp: NOW_S + 60, sluice })).toMatchObject({ ttlMs: 10_000 });
    expect(await answerTo({ exp: NOW_S + 5, sluice })).toMatchObject({ ttlMs: 5000 });
    expect(await answerTo({ sluice })).toMatchObject({ ttlMs: 10_000 });
  });

  it('is also the longest for which the answer is remembered', async () => {
    const sluice = { action: 'publish', set: { cacheMs: 60_000 } };
    for (const onExpiry of ['end', 'ignore'] as const) {
      expect(await answerTo({ exp: NOW_S + 5, sluice }, {}, { onExpiry })).toMatchObject({ cacheMs: 5000 });
      expect(await answerTo({ exp: NOW_S + 600, sluice }, {}, { onExpiry })).toMatchObject({ cacheMs: 60_000 });
    }
  });

  it('is over for a running stream as expired, not as wrong', async () => {
    const renewal = { reason: 'renew' } as const;
    expect(await answerTo({ exp: NOW_S }, renewal)).toMatchObject({ decision: 'deny', error: 'ERR_AUTH_EXPIRED' });
  });

  it('matters for the start only where onExpiry says so', async () => {
    const more = { onExpiry: 'ignore' } as const;
    const allowed = await answerTo({ exp: NOW_S + 60 }, {}, more);
    expect(allowed).toMatchObject({ decision: 'allow', principal: 'alice' });
    expect(allowed).not.toHaveProperty('ttlMs');
    expect(await answerTo({ exp: NOW_S }, {}, more)).toMatchObject({ error: 'ERR_AUTH_CREDENTIALS' });
    expect(await answerTo({ exp: NOW_S }, { reason: 'renew' }, more)).toMatchObject({ decision: 'allow' });
  });
});

describe('a token in place of the name', () => {
  const inName = (claims: object, name = signed(claims)) =>
    responder().answer(admissionRequest({ question: { name }, origin: { ...origin, isNameKey: () => true } }));

  it('names the alias that it sets, or its own name', async () => {
    expect(await inName({ sluice: { action: 'publish', set: { name: 'cam1' } } })).toMatchObject({ name: 'cam1' });
    expect(await inName({ sluice: { action: 'publish', name: 'cam1' } })).toMatchObject({ name: 'cam1' });
  });

  it('allows an alias that its own name matches only', async () => {
    const set = { name: 'cam1' };
    expect(await inName({ sluice: { action: 'publish', name: 'cam*', set } })).toMatchObject({ name: 'cam1' });
    expect(await inName({ sluice: { action: 'publish', name: 'tv*', set } })).toMatchObject({ decision: 'deny' });
    expect(await inName({ sluice: { action: 'publish', name: 'cam*' } })).toMatchObject({ decision: 'deny' });
  });

  it('is not that of a player, which names the stream and has its token in the query', async () => {
    const play = (name: string, sluice: object) => {
      const query = `token=${signed({ sluice })}`;
      const question = { action: 'play', name, query } as const;
      return responder().answer(admissionRequest({ question, origin: { ...origin, isNameKey: () => true } }));
    };
    const sluice = { action: 'play', name: 'cam*' };
    expect(await play('cam1', sluice)).toMatchObject({ decision: 'allow' });
    expect(await play('tv1', sluice)).toMatchObject({ decision: 'deny' });
    expect(await play('tv1', { action: 'play', name: 'cam1' })).toMatchObject({ decision: 'deny' });
  });

  it('is left to the next responder when it is none', async () => {
    expect(await inName({}, 'live_1234_abcd')).toMatchObject({ decision: 'next' });
  });
});

describe('keys of tokens', () => {
  const rsa = keyPair('rsa');
  const token = `token=${tokenOf({ alg: 'RS256', kid: 'r', key: rsa.privateKey })}`;
  const request = () => admissionRequest({ question: { query: token }, origin });

  it('come from the key set besides those of the settings', async () => {
    const keys = JSON.stringify({ keys: [{ ...rsa.jwk, kid: 'r' }] });
    const server = await rawHttp(({ socket }) => socket.write(rawAnswer(200, keys)));
    const jwt = responder({ jwks: server.url });
    expect(await jwt.answer(request())).toMatchObject({ decision: 'allow' });
    expect(await jwt.answer(admissionRequest({ question: { query: `token=${signed({})}` } }))).toMatchObject({
      decision: 'allow',
    });
    const unknown = tokenOf({ alg: 'RS256', kid: 'other', key: rsa.privateKey });
    expect(await jwt.answer(admissionRequest({ question: { query: `token=${unknown}` } }))).toMatchObject({
      error: 'ERR_AUTH_CREDENTIALS',
    });
    expect(server.requests).toHaveLength(1);
  });

  it('that cannot be read yet leave the token undecided', async () => {
    const server = await rawHttp(({ socket }) => socket.write(rawAnswer(500, '')));
    const jwt = responder({ jwks: server.url });
    expect(await jwt.answer(request())).toMatchObject({ decision: 'unavailable', kind: 'no_keys' });
  });

  it('are no good without an audience', () => {
    expect(() => responder({ audience: '' })).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID_VALUE' }));
  });
});
