import type { Metric } from '../http/deps.js';
import type { TraceCounts } from '../traces/traces.js';
import { by, one } from './metric-samples.js';

/** What became of spans. @param counts undefined without traces */
export function traceMetrics(counts: TraceCounts | undefined): Metric[] {
  if (counts === undefined) return [];
  const { sent, failed, full } = counts;
  return [
    one('sluice_traces_spans_total', sent),
    by('sluice_traces_spans_dropped_total', 'why', Object.entries({ failed, full })),
  ];
}
