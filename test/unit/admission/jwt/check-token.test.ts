import { describe, expect, it } from 'vitest';
import { checkToken, type TokenDemands } from '../../../../src/admission/jwt/check-token.js';
import { configuredKey } from '../../../../src/admission/jwt/verification-key.js';
import { GOOD_CLAIMS, keyPair, tokenOf } from '../../../support/admission/tokens.js';

const SECRET = 'a secret of thirty-two characters';
const NOW_MS = 1_700_000_000_000;
const NOW_S = NOW_MS / 1000;
const DEMANDS: TokenDemands = { audience: 'sluice', issuer: '', nowMs: NOW_MS, ignoresExpiry: false };

const rsa = keyPair('rsa');
const ed = keyPair('ed25519');
const KEYS = [
  configuredKey({ alg: 'HS256', kid: 'h', secret: SECRET }, 0),
  configuredKey({ alg: 'RS256', kid: 'r', publicKey: rsa.pem }, 1),
  configuredKey({ alg: 'EdDSA', publicKey: ed.pem }, 2),
];
const check = (token: string, demands: Partial<TokenDemands> = {}, keys = KEYS) =>
  checkToken(token, keys, { ...DEMANDS, ...demands });
const hs256 = (claims: object) => tokenOf({ alg: 'HS256', key: SECRET, claims: { ...GOOD_CLAIMS, ...claims } });

describe('a token', () => {
  it.each([
    ['HS256', { alg: 'HS256', key: SECRET }],
    ['HS256 by kid', { alg: 'HS256', kid: 'h', key: SECRET }],
    ['RS256', { alg: 'RS256', kid: 'r', key: rsa.privateKey }],
    ['EdDSA', { alg: 'EdDSA', key: ed.privateKey }],
    ['EdDSA by a key for every kid', { alg: 'EdDSA', kid: 'whatever', key: ed.privateKey }],
  ])('is good when it is signed with %s', async (_, parts) => {
    expect(await check(tokenOf(parts))).toEqual({ kind: 'good', claims: GOOD_CLAIMS });
  });

  it('of the second of two keys without kid is good', async () => {
    const keys = [configuredKey({ alg: 'HS256', secret: `${SECRET}!` }, 0), KEYS[0]!];
    expect(await check(tokenOf({ alg: 'HS256', key: SECRET }), {}, keys)).toMatchObject({ kind: 'good' });
  });

  it.each([
    ['alg none', { alg: 'none' }],
    ['alg None', { alg: 'None' }],
    ['HS256 with the public RSA key', { alg: 'HS256', kid: 'r', key: rsa.pem }],
    ['HS256 with the public Ed25519 key', { alg: 'HS256', key: ed.pem }],
    ['HS512', { alg: 'HS512', key: SECRET }],
    ['another RSA key', { alg: 'RS256', key: keyPair('rsa').privateKey }],
    ['an RSA key as EdDSA', { alg: 'EdDSA', key: rsa.privateKey }],
    ['no signature', { alg: 'HS256' }],
    ['a kid that nobody knows', { alg: 'HS256', kid: 'other', key: SECRET }],
  ])('has no known key when it comes with %s', async (_, parts) => {
    expect(await check(tokenOf(parts))).toMatchObject({ kind: 'unknown_key' });
  });

  it('is bad when the key that it names has not signed it', async () => {
    expect(await check(tokenOf({ alg: 'HS256', kid: 'h', key: `${SECRET}!` }))).toEqual({
      kind: 'bad',
      why: 'its signature is wrong',
    });
  });

  it.each(['', 'x', 'a.b.c', '..', `${tokenOf({ alg: 'HS256', key: SECRET })}.x`, 'x'.repeat(4096)])(
    'is bad when it is none: %s',
    async (text) => {
      expect(await check(text)).toEqual({ kind: 'bad', why: 'it is no JSON Web Token' });
    },
  );

  it('has the audience, be it one of several', async () => {
    expect(await check(hs256({ aud: ['x', 'sluice'] }))).toMatchObject({ kind: 'good' });
    for (const aud of ['other', ['x'], undefined, 7]) {
      expect(await check(hs256({ aud }))).toEqual({ kind: 'bad', why: 'its claim aud is not as demanded' });
    }
  });

  it('has the issuer, where one is demanded', async () => {
    const demands = { issuer: 'https://id.example' };
    expect(await check(hs256({ iss: 'https://id.example' }), demands)).toMatchObject({ kind: 'good' });
    expect(await check(hs256({ iss: 'https://other.example' }), demands)).toMatchObject({ kind: 'bad' });
    expect(await check(hs256({}), demands)).toMatchObject({ kind: 'bad', why: 'its claim iss is not as demanded' });
    expect(await check(hs256({ iss: 'https://other.example' }))).toMatchObject({ kind: 'good' });
  });

  it('expires at exp to the second, and is good until then', async () => {
    expect(await check(hs256({ exp: NOW_S + 1 }))).toMatchObject({ kind: 'good' });
    for (const exp of [NOW_S, NOW_S - 10, NOW_S - 1000]) {
      expect(await check(hs256({ exp }))).toEqual({ kind: 'expired', why: 'it has expired' });
    }
    expect(await check(hs256({ exp: 'tomorrow' }))).toMatchObject({ kind: 'bad' });
  });

  it('that has expired is good where that is ignored, with everything else as demanded', async () => {
    for (const exp of [NOW_S - 10, NOW_S - 1000]) {
      expect(await check(hs256({ exp }), { ignoresExpiry: true })).toMatchObject({ kind: 'good', claims: { exp } });
      expect(await check(hs256({ exp, aud: 'other' }), { ignoresExpiry: true })).toMatchObject({ kind: 'bad' });
    }
  });

  it('may begin half a minute ahead of this clock, and no more', async () => {
    expect(await check(hs256({ nbf: NOW_S + 30 }))).toMatchObject({ kind: 'good' });
    expect(await check(hs256({ nbf: NOW_S + 31 }))).toMatchObject({ kind: 'bad' });
  });
});
