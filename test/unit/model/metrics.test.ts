import { describe, expect, it } from 'vitest';
import type { MetricRow } from '../../../src/model/metric-row.js';
import { METRICS } from '../../../src/model/metrics.js';

const rows: [string, MetricRow][] = Object.entries(METRICS);

describe('the table of metrics', () => {
  it.each(rows)('has a name, a unit and words for %s as Prometheus has them', (name, row) => {
    expect(name).toMatch(/^sluice(?:_[a-z]+)+$/);
    expect(name.endsWith('_total')).toBe(row.type === 'counter');
    if (/^(?:bytes|seconds|milliseconds)$/.test(row.unit)) expect(name.replace('_total', '')).toMatch(`_${row.unit}`);
    expect(row.help).toMatch(/^\w.*[^.\s]$/);
    expect(row.todo ?? 'Nothing.').toMatch(/\.$/);
    for (const values of Object.values(row.labels ?? {})) expect(values.length).toBeGreaterThan(0);
  });

  it('has bounds for each histogram, and for nothing else', () => {
    for (const [name, { type, bounds }] of rows) {
      expect([name, bounds !== undefined]).toEqual([name, type === 'histogram']);
      expect([name, ...(bounds ?? [])]).toEqual([name, ...[...(bounds ?? [])].sort((a, b) => a - b)]);
    }
  });
});
