import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { HttpToken } from '../config/http-token-settings.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { ApiRoute } from '../model/api-route.js';
import type { MetricName } from '../model/metrics.js';
import type { EventFeed } from './event-feed.js';
import type { GuessLimits } from './token-guesses.js';

/** One metric, read at the moment of the scrape. Its type, labels and words are in the table of metrics. */
export interface Metric {
  readonly name: MetricName;
  readonly samples: readonly MetricSample[];
}

/** One value of a metric. */
interface MetricSample {
  /** Of a histogram the sum of all values. */
  readonly value: number;
  /** All labels that the metric has. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Of a histogram: how many values were at most as large as each bound, then how many there were. */
  readonly counts?: readonly number[];
}

/** Whether the node takes work, with one sentence for each reason. */
export interface Health {
  readonly ready: boolean;
  /** Why it takes none. Empty when it does. */
  readonly reasons: readonly string[];
  /** What does not work, although streams do. */
  readonly degraded: readonly string[];
}

/** The part of the configuration that the HTTP server reads. */
export interface HttpOptions extends GuessLimits {
  readonly listen: string;
  readonly allowedHosts: string;
  /** Whether browsers are shown the page. */
  readonly page: boolean;
  readonly tokens: readonly HttpToken[];
  /** One more token, with every scope; `''`: none. */
  readonly token: string;
  readonly maxClients: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly maxEventClients: number;
  readonly eventClientBytes: number;
  readonly eventKeepAliveMs: number;
}

/** Answers requests for streams beside everything else that is served. Each is asked whether its host is allowed. */
interface MediaServer {
  /** @returns false when the path is none of a stream: then nothing was done */
  handle(request: IncomingMessage, response: ServerResponse, allows: (of: IncomingMessage) => boolean): boolean;
  /** Answers WebSocket handshakes. */
  watch(server: Server, allows: (of: IncomingMessage) => boolean): void;
}

/** A recording that is open. Whoever opened it reads it or closes it, once. */
export interface RecordingFile {
  /** When it was opened. */
  readonly bytes: number;
  /** Another one when it has changed. */
  readonly etag: string;
  /** Its bytes from `from` to `to`, that one included. It is closed at the end, and when the stream is destroyed. */
  read(from: number, to: number): Readable;
  close(): Promise<void>;
}

/** The recordings of this node. */
export interface RecordingFiles {
  /** @throws SluiceError `ERR_MEDIA_PATH`, `ERR_MEDIA_MISSING`; otherwise the system's error */
  open(path: string): Promise<RecordingFile>;
}

/** What the HTTP server shows and serves. Every function is a cheap snapshot and is called only for a request. */
export interface HttpDeps {
  readonly options: HttpOptions;
  readonly log: Logger;
  readonly clock: Clock;
  metrics(): readonly Metric[] | Promise<readonly Metric[]>;
  health(): Health;
  readonly events: EventFeed;
  /** Routes of other parts. */
  readonly routes: readonly ApiRoute[];
  /** Plays streams; undefined: nobody does. */
  readonly media?: MediaServer | undefined;
  /** Recordings that are sent; undefined: there are none. */
  readonly recordings?: RecordingFiles | undefined;
  /** Most connections for which the process has file descriptors now. */
  connectionShare(): number;
}
