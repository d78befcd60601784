import type { AmfInput } from '../messages/amf0-writer.js';

/** The owner's answer to `callRequested`. */
export type CallReply =
  | { readonly kind: 'result'; readonly value: AmfInput }
  /** The client gets an information object with level `error`, the code and the description. */
  | { readonly kind: 'error'; readonly code: string; readonly description: string };

/** Calls of one connection that wait for an answer, at most, in each direction. */
export const MAX_CALLS = 16;

/** Where the answer to a call of the client goes. */
export interface ReturnAddress {
  /** 0 when no answer is wanted. */
  readonly transactionId: number;
  readonly messageStreamId: number;
}

/** A call to the client that waits for its answer. */
interface SentCall {
  readonly callId: number;
  /** Monotonic ms. */
  readonly deadlineMs: number;
}

/** The calls of one connection that wait for an answer: of the client, by request id, and to it, by transaction id. */
export class Calls {
  readonly #asked = new Map<number, ReturnAddress>();
  readonly #sent = new Map<number, SentCall>();
  #lastTransactionId = 0;

  /** Whether as many calls of the client wait as may. */
  get isFull(): boolean {
    return this.#asked.size >= MAX_CALLS;
  }

  asked(requestId: number, { transactionId, messageStreamId }: ReturnAddress): void {
    this.#asked.set(requestId, { transactionId, messageStreamId });
  }

  /** Takes a call of the client that is answered now; undefined when it waits no more. */
  takeAsked(requestId: number): ReturnAddress | undefined {
    const call = this.#asked.get(requestId);
    this.#asked.delete(requestId);
    return call;
  }

  /** Notes a call to the client. @returns its transaction id; undefined when too many wait */
  sent(callId: number, deadlineMs: number): number | undefined {
    if (this.#sent.size >= MAX_CALLS) return undefined;
    this.#lastTransactionId++;
    this.#sent.set(this.#lastTransactionId, { callId, deadlineMs });
    return this.#lastTransactionId;
  }

  /** Takes the call to the client that it answers now. */
  takeSent(transactionId: number): number | undefined {
    const sent = this.#sent.get(transactionId);
    this.#sent.delete(transactionId);
    return sent?.callId;
  }

  /** When the first call to the client has waited long enough; `Infinity` when none waits. */
  get dueMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const { deadlineMs } of this.#sent.values()) dueMs = Math.min(dueMs, deadlineMs);
    return dueMs;
  }

  /** Takes the calls to the client that have waited long enough. */
  takeOverdue(nowMs: number): number[] {
    const overdue = [...this.#sent].filter(([, { deadlineMs }]) => nowMs >= deadlineMs);
    for (const [transactionId] of overdue) this.#sent.delete(transactionId);
    return overdue.map(([, { callId }]) => callId);
  }
}
