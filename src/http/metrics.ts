import { collectDefaultMetrics, Registry } from 'prom-client';
import type { MetricRow } from '../model/metric-row.js';
import { METRICS } from '../model/metrics.js';
import type { Metric } from './deps.js';

/** Renders metrics for Prometheus, with what the table says of them. Values are read at each scrape. */
export class MetricsPage {
  readonly #process = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.#process });
  }

  get contentType(): string {
    return this.#process.contentType;
  }

  /**
   * The page: the metrics of the process and `metrics`.
   *
   * @param metrics the present values; one whose labels have no values now is shown without samples
   */
  async render(metrics: readonly Metric[]): Promise<string> {
    return `${await this.#process.metrics()}\n${metrics.map(textOf).join('')}`;
  }
}

function textOf({ name, samples }: Metric): string {
  const { type, help, bounds = [] }: MetricRow = METRICS[name];
  let text = `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`;
  for (const { value, labels = {}, counts } of samples) {
    if (counts === undefined) {
      text += line(name, labels, value);
      continue;
    }
    for (const [at, count] of counts.entries())
      text += line(`${name}_bucket`, { ...labels, le: String(bounds[at] ?? '+Inf') }, count);
    text += line(`${name}_sum`, labels, value) + line(`${name}_count`, labels, counts.at(-1)!);
  }
  return text;
}

function line(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${numberText(value)}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

/** Prometheus spells infinity in a way of its own. */
function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
