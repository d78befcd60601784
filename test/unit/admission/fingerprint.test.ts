import { expect, it } from 'vitest';
import { fingerprints } from '../../../src/admission/fingerprint.js';

it('fingerprints are the same on all nodes with one auth.salt, and the own ones of an installation without', () => {
  const [own, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  expect(fingerprints('shared', own)('k')).toBe(fingerprints('shared', other)('k'));
  expect(fingerprints('', own)('k')).not.toBe(fingerprints('', other)('k'));
  expect(fingerprints('shared', own)('k')).not.toBe(fingerprints('shared2', own)('k'));
  expect(fingerprints('', own)('k')).toMatch(/^[0-9a-f]{8}$/);
});
