import type { Metric } from '../http/deps.js';
import { type Copies, FIRST_MEDIA_MS } from '../relay/cluster/copies.js';

/** The metrics of streams of other nodes that are played here. @param copies undefined in no cluster */
export function copyMetrics(
  copies:
    | Pick<Copies, 'states' | 'started' | 'reconnects' | 'bytes' | 'firstMediaCounts' | 'firstMediaSumMs'>
    | undefined,
): Metric[] {
  if (copies === undefined) return [];
  const { states, started, reconnects, bytes, firstMediaCounts, firstMediaSumMs } = copies;
  const byState = Object.entries(states).map(([state, value]) => ({ value, labels: { state } }));
  const byTime = firstMediaCounts.map((value, at) => ({
    value,
    labels: { within: FIRST_MEDIA_MS[at] === undefined ? 'more' : `${FIRST_MEDIA_MS[at]}ms` },
  }));
  return [
    {
      ...named('gauge', '', 'names that are fetched from other nodes, or that players wait for'),
      ...{ labels: ['state'], samples: byState },
    },
    { ...named('counter', '_total', 'streams of other nodes that came'), samples: [{ value: started }] },
    { ...named('counter', '_reconnects_total', 'their lost connections made again'), samples: [{ value: reconnects }] },
    { ...named('counter', '_bytes_total', 'media of them, as framed for players'), samples: [{ value: bytes }] },
    {
      ...named('counter', '_first_media_total', 'first media of them, by the time since the first play'),
      ...{ labels: ['within'], samples: byTime },
    },
    {
      ...named('counter', '_first_media_milliseconds_total', 'sum of the times until first media'),
      samples: [{ value: Math.round(firstMediaSumMs) }],
    },
  ];
}

function named(type: 'gauge' | 'counter', name: string, help: string): Pick<Metric, 'name' | 'type' | 'help'> {
  return { name: `sluice_copies${name}`, type, help };
}
