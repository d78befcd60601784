import type { Clock } from '../core/clock.js';
import type { ErrorCode } from '../core/errors.js';
import type { StreamUrls } from '../model/stream-urls.js';
import type { NameRequest } from './access.js';
import {
  ForwardedTickets,
  type TicketOwners,
  type TicketQuestion,
  type TicketVerdict,
  UNCHECKED,
} from './forwarded-tickets.js';
import { type JobTicket, TICKET_MARK, type TicketSeal } from './job-ticket.js';
import { FIRST_PLAY_MS, JobTickets, type MovedTicket } from './job-tickets.js';
import type { IssuedTicket } from './live-control.js';
import { Previews } from './previews.js';

type StreamName = Pick<NameRequest, 'app' | 'name'>;

/** The ticket with which a client plays from now on, or why it may not. */
export type Admitted = { readonly ticket: JobTicket } | { readonly ticket: undefined; readonly code: ErrorCode };

/** The parts that access of jobs needs. */
interface JobAccessParts {
  readonly clock: Clock;
  readonly seal: TicketSeal;
  /** Where a stream can be fetched. */
  readonly urls: (stream: StreamName) => StreamUrls;
  /** A stream that has not ended, by its id. */
  readonly stream: (streamId: string) => (StreamName & { readonly isMoving: boolean }) | undefined;
  /** The live stream of a name. */
  readonly streamOf: (name: StreamName) => { readonly streamId: string } | undefined;
  /** Ends the plays of other runs of the same job. */
  readonly fence: (ticket: JobTicket) => void;
  /** The plays of copies of other nodes' streams, and who knows of their tickets; undefined: there are none. */
  readonly elsewhere: JobsElsewhere | undefined;
}

/** What plays with tickets for streams of other nodes need. */
interface JobsElsewhere {
  readonly owners: TicketOwners;
  /** As {@link PlayAccounting.arrival}. */
  readonly arrival: (name: StreamName) => Promise<void> | undefined;
  /** What is played under a name: a stream of this node, or the copy of another one's. */
  readonly playedOf: (name: StreamName) => { readonly streamId: string } | undefined;
  readonly isPlayed: (ticket: JobTicket) => boolean;
  readonly cut: (ticket: JobTicket, code: ErrorCode) => void;
}

/**
 * Lets runs of jobs play with tickets, of each job the newest run only, and operators look at streams with tickets of
 * their own.
 */
export class JobAccess {
  readonly previews: Previews;
  readonly #parts: JobAccessParts;
  readonly #tickets = new JobTickets();
  readonly #forwarded: ForwardedTickets | undefined;

  constructor(parts: JobAccessParts) {
    this.#parts = parts;
    const { clock, elsewhere } = parts;
    this.previews = new Previews(clock);
    this.#forwarded = elsewhere && new ForwardedTickets({ ...elsewhere, clock });
  }

  /**
   * Issues a ticket. Plays of other runs of the same job here have ended on return, and those at other nodes are told
   * of.
   *
   * @param isAnew whether tokens are counted anew
   * @returns `moving`: another node goes on with the stream in a moment, and would not know of the ticket
   */
  issue(ticket: JobTicket, isAnew = false): IssuedTicket | 'unknown' | 'moving' | 'fenced' | 'full' {
    const { clock, seal, urls, stream, fence, elsewhere } = this.#parts;
    const named = stream(ticket.streamId);
    if (named === undefined) return 'unknown';
    if (named.isMoving) return 'moving';
    const result = this.#tickets.issue(ticket, clock.monotonicMs(), isAnew);
    if (result !== 'issued') return result;
    fence(ticket);
    elsewhere?.owners.tell(ticket.streamId);
    return {
      url: `${urls(named).rtmp}?${TICKET_MARK}${seal.write(ticket)}`,
      expiresAt: new Date(clock.wallMs() + FIRST_PLAY_MS).toISOString(),
    };
  }

