import type { PlainValue } from '../core/plain.js';
import type { Labels, StreamLimits } from '../model/grant.js';
import type { JobRun } from '../model/job.js';
import type { StreamDetails } from '../model/overview.js';
import type { PlaySnapshot } from '../model/play-snapshot.js';
import type { StreamSnapshot } from '../model/snapshot.js';
import type { StreamUrls } from '../model/stream-urls.js';
import type { CallAnswer } from './access.js';

/** A name that players wait for, and where it can be published. */
export interface Want {
  readonly app: string;
  readonly name: string;
  readonly players: number;
  readonly urls: StreamUrls;
}

/** Whether a command found what it names. `already`: what it wants was so before. */
export type Done = 'done' | 'already' | 'unknown';

/** A ticket for a run of a job. */
export interface IssuedTicket {
  /** Where the stream is played with it. Secret. */
  readonly url: string;
  /** ISO 8601: when its first play must have come. */
  readonly expiresAt: string;
}

/** What can be done to live streams and plays of this node. Nothing here throws; ids that are unknown say so. */
export interface LiveControl {
  streams(): readonly StreamSnapshot[];
  stream(streamId: string): StreamSnapshot | undefined;
  /** The same, with what is measured of it and what is wrong with it. */
  details(streamId: string): StreamDetails | undefined;
  plays(): readonly PlaySnapshot[];
  /** Names that players wait for. */
  wants(): readonly Want[];
  /**
   * Ends a stream with reason `kicked`. Its publisher is told `ERR_SESSION_KICKED` and the reason. Resolves at its end.
   */
  kickStream(streamId: string, reason: string): Promise<Done>;
  kickPlay(playId: string, reason: string): Promise<Done>;
  /** Ends a stream with reason `auth_revoked`. */
  revoke(streamId: string, reason: string): Promise<Done>;
  /** Replaces the limits of a stream. */
  limit(streamId: string, limits: StreamLimits): Done;
  /** Sets labels of a stream; `null` removes one. */
  label(
    streamId: string,
    labels: Readonly<Record<string, string | null>>,
  ): { readonly done: Done; readonly labels: Labels };
  /**
   * Asks the publisher to connect again (E-RTMP ReconnectRequest).
   *
   * @returns `unsupported` when the client did not announce that it understands this
   */
  reconnect(streamId: string, tcUrl: string | undefined, reason: string): Done | 'unsupported';
  /**
   * Sends a data message to the players of a stream, in order with its media.
   *
   * @returns `refused` when the handler is one that says what the stream is (metadata), or the values take more than 64
   *   KiB as JSON
   */
  send(streamId: string, handler: string, values: readonly PlainValue[]): Done | 'refused';
  /**
   * Issues a ticket for a run of a job, and ends plays of runs of the same template with lower tokens.
   *
   * @returns `fenced`: a higher token was seen; `full`: the stream has tickets of as many templates as it may have
   */
  ticket(streamId: string, run: JobRun, isAnew?: boolean): IssuedTicket | 'unknown' | 'moving' | 'fenced' | 'full';
  /** Calls a method of the client that publishes a stream or plays a play, and waits for its answer. */
  call(
    target: { readonly streamId: string } | { readonly playId: string },
    method: string,
    values: readonly PlainValue[],
    timeoutMs: number,
  ): Promise<CallAnswer | 'unknown'>;
}
