import type { ConnectionFacts } from './access.js';
import type { JobTicket } from './job-ticket.js';
import type { PlayTeller } from './played-stream.js';
import type { RunningGrant } from './stream-grant.js';

/** An accepted play: who plays what, and the stream of its `play.started`. */
export interface PlayerEntry {
  readonly playId: string;
  readonly app: string;
  readonly name: string;
  readonly facts: ConnectionFacts;
  readonly principal: string;
  /** Tells its key apart from others without revealing it; undefined: it has none. */
  readonly keyFingerprint: string | undefined;
  readonly grant: RunningGrant;
  /** With which a run of a job plays; undefined: it is one of the audience. */
  readonly ticket: JobTicket | undefined;
  /** Whether another node plays it for its own players. */
  readonly isRelay: boolean;
  /**
   * The stream that it plays and none that follows, as jobs, other nodes and previews do; undefined: it plays a name.
   */
  readonly boundTo: string | undefined;
  /** Which it plays, below `media.root`; undefined: it plays what is live. */
  readonly file: string | undefined;
  /** Resolves when it has ended. */
  readonly over: Promise<void>;
  readonly ended: () => void;
  /** Unix time in ms. */
  readonly startedAtMs: number;
  /** Id of the stream in which it is counted; undefined while it waits. */
  streamId: string | undefined;
  /** Has told its `play.started`, and tells its end; undefined: its start was not told. */
  teller: PlayTeller | undefined;
  /** Whether the log has a line about its start: only then it gets one about its end. */
  logged: boolean;
}
