import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../../src/config/load.js';
import { announceNode, loadOf } from '../../../src/server/heartbeat.js';
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

describe('a node that announces itself', () => {
  /** What its heartbeat tells, and what it fails with when an older process with its id is there. */
  function announced(cluster: object) {
    const bus: { announce?: unknown; facts?: () => unknown; onOlderTwin?: (bootId: string) => void } = {};
    bus.announce = (facts: () => unknown) => {
      bus.facts = facts;
    };
    const places = { forNodes: ({ isSecure }: { isSecure: boolean }) => ({ host: 'h', port: isSecure ? 2 : 1 }) };
    const parts = { clock: new ManualClock(), liveStreams: { playing: 0 }, door: { bytesIn: 0, bytesOut: 0 } };
    const failures: { code: string; message: string }[] = [];
    const rtmps = { cert: 'cert.pem', key: 'key.pem' };
    const config = resolveConfig({ cluster, rtmps, nats: { url: 'nats://127.0.0.1' } });
    announceNode(config, places as never, parts as never, { bus } as never, (error) => failures.push(error));
    return { bus, failures, told: bus.facts?.() };
  }
  const cluster = { enabled: true, secret: '0123456789abcdef' };

  it('tells its address, its zone if it has one, what it can do, and its version', () => {
    expect(announced(cluster).told).toEqual({
      ...{ relay: { host: 'h', port: 1, tls: false }, caps: ['publish', 'fetch'], version: expect.any(String) },
      load: { plays: 0, kbpsIn: 0, kbpsOut: 0, busy: 0 },
    });
    const other = { ...cluster, zone: 'z', role: 'edge', tls: 'on' };
    expect(announced(other).told).toMatchObject({ zone: 'z', caps: ['fetch'], relay: { port: 2, tls: true } });
    expect(announced({ ...cluster, role: 'origin' }).told).toMatchObject({ caps: ['publish'] });
  });

  it('fails when an older process with its id lives', () => {
    const { bus, failures } = announced(cluster);
    bus.onOlderTwin?.('01BOOT');
    expect(failures).toMatchObject([{ code: 'ERR_CLUSTER_SAME_ID', message: expect.stringContaining('01BOOT') }]);
  });

  it('tells nothing in no cluster', () => {
    expect(announced({ enabled: false }).told).toBeUndefined();
  });
});
