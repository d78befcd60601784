import type { Metric } from '../http/deps.js';
import type { RecordedStreams } from '../vod/recorded-streams.js';
import { one } from './metric-samples.js';

/** The metrics of recorded streams. */
export function recordedMetrics({ counts }: Pick<RecordedStreams, 'counts'>): Metric[] {
  const { plays, started, files, reads } = counts;
  return [
    one('sluice_recorded_plays', plays),
    one('sluice_recorded_plays_started_total', started),
    one('sluice_recorded_files', files),
    one('sluice_recorded_reads_total', reads),
  ];
}
