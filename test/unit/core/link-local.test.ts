import { expect, it } from 'vitest';
import { isLinkLocal } from '../../../src/core/link-local.js';

it.each(['169.254.169.254', '[fe80::1]', 'fe80::1%eth0', '[::ffff:169.254.169.254]', '::ffff:a9fe:a9fe'])(
  'is link-local: %s',
  (host) => expect(isLinkLocal(host)).toBe(true),
);

it.each(['127.0.0.1', '10.0.0.1', '[::1]', 'fec0::1', 'example.org', '169.254', ''])('is not: %s', (host) =>
  expect(isLinkLocal(host)).toBe(false),
);
