import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { whileSeen } from '../../../src/page/rounds.js';

/** A tab that can be hidden. */
class Tab extends EventTarget {
  hidden = false;

  turn(isHidden: boolean): void {
    this.hidden = isHidden;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

/** Work whose end the test decides. */
function work() {
  const ends: ((goesOn: boolean) => void)[] = [];
  const act = () => new Promise<boolean>((resolve) => ends.push(resolve));
  const end = async (goesOn = true) => {
    ends.at(-1)?.(goesOn);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { act, end, begun: () => ends.length };
}

describe('rounds of work', () => {
  let tab: Tab;
  beforeEach(() => {
    tab = new Tab();
    vi.useFakeTimers();
    vi.stubGlobal('document', tab);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('begin a while after the last has ended, however long it took', async () => {
    const { act, end, begun } = work();
    const rounds = whileSeen(act, 1000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(begun()).toBe(1);
    await end();
    await vi.advanceTimersByTimeAsync(999);
    expect(begun()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(begun()).toBe(2);
    rounds.stop();
  });

  it('are never two at a time: what is asked for meanwhile is done once, afterwards', async () => {
    const { act, end, begun } = work();
    const rounds = whileSeen(act, 1000);
    for (const isHidden of [true, false, true, false]) tab.turn(isHidden);
    rounds.now();
    expect(begun()).toBe(1);
    await end();
    expect(begun()).toBe(2);
    await end();
    expect(begun()).toBe(2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(begun()).toBe(3);
    rounds.stop();
  });

  it('are not begun in a hidden tab, and go on at once when it is seen', async () => {
    tab.hidden = true;
    const { act, end, begun } = work();
    const rounds = whileSeen(act, 1000);
    rounds.now();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(begun()).toBe(0);
    tab.turn(false);
    expect(begun()).toBe(1);
    tab.turn(true);
    await end();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(begun()).toBe(1);
    tab.turn(false);
    expect(begun()).toBe(2);
    rounds.stop();
  });

  it('end when they are stopped, and when the work says so, and leave nothing behind', async () => {
    const [one, other] = [work(), work()];
    const rounds = whileSeen(one.act, 1000);
    rounds.stop();
    await one.end();
    whileSeen(other.act, 1000);
    await other.end(false);
    tab.turn(false);
    rounds.now();
    await vi.advanceTimersByTimeAsync(10_000);
    expect([one.begun(), other.begun(), vi.getTimerCount()]).toEqual([1, 1, 0]);
  });
});
