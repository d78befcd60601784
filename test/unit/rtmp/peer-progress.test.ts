import { describe, expect, it } from 'vitest';
import { PeerProgress, StallWatch } from '../../../src/rtmp/peer-progress.js';

const MiB = 2 ** 20;

describe('the progress of a peer', () => {
  it('is not asked for while nothing waits', () => {
    const progress = new PeerProgress();
    for (const nowMs of [0, 60_000, 120_000]) {
      progress.look(0, 1000, nowMs);
      expect(progress.stalledMs(nowMs + 5000)).toBe(0);
    }
  });

  it('is missing from the moment bytes wait and none are taken, however many are added', () => {
    const progress = new PeerProgress();
    progress.look(0, 500, 0);
    progress.look(1000, 600, 1000);
    for (let nowMs = 2000; nowMs <= 11_000; nowMs += 1000) progress.look(nowMs * 10, 600, nowMs);
    expect(progress.stalledMs(11_000)).toBe(10_000);
  });

  it('is made when the kernel takes a byte, though more wait than before', () => {
    const progress = new PeerProgress();
    progress.look(1000, 0, 0);
    progress.look(2000, 1, 9000);
    expect(progress.stalledMs(12_000)).toBe(3000);
  });

  it('is made when the peer acknowledges more, not when it says the same again or less', () => {
    const progress = new PeerProgress();
    progress.look(1000, MiB, 0);
    progress.acknowledged(65_536, 5000);
    expect(progress.stalledMs(6000)).toBe(1000);
    progress.acknowledged(65_536, 7000);
    progress.acknowledged(1000, 7000);
    expect(progress.stalledMs(8000)).toBe(3000);
  });

  it('is made also when the counter of the acknowledgements wraps', () => {
    const progress = new PeerProgress();
    progress.acknowledged(2 ** 31 - 1, 0);
    progress.acknowledged(2 ** 32 - 10, 0);
    progress.look(1000, MiB, 0);
    progress.acknowledged(5, 5000);
    expect(progress.stalledMs(6000)).toBe(1000);
  });

  it("is made when the peer's kernel has acknowledged more", () => {
    const progress = new PeerProgress();
    progress.look(1000, MiB, 0);
    progress.acknowledgedByKernel(100, 4000);
    progress.acknowledgedByKernel(100, 6000);
    expect(progress.stalledMs(9000)).toBe(9000);
    progress.acknowledgedByKernel(101, 9000);
    expect(progress.stalledMs(9000)).toBe(0);
  });

  it('is what one moment of an empty queue resets', () => {
    const progress = new PeerProgress();
    progress.look(1000, 0, 0);
    progress.look(0, 1000, 9000);
    progress.look(1000, 1000, 9500);
    expect(progress.stalledMs(10_000)).toBe(500);
  });
});

describe('the watch on stalled players', () => {
  const socket = {
    transport: 'rtmp' as const,
    localAddress: '',
    localPort: 0,
    remoteAddress: '',
    remotePort: 0,
    unsentBytes: 100,
    pendingBytes: 0,
    takenBytes: 5000,
  };

  it('suspects after a part of the time-out and is sure just at its end', () => {
    const watch = new StallWatch(socket, 10_000);
    expect(watch.isStalled(0)).toBe(false);
    expect([watch.isSuspect(0), watch.isSuspect(1)]).toEqual([false, true]);
    watch.unacknowledged(100, 1);
    expect([watch.isSuspect(2499), watch.isSuspect(2500)]).toEqual([false, true]);
    expect([watch.isStalled(9999), watch.isStalled(10_000)]).toEqual([false, true]);
  });

  it('asks for narrow acknowledgements until the peer has kept up for ten seconds, and again when bytes wait', () => {
    const easy = { ...socket, unsentBytes: 0 };
    const watch = new StallWatch(easy, 10_000);
    const announced = (nowMs: number) => watch.windowToAnnounce(2_500_000, nowMs);
    expect([0, 5000, 9999, 10_000, 11_000].map(announced)).toEqual([
      65_536,
      undefined,
      undefined,
      2_500_000,
      undefined,
    ]);
    easy.unsentBytes = 1;
    expect([12_000, 13_000].map(announced)).toEqual([65_536, undefined]);
    easy.unsentBytes = 0;
    expect([22_999, 23_000].map(announced)).toEqual([undefined, 2_500_000]);
    expect(new StallWatch(easy, 10_000).windowToAnnounce(32_768, 0)).toBeUndefined();
  });

  it('waits longer for a peer that takes large steps, and five times the time-out at most', () => {
    for (const [step, silentMs] of [
      [100_000, 12_500],
      [10_000_000, 50_000],
      [80_000, 10_000],
      [1, 10_000],
    ]) {
      const watch = new StallWatch({ ...socket, takenBytes: 20_000_000 }, 10_000);
      watch.isStalled(0);
      watch.unacknowledged(15_000_000, 0);
      watch.unacknowledged(15_000_000 - step, 5000);
      expect([watch.isStalled(5000 + silentMs - 1), watch.isStalled(5000 + silentMs)]).toEqual([false, true]);
    }
  });

  it('lets a peer stay that acknowledges a little before each time-out', () => {
    const watch = new StallWatch(socket, 10_000);
    watch.isStalled(0);
    watch.unacknowledged(4000, 0);
    for (let n = 1; n <= 20; n++) {
      watch.unacknowledged(4000 - n, n * 9999);
      expect(watch.isStalled(n * 9999 + 9998)).toBe(false);
    }
    expect(watch.isStalled(20 * 9999 + 10_000)).toBe(true);
  });
});
