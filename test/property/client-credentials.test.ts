import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Responder } from '../../src/admission/responder.js';
import { AdobeResponder } from '../../src/admission/responders/adobe.js';
import { JwtResponder } from '../../src/admission/responders/jwt.js';
import { RulesResponder } from '../../src/admission/responders/rules.js';
import { SignedResponder } from '../../src/admission/responders/signed.js';
import { sign } from '../../src/admission/signed-url.js';
import { silentLogger } from '../../src/core/log.js';
import type { Verdict } from '../../src/live/admission.js';
import { ChainHarness, HandClock, question } from '../support/admission/chain-harness.js';
import { GOOD_CLAIMS, tokenOf } from '../support/admission/tokens.js';

const SEED = 20_261_128;
const SECRET = 'CANARY-secret-of-the-server-0123456789';
/** Stands in what clients give. */
const KEY = 'CANARY-key-of-a-client';

const clock = new HandClock();
const inAnHourS = Math.floor(clock.wallMs() / 1000) + 3600;

const odd = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    KEY,
    '',
    '%',
    '%ff%fe',
    '%00',
    '\ud800',
    '__proto__',
    'x'.repeat(3000),
    '0'.repeat(64),
    'A'.repeat(43),
  ),
);
const PARAMETERS = [
  'key',
  'token',
  'e',
  's',
  'k',
  'ip',
  'user',
  'authmod',
  'challenge',
  'response',
  'opaque',
  '__proto__',
];
/** A query of anything, in which one part that matters may be right. */
const queryWith = (right: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.oneof({ weight: 3, arbitrary: right }, { weight: 1, arbitrary: odd }),
      fc.array(fc.tuple(fc.oneof(fc.constantFrom(...PARAMETERS), odd), odd), { maxLength: 40 }),
      fc.boolean(),
    )
    .map(([first, rest, isLast]) => {
      const others = rest.map(([name, value]) => `${name}=${value}`);
      return (isLast ? [...others, first] : [first, ...others]).join('&');
    });

/** A text with some characters replaced, cut, or doubled. */
const spoilt = (text: string): fc.Arbitrary<string> =>
  fc.oneof(
    fc.tuple(fc.nat(text.length - 1), fc.constantFrom('A', '.', '=', '&', '-', '\u0000', 'é')).map(([at, by]) => {
      return `${text.slice(0, at)}${by}${text.slice(at + 1)}`;
    }),
    fc.nat(text.length - 1).map((length) => text.slice(0, length)),
    fc.constantFrom(`${text}${text}`, `${text}=`, ` ${text}`, text.toUpperCase()),
  );

const names = fc.oneof(
  fc.constantFrom('cam1', 'cam1/../cam2', '*', '', KEY, 'x'.repeat(600)),
  fc.string({ unit: 'binary', maxLength: 30 }),
);
const actions = fc.constantFrom('connect', 'publish', 'play');
const address = fc.constantFrom('192.0.2.7', '::ffff:192.0.2.7', '2001:db8::1', '', 'not an address');

/** Whatever a client gives a responder in this process: a verdict, no defect, and nothing secret is told. */
async function verdictOf(responder: Responder, parts: Parameters<typeof question>[0]): Promise<Verdict> {
  const harness = new ChainHarness([responder]);
  const verdict = await harness.chain.decide(question(parts));
  expect(['allow', 'deny', 'redirect']).toContain(verdict.decision);
  const told = verdict.decision === 'deny' ? { ...verdict } : { decision: verdict.decision };
  expect(told).not.toMatchObject({ code: 'ERR_AUTH_UNAVAILABLE' });
  expect(`${JSON.stringify(told)}${harness.lines.join('')}`).not.toContain('CANARY');
  expect(harness.lines.length).toBeLessThanOrEqual(1);
  return verdict;
}

