import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../../src/core/token-bucket.js';
import { EventAccount, STREAM_PLAYS } from '../../../src/live/event-account.js';

const ADDRESS = '192.0.2.1';

describe('the account of events', () => {
  const told = (times: number, tell: () => boolean): number =>
    Array.from({ length: times }, tell).filter(Boolean).length;

  it('lets an address cause ten seconds’ worth at once and its rate from then on, and counts the rest by kind', () => {
    const account = new EventAccount(20);
    expect(told(250, () => account.tells('rejected', ADDRESS, 0))).toBe(200);
    expect(told(100, () => account.tells('data', ADDRESS, 1000))).toBe(20);
    expect(account.suppressed).toEqual({ play: 0, rejected: 50, connection: 0, data: 80, track: 0 });
    expect(account.tells('data', '192.0.2.2', 1000)).toBe(true);
  });

  it('takes the addresses of an IPv6 /64 for one', () => {
    const account = new EventAccount(20);
    let last = 0;
    expect(told(250, () => account.tells('rejected', `2001:db8::${(++last).toString(16)}`, 0))).toBe(200);
  });

  it('keeps the signals of connections apart: they cost the journal nothing', () => {
    const account = new EventAccount(20);
    expect(told(300, () => account.tells('connection', ADDRESS, 0))).toBe(200);
    expect(account.tells('play', ADDRESS, 0)).toBe(true);
  });

  it('tells both events of a play or neither', () => {
    const account = new EventAccount(20);
    const stream = new TokenBucket(STREAM_PLAYS);
    account.tells('data', ADDRESS, 0);
    expect(told(150, () => account.tellsPlay(ADDRESS, stream, 0))).toBe(99);
    expect(account.suppressed.play).toBe(2 * 51);
  });

  it('bounds the plays of a stream that are told, whoever plays it', () => {
    const account = new EventAccount(20);
    const stream = new TokenBucket(STREAM_PLAYS);
    let n = 0;
    expect(told(1100, () => account.tellsPlay(`198.51.100.${n++}`, stream, 0))).toBe(STREAM_PLAYS.burst);
    expect(account.suppressed.play).toBe(200);
  });

  it('leaves an address less to cause when it starts streams, and never holds a start up', () => {
    const account = new EventAccount(20);
    for (let n = 0; n < 500; n++) account.noteStart(ADDRESS, 0);
    expect(account.tells('play', ADDRESS, 0)).toBe(false);
  });

  it('limits nothing with 0', () => {
    const account = new EventAccount(0);
    expect(told(10_000, () => account.tells('play', ADDRESS, 0))).toBe(10_000);
  });

  it('takes another number of events a second', () => {
    const account = new EventAccount(0);
    account.change(1);
    expect(told(100, () => account.tells('play', ADDRESS, 0))).toBe(10);
  });
});
