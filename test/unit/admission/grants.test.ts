import { describe, expect, it } from 'vitest';
import { grantOf, lowerOf } from '../../../src/admission/grants.js';
import { FINGERPRINT, request } from '../../support/admission/chain-harness.js';

const defaults = { limits: {}, conflict: 'auto' } as const;

describe('a grant', () => {
  it('names the key when no responder names a principal, and such a principal replaces nobody', () => {
    const grant = grantOf({ decision: 'allow' }, request({ query: 'key=k' }), defaults);
    const keyFingerprint = FINGERPRINT('k');
    expect(grant).toMatchObject({ principal: `key:${keyFingerprint}`, keyFingerprint, conflict: 'reject' });
    expect(grantOf({ decision: 'allow' }, request(), defaults).principal).toBeUndefined();
  });

  it('has the policy of the reply, else of publish.conflict, else that which fits the principal', () => {
    const of = (reply: object, conflict: 'auto' | 'takeover') =>
      grantOf({ decision: 'allow', ...reply }, request(), { limits: {}, conflict }).conflict;
    expect(of({ principal: 'anna' }, 'auto')).toBe('resume');
    expect(of({ principal: 'rule:1', isAnonymous: true }, 'auto')).toBe('reject');
    expect(of({ principal: 'anna' }, 'takeover')).toBe('takeover');
    expect(of({ principal: 'anna', conflict: 'reject' }, 'takeover')).toBe('reject');
  });
});

describe('two sets of limits', () => {
  it.each([
    ['the lower number of each', { kbps: 5, fps: 30 }, { kbps: 9, tracks: 2 }, { kbps: 5, fps: 30, tracks: 2 }],
    ['zero players', { maxPlayers: 0 }, { maxPlayers: 5 }, { maxPlayers: 0 }],
    ['codecs that both let in', { codecs: ['avc1.64', 'hvc1'] }, { codecs: ['avc1', 'mp4a'] }, { codecs: ['avc1.64'] }],
    ['codecs of the one that names some', {}, { codecs: ['avc1'] }, { codecs: ['avc1'] }],
    [
      'a warning of the settings for a reply that says nothing',
      {},
      { kbps: 1, action: 'warn' },
      { kbps: 1, action: 'warn' },
    ],
    ['an end where the reply wants one', { action: 'end' }, { kbps: 1, action: 'warn' }, { kbps: 1 }],
    ['an end where the settings want one', { action: 'warn' }, { kbps: 1 }, { kbps: 1 }],
    ['a warning of the reply for its own limits', { kbps: 1, action: 'warn' }, {}, { kbps: 1, action: 'warn' }],
  ] as const)('come to %s', (_, reply, settings, both) => {
    expect(lowerOf(reply, settings)).toEqual(both);
  });
});
