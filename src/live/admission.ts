import type { ErrorCode } from '../core/errors.js';
import type { Grant } from '../model/grant.js';
import type { ConnectionFacts } from './access.js';

/** What is asked about. */
export type AdmissionAction = 'connect' | 'publish' | 'play';

/** One question to {@link Admission}. */
export interface Question {
  /** ULID; also what the client is told, so that a user can quote it. */
  readonly requestId: string;
  readonly action: AdmissionAction;
  /**
   * `start`: before anything runs. `renew`: it runs, and the time of its grant is nearly over, or somebody wants it
   * asked again.
   */
  readonly reason: 'start' | 'renew';
  readonly facts: ConnectionFacts;
  readonly app: string;
  /** As requested; `''` for connect. Secret where the app is one of `auth.nameIsKey`. */
  readonly name: string;
  /** Secret part of app and name together, without `?`. For connect, of the app. */
  readonly query: string;
  /** Of the running stream, for a renewed publish. */
  readonly streamId?: string;
  /** Of the running play, for a renewed play. */
  readonly playId?: string;
  /** What was decided before, for `renew`. */
  readonly previous?: { readonly principal: string; readonly decidedAtMs: number };
  /** Whether an answer is still wanted. A peer that has gone needs none. */
  readonly isWanted: () => boolean;
}

/** Why a request is refused. */
export interface Denial {
  readonly decision: 'deny';
  /** `ERR_AUTH_*`. {@link isUnavailable} tells those for which nobody has decided. */
  readonly code: ErrorCode;
  /** Shown to the client; free of secrets. Empty: what the code says. */
  readonly message: string;
  /** Whole text for the client in place of code, message and request id, for protocols that live in it. */
  readonly description?: string;
  /** The responder's own code (`AUTH_DENIED`), for the event. */
  readonly ownCode?: string;
  /** Responder that refused, for the event and the log; undefined: the chain itself. */
  readonly responder?: string;
}

/** The answer to a {@link Question}. */
export type Verdict =
  | { readonly decision: 'allow'; readonly grant: Grant }
  | Denial
  /** The client is sent to another server. */
  | { readonly decision: 'redirect'; readonly url: string };

/** What a ban may name. A missing member matches no ban. */
export interface BanSubject {
  readonly address?: string | undefined;
  readonly keyFingerprint?: string | undefined;
  readonly principal?: string | undefined;
  /** `app/name`. */
  readonly name?: string | undefined;
}

/**
 * Decides who may connect, publish and play. It is asked for requests that the name rule and the limits let through,
 * and may take its time: what the client sends meanwhile waits. It never rejects but for a defect.
 */
export interface Admission {
  /** Whether publishes and plays are asked about at all; when not, every request is accepted. */
  decide(question: Question): Verdict | Promise<Verdict>;
  /** Whether the names of an app are stream keys, which are secret until a grant names an alias. */
  isNameKey(app: string): boolean;
  /** Whether a ban holds now. It is asked when time has passed since the decision, in which one may have been set. */
  isBanned(subject: BanSubject): boolean;
  /** A client has given a wrong secret that nobody was asked about: it counts as a guess of its address. */
  guessed(address: string, secret: string): void;
}

/** Stands for a stream name that is a key, wherever something is told or asked that may not hold it. */
export const MASKED_NAME = 'masked';

/** A grant that says nothing. */
export const PLAIN_GRANT: Grant = { labels: {}, conflict: 'reject', limits: {} };

const ALLOWED: Verdict = { decision: 'allow', grant: PLAIN_GRANT };

/** Accepts everything. */
export const ADMIT_ALL: Admission = {
  decide: () => ALLOWED,
  isNameKey: () => false,
  isBanned: () => false,
  guessed: () => {},
};
