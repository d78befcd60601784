import type { ReplyFields } from '../config/auth-schemas.js';
import type { ErrorCode } from '../core/errors.js';
import type { AdmissionAction } from '../live/admission.js';
import type { AdmissionRequest } from './request.js';

/** What a responder says about a request. Its members were checked: `readReply` does so for what comes from outside. */
export interface Reply extends ReplyFields {
  readonly decision: 'allow' | 'deny' | 'redirect' | 'next';
  /**
   * Code of a denial; default: ERR_AUTH_DENIED. `ERR_AUTH_CREDENTIALS` when a key or token is missing or wrong: with
   * `next` that is what the client is told when nobody else decides either.
   */
  readonly error?: ErrorCode;
  /** The reason in words without secrets, for `sluice auth test`. */
  readonly why?: string;
  /** Whole text that the client is told instead of code, message and request id, for protocols that live in it. */
  readonly description?: string;
  /** The key or token that was checked, when it is another one than that of the request. Secret. */
  readonly credential?: string;
  /** Nothing that the client gave was checked, so many may share the principal: it resumes no open connection. */
  readonly isAnonymous?: boolean;
  /** How many members of the reply nobody knows. */
  readonly unknownMembers?: number;
}

/** The responder could not be asked, or did not answer in time. */
export interface Unavailable {
  readonly decision: 'unavailable';
  /**
   * In one word, for the metric, such as `timeout`. `overload`: this process has too much to do. Clients can bring that
   * about, so nobody is let in for it.
   */
  readonly kind?: string;
  /** In words without secrets, for the log. */
  readonly why: string;
}

/** The answer of a responder cannot be used. */
export interface InvalidReply {
  readonly decision: 'invalid';
  /** JSON pointer to the member that is wrong; `''`: the whole. */
  readonly pointer: string;
  /** What was expected there, in words without secrets. */
  readonly expected: string;
}

/** What came of asking a responder. */
export type ResponderAnswer = Reply | Unavailable | InvalidReply;

/** One of those that the chain asks, in the operator's order. */
export interface Responder {
  /** For logs, metrics and events, such as `rules`. */
  readonly name: string;
  /** Whether it is asked about an action at all. When not, that is as good as `next`. */
  asks(action: AdmissionAction): boolean;
  /**
   * Answers. A rejection counts as unavailable. An answer after `request.deadlineMs` is dropped and counted;
   * `request.signal` is aborted then, so that what was opened for the answer can be closed.
   */
  answer(request: AdmissionRequest): ResponderAnswer | Promise<ResponderAnswer>;
  /** Releases what it holds. The chain calls it when a new configuration has taken its place, and at the end. */
  close?(): void | Promise<void>;
}

/** A reply that leaves the decision to the next responder. @param why in words without secrets */
export function next(why: string): Reply {
  return { decision: 'next', why };
}

/** A denial for a key, token or signature that is missing or wrong. @param why in words without secrets */
export function wrongCredentials(why: string): Reply {
  return { decision: 'deny', error: 'ERR_AUTH_CREDENTIALS', why };
}
