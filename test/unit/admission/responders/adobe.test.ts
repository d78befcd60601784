import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AdobeResponder } from '../../../../src/admission/responders/adobe.js';
import { HandClock, type QuestionParts, request } from '../../../support/admission/chain-harness.js';

const md5 = (text: string) => createHash('md5').update(text).digest('base64');
const verifier = md5('annasaltpassword');
const clock = new HandClock();
const responder = () => new AdobeResponder([{ user: 'anna', salt: 'salt', verifier }], clock);
const connect = (adobe: AdobeResponder, query: string, parts: QuestionParts = {}) =>
  adobe.answer(request({ action: 'connect', name: '', query, ...parts }, { clock }));

/** Asks for a challenge, and returns its parameters. */
function challenge(adobe: AdobeResponder, user: string): Map<string, string> {
  const text = connect(adobe, `authmod=adobe&user=${user}`).description ?? '';
  expect(text).toMatch(/^\[ AccessManager\.Reject \] : \[ authmod=adobe \] : \?reason=needauth&user=/);
  return new Map(new URLSearchParams(text.slice(text.indexOf('?') + 1)));
}

function response(given: Map<string, string>, user: string, password: string, challenge2 = 'c0ffee00'): string {
  const opaque = given.get('opaque')!;
  const proof = md5(`${md5(`${user}${given.get('salt')!}${password}`)}${opaque}${challenge2}`);
  return `authmod=adobe&user=${user}&challenge=${challenge2}&response=${proof}&opaque=${opaque}`;
}

const FAILED = {
  decision: 'deny',
  error: 'ERR_AUTH_CREDENTIALS',
  description: '[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed',
};

describe('Adobe authentication', () => {
  it('asks a client to begin, in the very words that clients look for', () => {
    expect(connect(responder(), '')).toMatchObject({
      decision: 'deny',
      description: '[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ',
    });
  });

  it('lets in who answers the challenge, and what the connection then publishes and plays', () => {
    const adobe = responder();
    const query = response(challenge(adobe, 'anna'), 'anna', 'password');
    expect(connect(adobe, query)).toMatchObject({ decision: 'allow', principal: 'anna' });
    expect(adobe.answer(request({ query }))).toMatchObject({ decision: 'allow', principal: 'anna' });
    const other = adobe.answer(request({ query, connectionId: 'c2' }));
    expect(other).toMatchObject({ decision: 'next', error: 'ERR_AUTH_CREDENTIALS' });
  });

  it('knows the connections of users when others are set, but not of one that has changed', () => {
    const adobe = responder();
    const given = challenge(adobe, 'anna');
    const anna = { user: 'anna', salt: 'salt', verifier };
    const next = new AdobeResponder([anna, { ...anna, user: 'bert' }], clock, adobe);
    const query = response(given, 'anna', 'password');
    expect(connect(next, query)).toMatchObject({ decision: 'allow' });
    const later = new AdobeResponder([anna], clock, next);
    expect(later.answer(request({ query }))).toMatchObject({ decision: 'allow', principal: 'anna' });
    for (const users of [[], [{ ...anna, verifier: md5('other') }]])
      expect(new AdobeResponder(users, clock, later).answer(request({ query }))).toMatchObject({
        ...{ decision: 'deny', error: 'ERR_AUTH_CREDENTIALS' },
      });
  });

  it('refuses a wrong password, an unknown user and a foreign or altered challenge alike', () => {
    const adobe = responder();
    expect(connect(adobe, response(challenge(adobe, 'anna'), 'anna', 'wrong'))).toMatchObject(FAILED);
    expect(connect(adobe, response(challenge(adobe, 'bert'), 'bert', 'password'))).toMatchObject(FAILED);
    expect(connect(adobe, response(challenge(responder(), 'anna'), 'anna', 'password'))).toMatchObject(FAILED);
    expect(connect(adobe, response(challenge(adobe, 'bert'), 'anna', 'password'))).toMatchObject(FAILED);
    expect(connect(adobe, 'authmod=adobe&user=anna&challenge=x&response=y')).toMatchObject(FAILED);
    expect(connect(adobe, `authmod=adobe&user=${'u'.repeat(129)}`)).toMatchObject(FAILED);
  });

  it('takes an answer once, and within a minute', () => {
    const adobe = responder();
    const query = response(challenge(adobe, 'anna'), 'anna', 'password');
    expect(connect(adobe, query)).toMatchObject({ decision: 'allow' });
    expect(connect(adobe, query)).toMatchObject(FAILED);
    const late = response(challenge(adobe, 'anna'), 'anna', 'password');
    clock.ms += 60_001;
    expect(connect(adobe, late)).toMatchObject(FAILED);
  });

  it('tells nobody who exists: the salt of an unknown user is always the same', () => {
    const adobe = responder();
    expect(challenge(adobe, 'bert').get('salt')).toBe(challenge(adobe, 'bert').get('salt'));
    expect(challenge(adobe, 'bert').get('salt')).not.toBe(challenge(adobe, 'carl').get('salt'));
  });
});
