import { JsError, type PublishReply } from './jetstream.js';

/** The meaning of a publish reply for the event. */
export type Outcome =
  /** JetStream holds it. */
  | { readonly kind: 'stored' }
  /** The subject is taken. The stored message is read, because it should be this event. */
  | { readonly kind: 'taken' }
  /** Nothing is wrong with the event; every event would fail in the same way now. */
  | { readonly kind: 'wait'; readonly why: WaitReason; readonly text: string }
  /** Something is wrong with this event or its subject; the others may go on. */
  | { readonly kind: 'odd'; readonly text: string }
  /** It can never be stored. */
  | { readonly kind: 'unstorable'; readonly text: string };

/** Why everything waits. */
export type WaitReason = 'not_answering' | 'stream_missing' | 'stream_full' | 'disconnected' | 'denied';

/**
 * Sorts a publish reply into the classes on which the publisher acts. The texts are those of nats-server 2.9 and 2.10.
 * An unknown refusal is `odd`: it is tried again, and quarantined only when other events get through and it never does.
 */
export function outcomeOf(reply: PublishReply): Outcome {
  switch (reply.kind) {
    case 'ack':
      return { kind: 'stored' };
    case 'failed':
      return failed(reply.code, reply.text);
    case 'refused':
      return refused(reply.code, reply.text);
  }
}

function failed(code: string, text: string): Outcome {
  switch (code) {
    case 'TIMEOUT':
      return { kind: 'wait', why: 'not_answering', text: 'no acknowledgement in time' };
    case 'NOT_STORED':
      return { kind: 'wait', why: 'not_answering', text };
    case '503':
      return { kind: 'wait', why: 'stream_missing', text: 'no stream takes this subject' };
    case 'PERMISSIONS_VIOLATION':
      return { kind: 'odd', text };
    case 'MAX_PAYLOAD_EXCEEDED':
    case 'BAD_SUBJECT':
    case 'BAD_HEADER':
      return { kind: 'unstorable', text };
    default:
      return { kind: 'wait', why: 'disconnected', text: `${code}: ${text}` };
  }
}

function refused(code: number, text: string): Outcome {
  switch (code) {
    case JsError.WrongLastSequence:
    case JsError.WrongLastSequenceConstant:
      return { kind: 'taken' };
    case JsError.MessageExceedsMaximum:
      return { kind: 'unstorable', text };
    case JsError.StoreFailed:
      return /per subject/.test(text) ? { kind: 'taken' } : { kind: 'wait', why: 'stream_full', text };
    // Insufficient resources, storage or memory of the server or the account.
    case 10002:
    case 10023:
    case 10028:
    case 10047:
    case 10120:
      return { kind: 'wait', why: 'stream_full', text };
    // JetStream is not enabled (for the account), no suitable peers, temporarily unavailable, no quorum, server
    // shutting down.
    case 10005:
    case 10008:
    case 10009:
    case 10035:
    case 10039:
    case 10076:
    case 10074:
    case 503:
      return { kind: 'wait', why: 'not_answering', text };
    case JsError.StreamNotFound:
      return { kind: 'wait', why: 'stream_missing', text };
    // The stream is sealed: read-only until another one is made.
    case 10109:
      return { kind: 'wait', why: 'stream_full', text };
    default:
      return { kind: 'odd', text: `${code} ${text}` };
  }
}

/** Exponential back-off with jitter: between half and the whole of `base × 2^tries`, at most `capMs`. */
export function backoffMs(tries: number, random: number, base = 50, capMs = 5000): number {
  const full = Math.min(capMs, base * 2 ** Math.min(tries, 20));
  return full * (0.5 + random / 2);
}
