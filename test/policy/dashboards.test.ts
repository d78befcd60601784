import { describe, expect, it } from 'vitest';
import type { MetricRow } from '../../src/model/metric-row.js';
import { METRIC_GROUPS } from '../../src/model/metrics.js';
import { read } from '../support/policy/sources.js';
import { ALERTS, DASHBOARD, groupedBy, PANEL_QUERIES, selectorsOf } from '../support/promql.js';

const rows = new Map<string, MetricRow>(METRIC_GROUPS.flatMap(([, group]) => Object.entries(group)));
/** What Prometheus itself adds. */
const TARGET = ['instance', 'job'];
const queries = [...PANEL_QUERIES, ...ALERTS.map(({ alert, expr }) => ({ of: alert, expr }))];

function rowOf(metric: string): MetricRow | undefined {
  if (metric === 'up') return { type: 'gauge', unit: '0 or 1', help: 'of Prometheus' };
  const base = metric.replace(/_(?:bucket|sum|count)$/, '');
  return rows.get(metric) ?? (rows.get(base)?.type === 'histogram' ? rows.get(base) : undefined);
}

function labelsOf(metric: string): string[] {
  const row = rowOf(metric);
  return [...TARGET, ...Object.keys(row?.labels ?? {}), ...(metric.endsWith('_bucket') ? ['le'] : [])];
}

describe('queries of the dashboard and of the alerts', () => {
  it('are many, and all is found in them', () => {
    expect(PANEL_QUERIES.length).toBeGreaterThan(60);
    expect(selectorsOf('sum by (a, le) (rate(x_total{k="v",i=~".*"}[5m])) / y > 0.9 and z == 0')).toEqual([
      {
        metric: 'x_total',
        matchers: [
          { label: 'k', operator: '=', value: 'v' },
          { label: 'i', operator: '=~', value: '.*' },
        ],
      },
      { metric: 'y', matchers: [] },
      { metric: 'z', matchers: [] },
    ]);
    for (const { expr } of queries) expect(selectorsOf(expr)).not.toEqual([]);
  });

  it.each(queries)('name metrics, labels and values of the table: $of, $expr', ({ expr }) => {
    const selectors = selectorsOf(expr);
    for (const { metric, matchers } of selectors) {
      expect([metric, rowOf(metric) !== undefined]).toEqual([metric, true]);
      expect(labelsOf(metric)).toEqual(expect.arrayContaining(matchers.map(({ label }) => label)));
      for (const { label, operator, value } of matchers) {
        const values = rowOf(metric)?.labels?.[label];
        if (!Array.isArray(values)) continue;
        expect(values).toEqual(expect.arrayContaining(operator.endsWith('~') ? value.split('|') : [value]));
      }
      const isCounter = rowOf(metric)?.type === 'counter' || /_bucket$/.test(metric);
      expect([metric, new RegExp(`(?:rate|increase)\\(${metric}\\b`).test(expr)]).toEqual([metric, isCounter]);
    }
    const labels = new Set(selectors.flatMap(({ metric }) => labelsOf(metric)));
    expect(groupedBy(expr).filter((label) => !labels.has(label))).toEqual([]);
  });
});

describe('the dashboard', () => {
  it('asks the chosen nodes of the chosen data source, in every panel', () => {
    expect(DASHBOARD.uid).toBe('sluice');
    expect(DASHBOARD.templating.list.map(({ name }) => name)).toEqual(['datasource', 'instance']);
    for (const { title, type, datasource, targets = [] } of DASHBOARD.panels) {
      if (type === 'row') continue;
      expect([title, datasource?.uid]).toEqual([title, expect.stringMatching(/^\$\{datasource\}$/)]);
      expect([title, targets.length > 0]).toEqual([title, true]);
      for (const { expr } of targets)
        for (const { metric, matchers } of selectorsOf(expr).filter(({ metric: name }) => !/_runner_/.test(name)))
          expect([metric, matchers]).toEqual([
            metric,
            expect.arrayContaining([{ label: 'instance', operator: '=~', value: '$instance' }]),
          ]);
    }
  });

  it('has each panel once, and none over another', () => {
    const { panels } = DASHBOARD;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const [at, { gridPos: a }] of panels.entries())
      for (const { gridPos: b, title } of panels.slice(at + 1)) {
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        expect([title, apart, b.x + b.w <= 24]).toEqual([title, true, true]);
      }
  });
});

describe('the alerts', () => {
  it.each(ALERTS)('say what is wrong and link to what to do: $alert', ({ alert, labels, annotations }) => {
    expect(labels['severity']).toMatch(/^(?:warning|critical)$/);
    expect(annotations['summary']).toMatch(/\S/);
    expect(annotations['description']).toMatch(/\.$/);
    const [, metric] = /^docs\/metrics\.md#(\w+)$/.exec(annotations['runbook']!)!;
    expect(read('docs/metrics.md')).toContain(`\n### ${metric}\n`);
    expect(rows.get(metric!)?.todo).toMatch(/\S/);
    expect(read('examples/deploy/prometheus/rules.test.yml')).toContain(`alertname: ${alert}\n        exp_alerts:\n`);
  });
});
