import { createHmac, randomBytes } from 'node:crypto';
import type { ConflictSetting, OnUnavailable } from '../config/auth-schemas.js';
import { clientBlock } from '../core/cidr.js';
import type { Clock } from '../core/clock.js';
import type { ErrorCode } from '../core/errors.js';
import { ExpiringMap } from '../core/expiring-map.js';
import { FailureWatch } from '../core/failure-watch.js';
import type { Logger } from '../core/log.js';
import { isLoopback } from '../core/loopback.js';
import type { NameRule } from '../core/names.js';
import { TokenBucket } from '../core/token-bucket.js';
import type { Admission, BanSubject, Denial, Question, Verdict } from '../live/admission.js';
import type { Ban } from '../model/ban.js';
import type { Grant, StreamLimits } from '../model/grant.js';
import { askInOrder, type ChainEnd, type ChainObserver } from './ask-in-order.js';
import { ChainStats, countOne } from './chain-stats.js';
import { replyProblem } from './check-grant.js';
import { grantOf, openGrant, unauthenticatedGrant } from './grants.js';
import { type AdmissionRequest, guessOf, isTooLarge, makeRequest, type RequestOrigin } from './request.js';
import type { Reply, Responder, ResponderAnswer, Unavailable } from './responder.js';

/** How long an address is banned for guessing keys. */
const GUESSING_BAN_MS = 60_000;
/** How often it is logged that a responder answers twice: one that does so does it each time. */
const SECOND_REPLY_LINES = { burst: 1, perSecond: 1 / 60 };
/** Most addresses whose wrong keys are counted. */
const MAX_WATCHED = 50_000;
/** Most refusals, and most allows, that are remembered. */
const MAX_REMEMBERED = 20_000;

/** Settings of the chain. All of them can be replaced while it runs. */
export interface ChainOptions {
  /** In the order in which they are asked. Empty: everything is accepted. */
  readonly responders: readonly Responder[];
  readonly budgetMs: number;
  readonly maxPending: number;
  readonly denyCacheMs: number;
  readonly failuresPerMinutePerIp: number;
  readonly onUnavailable: OnUnavailable;
  /** Bounds of every stream. */
  readonly limits: StreamLimits;
  readonly conflict: ConflictSetting;
  readonly redirectHosts: readonly string[];
  /** Apps whose stream names are keys. */
  readonly nameIsKey: readonly string[];
  readonly sendSecrets: boolean;
  /** Parameters that hold a key or token, in the order in which they are looked for. */
  readonly keyParameters: readonly string[];
}

/** The bans that the chain looks up, and adds those for guessing to. */
interface ChainBans {
  /** Whether any ban names a key. */
  readonly hasKeys: boolean;
  match(subject: BanSubject): Ban | undefined;
  /** Bans an address on this node only; what runs from it goes on. */
  banGuesser(address: string, untilMs: number): void;
}

/** What the chain is made with. */
export interface ChainDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly names: NameRule;
  readonly bans: ChainBans;
  readonly nodeId: string;
  readonly bootId: string;
  readonly fingerprint: (secret: string) => string;
}

/** An allow that is remembered. */
interface RememberedGrant {
  readonly grant: Grant;
  /** Monotonic. */
  readonly decidedMs: number;
}

/** The answer that is given when the peer has gone meanwhile; nobody reads it. */
const GONE: Denial = { decision: 'deny', code: 'ERR_PEER_CLOSED', message: '' };

/**
 * Asks the responders whether a client may connect, publish or play. Bans and remembered answers come before them.
 * Nothing of a reply is applied unless all of it can be.
 */
export class AdmissionChain implements Admission {
  readonly stats = new ChainStats();
  readonly #deps: ChainDeps;
  readonly #denied = new ExpiringMap<Denial>(MAX_REMEMBERED);
  readonly #allowed = new ExpiringMap<RememberedGrant>(MAX_REMEMBERED);
  readonly #failures = new FailureWatch(MAX_WATCHED);
  readonly #secondReplyLines = new TokenBucket(SECOND_REPLY_LINES);
  /** Keys of remembered answers are made with it, so that no credential is kept. */
  readonly #secret = randomBytes(32);
  readonly #observer: ChainObserver;
  #options!: ChainOptions;
  #nameIsKey!: ReadonlySet<string>;
  #redirectHosts!: ReadonlySet<string>;
  #origin!: RequestOrigin;
  /** Responders that others have replaced while questions to them may wait, by the timer that closes them. */
  readonly #replaced = new Map<NodeJS.Timeout, readonly Responder[]>();

