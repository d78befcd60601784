import { describe, expect, it } from 'vitest';
import { type AfterWait, BusMachine } from '../../../../src/events/bus/bus-machine.js';
import type { BusState } from '../../../../src/events/bus/bus-state.js';
import type { StreamCheck } from '../../../../src/events/bus/stream-setup.js';
import type { LinkState } from '../../../../src/nats/connection.js';
import type { WaitReason } from '../../../../src/nats/publish-outcome.js';

function machine() {
  const changes: BusState[] = [];
  const bus = new BusMachine((state) => changes.push(state));
  return { bus, changes };
}

/** A bus that publishes. */
function ready() {
  const { bus, changes } = machine();
  bus.prepared(true);
  changes.length = 0;
  return { bus, changes };
}

describe('the states of the bus', () => {
  it('begin with connecting, and are ready without a detail once stream and lease are there', () => {
    const { bus, changes } = machine();
    expect([bus.state, bus.detail, bus.isPrepared]).toEqual(['connecting', '', false]);
    bus.prepared(true);
    expect([bus.state, bus.detail, bus.isPrepared]).toEqual(['ready', '', true]);
    expect(changes).toEqual(['ready']);
  });

  it('wait for the lease when it does not hold yet, and are ready with it', () => {
    const { bus, changes } = machine();
    bus.prepared(false);
    expect([bus.state, bus.isPrepared]).toEqual(['not_answering', true]);
    bus.leaseHeld();
    expect(changes).toEqual(['not_answering', 'ready']);
  });

  const links: [Exclude<LinkState, 'connected'>, BusState][] = [
    ['connecting', 'connecting'],
    ['disconnected', 'disconnected'],
    ['refused', 'refused'],
    ['closed', 'ready'],
  ];
  it.each(links)('follow a connection that is %s to %s, and nothing is prepared any more', (link, state) => {
    const { bus } = ready();
    bus.unlinked(link, 'why');
    expect([bus.state, bus.isPrepared]).toEqual([state, false]);
    // What belongs to the connection before says nothing now.
    bus.leaseHeld();
    bus.flows();
    expect(bus.state).toBe(state);
    expect(bus.leaseLapsed('late')).toBe(false);
    expect(bus.state).toBe(state);
  });

  const checks: [StreamCheck, BusState][] = [
    [{ kind: 'ok', created: false, warnings: [] }, 'not_answering'],
    [{ kind: 'unavailable', text: 'why' }, 'not_answering'],
    [{ kind: 'misconfigured', text: 'why' }, 'stream_misconfigured'],
    [{ kind: 'unsafe_replicas', text: 'why' }, 'unsafe_replicas'],
    [{ kind: 'no_jetstream', text: 'why' }, 'no_jetstream'],
    [{ kind: 'denied', text: 'why' }, 'denied'],
  ];
  it.each(checks)('after the check %j are %s, with the reason', (check, state) => {
    const { bus } = machine();
    bus.unusable(check);
    expect(bus.state).toBe(state);
    expect(bus.detail).toMatch(check.kind === 'ok' ? /other nodes/ : /^why$/);
    expect(bus.isPrepared).toBe(false);
  });

  const waits: [WaitReason, AfterWait, boolean][] = [
    ['not_answering', 'ask', true],
    ['stream_missing', 'prepare', false],
    ['stream_full', 'nothing', true],
    ['disconnected', 'nothing', true],
    ['denied', 'nothing', true],
  ];
  it.each(waits)('while everything waits for %s ask for: %s', (why, after, isPrepared) => {
    const { bus } = ready();
    expect(bus.waits(why, 'why')).toBe(after);
    expect([bus.state, bus.detail, bus.isPrepared]).toEqual([why, 'why', isPrepared]);
    bus.flows();
    expect(bus.state).toBe(isPrepared ? 'ready' : why);
  });

  it('leave only not_answering when the lease holds: a full stream stays full', () => {
    const { bus } = ready();
    bus.waits('stream_full', 'why');
    bus.leaseHeld();
    expect(bus.state).toBe('stream_full');
  });

  it('say why no heartbeat gets through, and that something was being sent until then', () => {
    const { bus } = ready();
    expect(bus.leaseLapsed('no answer')).toBe(true);
    expect([bus.state, bus.detail]).toEqual(['not_answering', 'no heartbeat gets through: no answer']);
    bus.leaseHeld();
    expect([bus.state, bus.detail]).toEqual(['ready', '']);
  });

  it('are stream_missing when it turns out that the stream is gone', () => {
    const { bus } = ready();
    bus.streamGone();
    expect([bus.state, bus.detail, bus.isPrepared]).toEqual(['stream_missing', 'the stream is gone', false]);
  });

  it('tell a change once, however often the reason changes', () => {
    const { bus, changes } = ready();
    for (const why of ['one', 'two', 'two']) bus.waits('stream_full', why);
    expect(changes).toEqual(['stream_full']);
    expect(bus.detail).toBe('two');
  });

  it('end with closed, whatever comes after', () => {
    const { bus, changes } = ready();
    bus.close();
    bus.prepared(true);
    bus.waits('stream_full', 'why');
    bus.unlinked('disconnected', 'why');
    bus.close();
    expect([bus.state, bus.detail]).toEqual(['closed', '']);
    expect(changes).toEqual(['closed']);
  });
});
