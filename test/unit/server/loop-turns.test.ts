import { describe, expect, it } from 'vitest';
import { type LoopMonitor, LoopTurns } from '../../../src/server/loop-turns.js';
import { waitFor } from '../../support/wait.js';

/** A monitor whose readings a test sets, in milliseconds from one look to the next. */
class FakeMonitor implements LoopMonitor {
  max = 0;
  count = 0;
  enabled = false;

  enable(): boolean {
    this.enabled = true;
    return true;
  }

  disable(): boolean {
    this.enabled = false;
    return true;
  }

  reset(): void {
    this.max = 0;
    this.count = 0;
  }

  seen(ms: number): void {
    this.max = Math.max(this.max, ms * 1e6);
    this.count++;
  }
}

function turns(): { turns: LoopTurns; monitors: FakeMonitor[] } {
  const monitors: FakeMonitor[] = [];
  const made = new LoopTurns(() => {
    const monitor = new FakeMonitor();
    monitors.push(monitor);
    return monitor;
  });
  return { turns: made, monitors };
}

describe('the longest turn of the event loop', () => {
  it('is 0 before anything was seen, and measured from the first reading on', () => {
    const { turns: watched, monitors } = turns();
    watched.tick(0);
    expect(monitors.some((m) => m.enabled)).toBe(false);
    expect(watched.read()).toBe(0);
    expect(monitors.every((m) => m.enabled)).toBe(true);
  });

  it('is what a look came too late', () => {
    const { turns: watched, monitors } = turns();
    for (const monitor of monitors) monitor.seen(35);
    expect(watched.read()).toBeCloseTo(0.03);
  });

  it('is still known after one monitor starts anew, and forgotten after both have', () => {
    const { turns: watched, monitors } = turns();
    watched.read();
    watched.tick(0);
    for (const monitor of monitors) monitor.seen(105);
    watched.tick(4_999);
    expect(monitors.map((m) => m.count)).toEqual([1, 1]);
    watched.tick(5_000);
    expect(monitors.map((m) => m.count)).toEqual([0, 1]);
    expect(watched.read()).toBeCloseTo(0.1);
    watched.tick(10_000);
    expect(monitors.map((m) => m.count)).toEqual([0, 0]);
    expect(watched.read()).toBe(0);
  });

  it('is no longer measured after a minute without a reader, and again for the next one', () => {
    const { turns: watched, monitors } = turns();
    watched.read();
    watched.tick(1_000);
    for (const monitor of monitors) monitor.seen(50);
    watched.tick(60_999);
    expect(monitors.every((m) => m.enabled)).toBe(true);
    watched.tick(61_000);
    expect(monitors.some((m) => m.enabled)).toBe(false);
    expect(watched.read()).toBe(0);
    expect(monitors.every((m) => m.enabled)).toBe(true);
  });

  it('is no longer measured after the stop', () => {
    const { turns: watched, monitors } = turns();
    watched.read();
    watched.stop();
    expect(monitors.some((m) => m.enabled)).toBe(false);
  });

  it('is seen by the monitors of Node, too', async () => {
    const watched = new LoopTurns();
    // The monitors take the time from their second look on.
    await waitFor(() => watched.read() > 0);
    const until = performance.now() + 60;
    while (performance.now() < until);
    await waitFor(() => watched.read() >= 0.05);
    watched.stop();
  });
});
