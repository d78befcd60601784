import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from './policy/sources.js';

/** One choice of time series in an expression, such as `sluice_relays{state="connecting"}`. */
interface Selector {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

/** An expression of PromQL, and where it stands. */
export interface Query {
  readonly of: string;
  readonly expr: string;
}

/** An alert of the rules. */
export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

/** What the test reads of the dashboard. */
interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
}

/** The dashboard that the project ships. */
export const DASHBOARD = JSON.parse(
  readFileSync(join(root, 'examples/deploy/grafana/dashboards/sluice.json'), 'utf8'),
) as Dashboard;

/** The alerts that the project ships. */
export const ALERTS = (
  parse(readFileSync(join(root, 'examples/deploy/prometheus/rules.yml'), 'utf8')) as {
    groups: { rules: Alert[] }[];
  }
).groups.flatMap(({ rules }) => rules);

/** Every query of the dashboard, for all nodes and over a minute. */
export const PANEL_QUERIES: readonly Query[] = DASHBOARD.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({
    of: title,
    expr: expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m'),
  })),
);

const FUNCTIONS = new Set([
  'sum',
  'max',
  'min',
  'rate',
  'increase',
  'deriv',
  'changes',
  'histogram_quantile',
  'min_over_time',
  'by',
  'and',
]);

/** The words of an expression that are no function, keyword or label: names of metrics. */
export function selectorsOf(expr: string): Selector[] {
  const rest = expr.replaceAll(/\bby \([^)]*\)/g, '');
  return [...rest.matchAll(/\b([a-z_][a-z0-9_]*)\b(?:\{([^}]*)\})?(?!")/g)]
    .filter(([, word], at, all) => !FUNCTIONS.has(word!) && !isInside(rest, all[at]!.index))
    .map(([, metric, matchers = '']) => ({
      metric: metric!,
      matchers: [...matchers.matchAll(/(\w+)(=~|!=|!~|=)"([^"]*)"/g)].map(([, label, operator, value]) => ({
        ...{ label: label!, operator: operator!, value: value! },
      })),
    }));
}

/** The labels that an expression groups by. */
export function groupedBy(expr: string): string[] {
  return [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels]) => labels!.split(',').map((one) => one.trim()));
}

/** Whether a place is inside of braces or of a range such as `[5m]`. */
function isInside(text: string, at: number): boolean {
  const before = text.slice(0, at);
  return before.lastIndexOf('{') > before.lastIndexOf('}') || before.lastIndexOf('[') > before.lastIndexOf(']');
}