  constructor(options: ChainOptions, deps: ChainDeps) {
    this.#deps = deps;
    this.#observer = {
      late: (responder) => countOne(this.stats.late, responder),
      answered: (_, answer) => this.#note(answer),
    };
    this.#take(options);
  }

  /** Puts other responders and settings in place. Questions that wait are decided as they were asked. */
  reload(options: ChainOptions): void {
    const { responders, budgetMs } = this.#options;
    this.#take(options);
    this.#denied.clear();
    this.#allowed.clear();
    const replaced = responders.filter((responder) => !options.responders.includes(responder));
    if (replaced.length === 0) return;
    if (this.stats.pending === 0) {
      void closeAll(replaced);
      return;
    }
    // No question waits for longer than that.
    const timer = setTimeout(() => {
      this.#replaced.delete(timer);
      void closeAll(replaced);
    }, budgetMs);
    this.#replaced.set(timer, replaced);
  }

  /** Releases what the responders hold. */
  async close(): Promise<void> {
    const replaced = [...this.#replaced.values()].flat();
    for (const timer of this.#replaced.keys()) clearTimeout(timer);
    this.#replaced.clear();
    await closeAll([...this.#options.responders, ...replaced]);
  }

  isNameKey(app: string): boolean {
    return this.#nameIsKey.has(app);
  }

  isBanned(subject: BanSubject): boolean {
    return this.#deps.bans.match(subject) !== undefined;
  }

  guessed(address: string, secret: string): void {
    if (!isLoopback(address)) this.#noteGuess(address, this.#deps.fingerprint(secret));
  }

  decide(question: Question): Verdict | Promise<Verdict> {
    const { action } = question;
    const asked = this.#options.responders.filter((responder) => responder.asks(action));
    let controller: AbortController | undefined;
    const abortion = (): AbortController => (controller ??= new AbortController());
    const request = this.requestOf(question, () => abortion().signal);
    const early = this.#beforeAsking(request, asked.length);
    if (early !== undefined) return early;
    if (isTooLarge(request)) return this.#deny(question, 'ERR_AUTH_REQUEST_TOO_LARGE');
    if (this.stats.pending >= this.#options.maxPending) return this.#deny(question, 'ERR_AUTH_OVERLOAD');
    const end = askInOrder(asked, request, this.#observer);
    if (!(end instanceof Promise)) return this.#settle(end, request);
    this.stats.pending += 1;
    const timer = setTimeout(() => abortion().abort(), this.#options.budgetMs);
    return end
      .then((settled) => {
        if (!question.isWanted()) return GONE;
        // A ban may have been set while the responders were asked.
        return this.#bannedClient(request) ?? this.#settle(settled, request);
      })
      .finally(() => {
        clearTimeout(timer);
        this.stats.pending -= 1;
      });
  }

  /** The request for a question. */
  requestOf(question: Question, signal: () => AbortSignal): AdmissionRequest {
    const deadlineMs = this.#deps.clock.monotonicMs() + this.#options.budgetMs;
    return makeRequest(question, this.#origin, { deadlineMs, signal });
  }

  #take(options: ChainOptions): void {
    const { nodeId, bootId, fingerprint, clock } = this.#deps;
    this.#options = options;
    this.#nameIsKey = new Set(options.nameIsKey);
    this.#redirectHosts = new Set(options.redirectHosts.map((host) => host.toLowerCase()));
    this.#origin = {
      ...{ nodeId, bootId, fingerprint },
      sendSecrets: options.sendSecrets,
      keyParameters: options.keyParameters,
      isNameKey: (app) => this.#nameIsKey.has(app),
      wallMs: () => clock.wallMs(),
      surplus: (...answer) => this.#surplus(...answer),
    };
  }

  /** The first reply counts, and was carried out when another one comes. */
  #surplus(responder: string, requestId: string, kind: 'second' | 'late'): void {
    countOne(this.stats[kind], responder);
    if (kind === 'late' || !this.#secondReplyLines.take(this.#deps.clock.monotonicMs())) return;
    const code = 'ERR_AUTH_REPLY_INVALID';
    this.#deps.log.warn({ code, responder, requestId }, 'a responder has answered twice; its first reply counts');
  }

  /** What is known without asking anybody: bans, that nobody is asked at all, and remembered answers. */
  #beforeAsking(request: AdmissionRequest, asked: number): Verdict | undefined {
    const { question, keyFingerprint, isNameKey } = request;
    const banned = this.#bannedClient(request);
    if (banned !== undefined) return banned;
    if (asked === 0 && !(isNameKey && question.action === 'publish')) return this.#open(keyFingerprint);
    // What runs is asked anew.
    if (question.reason === 'renew') return undefined;
    const nowMs = this.#deps.clock.monotonicMs();
    const denial = this.#denied.size === 0 ? undefined : this.#denied.get(this.#denyKey(request), nowMs);
    if (denial !== undefined) {
      this.stats.cacheHits.deny += 1;
      return this.#count(question, denial);
    }
    const allowed = this.#allowed.size === 0 ? undefined : this.#allowed.get(this.#allowKey(request), nowMs);
    if (allowed === undefined) return undefined;
    this.stats.cacheHits.allow += 1;
    const grant = agedGrant(allowed, nowMs);
    return this.#bannedGrant(question, grant) ?? this.#count(question, { decision: 'allow', grant });
  }

  #banned(question: Question, subject: BanSubject): Denial | undefined {
    const ban = this.#deps.bans.match(subject);
    return ban === undefined ? undefined : this.#deny(question, 'ERR_AUTH_BANNED');
  }

  /** Bans on what is known of a request before it is decided. */
  #bannedClient(request: AdmissionRequest): Denial | undefined {
    return this.#banned(request.question, clientOf(request)) ?? this.#bannedKey(request);
  }

  /** A ban on a key holds whatever parameter has the key, and whatever other parameters come with it. */
  #bannedKey({ question, query, origin }: AdmissionRequest): Denial | undefined {
    if (!this.#deps.bans.hasKeys) return undefined;
    for (const value of query.values()) {
      const banned = this.#banned(question, { keyFingerprint: origin.fingerprint(value) });
      if (banned !== undefined) return banned;
    }
    return undefined;
  }

  /** Bans on what only a reply tells: the principal, the alias, and which key counts. */
  #bannedGrant(question: Question, { principal, name, keyFingerprint }: Grant): Denial | undefined {
    const path = name === undefined ? undefined : `${question.app}/${name}`;
    return this.#banned(question, { principal, keyFingerprint, name: path });
  }

  /** Makes the verdict of what the chain has answered. */
  #settle({ answer, responder }: ChainEnd, request: AdmissionRequest): Verdict {
    const { question } = request;
    if (answer.decision === 'unavailable') return this.#unavailable(answer, responder!, request);
    if (answer.decision === 'invalid') return this.#invalid(answer.pointer, answer.expected, responder!, request);
    if (responder === undefined) return this.#undecided(answer, request);
    const problem = replyProblem(answer, request, { names: this.#deps.names, redirectHosts: this.#redirectHosts });
    if (problem !== undefined) return this.#invalid(problem.pointer, problem.expected, responder, request);
    if (answer.decision === 'deny') return this.#refused(answer, responder, request);
    if (answer.decision === 'redirect') {
      return this.#count(question, { decision: 'redirect', url: answer.redirectUrl! }, responder);
    }
    if (request.isNameKey && question.action === 'publish' && answer.name === undefined)
      return this.#deny(question, 'ERR_AUTH_ALIAS_MISSING', responder);
    const grant = grantOf(answer, request, this.#options);
    const banned = this.#bannedGrant(question, grant);
    if (banned !== undefined) return banned;
    const verdict: Verdict = { decision: 'allow', grant };
    const { cacheMs = 0 } = answer;
    if (cacheMs > 0 && question.action !== 'publish' && this.#isPresent(request)) {
      const decidedMs = this.#deps.clock.monotonicMs();
      const untilMs = decidedMs + Math.min(cacheMs, grant.ttlMs ?? cacheMs);
      this.#allowed.set(this.#allowKey(request), { grant, decidedMs }, untilMs);
    }
    return this.#count(question, verdict, responder);
  }

  /** Every responder has left it to the next. What a connect is for is asked about by itself. */
  #undecided(answer: ResponderAnswer, request: AdmissionRequest): Verdict {
    const { question, keyFingerprint } = request;
    if (question.action === 'connect') return this.#open(keyFingerprint);
    const isCredentials = answer.decision === 'next' && answer.error === 'ERR_AUTH_CREDENTIALS';
    const denial = this.#denial(isCredentials ? 'ERR_AUTH_CREDENTIALS' : 'ERR_AUTH_NO_RULE');
    this.#remember(denial, request);
    this.#noteFailure(request);
    return this.#count(question, denial);
  }

  #refused(reply: Reply, responder: string, request: AdmissionRequest): Denial {
    const { error = 'ERR_AUTH_DENIED', message = '', code = 'AUTH_DENIED', description } = reply;
    const more = description === undefined ? {} : { description };
    const denial: Denial = { decision: 'deny', code: error, message, ownCode: code, responder, ...more };
    // A text of a protocol is a step of a dialogue, whose next step is a question of its own.
    if (description === undefined) this.#remember(denial, request);
    if (description === undefined || error === 'ERR_AUTH_CREDENTIALS') this.#noteFailure(request);
    return this.#count(request.question, denial, responder);
  }

  #invalid(pointer: string, expected: string, responder: string, request: AdmissionRequest): Denial {
    const { requestId, question } = request;
    const code = 'ERR_AUTH_REPLY_INVALID';
    countOne(this.stats.invalid, responder);
    this.#deps.log.warn({ code, responder, requestId, pointer, expected }, 'the reply of a responder cannot be used');
    const denial = this.#denial(code, responder);
    this.#remember(denial, request);
    return this.#count(question, denial, responder);
  }

  #unavailable({ why, kind = 'failed' }: Unavailable, responder: string, request: AdmissionRequest): Verdict {
    const { question, requestId } = request;
    const { action } = question;
    this.stats.wasUnavailable(responder, kind);
    this.#deps.log.warn({ code: 'ERR_AUTH_UNAVAILABLE', responder, requestId, why }, 'a responder could not be asked');
    if (kind === 'overload') return this.#deny(question, 'ERR_AUTH_OVERLOAD', responder);
    // Without an answer there is no alias, so a name that is a key cannot be let in.
    if (this.#options.onUnavailable[action] === 'deny' || (request.isNameKey && question.reason === 'start')) {
      return this.#deny(question, 'ERR_AUTH_UNAVAILABLE', responder);
    }
    this.stats.unauthenticated += 1;
    return this.#count(question, { decision: 'allow', grant: unauthenticatedGrant(request, this.#options) }, responder);
  }

  #open(keyFingerprint: string | undefined): Verdict {
    return { decision: 'allow', grant: openGrant(this.#options, keyFingerprint) };
  }

  #deny(question: Question, code: ErrorCode, responder?: string): Denial {
    return this.#count(question, this.#denial(code, responder), responder);
  }

  #denial(code: ErrorCode, responder?: string): Denial {
    return { decision: 'deny', code, message: '', ...(responder === undefined ? {} : { responder }) };
  }

  #count<V extends Verdict>({ action }: Question, verdict: V, responder = 'chain'): V {
    this.stats.decided(action, verdict.decision, responder);
    return verdict;
  }

  #note(answer: ResponderAnswer): void {
    if ('unknownMembers' in answer) this.stats.unknownMembers += answer.unknownMembers ?? 0;
  }

  #remember(denial: Denial, request: AdmissionRequest): void {
    const { denyCacheMs } = this.#options;
    if (denyCacheMs <= 0 || !this.#isPresent(request)) return;
    this.#denied.set(this.#denyKey(request), denial, this.#deps.clock.monotonicMs() + denyCacheMs);
  }

  /** Whether a request was made with the present settings: answers under former ones are not remembered. */
  #isPresent({ origin }: AdmissionRequest): boolean {
    return origin === this.#origin;
  }

  #noteFailure(request: AdmissionRequest): void {
    if (!isLoopback(request.address)) this.#noteGuess(request.address, guessOf(request));
  }

  /** @param fingerprint of what was guessed; undefined: nothing */
  #noteGuess(peer: string, fingerprint: string | undefined): void {
    const { clock, bans } = this.#deps;
    const most = this.#options.failuresPerMinutePerIp;
    const address = clientBlock(peer);
    if (!this.#failures.failed(address, fingerprint, clock.monotonicMs(), most)) return;
    this.stats.guessingBans += 1;
    bans.banGuesser(address, clock.wallMs() + GUESSING_BAN_MS);
  }

  #denyKey({ question: { action, app, name }, credential, address, transport }: AdmissionRequest): string {
    return this.#digest([action, app, name, credential ?? '', address, transport]);
  }

  #allowKey({ question: { action, app, name, query }, address, transport }: AdmissionRequest): string {
    return this.#digest([action, app, name, query, address, transport]);
  }

  #digest(parts: readonly string[]): string {
    return createHmac('sha256', this.#secret).update(JSON.stringify(parts)).digest('base64');
  }
}

function pathOf({ action, app, name }: Question): string | undefined {
  return action === 'connect' ? undefined : `${app}/${name}`;
}

/** What is left of a grant that is remembered. */
function agedGrant({ grant, decidedMs }: RememberedGrant, nowMs: number): Grant {
  return grant.ttlMs === undefined ? grant : { ...grant, ttlMs: grant.ttlMs - (nowMs - decidedMs) };
}

/** What a ban may name of a request before it is decided. */
function clientOf({ question, address, keyFingerprint, isNameKey }: AdmissionRequest): BanSubject {
  return { address, keyFingerprint, name: isNameKey ? undefined : pathOf(question) };
}

async function closeAll(responders: readonly Responder[]): Promise<void> {
  await Promise.allSettled(responders.map((responder) => responder.close?.()));
}
