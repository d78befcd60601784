import { describe, expect, it } from 'vitest';
import { Isolation, isolationMetrics, isolationOf } from '../../../src/server/isolation.js';
import { RecordingLog } from '../../support/events-parts.js';

function setUp(policy: 'keep' | 'stop') {
  const log = new RecordingLog();
  const state = { isIsolated: false };
  const told: string[] = [];
  const isolation = new Isolation({
    ...{ log, policy, isIsolated: () => state.isIsolated },
    endStreams: (description) => told.push(description),
  });
  const tick = (isIsolated: boolean): void => {
    state.isIsolated = isIsolated;
    isolation.tick();
  };
  return { isolation, log, told, tick };
}

describe('a node without contact to its cluster', () => {
  it('keeps its streams by default, and says so once', () => {
    const { isolation, log, told, tick } = setUp('keep');
    for (const is of [false, true, true, true]) tick(is);
    expect(told).toEqual([]);
    expect(isolation.is).toBe(true);
    expect(log.lines).toMatchObject([{ level: 'error', fields: { policy: 'keep', ended: 0 } }]);
    tick(false);
    expect(log.lines).toMatchObject([{ level: 'error' }, { level: 'info' }]);
    expect(isolation.is).toBe(false);
  });

  it('ends its streams where that is set, those that begin meanwhile too, and tells them to come again', () => {
    const { told, tick } = setUp('stop');
    tick(false);
    expect(told).toEqual([]);
    for (let i = 0; i < 2; i++) tick(true);
    expect(told).toEqual([expect.stringContaining('connect again'), expect.stringContaining('connect again')]);
    tick(false);
    expect(told).toHaveLength(2);
  });

  it('is seen in a metric', () => {
    expect(isolationMetrics(undefined)).toEqual([]);
    const { isolation, tick } = setUp('keep');
    const value = () => isolationMetrics(isolation)[0]?.samples;
    expect(value()).toEqual([{ value: 0 }]);
    tick(true);
    expect(value()).toEqual([{ value: 1 }]);
  });

  it('is nothing that a node outside of a cluster can be', () => {
    const config = { cluster: { enabled: false } } as never;
    expect(
      isolationOf(config, { eventLayer: { bus: undefined }, log: new RecordingLog() }, {} as never),
    ).toBeUndefined();
  });
});
