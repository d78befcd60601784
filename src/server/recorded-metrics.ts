import type { Metric } from '../http/deps.js';
import type { RecordedStreams } from '../vod/recorded-streams.js';

/** The metrics of recorded streams. */
export function recordedMetrics({ counts }: Pick<RecordedStreams, 'counts'>): Metric[] {
  const { plays, started, files, reads } = counts;
  return [
    metric('gauge', 'plays', 'recorded streams that are played', plays),
    metric('counter', 'plays_started_total', 'plays of recorded streams since the start', started),
    metric('gauge', 'files', 'recorded files that are open', files),
    metric('counter', 'reads_total', 'reads of recorded files that the cache could not answer', reads),
  ];
}

function metric(type: 'gauge' | 'counter', name: string, help: string, value: number): Metric {
  return { name: `sluice_recorded_${name}`, help, type, samples: [{ value }] };
}
