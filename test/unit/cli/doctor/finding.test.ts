import { expect, it } from 'vitest';
import { sizeText } from '../../../../src/cli/doctor/finding.js';

it.each([
  [0, '0 bytes'],
  [1024, '1 KiB'],
  [1536, '1.5 KiB'],
  [160 * 1024 ** 2, '160 MiB'],
  [1024 ** 4 * 5000, '5000 TiB'],
])('sizeText of %d is %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});
