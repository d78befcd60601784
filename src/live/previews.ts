import { randomBytes } from 'node:crypto';
import type { Clock } from '../core/clock.js';
import type { ConnectionFacts } from './access.js';

/** The parameter of a query that has a ticket for a preview. */
const PREVIEW_PARAMETER = 'pv';
/** What every query with one has in it: most queries have not, and cost no more than the search for it. */
export const PREVIEW_MARK = `${PREVIEW_PARAMETER}=`;
/** How long after its issue a preview may begin, in ms. */
export const PREVIEW_BEGINS_MS = 30_000;
/** Most tickets that wait to be used: past it those that wait longest are worth nothing. */
const MOST_TICKETS = 1000;
/** Most of them that one operator has: past it its own oldest are worth nothing, and none of another's. */
const MOST_OF_ACTOR = 100;
/** Random bytes of a ticket: as many as nobody guesses. */
const TICKET_BYTES = 24;
/** A ticket as it is written. What else stands in the parameter is a client's own, and for admission. */
const TICKET = /^[\w-]{32}$/;

interface Issued {
  readonly streamId: string;
  readonly actor: string;
  /** Monotonic. */
  readonly issuedAtMs: number;
}

/**
 * The text that stands for a ticket in a query.
 *
 * @returns undefined: the query has none; `''`: it has several, which is no ticket
 */
export function previewIn(query: string): string | undefined {
  if (!query.includes(PREVIEW_MARK)) return undefined;
  const found = query
    .split('&')
    .filter((part) => part.startsWith(PREVIEW_MARK))
    .map((part) => part.slice(PREVIEW_MARK.length))
    .filter((text) => TICKET.test(text));
  return found.length < 2 ? found[0] : '';
}

/**
 * The ticket with which a client comes: as {@link previewIn} of clients over HTTP, whose connections can do nothing but
 * play. To others the parameter means nothing.
 */
export function previewOf({ transport }: Pick<ConnectionFacts, 'transport'>, query: string): string | undefined {
  return transport === 'ws-flv' || transport === 'http-flv' ? previewIn(query) : undefined;
}

/** Of a query the ticket alone; `''`: it has none. */
export function previewQuery(query: string): string {
  const text = previewIn(query);
  return text === undefined ? '' : PREVIEW_MARK + text;
}

/** What a client that previews is known as: operators tell it from players by that. */
export function previewing(facts: ConnectionFacts): ConnectionFacts {
  return facts.info === undefined ? facts : { ...facts, info: { ...facts.info, flashVer: 'preview' } };
}

/**
 * Tickets with which operators look at streams in the page. Each is for one play of one stream that begins soon.
 * Whoever may read control gets them, so admission is not asked about such a play.
 */
export class Previews {
  readonly #clock: Clock;
  /** By their text; the oldest first. */
  readonly #issued = new Map<string, Issued>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A new ticket. It is a secret. @param actor name of who gets it */
  issue(streamId: string, actor: string): string {
    const issuedAtMs = this.#clock.monotonicMs();
    for (const [oldest, issued] of this.#issued) {
      if (this.#issued.size < MOST_TICKETS && issuedAtMs - issued.issuedAtMs <= PREVIEW_BEGINS_MS) break;
      this.#issued.delete(oldest);
    }
    const own = [...this.#issued].filter(([, issued]) => issued.actor === actor);
    if (own.length >= MOST_OF_ACTOR) this.#issued.delete(own[0]![0]);
    const text = randomBytes(TICKET_BYTES).toString('base64url');
    this.#issued.set(text, { streamId, actor, issuedAtMs });
    return text;
  }

  /** Whether a ticket may still be used. @param text as {@link previewIn} finds it */
  holds(text: string): boolean {
    const issued = this.#issued.get(text);
    return issued !== undefined && this.#clock.monotonicMs() - issued.issuedAtMs <= PREVIEW_BEGINS_MS;
  }

  /** Uses a ticket up. @returns the stream that may be played; undefined: none */
  use(text: string): string | undefined {
    const streamId = this.holds(text) ? this.#issued.get(text)?.streamId : undefined;
    this.#issued.delete(text);
    return streamId;
  }
}
