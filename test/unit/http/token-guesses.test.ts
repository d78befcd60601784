import { describe, expect, it } from 'vitest';
import { TokenGuesses } from '../../../src/http/token-guesses.js';
import { logTo } from '../../support/admission/chain-harness.js';

function setUp(failuresPerMinutePerIp = 3, limitLoopback = false) {
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs };
  const lines: string[] = [];
  const log = logTo(lines);
  const guesses = new TokenGuesses({ failuresPerMinutePerIp, limitLoopback }, clock, log);
  const fail = (address: string, count: number) => {
    for (let n = 0; n < count; n++) guesses.failed(address, `wrong ${n}`);
  };
  return { clock, lines, guesses, fail };
}

const PEER = '192.0.2.7';

describe('an address that guesses tokens', () => {
  it('is held from the wrong one that reaches the limit, for a minute, with one line in the log', () => {
    const { guesses, fail, clock, lines } = setUp();
    fail(PEER, 2);
    expect(guesses.heldFor(PEER, undefined)).toBe(0);
    guesses.failed(PEER, 'another');
    expect(guesses.heldFor(PEER, undefined)).toBe(60);
    clock.nowMs = 58_500;
    expect(guesses.heldFor(PEER, undefined)).toBe(2);
    clock.nowMs = 60_000;
    expect(guesses.heldFor(PEER, undefined)).toBe(0);
    expect(lines.filter((line) => line.includes('ERR_HTTP_TOKEN_GUESSES'))).toHaveLength(1);
    expect(lines.join()).not.toContain('another');
    expect(guesses.refused).toEqual({ wrong: 3, held: 2 });
  });

  it('is not one that sends the same wrong token over and over, or something that is no token', () => {
    const { guesses } = setUp();
    for (let n = 0; n < 100; n++) {
      guesses.failed(PEER, 'old token');
      guesses.failed(PEER, undefined);
    }
    expect(guesses.heldFor(PEER, undefined)).toBe(0);
    expect(guesses.refused.wrong).toBe(200);
  });

  it('has right tokens refused too, but for those that were accepted from it before', () => {
    const { guesses, fail } = setUp();
    guesses.accepted(PEER, 'known');
    fail(PEER, 3);
    expect(guesses.heldFor(PEER, 'right')).toBe(60);
    expect(guesses.heldFor(PEER, 'known')).toBe(0);
    expect(guesses.heldFor(PEER, undefined)).toBe(60);
  });

  it('holds up no other address', () => {
    const { guesses, fail } = setUp();
    fail(PEER, 3);
    expect(guesses.heldFor('192.0.2.8', 'right')).toBe(0);
    expect(guesses.heldFor('2001:db8::1', undefined)).toBe(0);
  });

  it('is a whole /64 of IPv6, and an IPv4 address however it is written', () => {
    const { guesses } = setUp();
    for (const address of ['2001:db8:0:1::1', '2001:db8:0:1::2:3', '2001:db8:0:1:ffff::'])
      guesses.failed(address, `wrong of ${address}`);
    expect(guesses.heldFor('2001:db8:0:1:a:b:c:d', undefined)).toBe(60);
    expect(guesses.heldFor('2001:db8:0:2::1', undefined)).toBe(0);
    for (const wrong of ['a', 'b', 'c']) guesses.failed('::ffff:192.0.2.9', wrong);
    expect(guesses.heldFor('192.0.2.9', undefined)).toBe(60);
    expect(guesses.heldFor('192.0.2.10', undefined)).toBe(0);
  });

  it('is not looked for on loopback, but where that is wanted, and not at all with 0', () => {
    for (const [most, limitLoopback, address, heldS] of [
      [1, false, '127.0.0.1', 0],
      [1, false, '::1', 0],
      [1, true, '127.0.0.1', 60],
      [0, true, PEER, 0],
    ] as const) {
      const { guesses, fail } = setUp(most, limitLoopback);
      fail(address, 50);
      expect(guesses.heldFor(address, undefined)).toBe(heldS);
    }
  });

  it('is let go when there is no limit any more', () => {
    const { guesses, fail } = setUp();
    fail(PEER, 3);
    guesses.change({ failuresPerMinutePerIp: 0, limitLoopback: false });
    expect(guesses.heldFor(PEER, undefined)).toBe(0);
  });

  it('costs bounded memory, however many there are', () => {
    const { guesses } = setUp(1);
    for (let n = 0; n < 5000; n++) guesses.failed(`10.0.${n >> 8}.${n & 255}`, 'wrong');
    expect(guesses.heldFor('10.0.0.0', undefined)).toBe(0);
    expect(guesses.heldFor('10.0.19.135', undefined)).toBe(60);
  });
});
