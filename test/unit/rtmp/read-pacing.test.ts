import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Audience } from '../../../src/hub/audience.js';
import { Fanout } from '../../../src/hub/fanout.js';
import { PacedReads, ReadPacer } from '../../../src/rtmp/read-pacing.js';

const fanout = new Fanout({ maxDelayMs: 0, playersAtMaxDelay: 1 }, () => 0);
const audience = new Audience(fanout);
const KNOWN = { readyMs: 1, audience };

function reader(): { resumed: number; resumeReads(): void } {
  return {
    resumed: 0,
    resumeReads() {
      this.resumed++;
    },
  };
}

describe('reading streams that nobody plays', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('goes on with the beat, once, and keeps no timer when nobody waits', () => {
    const pacer = new ReadPacer(40);
    const [one, two] = [reader(), reader()];
    expect(pacer.hold(one, KNOWN, 100)).toBe(true);
    vi.advanceTimersByTime(30);
    expect(pacer.hold(two, KNOWN, 100)).toBe(true);
    expect([one.resumed, two.resumed]).toEqual([0, 0]);
    vi.advanceTimersByTime(10);
    expect([one.resumed, two.resumed]).toEqual([1, 1]);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(400);
    expect([one.resumed, two.resumed]).toEqual([1, 1]);
  });

  it('takes a reader in again that is held during the beat itself', () => {
    const pacer = new ReadPacer(40);
    let beats = 0;
    const eager = {
      resumeReads() {
        beats++;
        if (beats < 3) pacer.hold(eager, KNOWN, 1);
      },
    };
    pacer.hold(eager, KNOWN, 1);
    vi.advanceTimersByTime(400);
    expect(beats).toBe(3);
  });

  it('never makes anybody wait who has players, is not ready, or whose kernel buffer fills up', () => {
    const pacer = new ReadPacer(40);
    const watched = { ...KNOWN, audience: new Audience(fanout) };
    watched.audience.add({ slot: -1, visit: () => {}, fail: () => {} });
    // With no time to merge there is no turn to wait for.
    expect(pacer.hold(reader(), watched, 100)).toBe(false);
    expect(pacer.hold(reader(), { ...KNOWN, readyMs: undefined }, 100)).toBe(false);
    expect(pacer.hold(reader(), KNOWN, 32_767)).toBe(true);
    expect(pacer.hold(reader(), KNOWN, 32_768)).toBe(false);
  });

  it('is off at 0', () => {
    expect(new ReadPacer(0).hold(reader(), KNOWN, 1)).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the reads of one connection', () => {
  it('wait when nobody waits for what is read next, and not for a read that brought nothing', () => {
    const pacer = new ReadPacer(1);
    const reads = new PacedReads(pacer, reader());
    expect(reads.mustWait(undefined, 100)).toBe(false);
    expect(reads.mustWait(KNOWN, 0)).toBe(false);
    expect(reads.mustWait(KNOWN, 100)).toBe(true);
  });

  it('at once end as soon as nothing more is to be found out, and after a few turns in any case', async () => {
    const one = reader();
    const reads = new PacedReads(new ReadPacer(40), one);
    let asked = 0;
    await reads.readNow(() => ++asked === 3);
    expect([one.resumed, asked]).toEqual([1, 3]);
    await reads.readNow(() => ++asked < 0);
    expect(one.resumed).toBe(2);
    expect(asked).toBeLessThan(20);
  });

  it('are not paced until the last of those who asked has its answer', async () => {
    const reads = new PacedReads(new ReadPacer(1), reader());
    let isOver = false;
    const first = reads.readNow(() => true);
    const second = reads.readNow(() => isOver);
    await first;
    expect(reads.mustWait(KNOWN, 100)).toBe(false);
    isOver = true;
    await second;
    expect(reads.mustWait(KNOWN, 100)).toBe(true);
  });
});
