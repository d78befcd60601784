import { describe, expect, it } from 'vitest';
import { drawChart } from '../../../../bench/lib/chart.js';

describe('the chart', () => {
  it('draws a row for each server and escapes names', () => {
    const svg = drawChart(
      't',
      [{ server: 'a<b', cpuPerGB: 0.5, cpuLow: 0.4, cpuHigh: 0.6, p50Ms: 1, p99Ms: 9, ours: true }],
      'f',
    );
    expect(svg).toContain('a&lt;b');
    expect(svg).toContain('1 / 9');
    expect(svg.startsWith('<svg ')).toBe(true);
  });
});
