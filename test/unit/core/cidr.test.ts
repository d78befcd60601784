import { describe, expect, it } from 'vitest';
import { clientBlock, formatBlock, holds, parseAddress, parseBlock } from '../../../src/core/cidr.js';

describe('blocks of addresses', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['192.0.2.7/32', '192.0.2.7'],
    ['192.0.2.7/24', '192.0.2.0/24'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7/120', '192.0.2.0/24'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['2001:db8::1/64', '2001:db8::/64'],
    ['::/0', '::/0'],
    ['fe80::1%eth0', 'fe80::1'],
  ])('%s is %s', (text, form) => {
    expect(formatBlock(parseBlock(text)!)).toBe(form);
  });

  it.each([
    '',
    'host',
    '192.0.2',
    '192.0.2.7/33',
    '192.0.2.7/',
    '192.0.2.7/a',
    '1.2.3.4/5/6',
    '::1/129',
    '::ffff:1.2.3.4/8',
  ])('%s is none', (text) => {
    expect(parseBlock(text)).toBeUndefined();
  });

  it('hold the addresses with their first bits, of their kind', () => {
    const inside = (block: string, address: string) => holds(parseBlock(block)!, parseAddress(address)!);
    expect(inside('192.0.2.0/25', '192.0.2.127')).toBe(true);
    expect(inside('192.0.2.0/25', '192.0.2.128')).toBe(false);
    expect(inside('192.0.2.0/24', '::ffff:192.0.2.9')).toBe(true);
    expect(inside('2001:db8::/32', '2001:db8:ffff::1')).toBe(true);
    expect(inside('::/0', '192.0.2.1')).toBe(false);
  });
});

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
  ['2001:DB8:0:1:ffff:ffff:ffff:ffff', '2001:db8:0:1::/64'],
  ['fe80::1%eth0', 'fe80::/64'],
  ['no:address', 'no:address'],
])('the client of %s is %s', (address, block) => {
  expect(clientBlock(address)).toBe(block);
});
