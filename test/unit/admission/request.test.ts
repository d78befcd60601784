import { describe, expect, it } from 'vitest';
import { isTooLarge } from '../../../src/admission/request.js';
import { FINGERPRINT, request } from '../../support/admission/chain-harness.js';

describe('a request', () => {
  it('tells responders elsewhere what the question is, in the form that is documented', () => {
    const asked = request({ query: 'key=a%2Bb&x=1&x=2', address: '2001:db8::7' });
    expect(JSON.parse(asked.json())).toEqual({
      ...{ v: 1, requestId: '01ARZ3NDEKTSV4RRFFQ69G5FAV', action: 'publish', reason: 'start' },
      ...{ nodeId: 'n1', bootId: 'b1', connectionId: 'c1', streamId: null, time: '2023-11-14T22:30:00.000Z' },
      ...{ app: 'live', name: 'cam1', tcUrl: 'rtmp://in.example/live' },
      ...{ peer: { address: '2001:db8::7', port: 50_412 }, transport: 'rtmp', encoder: 'FMLE/3.0', capsEx: 0 },
      codecs: null,
      credentials: { query: { key: 'a+b', x: '2' }, user: null, keyFingerprint: FINGERPRINT('a+b') },
      previous: null,
    });
  });

  it('says of what runs which stream or play it is, and what was decided before', () => {
    const previous = { principal: 'anna', decidedAtMs: 0 };
    expect(JSON.parse(request({ reason: 'renew', streamId: 's1', previous }).json())).toMatchObject({
      reason: 'renew',
      streamId: 's1',
      previous: { principal: 'anna', decidedAt: '1970-01-01T00:00:00.000Z' },
    });
    expect(JSON.parse(request({ action: 'play', reason: 'renew', playId: 'p1' }).json())).toMatchObject({
      playerId: 'p1',
    });
  });

  it('has no secret in it with auth.sendSecrets: false', () => {
    const asked = request({ name: 'sk_1', query: 'key=CANARY' }, { sendSecrets: false, nameIsKey: ['live'] });
    expect(asked.json()).not.toMatch(/CANARY|sk_1/);
    expect(JSON.parse(asked.json())).toMatchObject({
      name: 'masked',
      credentials: { keyFingerprint: FINGERPRINT('sk_1') },
    });
  });

  it('has no ticket of a job in it, whatever the settings say', () => {
    for (const query of ['jt=CANARY', 'key=k&jt=CANARY', 'j%74=CANARY&key=k']) {
      const asked = request({ action: 'connect', query }, { sendSecrets: true });
      expect(asked.json()).not.toContain('CANARY');
      expect([...asked.query.values(), asked.credential, ...asked.secrets]).not.toContain('CANARY');
    }
  });

  it.each([
    ['the value of the key parameter', { query: 'a=1&token=t&key=k' }, 'k'],
    ['the next known parameter', { query: 'a=1&token=t' }, 't'],
    ['all values when none is known', { query: 'a=1&b=2' }, '1\n2'],
    ['nothing without a query', {}, undefined],
    ['base64 as it is', { query: 'key=a+b/c==' }, 'a+b/c=='],
    ['an escape that is wrong as it is', { query: 'key=100%' }, '100%'],
  ] as const)('takes for the credential %s', (_, parts, credential) => {
    expect(request(parts).credential).toBe(credential);
  });

  it('takes the name for the credential where names are keys, but for players that give a key', () => {
    const nameIsKey = ['live'];
    expect(request({ name: 'sk_1', query: 'key=k' }, { nameIsKey }).credential).toBe('sk_1');
    expect(request({ action: 'play', query: 'key=k' }, { nameIsKey }).credential).toBe('k');
    expect(request({ action: 'connect', name: '' }, { nameIsKey }).credential).toBeUndefined();
  });

  it.each(['x', '"', '\u0001', 'ä', '😀', '%00', '%F0%9F%98%80', '&'])(
    'is too large exactly when its JSON is, for a query of %j',
    (part) => {
      for (let characters = 1; characters <= 4096; characters += 61) {
        const asked = request({ query: `key=${part.repeat(Math.ceil(characters / part.length))}`.slice(0, 4096) });
        const isPast = Buffer.byteLength(asked.question.query) > 4096 || Buffer.byteLength(asked.json()) > 8192;
        expect(isTooLarge(asked)).toBe(isPast);
      }
    },
  );
});
