import type { JobRun } from '../model/job.js';
import { SealedText } from './sealed-text.js';

/** What lets one run of a job play one stream. */
export interface JobTicket extends JobRun {
  readonly streamId: string;
}

/** The parameter of a query that has a ticket. */
export const TICKET_PARAMETER = 'jt';

/** What every query with a ticket has in it: most queries have not, and cost no more than the search for it. */
export const TICKET_MARK = `${TICKET_PARAMETER}=`;

/**
 * The longest text of a ticket, in characters. That of the longest stream id, template and token has 216, signature
 * included.
 */
const MOST_CHARACTERS = 256;

/**
 * The text that stands for a ticket in a query.
 *
 * @returns undefined: the query has no such parameter; `''`: it has several, which is no ticket
 */
export function ticketIn(query: string): string | undefined {
  const found = query.split('&').filter((part) => part.startsWith(TICKET_MARK));
  if (found.length === 0) return undefined;
  return found.length === 1 ? found[0]!.slice(TICKET_MARK.length) : '';
}

/** Writes tickets that nobody without its secret can write, and reads them. */
export class TicketSeal {
  readonly #texts: SealedText;

  /** @param secret of this installation, for tickets alone */
  constructor(secret: Uint8Array) {
    this.#texts = new SealedText(secret, MOST_CHARACTERS);
  }

  /** The text of a ticket. The same ticket has the same text. */
  write({ streamId, template, token }: JobTicket): string {
    return this.#texts.write({ streamId, template, token });
  }

  /** The ticket of a text. @returns undefined when this seal has not written the text exactly so */
  read(text: string): JobTicket | undefined {
    // Only this seal can have written it, so that it is what write() makes.
    return this.#texts.read(text) as JobTicket | undefined;
  }
}
