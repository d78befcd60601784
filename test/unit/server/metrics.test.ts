import { describe, expect, it } from 'vitest';
import { collectMetrics } from '../../../src/server/metrics.js';

/** Stands for every part that a test says nothing about. */
const anything: object = new Proxy(() => undefined, {
  get: (_, key) => (key === Symbol.iterator ? () => [][Symbol.iterator]() : anything),
  apply: () => anything,
});

function metricsOf(parts: object) {
  const sources = new Proxy(parts, { get: (_, key) => (Reflect.has(parts, key) ? Reflect.get(parts, key) : anything) });
  const metrics = collectMetrics(sources as never);
  return (name: string) => metrics.find((metric) => metric.name === name);
}

describe('metrics of the server', () => {
  it('count calls of clients by what became of them', () => {
    const calls = new Map([
      ['result', 3],
      ['timeout', 1],
    ]);
    const metric = metricsOf({ rpc: { calls, pending: 2 } });
    expect(metric('sluice_rpc_calls_total')).toMatchObject({
      ...{ type: 'counter', labels: ['outcome'] },
      samples: [
        { value: 3, labels: { outcome: 'result' } },
        { value: 1, labels: { outcome: 'timeout' } },
      ],
    });
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
