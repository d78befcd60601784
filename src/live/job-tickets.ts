import type { ErrorCode } from '../core/errors.js';
import type { JobRun } from '../model/job.js';
import type { JobTicket } from './job-ticket.js';

/** How long after its issue a ticket may begin its first play, in ms. */
export const FIRST_PLAY_MS = 60_000;
/** Most templates with tickets of one stream. */
const MOST_TEMPLATES = 64;

/** The newest ticket of one template for a stream that moves. */
export interface MovedTicket extends JobRun {
  /** Whether it was played with. */
  readonly wasPlayed: boolean;
}

/** What is known of the tickets of one template for one stream. */
interface Issued {
  /** The highest that was asked for: only its run plays. */
  readonly token: number;
  /** Monotonic. */
  issuedAtMs: number;
  /** From the first play on it may be used again for as long as it holds. */
  wasPlayed: boolean;
}

/**
 * Which run of each job may play: for each stream and template the one with the highest token that a ticket was issued
 * for. What is known of a stream is forgotten at its end, and its tickets are worth nothing from then on.
 */
export class JobTickets {
  readonly #streams = new Map<string, Map<string, Issued>>();

  /**
   * A run gets a ticket, and runs with other tokens lose theirs. The same token may be asked for again.
   *
   * @param nowMs monotonic
   * @param isAnew whether tokens are counted anew, so that a lower one than was seen is the newest
   * @returns `fenced`: a higher token was seen; `full`: the stream has tickets of as many templates as it may have
   */
  issue({ streamId, template, token }: JobTicket, nowMs: number, isAnew = false): 'issued' | 'fenced' | 'full' {
    const issued = this.#streams.get(streamId);
    const held = issued?.get(template);
    if (held !== undefined && token < held.token && !isAnew) return 'fenced';
    if (held === undefined && (issued?.size ?? 0) >= MOST_TEMPLATES) return 'full';
    if (held?.token === token) held.issuedAtMs = nowMs;
    else {
      const templates = issued ?? new Map<string, Issued>();
      this.#streams.set(streamId, templates.set(template, { token, issuedAtMs: nowMs, wasPlayed: false }));
    }
    return 'issued';
  }

  /**
   * A run wants to play with a ticket that is genuine.
   *
   * @param nowMs monotonic
   * @returns why it may not; undefined: it plays from now on
   */
  use({ streamId, template, token }: JobTicket, nowMs: number): ErrorCode | undefined {
    const held = this.#streams.get(streamId)?.get(template);
    if (held?.token !== token) return 'ERR_JOB_FENCED';
    if (!held.wasPlayed && nowMs - held.issuedAtMs > FIRST_PLAY_MS) return 'ERR_JOB_TICKET_EXPIRED';
    held.wasPlayed = true;
    return undefined;
  }

  /** Whether a run that plays with a ticket may go on. */
  holds({ streamId, template, token }: JobTicket): boolean {
    return this.#streams.get(streamId)?.get(template)?.token === token;
  }

  /** What is known of the tickets of a stream, for the node that goes on with it. */
  of(streamId: string): MovedTicket[] {
    const issued = this.#streams.get(streamId) ?? new Map<string, Issued>();
    return [...issued].map(([template, { token, wasPlayed }]) => ({ template, token, wasPlayed }));
  }

  /** A stream goes on here: its tickets, which another node has issued, hold on. @param nowMs monotonic */
  adopt(streamId: string, tickets: readonly MovedTicket[], nowMs: number): void {
    if (tickets.length === 0) return;
    const issued = tickets.map(
      (t) => [t.template, { token: t.token, issuedAtMs: nowMs, wasPlayed: t.wasPlayed }] as const,
    );
    this.#streams.set(streamId, new Map(issued.slice(0, MOST_TEMPLATES)));
  }

  /** A stream is over, and with it every ticket for it. */
  streamEnded(streamId: string): void {
    this.#streams.delete(streamId);
  }
}
