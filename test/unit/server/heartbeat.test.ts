import { describe, expect, it } from 'vitest';
import { loadOf } from '../../../src/server/heartbeat.js';
import { ManualClock } from '../../support/events-parts.js';

describe('the load in a heartbeat', () => {
  it('is what was carried and how much the event loop worked since the one before', () => {
    const clock = new ManualClock();
    const door = { bytesIn: 1_000_000, bytesOut: 0 };
    const loop = { active: 100, idle: 900 };
    const load = loadOf({ clock, door, liveStreams: { playing: 7 }, loop: () => loop });
    clock.pass(5000);
    Object.assign(door, { bytesIn: 2_000_000, bytesOut: 10_000_000 });
    Object.assign(loop, { active: 1350, idle: 4650 });
    expect(load()).toEqual({ plays: 7, kbpsIn: 1600, kbpsOut: 16_000, busy: 0.25 });
    clock.pass(5000);
    loop.idle += 5000;
    expect(load()).toEqual({ plays: 7, kbpsIn: 0, kbpsOut: 0, busy: 0 });
  });

  it('is that of before where less than a second has passed, with the plays of now', () => {
    const clock = new ManualClock();
    const [door, liveStreams] = [{ bytesIn: 0, bytesOut: 0 }, { playing: 1 }];
    const load = loadOf({ clock, door, liveStreams, loop: () => ({ active: 1, idle: 1 }) });
    clock.pass(1000);
    door.bytesIn = 1000;
    expect(load()).toMatchObject({ kbpsIn: 8 });
    clock.pass(999);
    liveStreams.playing = 2;
    expect(load()).toEqual({ plays: 2, kbpsIn: 8, kbpsOut: 0, busy: 0 });
  });

  it('is zero where no time has passed', () => {
    const clock = new ManualClock();
    const door = { bytesIn: 5, bytesOut: 5 };
    const load = loadOf({ clock, door, liveStreams: { playing: 0 }, loop: () => ({ active: 3, idle: 4 }) });
    expect(load()).toEqual({ plays: 0, kbpsIn: 0, kbpsOut: 0, busy: 0 });
  });
});
