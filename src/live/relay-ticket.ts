import { createHmac } from 'node:crypto';
import type { ErrorCode } from '../core/errors.js';
import type { Epoch } from '../model/epoch.js';
import { SealedText } from './sealed-text.js';

/** What lets one node of a cluster fetch one stream from another. */
export interface RelayTicket {
  /** Id of the node that fetches it. */
  readonly from: string;
  /** Id of the node that has its publisher. */
  readonly to: string;
  readonly app: string;
  readonly name: string;
  /** Which claim of the name is meant: a ticket for one is none for another. */
  readonly epoch: Epoch;
}

/** What {@link RelaySeal.read} finds. */
type ReadTicket =
  | { readonly ticket: RelayTicket }
  /** `isForged`: no node with this secret has written it. Else it is genuine, and not of use here or now. */
  | { readonly ticket: undefined; readonly code: ErrorCode; readonly isForged: boolean };

/** How long after its issue a ticket may be used, in ms. */
const LIFE_MS = 60_000;
/** How far the clocks of two nodes may differ, in ms. Past it a ticket that is in time for one is not for the other. */
const MOST_SKEW_MS = 30_000;
/**
 * Most characters of the text of a ticket. Under the default of names.maxBytes it has less than 1024; with two names of
 * 512 bytes, in which every character needs an escape, it has less than 3072.
 */
const MOST_CHARACTERS = 3072;
/** Keeps the keys apart that are made from one secret: what is signed with one is worth nothing to the others. */
const PURPOSE = 'sluice relay ticket 1';

/** The payload of a ticket, as JSON in this order. */
type Payload = [
  from: string,
  to: string,
  app: string,
  name: string,
  registry: string,
  revision: number,
  issuedAtMs: number,
  expiresAtMs: number,
];

/**
 * Writes tickets that nobody without the secret of the cluster can write, and reads them. A ticket may be used until it
 * is over: whoever can read it on the line can read the stream there too, and only TLS between the nodes helps.
 */
export class RelaySeal {
  readonly #texts: SealedText;

  /** @param secret that all nodes of the cluster have, `cluster.secret` */
  constructor(secret: string) {
    this.#texts = new SealedText(createHmac('sha256', secret).update(PURPOSE).digest(), MOST_CHARACTERS);
  }

  /**
   * The text of a ticket. It is a secret.
   *
   * @param nowMs Unix time in ms; from it on it may be used for `lifeMs`
   * @param lifeMs default: a minute
   */
  write({ from, to, app, name, epoch }: RelayTicket, nowMs: number, lifeMs = LIFE_MS): string {
    const { registry, revision } = epoch;
    const payload: Payload = [from, to, app, name, registry, revision, nowMs, nowMs + Math.min(lifeMs, LIFE_MS)];
    return this.#texts.write(payload);
  }

  /**
   * The ticket of a text.
   *
   * @param nowMs Unix time in ms
   * @param nodeId of the node that reads it
   * @returns the ticket; or `ERR_RELAY_TICKET`: it is forged, for another node or over; or `ERR_CLUSTER_CLOCK`: the
   *   clock of the node that wrote it differs from this one by more than 30 s
   */
  read(text: string, nowMs: number, nodeId: string): ReadTicket {
    // Only a seal with this secret can have written it, so that it is what write() makes.
    const payload = this.#texts.read(text) as Payload | undefined;
    if (payload === undefined) return refused('ERR_RELAY_TICKET', true);
    const [from, to, app, name, registry, revision, issuedAtMs, expiresAtMs] = payload;
    if (to !== nodeId) return refused('ERR_RELAY_TICKET');
    if (Math.abs(nowMs - issuedAtMs) > MOST_SKEW_MS) return refused('ERR_CLUSTER_CLOCK');
    if (nowMs >= expiresAtMs) return refused('ERR_RELAY_TICKET');
    return { ticket: { from, to, app, name, epoch: { registry, revision } } };
  }
}

function refused(code: ErrorCode, isForged = false): ReadTicket {
  return { ticket: undefined, code, isForged };
}
