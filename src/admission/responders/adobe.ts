import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AdobeUser } from '../../config/auth-schemas.js';
import type { Clock } from '../../core/clock.js';
import { ExpiringMap } from '../../core/expiring-map.js';
import type { AdmissionAction } from '../../live/admission.js';
import type { AdmissionRequest } from '../request.js';
import { next, type Reply, type Responder, wrongCredentials } from '../responder.js';

/** How long a challenge may be answered. */
const CHALLENGE_MS = 60_000;
/** Most challenges that were answered and must not be answered again, and most connections of users. */
const MAX_REMEMBERED = 100_000;
/** Most characters of a user's name. */
const MAX_USER = 128;
/** Hex digits of the parts of `opaque`: its time, a random number, and the proof that it was made here. */
const TIME_DIGITS = 12;
const RANDOM_DIGITS = 16;
const PROOF_DIGITS = 32;
const OPAQUE = new RegExp(`^[0-9a-f]{${TIME_DIGITS + RANDOM_DIGITS + PROOF_DIGITS}}$`);

/** The layout of these texts is what the clients look for. */
const NEED_AUTH = '[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ';
const STEP = '[ AccessManager.Reject ] : [ authmod=adobe ] : ';
const FAILED = `${STEP}?reason=authfailed`;

/** What is known from one connect to the next. */
interface Memory {
  readonly secret: Buffer;
  /** Challenges that were answered. */
  readonly answered: ExpiringMap<true>;
  /** Users by connection; publishes and plays of a connection are its user's. */
  readonly connections: Map<string, AdobeUser>;
}

/**
 * Adobe authentication (`authmod=adobe`), for encoders with fields for user and password. A client is refused twice
 * while it finds out how to connect: the texts of the refusals hold the challenge. The third connect answers it. What
 * is sent proves that the client knows the password, and is of no use later; but who listens can guess passwords with
 * it.
 */
export class AdobeResponder implements Responder {
  readonly name = 'adobe';
  readonly #users: ReadonlyMap<string, AdobeUser>;
  readonly #clock: Clock;
  readonly #memory: Memory;

  /** @param former the one that it replaces: connections of users that are the same stay theirs */
  constructor(users: readonly AdobeUser[], clock: Clock, former?: Responder) {
    this.#users = new Map(users.map((user) => [user.user, user]));
    this.#clock = clock;
    this.#memory = former instanceof AdobeResponder ? former.#memory : newMemory();
  }

  asks(_: AdmissionAction): boolean {
    return true;
  }

  answer(request: AdmissionRequest): Reply {
    if (request.action !== 'connect') return this.#byConnection(request);
    const { query } = request;
    if (query.get('authmod') !== 'adobe') return step(NEED_AUTH, 'the client has not begun Adobe authentication');
    const user = query.get('user') ?? '';
    if (user === '' || user.length > MAX_USER) return failed('no user is named');
    const response = query.get('response');
    return response === undefined ? this.#challenge(user) : this.#check(user, response, request);
  }

  #byConnection({ question }: AdmissionRequest): Reply {
    const user = this.#memory.connections.get(question.facts.connectionId);
    if (user === undefined) return { ...next('the connection has no user'), error: 'ERR_AUTH_CREDENTIALS' };
    const present = this.#users.get(user.user);
    if (present?.salt !== user.salt || present.verifier !== user.verifier)
      return wrongCredentials('the user has changed');
    return { decision: 'allow', principal: user.user, why: 'the connection is that of a user' };
  }

  /** A user that does not exist gets a challenge too, always with the same salt, so that nobody learns who exists. */
  #challenge(user: string): Reply {
    const salt = this.#users.get(user)?.salt ?? this.#proof(`salt ${user}`).slice(0, 8);
    const random = randomBytes(RANDOM_DIGITS / 2).toString('hex');
    const time = Math.round(this.#clock.monotonicMs()).toString(16).padStart(TIME_DIGITS, '0');
    const opaque = `${time}${random}${this.#proof(`${time}${random} ${user}`)}`;
    const parameters = { user, salt, challenge: random.slice(0, 8), opaque };
    const text = Object.entries(parameters).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
    return step(`${STEP}?reason=needauth&${text.join('&')}`, 'the client was given a challenge');
  }

  #check(name: string, response: string, { query, question }: AdmissionRequest): Reply {
    const opaque = query.get('opaque') ?? '';
    const issued = opaque.slice(0, TIME_DIGITS);
    const body = opaque.slice(0, TIME_DIGITS + RANDOM_DIGITS);
    if (!OPAQUE.test(opaque) || !isSame(opaque.slice(body.length), this.#proof(`${body} ${name}`))) {
      return failed('the challenge is not one of this server for this user');
    }
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - Number.parseInt(issued, 16) > CHALLENGE_MS) return failed('the challenge is too old');
    if (this.#memory.answered.get(opaque, nowMs) === true) return failed('the challenge was answered before');
    this.#memory.answered.set(opaque, true, nowMs + CHALLENGE_MS);
    const user = this.#users.get(name);
    const wanted = md5(
      `${user?.verifier ?? randomBytes(16).toString('base64')}${opaque}${query.get('challenge') ?? ''}`,
    );
    if (!isSame(response, wanted) || user === undefined)
      return failed('the password is wrong, or there is no such user');
    this.#remember(question.facts.connectionId, user);
    return { decision: 'allow', principal: name, why: 'the password is right' };
  }

  #remember(connectionId: string, user: AdobeUser): void {
    this.#memory.connections.set(connectionId, user);
    if (this.#memory.connections.size > MAX_REMEMBERED)
      this.#memory.connections.delete(this.#memory.connections.keys().next().value!);
  }

  #proof(text: string): string {
    return createHmac('sha256', this.#memory.secret).update(text).digest('hex').slice(0, PROOF_DIGITS);
  }
}

function newMemory(): Memory {
  return { secret: randomBytes(32), answered: new ExpiringMap(MAX_REMEMBERED), connections: new Map() };
}

/** A refusal that is a step of the dialogue. */
function step(description: string, why: string): Reply {
  return { decision: 'deny', error: 'ERR_AUTH_DENIED', description, why };
}

function failed(why: string): Reply {
  return { decision: 'deny', error: 'ERR_AUTH_CREDENTIALS', description: FAILED, why };
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('base64');
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
