import type { Clock } from '../core/clock.js';
import type { ErrorCode } from '../core/errors.js';
import type { StreamUrls } from '../model/stream-urls.js';
import type { NameRequest } from './access.js';
import { type JobTicket, TICKET_MARK, type TicketSeal } from './job-ticket.js';
import { FIRST_PLAY_MS, JobTickets, type MovedTicket } from './job-tickets.js';
import type { IssuedTicket } from './live-control.js';

type StreamName = Pick<NameRequest, 'app' | 'name'>;

/** The parts that access of jobs needs. */
interface JobAccessParts {
  readonly clock: Clock;
  readonly seal: TicketSeal;
  /** Where a stream can be fetched. */
  readonly urls: (stream: StreamName) => StreamUrls;
  /** A stream that has not ended, by its id. */
  readonly stream: (streamId: string) => StreamName | undefined;
  /** The live stream of a name. */
  readonly streamOf: (name: StreamName) => { readonly streamId: string } | undefined;
  /** Ends the plays of other runs of the same job. */
  readonly fence: (ticket: JobTicket) => void;
}

/** Lets runs of jobs play with tickets, of each job the newest run only. */
export class JobAccess {
  readonly #parts: JobAccessParts;
  readonly #tickets = new JobTickets();

  constructor(parts: JobAccessParts) {
    this.#parts = parts;
  }

  /**
   * Issues a ticket. Plays of other runs of the same job have ended on return.
   *
   * @param isAnew whether tokens are counted anew
   */
  issue(ticket: JobTicket, isAnew = false): IssuedTicket | 'unknown' | 'fenced' | 'full' {
    const { clock, seal, urls, stream, fence } = this.#parts;
    const named = stream(ticket.streamId);
    if (named === undefined) return 'unknown';
    const result = this.#tickets.issue(ticket, clock.monotonicMs(), isAnew);
    if (result !== 'issued') return result;
    fence(ticket);
    return {
      url: `${urls(named).rtmp}?${TICKET_MARK}${seal.write(ticket)}`,
      expiresAt: new Date(clock.wallMs() + FIRST_PLAY_MS).toISOString(),
    };
  }

  /**
   * A client wants to play with a ticket.
   *
   * @param text of the ticket, as {@link ticketIn} finds it
   * @returns the ticket with which it plays from now on, or why it may not
   */
  admit(
    request: StreamName,
    text: string,
  ): { readonly ticket: JobTicket } | { readonly ticket: undefined; readonly code: ErrorCode } {
    const { clock, seal, streamOf } = this.#parts;
    const ticket = seal.read(text);
    if (ticket === undefined) return { ticket, code: 'ERR_AUTH_CREDENTIALS' };
    // The stream that it is for may have ended, and another one have the name.
    const isOfStream = streamOf(request)?.streamId === ticket.streamId;
    const code = isOfStream ? this.#tickets.use(ticket, clock.monotonicMs()) : 'ERR_JOB_FENCED';
    return code === undefined ? { ticket } : { ticket: undefined, code };
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
}
