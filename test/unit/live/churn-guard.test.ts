import { describe, expect, it } from 'vitest';
import type { ConnectionFacts } from '../../../src/live/access.js';
import { ChurnGuard, type ChurnGuardOptions, type Turn } from '../../../src/live/churn-guard.js';

const OPTIONS: ChurnGuardOptions = { publishesPerSecondPerIp: 5, playsPerSecondPerIp: 20, limitLoopback: false };

function from(connectionId: string, address = '192.0.2.1'): ConnectionFacts {
  return { connectionId, peer: { address, port: 1 }, transport: 'rtmp', info: undefined };
}

/** The answers to a peer that asks again as soon as it may, until it is refused or `times` are over. */
function asks(times: number, ask: (nowMs: number) => Turn): Turn[] {
  const turns: Turn[] = [];
  for (let nowMs = 0; turns.length < times; ) {
    const turn = ask(nowMs);
    turns.push(turn);
    if (turn === undefined) break;
    nowMs += turn;
  }
  return turns;
}

describe('publishes of one connection', () => {
  it('begin at once eight times, then wait for their turn, then are refused', () => {
    const guard = new ChurnGuard(OPTIONS);
    const turns = asks(100, (nowMs) => guard.publish(from('a'), nowMs));
    expect(turns.slice(0, 9)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 4000]);
    expect(turns.slice(8, -1).every((turn) => turn === 4000)).toBe(true);
    expect(turns.at(-1)).toBeUndefined();
    // Twenty at once and one in twenty seconds: what came while it waited counts.
    expect(turns.length).toBeGreaterThan(20);
    expect(turns.length).toBeLessThan(30);
    expect(guard.publishesDelayed).toBe(turns.length - 9);
  });

  it('cost another connection of the same address nothing', () => {
    const guard = new ChurnGuard(OPTIONS);
    for (let n = 0; n < 30; n++) guard.publish(from('a'), 0);
    expect(guard.publish(from('b'), 0)).toBe(0);
  });
});

describe('publishes of one address', () => {
  it('begin fifty at once, then five a second, then are refused when they would wait longer than five seconds', () => {
    const guard = new ChurnGuard(OPTIONS);
    const turns = Array.from({ length: 80 }, (_, n) => guard.publish(from(`c${n}`), 0));
    expect(turns.slice(0, 50).every((turn) => turn === 0)).toBe(true);
    expect(turns.slice(50, 53)).toEqual([200, 400, 600]);
    expect(turns.slice(50).filter((turn) => turn !== undefined)).toHaveLength(25);
    expect(turns.at(-1)).toBeUndefined();
    expect(guard.publish(from('d', '192.0.2.2'), 0)).toBe(0);
  });

  it('are counted together for the addresses of an IPv6 /64', () => {
    const guard = new ChurnGuard(OPTIONS);
    const turns = Array.from({ length: 60 }, (_, i) => guard.publish(from(`c${i}`, `2001:db8::${i}`), 0));
    expect(turns.filter((turn) => turn === 0)).toHaveLength(50);
  });

  it('are not limited on loopback unless that is asked for, and not at all with 0', () => {
    const ask = (options: Partial<ChurnGuardOptions>, address: string): Turn[] => {
      const guard = new ChurnGuard({ ...OPTIONS, ...options });
      return Array.from({ length: 200 }, (_, n) => guard.publish(from(`c${n}`, address), 0));
    };
    expect(ask({}, '127.0.0.1')).not.toContain(undefined);
    expect(ask({ limitLoopback: true }, '127.0.0.1')).toContain(undefined);
    expect(ask({ publishesPerSecondPerIp: 0 }, '192.0.2.1')).not.toContain(undefined);
  });
});

describe('publishes under one name', () => {
  it('begin twenty at once and one a second, whoever begins them; another name has turns of its own', () => {
    const guard = new ChurnGuard(OPTIONS);
    const turns = Array.from({ length: 30 }, () => guard.name('cam', 0));
    expect(turns.filter((turn) => turn === 0)).toHaveLength(20);
    expect(turns.slice(20, 26)).toEqual([1000, 2000, 3000, 4000, 5000, undefined]);
    expect(guard.name('other', 0)).toBe(0);
  });
});

describe('plays', () => {
  it('of one connection begin sixteen at once, then one a second, then are refused', () => {
    const guard = new ChurnGuard(OPTIONS);
    const turns = asks(500, (nowMs) => guard.play(from('a'), nowMs));
    expect(turns.findIndex((turn) => turn !== 0)).toBe(16);
    expect(turns[16]).toBe(1000);
    expect(turns.at(-1)).toBeUndefined();
    expect(turns.length).toBeGreaterThan(120);
    expect(guard.playsDelayed).toBe(turns.length - 17);
  });

  it('of one address wait beyond two hundred at once, and are refused beyond five seconds of waiting', () => {
    const guard = new ChurnGuard(OPTIONS);
    const turns = Array.from({ length: 400 }, (_, n) => guard.play(from(`c${n}`), 0));
    expect(turns.filter((turn) => turn === 0)).toHaveLength(200);
    expect(turns.filter((turn) => turn === undefined)).toHaveLength(100);
    expect(turns.at(-1)).toBeUndefined();
    expect(guard.play(from('x', '192.0.2.2'), 0)).toBe(0);
  });

  it('of one address wait beyond another number, once the limits were changed', () => {
    const guard = new ChurnGuard(OPTIONS);
    guard.change({ ...OPTIONS, playsPerSecondPerIp: 1 });
    const turns = Array.from({ length: 20 }, (_, n) => guard.play(from(`c${n}`), 0));
    expect(turns.filter((turn) => turn === 0)).toHaveLength(10);
  });
});
