import type { Labels, StreamLimits } from '../model/grant.js';
import type { StreamSnapshot } from '../model/snapshot.js';
import type { Track } from '../model/track.js';
import type { ConnectionFacts } from './access.js';
import type { RelayedAudience } from './relayed-audience.js';
import type { StreamCounters } from './stream-counters.js';

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
interface OwnFacts {
  readonly startedAtMs: number;
  readonly readyAtMs: number | undefined;
  readonly isHeld: boolean;
  readonly kbpsIn: number;
}

/** A live stream as lists show it. */
export function shownStream(stream: ShownStream, { startedAtMs, readyAtMs, isHeld, kbpsIn }: OwnFacts): StreamSnapshot {
  const { streamId, app, name, principal, keyFingerprint, labels, limits, facts, tracks, audience, counters } = stream;
  const { relays } = stream;
  const { bytes, bytesOut, audioFrames, videoFrames, drops } = counters;
  const state = readyAtMs === undefined ? 'live' : 'ready';
  return {
    ...{ streamId, app, name },
    state: isHeld ? 'suspended' : state,
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
    ...{ bytesOut, audioFrames, videoFrames, drops, kbpsIn },
    // A principal that is made from the address shows nothing that `peer` does not.
    ...(principal.startsWith('peer:') ? {} : { principal }),
    ...(keyFingerprint === undefined ? {} : { keyFingerprint }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}