describe(`whatever a client gives (seed ${SEED})`, () => {
  it('rules find a rule or none', async () => {
    const sha256 = createHash('sha256').update(KEY).digest('hex');
    const rules = [
      { match: { name: 'cam*', cidr: ['192.0.2.0/24'] }, key: { sha256 }, decision: 'allow' as const },
      { match: { app: '[!a]*?' }, decision: 'next' as const },
    ];
    const responder = new RulesResponder(rules as never, 'key', clock);
    await fc.assert(
      fc.asyncProperty(
        queryWith(fc.constant(`key=${KEY}`)),
        names,
        actions,
        address,
        async (query, name, action, from) => {
          const verdict = await verdictOf(responder, { query, name, action, address: from });
          if (verdict.decision === 'allow' && action !== 'connect') expect(query).toContain(KEY);
        },
      ),
      { seed: SEED, numRuns: 500 },
    );
  });

  it('a signed URL allows what was signed, and nothing else', async () => {
    const responder = new SignedResponder([{ id: 'k1', secret: SECRET }], 30_000);
    const claim = { action: 'publish', app: 'live', name: 'cam1', expiresAtS: inAnHourS } as const;
    const right = sign(claim, SECRET, 'k1');
    expect((await verdictOf(responder, { query: right })).decision).toBe('allow');
    await fc.assert(
      fc.asyncProperty(queryWith(spoilt(right)), names, actions, address, async (query, name, action, from) => {
        const verdict = await verdictOf(responder, { query, name, action, address: from });
        if (verdict.decision !== 'allow' || action === 'connect') return;
        // What was spoilt may have been beside the signature.
        expect([action, name]).toEqual(['publish', 'cam1']);
        expect(query).toContain(`e=${inAnHourS}`);
      }),
      { seed: SEED + 1, numRuns: 500 },
    );
  });

  it('a token allows with a signature of the key, whatever its claims are', async () => {
    const responder = new JwtResponder(
      {
        ...{ keys: [{ alg: 'HS256', secret: SECRET }], jwks: '', audience: 'sluice', issuer: '' },
        ...{ parameter: 'token', onExpiry: 'end' },
      },
      { clock, log: silentLogger },
    );
    const right = tokenOf({ alg: 'HS256', key: SECRET });
    expect((await verdictOf(responder, { query: `token=${right}` })).decision).toBe('allow');
    const value = fc.oneof(
      odd,
      fc.double(),
      fc.constantFrom(null, true, -1, 1e308, [], {}, ['publish'], [KEY], { [KEY]: 1 }),
    );
    const claims = fc
      .record(
        {
          aud: fc.oneof(fc.constant('sluice'), value),
          sub: value,
          exp: fc.oneof(fc.constant(inAnHourS), value),
          nbf: value,
          iat: value,
          crit: value,
          sluice: fc.oneof(
            value,
            fc.dictionary(
              fc.constantFrom('action', 'app', 'name', 'set', KEY),
              fc.oneof(value, fc.constant(['publish'])),
            ),
          ),
        },
        { requiredKeys: [] },
      )
      .map((more) => ({ ...GOOD_CLAIMS, ...more }));
    const signed = claims.map((all) => tokenOf({ alg: 'HS256', key: SECRET, claims: all }));
    const forged = fc
      .tuple(fc.constantFrom('none', 'HS512', 'RS256', 'EdDSA', '__proto__', ''), claims, fc.option(fc.constant(KEY)))
      .map(([alg, all, key]) => tokenOf({ alg, claims: all, ...(key === null ? {} : { key }) }));
    await fc.assert(
      fc.asyncProperty(fc.oneof(signed, forged, spoilt(right), odd), actions, async (token, action) => {
        const verdict = await verdictOf(responder, { query: `token=${token}`, action });
        const isOurs = token.startsWith(tokenOf({ alg: 'HS256', key: SECRET }).split('.')[0]!);
        if (verdict.decision === 'allow' && action !== 'connect') expect(isOurs).toBe(true);
      }),
      { seed: SEED + 2, numRuns: 500 },
    );
  });

  it('Adobe authentication allows nobody who does not know a password', async () => {
    const verifier = createHash('md5').update('annasaltpassword').digest('base64');
    const responder = new AdobeResponder([{ user: 'anna', salt: 'salt', verifier }] as never, clock);
    const challenge = async (): Promise<string> => {
      const verdict = await verdictOf(responder, { action: 'connect', name: '', query: 'authmod=adobe&user=anna' });
      const text = verdict.decision === 'deny' ? (verdict.description ?? '') : '';
      return /\?reason=needauth&(.*)$/.exec(text)![1]!;
    };
    const given = await challenge();
    const right = `authmod=adobe&${given}&response=${KEY}`;
    await fc.assert(
      fc.asyncProperty(queryWith(fc.oneof(fc.constant(right), spoilt(right))), actions, async (query, action) => {
        const verdict = await verdictOf(responder, { action, name: action === 'connect' ? '' : 'cam1', query });
        expect(verdict.decision).toBe('deny');
        if (verdict.decision === 'deny') expect((verdict.description ?? '').length).toBeLessThan(1024);
      }),
      { seed: SEED + 3, numRuns: 500 },
    );
  });
});
