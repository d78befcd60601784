import { describe, expect, it } from 'vitest';
import { ClaimCounts } from '../../../src/cluster/claim-counts.js';
import { SERVER_METRICS } from '../../../src/model/metrics.js';
import { collectMetrics } from '../../../src/server/metrics.js';

/** Stands for every part that a test says nothing about. */
const anything: object = new Proxy(() => undefined, {
  get: (_, key) => {
    if (key === Symbol.iterator) return () => [][Symbol.iterator]();
    return key === Symbol.toPrimitive ? () => 0 : anything;
  },
  apply: () => anything,
});

function withAnything(parts: object): object {
  return new Proxy(parts, { get: (_, key) => (Reflect.has(parts, key) ? Reflect.get(parts, key) : anything) });
}

function metricsOf(given: object) {
  const parts = { cluster: undefined, copies: undefined, ...given };
  const metrics = collectMetrics(withAnything(parts) as never);
  return (name: string) => metrics.find((metric) => metric.name === name);
}

describe('metrics of the server', () => {
  it('count claims of names in a cluster, and how long they took', () => {
    const counts = new ClaimCounts();
    counts.count('won', 1.5);
    counts.count('won', 30);
    counts.count('busy', 9000);
    const yielded = { moved: 4, refused: 3, takenBack: 1, forged: 0 };
    const nodes = { refusedBy: new Map([['ERR_RELAY_LOOP', 2]]), letIn: 5 };
    const metric = metricsOf({
      cluster: { claims: { counts, owned: 2 }, yielded, trouble: 'away' },
      liveStreams: withAnything({ nodes, relaysServed: 4 }),
    });
    expect(metric('sluice_cluster_relays_served')?.samples).toEqual([{ value: 4 }]);
    expect(metric('sluice_cluster_relays_admitted_total')?.samples).toEqual([{ value: 5 }]);
    expect(metric('sluice_cluster_relays_refused_total')?.samples).toEqual([
      { value: 2, labels: { code: 'ERR_RELAY_LOOP' } },
    ]);
    expect(metric('sluice_cluster_claims_total')?.samples).toContainEqual({ value: 2, labels: { outcome: 'won' } });
    // At most 1, 2, 5, 10, 25, 100 ms and so on, up to 8 s; then all.
    expect(metric('sluice_cluster_claim_seconds')?.samples).toEqual([
      { value: 9.0315, counts: [0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3] },
    ]);
    expect(metric('sluice_cluster_yields_total')?.samples).toEqual([
      { value: 4, labels: { outcome: 'moved' } },
      { value: 3, labels: { outcome: 'refused' } },
      { value: 1, labels: { outcome: 'taken_back' } },
      { value: 0, labels: { outcome: 'forged' } },
    ]);
    expect(metric('sluice_cluster_registry_up')?.samples).toEqual([{ value: 0 }]);
    expect(metricsOf({})('sluice_cluster_claims_total')).toBeUndefined();
  });

  it('tell how many streams are in which state, and for how long one has been without a keyframe', () => {
    const openStreams = new Map([
      ['a', { state: 'live', startedMs: 9000 }],
      ['b', { state: 'live', startedMs: 2500 }],
      ['c', { state: 'ready', startedMs: 0 }],
    ]);
    const metric = metricsOf({ openStreams, nowMs: 10_000 });
    expect(metric('sluice_streams_by_state')?.samples).toEqual([
      { value: 2, labels: { state: 'live' } },
      { value: 1, labels: { state: 'ready' } },
      { value: 0, labels: { state: 'suspended' } },
    ]);
    expect(metric('sluice_stream_unready_max_seconds')?.samples).toEqual([{ value: 7.5 }]);
    expect(metricsOf({ openStreams: new Map() })('sluice_stream_unready_max_seconds')?.samples).toEqual([{ value: 0 }]);
  });

  it('are those of the table, each once, but for those that HTTP adds', () => {
    const names = collectMetrics(withAnything({}) as never).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const others = Object.keys(SERVER_METRICS).filter((name) => !names.includes(name as (typeof names)[number]));
    expect(others.filter((name) => !/^sluice_(?:event_followers|http_connections)/.test(name))).toEqual([]);
    expect(names.filter((name) => !(name in SERVER_METRICS))).toEqual([]);
  });

  it('count calls of clients by what became of them', () => {
    const calls = new Map([
      ['result', 3],
      ['timeout', 1],
    ]);
    const metric = metricsOf({ rpc: { calls, pending: 2 } });
    expect(metric('sluice_rpc_calls_total')?.samples).toEqual([
      { value: 3, labels: { outcome: 'result' } },
      { value: 1, labels: { outcome: 'timeout' } },
    ]);
    expect(metric('sluice_rpc_pending')?.samples).toEqual([{ value: 2 }]);
  });

  it('count requests that were refused for their token', () => {
    const metric = metricsOf({ tokenRefusals: { wrong: 3, held: 1 } });
    expect(metric('sluice_http_tokens_refused_total')?.samples).toEqual([
      { value: 3, labels: { why: 'wrong' } },
      { value: 1, labels: { why: 'held' } },
    ]);
  });

  it('have no calls of clients without NATS', () => {
    const metric = metricsOf({ rpc: undefined });
    expect(metric('sluice_rpc_calls_total')?.samples).toEqual([]);
    expect(metric('sluice_rpc_pending')?.samples).toEqual([{ value: 0 }]);
  });
});
