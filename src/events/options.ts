import type { NatsOptions } from '../nats/options.js';
import type { FsyncPolicy } from './journal/options.js';
import { DEFAULT_PREFIX } from './subjects.js';

/** What new publishers are told while NATS cannot be reached. */
type BusDownPolicy = 'accept' | 'reject_new' | 'drain';

/** Settings of the event layer. Sizes in bytes, times in milliseconds; everything left out has a default. */
export interface EventsOptions {
  /** Folder of journal, heartbeat record and quarantine; without one the journal lives in memory. */
  readonly dir?: string;
  /** Without it events go to the journal and the log only. */
  readonly nats?: NatsOptions;
  readonly prefix?: string;
  readonly plays?: boolean;
  readonly onBusDown?: BusDownPolicy;
  readonly maxJournalBytes?: number;
  readonly segmentBytes?: number;
  readonly historyBytes?: number;
  readonly historyMs?: number;
  readonly fsync?: FsyncPolicy;
  readonly fsyncIntervalMs?: number;
  /** Name of the JetStream stream. */
  readonly stream?: string;
  readonly replicas?: number;
  /** Lets `replicas` be more than 1 on servers known to lose events with it. */
  readonly allowUnsafeReplicas?: boolean;
  readonly maxAgeMs?: number;
  readonly duplicateWindowMs?: number;
  readonly streamsBucket?: string;
  readonly nodesBucket?: string;
  /** A node without a sign of life for this long is lost. */
  readonly leaseMs?: number;
  readonly heartbeatMs?: number;
  /** Most events waiting for their PubAck at a time, over all streams. */
  readonly maxInFlight?: number;
  readonly publishTimeoutMs?: number;
  /** Whether this node ends the streams of lost ones. */
  readonly reap?: boolean;
}

/** {@link EventsOptions} with the defaults filled in. */
export type ResolvedEventsOptions = Required<Omit<EventsOptions, 'dir' | 'nats'>> & Pick<EventsOptions, 'dir' | 'nats'>;

/** Fills in the defaults. */
export function resolveEventsOptions(o: EventsOptions): ResolvedEventsOptions {
  const maxJournalBytes = o.maxJournalBytes ?? 256 << 20;
  return {
    dir: o.dir,
    nats: o.nats,
    prefix: o.prefix ?? DEFAULT_PREFIX,
    plays: o.plays ?? true,
    onBusDown: o.onBusDown ?? 'accept',
    maxJournalBytes,
    segmentBytes: o.segmentBytes ?? Math.max(64 << 10, Math.min(8 << 20, Math.floor(maxJournalBytes / 16))),
    historyBytes: o.historyBytes ?? Math.floor(maxJournalBytes / 4),
    historyMs: o.historyMs ?? 7 * 24 * 3_600_000,
    fsync: o.fsync ?? 'interval',
    fsyncIntervalMs: o.fsyncIntervalMs ?? 50,
    stream: o.stream ?? 'SLUICE_EVENTS',
    replicas: o.replicas ?? 1,
    allowUnsafeReplicas: o.allowUnsafeReplicas ?? false,
    maxAgeMs: o.maxAgeMs ?? 7 * 24 * 3_600_000,
    duplicateWindowMs: o.duplicateWindowMs ?? 120_000,
    streamsBucket: o.streamsBucket ?? 'SLUICE_STREAMS',
    nodesBucket: o.nodesBucket ?? 'SLUICE_NODES',
    leaseMs: o.leaseMs ?? 15_000,
    heartbeatMs: o.heartbeatMs ?? 5000,
    maxInFlight: o.maxInFlight ?? 256,
    publishTimeoutMs: o.publishTimeoutMs ?? 2000,
    reap: o.reap ?? true,
  };
}
