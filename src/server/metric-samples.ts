import type { Metric } from '../http/deps.js';
import type { MetricName } from '../model/metrics.js';

/** A metric of one value. */
export function one(name: MetricName, value: number): Metric {
  return { name, samples: [{ value }] };
}

/** 1 or 0. */
export function state(name: MetricName, is: boolean): Metric {
  return one(name, is ? 1 : 0);
}

/** A metric with a value for each value of its one label. */
export function by(name: MetricName, label: string, values: Iterable<readonly [string | number, number]>): Metric {
  return { name, samples: [...values].map(([key, value]) => ({ value, labels: { [label]: String(key) } })) };
}

/** A metric of several labels, whose names in its samples are those of the metric. */
export function each<T>(
  name: MetricName,
  list: Iterable<T>,
  read: (of: T) => { readonly value: number; readonly labels: Readonly<Record<string, string>> },
): Metric {
  return { name, samples: [...list].map(read) };
}

/** @param counts how many were at most as much as each bound of the metric, then how many there were */
export function histogram(name: MetricName, sum: number, counts: readonly number[]): Metric {
  return { name, samples: [{ value: sum, counts }] };
}
