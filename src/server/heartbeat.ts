import { performance } from 'node:perf_hooks';
import type { Config } from '../config/table.js';
import type { Clock } from '../core/clock.js';
import { SluiceError } from '../core/errors.js';
import { VERSION } from '../core/version.js';
import type { EventLayer } from '../events/event-layer.js';
import type { NodeFacts } from '../events/event-types.js';
import { type ClusterOptions, clusterOptions } from './cluster.js';
import type { Parts } from './parts.js';
import type { Places } from './places.js';

/** What a node can do for others, by `cluster.role`. */
const CAPS = { any: ['publish', 'fetch'], origin: ['publish'], edge: ['fetch'] } as const;

/** What the load is read from. */
interface LoadSources {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly liveStreams: { readonly playing: number };
  readonly door: { readonly bytesIn: number; readonly bytesOut: number };
  /** Times of the event loop since the process began, in ms. */
  readonly loop?: () => { readonly active: number; readonly idle: number };
}

/**
 * Has the heartbeat of a node in a cluster tell where it is reached and how busy it is. Call it once it listens.
 *
 * @param failed told when this process must not go on: another one with its id lives, and was there before
 */
export function announceNode(
  config: Config,
  places: Places,
  parts: Parts,
  { bus }: EventLayer,
  failed: (error: SluiceError) => void,
): void {
  const options = clusterOptions(config);
  if (options === undefined || bus === undefined) return;
  const load = loadOf(parts);
  bus.onOlderTwin = (bootId) => failed(new SluiceError('ERR_CLUSTER_SAME_ID', `the other process is boot ${bootId}`));
  bus.announce(() => ({ ...placeOf(options, places), load: load() }));
}

function placeOf({ zone, role, advertise, isSecure }: ClusterOptions, places: Places): NodeFacts {
  const { host, port } = places.forNodes({ advertise, isSecure });
  return { relay: { host, port, tls: isSecure }, ...(zone === '' ? {} : { zone }), caps: CAPS[role], version: VERSION };
}

/** Calls that follow another one sooner than this get the same, in ms: more than one asks. */
const LEAST_MS = 1000;

/** Measures the load from one call to the next. */
export function loadOf(sources: LoadSources): () => NonNullable<NodeFacts['load']> {
  const { clock, liveStreams, door, loop = () => performance.eventLoopUtilization() } = sources;
  const read = () => ({ atMs: clock.monotonicMs(), in: door.bytesIn, out: door.bytesOut, ...loopTimes(loop()) });
  let last = read();
  let load: NonNullable<NodeFacts['load']> = { plays: 0, kbpsIn: 0, kbpsOut: 0, busy: 0 };
  return () => {
    const now = read();
    if (now.atMs - last.atMs < LEAST_MS) return { ...load, plays: liveStreams.playing };
    // Bytes in a millisecond are eight kilobits in a second.
    const kbps = (bytes: number): number => rounded((8 * bytes) / (now.atMs - last.atMs));
    const turned = now.active - last.active;
    const all = turned + now.idle - last.idle;
    load = {
      plays: liveStreams.playing,
      kbpsIn: kbps(now.in - last.in),
      kbpsOut: kbps(now.out - last.out),
      busy: all <= 0 ? 0 : Math.round((100 * turned) / all) / 100,
    };
    last = now;
    return load;
  };
}

function loopTimes({ active, idle }: { readonly active: number; readonly idle: number }) {
  return { active, idle };
}

function rounded(value: number): number {
  return Math.max(0, Math.round(value));
}
