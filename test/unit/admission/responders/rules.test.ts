import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RulesResponder } from '../../../../src/admission/responders/rules.js';
import { hashPassword } from '../../../../src/admission/scrypt-keys.js';
import type { Rule } from '../../../../src/config/auth-schemas.js';
import { HandClock, type QuestionParts, request } from '../../../support/admission/chain-harness.js';

const sha256 = (key: string) => ({ sha256: createHash('sha256').update(key).digest('hex') });
const rules = (...list: Rule[]) => new RulesResponder(list, 'key', new HandClock());
const ask = (responder: RulesResponder, parts: QuestionParts = {}, nameIsKey: readonly string[] = []) =>
  responder.answer(request(parts, { nameIsKey }));

describe('rules', () => {
  it('decide by the first that fits, and what it sets is the reply', () => {
    const responder = rules(
      { match: { app: 'other' }, decision: 'deny' },
      {
        name: 'studio',
        match: { app: 'live', name: 'cam*' },
        decision: 'allow',
        set: { ttlMs: 60_000, labels: { a: 'b' } },
      },
      { decision: 'deny' },
    );
    expect(ask(responder)).toMatchObject({ decision: 'allow', principal: 'studio', ttlMs: 60_000, labels: { a: 'b' } });
    expect(ask(responder, { app: 'x' })).toMatchObject({ decision: 'deny' });
  });

  it('name the principal by their place when they have no name', () => {
    expect(ask(rules({ match: { app: 'x' }, decision: 'next' }, { decision: 'allow' }))).toMatchObject({
      principal: 'rule:2',
      isAnonymous: true,
    });
    expect(ask(rules({ decision: 'allow', set: { principal: 'anna' } }))).toMatchObject({ principal: 'anna' });
  });

  it.each([
    ['action', { action: ['play'] }, { action: 'play' }, { action: 'publish' }],
    ['app', { app: 'live/**' }, { app: 'live/a/b' }, { app: 'live' }],
    ['name', { name: 'cam?' }, { name: 'cam2' }, { name: 'cam' }],
    ['address', { cidr: ['10.0.0.0/8', '192.0.2.0/24'] }, { address: '192.0.2.9' }, { address: '192.0.3.9' }],
    ['IPv6 address', { cidr: ['2001:db8::/32'] }, { address: '2001:db8::1' }, { address: '192.0.2.9' }],
    ['transport', { transport: ['rtmp'] }, {}, undefined],
    ['other transport', { transport: ['rtmps'] }, undefined, {}],
  ] as const)('fit by %s', (_, match, fits, misses) => {
    const responder = rules({ match, decision: 'allow' });
    if (fits !== undefined) expect(ask(responder, fits)).toMatchObject({ decision: 'allow' });
    if (misses !== undefined) expect(ask(responder, misses)).toEqual({ decision: 'next', why: 'no rule fits' });
  });

  it('say something about connects only when they name them', () => {
    const connect = { action: 'connect', name: '' } as const;
    expect(ask(rules({ decision: 'deny' }), connect)).toMatchObject({ decision: 'next' });
    expect(ask(rules({ match: { action: ['connect'], name: 'x' }, decision: 'deny' }), connect)).toMatchObject({
      decision: 'deny',
    });
  });

  it('let in who has the key, of several for one name too', () => {
    const match = { name: 'cam1' };
    const responder = rules(
      { name: 'anna', match, key: sha256('key of anna'), decision: 'allow' },
      { name: 'bert', match, key: sha256('key of bert'), decision: 'allow' },
    );
    expect(ask(responder, { query: 'key=key%20of%20bert' })).toMatchObject({ principal: 'bert', isAnonymous: false });
    const wrong = { decision: 'next', error: 'ERR_AUTH_CREDENTIALS' };
    expect(ask(responder, { query: 'key=key%20of%20carl' })).toMatchObject(wrong);
    expect(ask(responder)).toMatchObject(wrong);
    expect(ask(responder, { query: 'token=key%20of%20bert' })).toMatchObject(wrong);
    expect(ask(responder, { name: 'cam2' })).not.toHaveProperty('error');
  });

  it('take the name for the key where names are keys', () => {
    const responder = rules({ key: sha256('sk_1'), decision: 'allow', set: { name: 'anna' } });
    expect(ask(responder, { name: 'sk_1' }, ['live'])).toMatchObject({ decision: 'allow', name: 'anna' });
    expect(ask(responder, { name: 'sk_2' }, ['live'])).toMatchObject({ decision: 'next' });
  });

  it('that refuse the rest tell a client with a wrong key so', () => {
    const responder = rules({ key: sha256('k1'), decision: 'allow' }, { decision: 'deny' });
    expect(ask(responder, { query: 'key=k2' })).toMatchObject({ decision: 'deny', error: 'ERR_AUTH_CREDENTIALS' });
  });

  it('compare passwords off the event loop', async () => {
    const responder = rules(
      { key: { scrypt: await hashPassword('long password') }, decision: 'allow' },
      { decision: 'deny' },
    );
    const first = ask(responder, { query: 'key=long%20password' });
    expect(first).toBeInstanceOf(Promise);
    expect(await first).toMatchObject({ decision: 'allow' });
    expect(await ask(responder, { query: 'key=wrong' })).toMatchObject({ error: 'ERR_AUTH_CREDENTIALS' });
  });

  it('take no key that everybody tries first, whatever the settings say', async () => {
    expect(() => rules({ key: sha256('changeme'), decision: 'allow' })).toThrow('everybody tries first');
    const responder = rules({ key: { scrypt: await hashPassword('changeme') }, decision: 'allow' });
    expect(ask(responder, { query: 'key=changeme' })).toMatchObject({ decision: 'next' });
  });

  it.each([
    ['a block that is none', { match: { cidr: ['10.0.0.0/33'] }, decision: 'allow' }],
    ['a redirect to nowhere', { decision: 'redirect' }],
  ] as const)('are refused at the start for %s', (_, rule) => {
    expect(() => rules({ decision: 'next' }, rule)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID_VALUE' }),
    );
    expect(() => rules({ decision: 'next' }, rule)).toThrow('rule 2');
  });
});
