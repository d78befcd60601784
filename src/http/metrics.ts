import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Metric } from './deps.js';

/** Renders metrics for Prometheus. Nothing is counted here: values are read at each scrape. */
export class MetricsPage {
  readonly #registry = new Registry();
  readonly #known = new Map<string, Gauge | Counter>();

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /**
   * The page: the metrics of the process and `metrics`.
   *
   * @param metrics the present values; a metric that was there before and is missing now is shown without samples
   */
  async render(metrics: readonly Metric[]): Promise<string> {
    for (const instrument of this.#known.values()) instrument.reset();
    for (const metric of metrics) {
      const instrument = this.#instrument(metric);
      for (const { value, labels = {} } of metric.samples) instrument.inc(labels, value);
    }
    return this.#registry.metrics();
  }

  #instrument(metric: Metric): Gauge | Counter {
    const known = this.#known.get(metric.name);
    if (known !== undefined) return known;
    const { name, help, labels: labelNames = [] } = metric;
    const options = { name, help, labelNames: [...labelNames], registers: [this.#registry] };
    const made = metric.type === 'counter' ? new Counter(options) : new Gauge(options);
    this.#known.set(name, made);
    return made;
  }
}
