import type { Labels, StreamLimits } from '../model/grant.js';
import type { OverviewStream } from '../model/overview.js';
import type { StreamSnapshot } from '../model/snapshot.js';
import type { Track } from '../model/track.js';
import type { ConnectionFacts } from './access.js';
import type { RelayedAudience } from './relayed-audience.js';
import type { StreamCounters } from './stream-counters.js';
import type { StreamRates } from './stream-rates.js';
import type { StreamTrouble } from './stream-trouble.js';

/** What a live stream shows of itself. */
interface ShownStream {
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
  readonly principal: string;
  readonly keyFingerprint: string | undefined;
  readonly labels: Labels;
  readonly limits: StreamLimits;
  readonly facts: ConnectionFacts;
  readonly tracks: readonly Track[];
  readonly audience: number;
  readonly relays: RelayedAudience;
  readonly counters: StreamCounters;
}

/** What only the stream itself knows. Times in ms since the epoch. */
export interface OwnFacts {
  readonly startedAtMs: number;
  readonly readyAtMs: number | undefined;
  readonly rates: StreamRates;
  /** Undefined: it has a publisher. */
  readonly held: object | undefined;
}

/** A live stream as lists show it. */
export function shownStream(stream: ShownStream, own: OwnFacts): StreamSnapshot {
  const { startedAtMs, readyAtMs, rates } = own;
  const { streamId, app, name, principal, keyFingerprint, labels, limits, facts, tracks, audience, counters } = stream;
  const { relays } = stream;
  const { bytes, bytesOut, audioFrames, videoFrames, drops } = counters;
  return {
    ...{ streamId, app, name },
    state: stateOf(own),
    connectionId: facts.connectionId,
    startedAt: new Date(startedAtMs).toISOString(),
    ...(readyAtMs === undefined ? {} : { readyAt: new Date(readyAtMs).toISOString() }),
    peer: facts.peer,
    transport: facts.transport,
    ...(facts.info?.flashVer ? { encoder: facts.info.flashVer } : {}),
    tracks,
    players: audience - relays.size,
    ...(relays.size === 0 ? {} : { playersElsewhere: relays.players }),
    bytesIn: bytes,
    ...{ bytesOut, audioFrames, videoFrames, drops, kbpsIn: rates.kbpsIn },
    // A principal that is made from the address shows nothing that `peer` does not.
    ...(principal.startsWith('peer:') ? {} : { principal }),
    ...(keyFingerprint === undefined ? {} : { keyFingerprint }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}

/** A live stream as the first view of the page shows it. @param nowMs monotonic */
export function shownOverview(
  { streamId, app, name, tracks, audience, relays }: ShownStream,
  own: OwnFacts,
  trouble: StreamTrouble,
  nowMs: number,
): OverviewStream {
  const { rates } = own;
  const isHeld = own.held !== undefined;
  const state = stateOf(own);
  const sentence = trouble.sentence({ state, tracks, ageMs: nowMs - rates.begunMs, nowMs });
  return {
    ...{ streamId, app, name, state, tracks },
    startedAt: new Date(own.startedAtMs).toISOString(),
    players: audience - relays.size,
    // What was measured last does not hold while nothing comes.
    kbpsIn: isHeld ? 0 : rates.kbpsIn,
    kbpsOut: isHeld ? 0 : rates.kbpsOut,
    ...(isHeld || rates.delayMs === undefined ? {} : { delayMs: rates.delayMs }),
    ...(rates.gopMs === undefined ? {} : { gopMs: rates.gopMs }),
    ...(sentence === undefined ? {} : { trouble: sentence }),
  };
}

function stateOf({ held, readyAtMs }: OwnFacts): StreamSnapshot['state'] {
  if (held !== undefined) return 'suspended';
  return readyAtMs === undefined ? 'live' : 'ready';
}
