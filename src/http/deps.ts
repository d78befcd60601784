import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { StreamSnapshot } from '../model/snapshot.js';
import type { EventFeed } from './event-feed.js';

/** One metric, read at the moment of the scrape. */
export interface Metric {
  /** With the prefix `sluice_`; counters end in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  /** Label names; every sample has exactly these. Default: none. */
  readonly labels?: readonly string[];
  readonly samples: readonly MetricSample[];
}

/** One value of a metric. */
export interface MetricSample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Whether the node takes work, with one sentence for each reason. */
export interface Health {
  readonly ready: boolean;
  /** Why it takes none. Empty when it does. */
  readonly reasons: readonly string[];
  /** What does not work, although streams do. */
  readonly degraded: readonly string[];
}

/** Facts of the node for `/v1/node`; any JSON. */
type NodeFacts = Readonly<Record<string, unknown>>;

/** The part of the configuration that the HTTP server reads. */
export interface HttpOptions {
  readonly listen: string;
  readonly allowedHosts: string;
  readonly maxClients: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly maxEventClients: number;
  readonly eventClientBytes: number;
  readonly eventKeepAliveMs: number;
}

/** The data that the HTTP server shows. Every function is a cheap snapshot and is called only for a request. */
export interface HttpDeps {
  readonly options: HttpOptions;
  readonly log: Logger;
  readonly clock: Clock;
  streams(): readonly StreamSnapshot[];
  metrics(): readonly Metric[];
  health(): Health;
  node(): NodeFacts;
  readonly events: EventFeed;
  /** Most connections for which the process has file descriptors now. */
  connectionShare(): number;
}
