import { describe, expect, it } from 'vitest';
import { SignedResponder } from '../../../../src/admission/responders/signed.js';
import { type SignedClaim, sign } from '../../../../src/admission/signed-url.js';
import { HandClock, type QuestionParts, request } from '../../../support/admission/chain-harness.js';

const clock = new HandClock();
const nowS = Math.floor(clock.wallMs() / 1000);
const KEYS = [
  { id: 'k1', secret: 'first secret of ours' },
  { id: 'k2', secret: 'second secret of ours' },
];
const responder = new SignedResponder(KEYS, 30_000);
const claim = (more: Partial<SignedClaim> = {}): SignedClaim => ({
  ...{ action: 'publish', app: 'live', name: 'cam1', expiresAtS: nowS + 60, ...more },
});
const ask = (query: string, parts: QuestionParts = {}) => responder.answer(request({ query, ...parts }, { clock }));

describe('signed URLs', () => {
  it('let in whom they were made for, by the first key when none is named', () => {
    const principal = 'signed:k1:live/cam1';
    expect(ask(sign(claim(), KEYS[0]!.secret))).toMatchObject({ decision: 'allow', principal });
    expect(ask(sign(claim(), KEYS[1]!.secret, 'k2'))).toMatchObject({ principal: 'signed:k2:live/cam1' });
    expect(ask(sign(claim({ action: 'play' }), KEYS[0]!.secret), { action: 'play' })).toMatchObject({
      decision: 'allow',
    });
  });

  it.each([
    ['another name', sign(claim({ name: 'cam2' }), KEYS[0]!.secret)],
    ['another action', sign(claim({ action: 'play' }), KEYS[0]!.secret)],
    ['another secret', sign(claim(), 'some other secret')],
    ['a key that is not there', sign(claim(), KEYS[0]!.secret, 'k3')],
    ['another time than was signed', sign(claim(), KEYS[0]!.secret).replace(/e=\d+/, `e=${nowS + 600}`)],
    ['a time that is none', sign(claim(), KEYS[0]!.secret).replace(/e=\d+/, 'e=soon')],
    ['another address', sign(claim({ address: '192.0.2.8' }), KEYS[0]!.secret)],
    ['an address that was taken off', sign(claim({ address: '192.0.2.7' }), KEYS[0]!.secret).replace('&ip=1', '')],
  ])('are refused for %s', (_, query) => {
    expect(ask(query)).toMatchObject({ decision: 'deny', error: 'ERR_AUTH_CREDENTIALS' });
  });

  it('hold for one address when that was signed, whatever socket it comes by', () => {
    const query = sign(claim({ address: '192.0.2.7' }), KEYS[0]!.secret);
    expect(ask(query)).toMatchObject({ decision: 'allow' });
    expect(ask(query, { address: '::ffff:192.0.2.7' })).toMatchObject({ decision: 'allow' });
  });

  it('are over after their time and the skew, for starts only', () => {
    const at = (expiresAtS: number) => sign(claim({ expiresAtS }), KEYS[0]!.secret);
    expect(ask(at(nowS - 30))).toMatchObject({ decision: 'allow' });
    expect(ask(at(nowS - 31))).toMatchObject({ decision: 'deny', message: 'the URL has expired' });
    expect(ask(at(nowS - 3600), { reason: 'renew' })).toMatchObject({ decision: 'allow' });
  });

  it('are left to the next when there is no signature; connects have none', () => {
    expect(ask('')).toMatchObject({ decision: 'next', error: 'ERR_AUTH_CREDENTIALS' });
    expect([responder.asks('connect'), responder.asks('publish'), responder.asks('play')]).toEqual([false, true, true]);
  });

  it('are not made with a secret that everybody tries first', () => {
    expect(() => new SignedResponder([{ id: 'k', secret: 'changemechangeme' }], 0)).toThrow('auth.signed.keys, key k');
  });
});