  /**
   * A client wants to play with a ticket.
   *
   * @param text of the ticket, as {@link ticketIn} finds it
   * @returns at once for streams of this node; for one that may be another node's, once that one was asked
   */
  admit(request: StreamName, text: string): Admitted | Promise<Admitted> {
    const { seal, streamOf, stream, elsewhere } = this.#parts;
    const ticket = seal.read(text);
    if (ticket === undefined) return { ticket, code: 'ERR_AUTH_CREDENTIALS' };
    const isHere = streamOf(request) !== undefined || stream(ticket.streamId) !== undefined;
    if (isHere || elsewhere === undefined) return admitted(ticket, this.#use(request, ticket));
    return this.#admitElsewhere(request, ticket, elsewhere).then((code) => admitted(ticket, code));
  }

  /** A client wants to play with the ticket of a preview. @returns the stream that it plays, or why it may not */
  admitPreview(request: StreamName, text: string): { readonly streamId: string } | { readonly code: ErrorCode } {
    const streamId = this.previews.use(text);
    if (streamId === undefined) return { code: 'ERR_PREVIEW_EXPIRED' };
    // The stream that it is for may have ended, and another one have the name.
    return this.#parts.streamOf(request)?.streamId === streamId ? { streamId } : { code: 'ERR_PLAY_NOT_FOUND' };
  }

  /**
   * Another node that plays a stream of this one asks about tickets.
   *
   * @returns undefined: the stream is not here, or leaves
   */
  verdictsOn(streamId: string, tickets: readonly TicketQuestion[]): TicketVerdict[] | undefined {
    const { stream, clock } = this.#parts;
    if (stream(streamId)?.isMoving !== false) return undefined;
    return tickets.map(({ isNew, ...run }) => {
      const ticket = { streamId, ...run };
      if (isNew) return this.#tickets.use(ticket, clock.monotonicMs()) ?? 'holds';
      return this.#tickets.holds(ticket) ? 'holds' : 'ERR_JOB_FENCED';
    });
  }

  /** Looks after plays of other nodes' streams. Call it a few times a second. */
  tick(nowMs: number): void {
    this.#forwarded?.tick(nowMs);
  }

  /** What is known of the tickets of a stream, for the node that goes on with it. */
  issuedFor(streamId: string): MovedTicket[] {
    return this.#tickets.of(streamId);
  }

  /** A stream goes on here, and tickets for it that another node has issued hold on. */
  streamCame(streamId: string, tickets: readonly MovedTicket[]): void {
    this.#tickets.adopt(streamId, tickets, this.#parts.clock.monotonicMs());
  }

  /** A stream is over, and with it every ticket for it. */
  streamEnded(streamId: string): void {
    this.#tickets.streamEnded(streamId);
  }

  #use(request: StreamName, ticket: JobTicket): ErrorCode | undefined {
    const { clock, streamOf } = this.#parts;
    // The stream that it is for may have ended, and another one have the name.
    const isOfStream = streamOf(request)?.streamId === ticket.streamId;
    return isOfStream ? this.#tickets.use(ticket, clock.monotonicMs()) : 'ERR_JOB_FENCED';
  }

  /** The stream may have moved: it is fetched as for any player, and its node decides about the ticket. */
  async #admitElsewhere(
    request: StreamName,
    ticket: JobTicket,
    { arrival, playedOf }: JobsElsewhere,
  ): Promise<ErrorCode | undefined> {
    const { streamOf } = this.#parts;
    const isCopied = (): boolean => playedOf(request)?.streamId === ticket.streamId;
    await arrival(request);
    if (streamOf(request) !== undefined) return this.#use(request, ticket);
    if (!isCopied()) return absent(playedOf(request));
    const code = await this.#forwarded!.admit(ticket);
    // It may have come here while its node was asked, or gone.
    if (streamOf(request) !== undefined) return this.#use(request, ticket);
    return code ?? (isCopied() ? undefined : absent(playedOf(request)));
  }
}

function admitted(ticket: JobTicket, code: ErrorCode | undefined): Admitted {
  return code === undefined ? { ticket } : { ticket: undefined, code };
}

/** What a ticket is worth when its stream is not played under its name. @param played what is */
function absent(played: object | undefined): ErrorCode {
  return played === undefined ? UNCHECKED : 'ERR_JOB_FENCED';
}
