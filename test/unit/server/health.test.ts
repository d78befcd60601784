import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../../src/config/load.js';
import type { Config } from '../../../src/config/table.js';
import type { EventsStats } from '../../../src/events/event-layer.js';
import { type HealthSources, healthOf } from '../../../src/server/health.js';

const WELL = {
  busState: 'ready',
  busDetail: '',
  journalState: 'ok',
  journalDetail: '',
  lifeDetail: '',
  pending: 0,
} as unknown as EventsStats;

function health(events: Partial<EventsStats> | undefined, more: Partial<HealthSources> = {}) {
  return healthOf({
    closedFor: undefined,
    events: events === undefined ? undefined : { ...WELL, ...events },
    admission: [],
    controlTrouble: '',
    recordingTrouble: '',
    descriptorShortage: undefined,
    config: configOf('accept'),
    registryTrouble: undefined,
    ...more,
  });
}

/** The settings that say what becomes of new publishes. @param registry undefined: there is no cluster */
function configOf(onBusDown: Config['events']['onBusDown'], registry?: Config['cluster']['onRegistryDown']) {
  const { cluster, events } = resolveConfig({});
  return {
    cluster: { ...cluster, enabled: registry !== undefined, onRegistryDown: registry ?? 'refuse' },
    events: { ...events, onBusDown },
  };
}

describe('the health of a node', () => {
  it('is degraded while this user may not be asked over NATS', () => {
    const controlTrouble = 'this user may not subscribe to sluice.v1.ctl.>';
    expect(health({}, { controlTrouble })).toEqual({
      ...{ ready: true, reasons: [], degraded: [`control over NATS is off: ${controlTrouble}`] },
    });
  });

  it('says that it has no contact to its cluster, and is ready only where its streams go on', () => {
    const isolated = 'no contact to the cluster for most of the lease: other nodes may take names over';
    expect(health({}, { isolation: { is: true, stops: false } })).toEqual({
      ...{ ready: true, reasons: [], degraded: [`${isolated}; streams go on (cluster.onIsolated)`] },
    });
    expect(health({}, { isolation: { is: true, stops: true } })).toEqual({
      ...{ ready: false, reasons: [`${isolated}; streams are ended (cluster.onIsolated)`], degraded: [] },
    });
    expect(health({}, { isolation: { is: false, stops: true } })).toMatchObject({ ready: true, degraded: [] });
  });

  it('is ready and not degraded when all is well, and when no NATS is configured', () => {
    const well = { ready: true, reasons: [], degraded: [] };
    expect(health({})).toEqual(well);
    expect(health({ busState: 'off' })).toEqual(well);
  });

  it.each(['connecting', 'disconnected', 'stream_full', 'denied', 'not_answering', 'stream_misconfigured'] as const)(
    'is ready but degraded, with cause and backlog, while NATS is %s and streams are accepted all the same',
    (busState) => {
      expect(health({ busState, busDetail: 'why', pending: 7 })).toEqual({
        ready: true,
        reasons: [],
        degraded: [`NATS is ${busState}: why; 7 events wait in the journal`],
      });
    },
  );

  it.each(['reject_new', 'drain'] as const)(
    'is not ready while NATS is away and events.onBusDown is %s',
    (onBusDown) => {
      const more = { config: configOf(onBusDown) };
      const { ready, reasons, degraded } = health({ busState: 'stream_full', busDetail: 'why' }, more);
      expect({ ready, degraded }).toEqual({ ready: false, degraded: [] });
      expect(reasons).toEqual(['NATS is stream_full: why; new streams are refused (events.onBusDown)']);
    },
  );

  it.each(['accept', 'drain'] as const)(
    'is ready in a cluster as cluster.onRegistryDown says, where events.onBusDown is %s',
    (onBusDown) => {
      const away = { busState: 'disconnected', busDetail: 'why' } as const;
      expect(health(away, { config: configOf(onBusDown, 'local') })).toMatchObject({ ready: true });
      expect(health(away, { config: configOf(onBusDown, 'refuse') })).toMatchObject({
        ready: false,
        reasons: ['NATS is disconnected: why; new streams are refused (cluster.onRegistryDown)'],
      });
      // Names can be claimed while no event can be stored.
      const full = { busState: 'stream_full', busDetail: 'why' } as const;
      expect(health(full, { config: configOf(onBusDown, 'refuse') })).toMatchObject({ ready: true });
    },
  );

  it('is degraded while the registry of names does not answer though NATS does', () => {
    const registryTrouble = 'the registry of names does not answer: 503';
    expect(health({}, { registryTrouble })).toEqual({ ready: true, reasons: [], degraded: [registryTrouble] });
    expect(health({}, { registryTrouble: '' })).toMatchObject({ degraded: [] });
  });

  it.each(['full', 'failed', 'closed'] as const)('is not ready while the journal is %s', (journalState) => {
    expect(health({ journalState, journalDetail: 'why' })).toMatchObject({
      ready: false,
      reasons: [`the event journal is ${journalState}: why; new streams are refused`],
    });
  });

  it('is not ready while there are no descriptors for a connection', () => {
    expect(health({}, { descriptorShortage: '60 of 80 are open' })).toEqual({
      ready: false,
      reasons: ['60 of 80 are open'],
      degraded: [],
    });
  });

  it('is degraded while the sign of life cannot be written', () => {
    expect(health({ lifeDetail: 'EIO' })).toMatchObject({ ready: true, degraded: [expect.stringContaining('EIO')] });
  });

  it('is not ready before the events are, and while it drains', () => {
    expect(health(undefined)).toMatchObject({ ready: false, reasons: ['the server is starting'] });
    expect(health({}, { closedFor: 'the server is draining' })).toMatchObject({
      ready: false,
      reasons: ['the server is draining'],
    });
  });
});
