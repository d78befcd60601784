import type { Clock } from '../core/clock.js';
import type { ErrorCode } from '../core/errors.js';
import type { JobRun } from '../model/job.js';
import type { JobTicket } from './job-ticket.js';

/** What the node that has a stream says of a ticket for it: that it holds, or why not. */
export type TicketVerdict = 'holds' | ErrorCode;

/** A ticket that is asked about. */
export interface TicketQuestion extends JobRun {
  /** Whether a play with it is to begin; else one runs. */
  readonly isNew: boolean;
}

/** Reaches the nodes that have the streams that are played here by copies. None of it throws or rejects. */
export interface TicketOwners {
  /**
   * Asks the node that has a stream, for a second at most.
   *
   * @returns what it says of each ticket, in order; undefined: no node of this cluster has answered
   */
  ask(streamId: string, tickets: readonly TicketQuestion[]): Promise<readonly TicketVerdict[] | undefined>;
  /** Calls `told` when a ticket for the stream was issued. It is a hint. @returns a function that stops it */
  listen(streamId: string, told: () => void): () => void;
  /** Tells other nodes that a ticket for a stream of this node was issued. */
  tell(streamId: string): void;
}

/** What becomes of a ticket of which nobody could be asked. */
export const UNCHECKED = 'ERR_JOB_TICKET_UNCHECKED' satisfies ErrorCode;

/** How often tickets that are played with are asked about, in ms. */
const CHECK_MS = 3000;
/** After so long without an answer their plays end, in ms, counted from the last question that was answered. */
const SILENT_MS = 3 * CHECK_MS;
/** Most tickets of one stream. */
const MOST_TICKETS = 64;

/** The parts that forwarded tickets need. */
interface ForwardedTicketsParts {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly owners: TicketOwners;
  /** Whether a play with a ticket runs. */
  readonly isPlayed: (ticket: JobTicket) => boolean;
  /** Ends the plays with a ticket. */
  readonly cut: (ticket: JobTicket, code: ErrorCode) => void;
}

interface Held {
  readonly ticket: JobTicket;
  /** When a play with it was asked for last. */
  askedForMs: number;
  /** When the question was sent that was answered last. */
  heardMs: number;
}

/** A stream of another node. */
interface Watch {
  readonly streamId: string;
  readonly tickets: Map<string, Held>;
  nextMs: number;
  isAsking: boolean;
  /** Whether a ticket was issued while it was asked. */
  asksAgain: boolean;
  readonly unlisten: () => void;
}

/**
 * Tickets of jobs with which copies of other nodes' streams are played here. Only the node that has a stream knows
 * which of its tickets hold: it is asked before a play begins, when it tells that it has issued one, and every three
 * seconds, once per stream for all tickets. Plays of which it has not been heard for nine seconds end: by then it may
 * have let another run play.
 */
export class ForwardedTickets {
  readonly #parts: ForwardedTicketsParts;
  readonly #watches = new Map<string, Watch>();

  constructor(parts: ForwardedTicketsParts) {
    this.#parts = parts;
  }

  /** Streams that are asked about. */
  get size(): number {
    return this.#watches.size;
  }

  /** A play with a ticket is to begin. @returns why it may not; undefined: it begins now */
  async admit(ticket: JobTicket): Promise<ErrorCode | undefined> {
    const { clock, owners } = this.#parts;
    const { streamId, template, token } = ticket;
    // Listened to before it is asked: what is issued after the answer was given is heard.
    const watch = this.#watch(streamId);
    const askedMs = clock.monotonicMs();
    const key = keyOf(ticket);
    const held = watch.tickets.get(key) ?? { ticket, askedForMs: askedMs, heardMs: askedMs };
    if (!watch.tickets.has(key) && watch.tickets.size >= MOST_TICKETS) return UNCHECKED;
    held.askedForMs = askedMs;
    watch.tickets.set(key, held);
    const verdict = (await owners.ask(streamId, [{ template, token, isNew: true }]))?.[0];
    if (verdict === undefined) return UNCHECKED;
    if (verdict !== 'holds') return verdict;
    held.heardMs = Math.max(held.heardMs, askedMs);
    return undefined;
  }

  /** Asks about what is due, and ends what was not answered for too long. Call it a few times a second. */
  tick(nowMs: number): void {
    for (const watch of this.#watches.values()) {
      for (const [key, held] of watch.tickets) {
        const isPlayed = this.#parts.isPlayed(held.ticket);
        if (isPlayed && nowMs - held.heardMs >= SILENT_MS) this.#cut(watch, held, UNCHECKED);
        // Its play may be about to begin.
        else if (!isPlayed && nowMs - held.askedForMs >= CHECK_MS) watch.tickets.delete(key);
      }
      if (watch.tickets.size === 0) {
        watch.unlisten();
        this.#watches.delete(watch.streamId);
      } else if (nowMs >= watch.nextMs) void this.#check(watch);
    }
  }

  #watch(streamId: string): Watch {
    const known = this.#watches.get(streamId);
    if (known !== undefined) return known;
    const watch: Watch = {
      ...{ streamId, tickets: new Map(), isAsking: false, asksAgain: false },
      nextMs: this.#parts.clock.monotonicMs() + CHECK_MS,
      unlisten: this.#parts.owners.listen(streamId, () => void this.#check(watch)),
    };
    this.#watches.set(streamId, watch);
    return watch;
  }

  /** One question at a time. */
  async #check(watch: Watch): Promise<void> {
    if (watch.isAsking) {
      watch.asksAgain = true;
      return;
    }
    const { clock, owners } = this.#parts;
    watch.isAsking = true;
    do {
      watch.asksAgain = false;
      const askedMs = clock.monotonicMs();
      watch.nextMs = askedMs + CHECK_MS;
      const asked = [...watch.tickets.values()];
      const questions = asked.map(({ ticket: { template, token } }) => ({ template, token, isNew: false }));
      const verdicts = questions.length === 0 ? [] : await owners.ask(watch.streamId, questions);
      for (const [i, held] of asked.entries()) {
        const verdict = verdicts?.[i];
        if (verdict === 'holds') held.heardMs = Math.max(held.heardMs, askedMs);
        else if (verdict !== undefined) this.#cut(watch, held, verdict);
      }
    } while (watch.asksAgain);
    watch.isAsking = false;
  }

  #cut({ tickets }: Watch, { ticket }: Held, code: ErrorCode): void {
    tickets.delete(keyOf(ticket));
    this.#parts.cut(ticket, code);
  }
}

function keyOf({ template, token }: JobTicket): string {
  return `${token} ${template}`;
}
