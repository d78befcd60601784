import type { Clock } from '../core/clock.js';
import type { Epoch } from '../model/epoch.js';
import type { JobRun } from '../model/job.js';
import type { Peer, TransportName } from '../model/peer.js';
import type { StreamUrls } from '../model/stream-urls.js';
import { boundedUrls, clipLabels, clipped } from './clip.js';
import { type Emitter, traceparentOf } from './envelope.js';
import type { StreamRef, StreamStarted } from './event-types.js';
import { type OpenStream, toldEpoch } from './open-streams.js';

/** The ids and names of a publish. */
interface StreamIdentity {
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
  readonly connectionId: string;
}

/** The facts of a publish that was authorised and won its name. `tcUrl` without its query. */
export interface StartFacts extends StreamIdentity {
  readonly peer: Peer;
  readonly transport: TransportName;
  readonly encoder?: string;
  readonly tcUrl?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly principal?: string;
  readonly keyFingerprint?: string;
  readonly urls?: StreamUrls;
  /** Of the claim by which its node has the name. */
  readonly epoch?: Epoch;
}

/** A player that began to receive a stream. */
export interface PlayFacts {
  readonly playerId: string;
  readonly connectionId: string;
  readonly peer: Peer;
  readonly transport?: string;
  readonly client?: string;
  /** Of a play with a ticket. */
  readonly job?: JobRun;
}

/** A play whose start was told. */
export interface ToldPlay {
  /** Monotonic. */
  readonly sinceMs: number;
  /** What its end tells again. */
  readonly again: Pick<PlayFacts, 'connectionId' | 'peer' | 'job'>;
}

/** A stream of this process. */
export interface LifecycleStream extends OpenStream {
  readonly startedMonoMs: number;
  readonly traceparent: string | undefined;
  /** Journal position of its newest event. */
  last: number;
  /** Players whose start was told. */
  readonly plays: Map<string, ToldPlay>;
  /** Calls that came before the start was durable. They run when it is, and are dropped when it is refused. */
  waiting: (() => unknown)[] | undefined;
}

/** A stream at its start. */
export function openStream(emitter: Emitter, clock: Clock, s: StartFacts, bus: boolean): LifecycleStream {
  const labels = clipLabels(s.labels);
  const urls = boundedUrls(s.urls);
  return {
    streamId: s.streamId,
    app: s.app,
    name: s.name,
    connectionId: s.connectionId,
    nodeId: emitter.nodeId,
    bootId: emitter.bootId,
    startedMs: clock.wallMs(),
    startedMonoMs: clock.monotonicMs(),
    seq: 1,
    state: 'live',
    tracks: [],
    ...(labels === undefined ? {} : { labels }),
    ...clipped('encoder', s.encoder, 256),
    transport: s.transport,
    ...(urls === undefined ? {} : { urls }),
    ...(s.epoch === undefined ? {} : { epoch: s.epoch }),
    bus,
    anchor: Number.POSITIVE_INFINITY,
    last: 0,
    traceparent: traceparentOf(s.streamId),
    plays: new Map(),
    waiting: [],
  };
}

/** The facts that `stream.started` adds to the stream's identity. */
export function startFacts(stream: OpenStream, s: StartFacts): Omit<StreamStarted, keyof StreamRef> {
  return {
    peer: s.peer,
    transport: s.transport,
    ...clipped('encoder', s.encoder, 256),
    ...clipped('tcUrl', s.tcUrl),
    ...(stream.labels === undefined ? {} : { labels: stream.labels }),
    ...clipped('principal', s.principal, 256),
    ...clipped('keyFingerprint', s.keyFingerprint, 16),
    ...(stream.urls === undefined ? {} : { urls: stream.urls }),
    ...toldEpoch(stream.epoch),
  };
}

/** `data` without what the stream adds; a play event names the player's connection instead of the publisher's. */
export type WithoutRef<T> = Omit<T, keyof StreamRef> & { readonly connectionId?: string };
