import type { JobFacts } from './template/template.js';

/** A live stream, as far as jobs need it. */
export interface LiveStreamFacts {
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
  /** `suspended`: its publisher may come back. */
  readonly state: 'live' | 'ready' | 'suspended';
  readonly facts: JobFacts;
  /** `sequence` of the newest event that this includes; 0 where that is not known. */
  readonly sequence: number;
}

/** A name that players wait for. */
export interface Want {
  readonly app: string;
  readonly name: string;
  /** Where it can be published; missing where the node is of an older version. */
  readonly publishUrl?: string;
}

/** A lifecycle event, as far as jobs need it. */
export interface StreamNews {
  /** `started`, `ready`, `updated`, `active`, `idle`, `ended` … */
  readonly verb: string;
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
  readonly sequence: number;
  /** ISO 8601. */
  readonly time: string;
  /** Of the event. */
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * The answer to a request for a ticket. `fenced`: another run holds the job, or none does; `gone`: nobody has the
 * stream; `unavailable`: nobody knows now.
 */
export type TicketAnswer =
  | { readonly kind: 'ticket'; readonly url: string }
  | { readonly kind: 'fenced' | 'gone' | 'unavailable'; readonly text: string };

/** The server or servers whose streams jobs follow. Everything here may throw ERR_JOB_STORE while they are away. */
export interface Streams {
  /** All live streams. */
  live(): Promise<readonly LiveStreamFacts[]>;
  /** One live stream; undefined when it is not live any more. */
  stream(of: {
    readonly app: string;
    readonly name: string;
    readonly streamId: string;
  }): Promise<LiveStreamFacts | undefined>;
  /** The stream that has a name now. */
  named(app: string, name: string): Promise<LiveStreamFacts | undefined>;
  /** Whether the end of a stream is known. */
  hasEnded(streamId: string): Promise<boolean>;
  /** Those of many streams whose end is known. */
  endedOf(streamIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Whether players play a stream, as its newest event of that kind says; undefined: there was none. */
  isActive(of: {
    readonly app: string;
    readonly name: string;
    readonly streamId: string;
  }): Promise<boolean | undefined>;
  /** Names that players wait for. */
  wants(): Promise<readonly Want[]>;
  /** Never throws. */
  ticket(streamId: string, template: string, token: number): Promise<TicketAnswer>;
}

/** Takes what happens to streams. */
export interface StreamListener {
  /** Resolves when it was acted upon; when it rejects, the event is given again, to this runner or another. */
  news(news: StreamNews): Promise<void>;
  wanted(want: Want): void;
  unwanted(of: { readonly app: string; readonly name: string }): void;
  /** Whether media of a stream is expected now. */
  flowing(streamId: string, isFlowing: boolean): void;
}
