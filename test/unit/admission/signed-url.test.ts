import { createHmac, createSecretKey } from 'node:crypto';
import { expect, it } from 'vitest';
import { isSignatureOf, sign, stringToSign } from '../../../src/admission/signed-url.js';

const claim = { action: 'publish', app: 'live', name: 'cam1', expiresAtS: 1_700_000_000 } as const;

it('a claim has one string to sign', () => {
  expect(stringToSign(claim)).toBe('v1:publish:live/cam1:1700000000');
  expect(stringToSign({ ...claim, address: '192.0.2.7' })).toBe('v1:publish:live/cam1:1700000000:192.0.2.7');
});

it('a signature is made as every HMAC tool makes it, and read in hex, base64 and base64url', () => {
  const secret = createSecretKey('a secret of 16', 'utf8');
  const hmac = createHmac('sha256', 'a secret of 16').update(stringToSign(claim));
  const bytes = hmac.digest();
  expect(sign(claim, 'a secret of 16', 'k1')).toBe(`e=1700000000&s=${bytes.toString('base64url')}&k=k1`);
  expect(sign({ ...claim, address: '192.0.2.7' }, 'a secret of 16')).toMatch(/^e=1700000000&s=[\w-]{43}&ip=1$/);
  for (const form of ['hex', 'base64', 'base64url'] as const)
    expect(isSignatureOf(claim, secret, bytes.toString(form))).toBe(true);
  for (const wrong of ['', 'x', bytes.toString('hex').slice(2), `${bytes.toString('base64url')}x`, 'é'.repeat(43)])
    expect(isSignatureOf(claim, secret, wrong)).toBe(false);
  for (const other of [{ action: 'play' as const }, { name: 'cam2' }, { expiresAtS: 1 }, { address: '192.0.2.7' }])
    expect(isSignatureOf({ ...claim, ...other }, secret, bytes.toString('hex'))).toBe(false);
});
