import { expect, it } from 'vitest';
import { isLinkLocal } from '../../../src/core/link-local.js';

it.each([
  '169.254.169.254',
  '[fe80::1]',
  'fe80::1%eth0',
  '[::ffff:169.254.169.254]',
  '::ffff:a9fe:a9fe',
  '[::a9fe:a9fe]',
  '64:ff9b::169.254.169.254',
  '2002:a9fe:a9fe::1',
  '::ffff:0:a9fe:1',
])('is link-local: %s', (host) => expect(isLinkLocal(host)).toBe(true));

it.each([
  '127.0.0.1',
  '10.0.0.1',
  '[::1]',
  'fec0::1',
  'example.org',
  '64:ff9b::a00:1',
  '2002:a00:1::',
  '::1.2.3.4',
  '169.254',
  '',
])('is not: %s', (host) => expect(isLinkLocal(host)).toBe(false));
