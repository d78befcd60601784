import type { Metric } from '../http/deps.js';
import type { Copies } from '../relay/cluster/copies.js';
import { by, histogram, one } from './metric-samples.js';

/** The metrics of streams of other nodes that are played here. @param copies undefined in no cluster */
export function copyMetrics(
  copies:
    | Pick<Copies, 'states' | 'started' | 'reconnects' | 'bytes' | 'firstMediaCounts' | 'firstMediaSumMs'>
    | undefined,
): Metric[] {
  if (copies === undefined) return [];
  const { states, started, reconnects, bytes, firstMediaCounts, firstMediaSumMs } = copies;
  return [
    by('sluice_copies', 'state', Object.entries(states)),
    one('sluice_copies_total', started),
    one('sluice_copies_reconnects_total', reconnects),
    one('sluice_copies_bytes_total', bytes),
    histogram('sluice_copies_first_media_seconds', firstMediaSumMs / 1000, firstMediaCounts),
  ];
}
