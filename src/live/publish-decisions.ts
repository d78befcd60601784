import type { ErrorCode } from '../core/errors.js';
import { newId } from '../core/ids.js';
import type { MemoryAccount } from '../core/memory-account.js';
import type { NameRule } from '../core/names.js';
import type { Grant } from '../model/grant.js';
import type { PublishRefusal } from '../model/refusals.js';
import type { PublishAsk, Refusal } from './access.js';
import { MASKED_NAME, PLAIN_GRANT } from './admission.js';
import type { ChurnGuard } from './churn-guard.js';
import { settleConflict } from './conflict.js';
import type { EventAccount } from './event-account.js';
import type { LiveStream } from './live-stream.js';
import { nameKey } from './name-key.js';
import type { OpenAsk } from './open-asks.js';
import { principalOf } from './principals.js';
import { BANNED, BUSY, GONE, refusedWith, TOO_MANY_SESSIONS } from './publish-refusals.js';
import { PublishStarts, type PublishStartsParts, type PublishWish, type StartingStream } from './publish-starts.js';
import { shutDown } from './told-end.js';
import { refusedPublish } from './told-verdict.js';
import type { WaitingRoom } from './waiting-room.js';

/** The parts with which publishes are decided. */
interface PublishDecisionsParts extends PublishStartsParts {
  /** What peers make the process hold: past its limit no publish is taken. */
  readonly memory: Pick<MemoryAccount, 'isOver'>;
  readonly names: NameRule;
  readonly account: EventAccount;
  readonly churn: ChurnGuard;
  readonly waits: WaitingRoom;
  /** Why no new publish is accepted at present, or undefined. */
  readonly closedFor: () => string | undefined;
  /**
   * Has the publisher of a stream read. Resolves when its end has been seen and reported, if the kernel knows of one,
   * with the time in ms for which it has sent nothing.
   */
  readonly readPublisher: (streamId: string) => Promise<number>;
  /** How many publishes of a principal run. */
  readonly runningOf: (principal: string) => number;
}

/** A publish that may be. */
interface Admitted {
  readonly grant: Grant;
  /** How long the holder of the name has sent nothing, in ms. */
  readonly silentMs: number;
}

/** Decides who publishes under which name. A name has one publisher at a time. */
export class PublishDecisions {
  /** Refused publishes by error code; for `/metrics`. */
  readonly rejectedBy = new Map<ErrorCode, number>();
  readonly #parts: PublishDecisionsParts;
  /** By name. */
  readonly #starting = new Map<string, StartingStream>();
  readonly #starts: PublishStarts;

  constructor(parts: PublishDecisionsParts) {
    this.#parts = parts;
    this.#starts = new PublishStarts(parts);
  }

  /** Decides a publish. When the answer accepts it, the name is won and `stream.started` is on disk. */
  async decide(ask: PublishAsk, open: OpenAsk): Promise<void> {
    const beganMs = this.#parts.clock.monotonicMs();
    const admitted = await this.#admitted(ask, open, beganMs);
    if (!('grant' in admitted)) return open.answer({ kind: 'publishRefused', id: ask.id, refusal: admitted });
    const { facts, request } = ask;
    this.#parts.account.noteStart(facts.peer.address, beganMs);
    const { grant, silentMs } = admitted;
    const app = request.app;
    const named = { app, name: grant.name ?? request.name };
    const principal = principalOf(grant, facts);
    await this.#settle({ ask, open, beganMs, grant, principal, silentMs, ...named });
  }

  /** The request may publish: its name is won, given to it again, or refused. */
  async #settle(wish: PublishWish): Promise<void> {
    const { ask, open, grant, principal, beganMs } = wish;
    const { streamOf, clock } = this.#parts;
    const key = nameKey(wish);
    const refuse = (refusal: Refusal<PublishRefusal>): void =>
      open.answer({ kind: 'publishRefused', id: ask.id, refusal: this.#refuse(ask, beganMs, refusal, wish) });
    if (this.#isBanned(wish)) return refuse(BANNED);
    const closed = this.#parts.closedFor();
    if (closed !== undefined) return refuse(shutDown(closed));
    if (this.#starting.has(key)) return refuse(BUSY);
    const held = streamOf(key);
    if (held?.isMoving === true) return refuse(BUSY);
    const outcome =
      held && settleConflict(held, { principal, address: ask.facts.peer.address, grant }, clock.monotonicMs());
    if (outcome === 'busy') return refuse(BUSY);
    const others = this.#sessionsOf(principal) - (held?.principal === principal ? 1 : 0);
    if (others >= (grant.limits.sessions ?? Number.POSITIVE_INFINITY)) return refuse(TOO_MANY_SESSIONS);
    if (held !== undefined && (outcome === 'resume' || outcome === 'replace')) {
      held.resume(ask, grant, outcome === 'replace' ? wish.silentMs : undefined);
      const { streamId, heldFor } = held;
      return open.answer({ kind: 'publishAccepted', id: ask.id, streamId, heldFor });
    }
    const starting = { streamId: newId(), principal, isLost: false, hasName: false };
    this.#starting.set(key, starting);
    try {
      if (held !== undefined) await this.#takeOver(held, starting.streamId);
      await this.#starts.start(starting, wish, { isBanned: () => this.#isBanned(wish), refuse });
    } finally {
      this.#starting.delete(key);
    }
  }

  /** Whether a publish has won a name over all nodes, and is about to begin. @param key of the name */
  hasWon(key: string): boolean {
    return this.#starting.get(key)?.hasName === true;
  }

  /** How many publishes of a principal run or are about to. */
  #sessionsOf(principal: string): number {
    let sum = this.#parts.runningOf(principal);
    for (const starting of this.#starting.values()) if (starting.principal === principal) sum++;
    return sum;
  }

  #isBanned({ ask, app, name, principal, grant: { keyFingerprint } }: PublishWish): boolean {
    const { address } = ask.facts.peer;
    return this.#parts.admission.isBanned({ address, principal, keyFingerprint, name: `${app}/${name}` });
  }

  /** Ends the holder of a name for a newer stream. Its players wait for that one. */
  #takeOver(held: LiveStream, byStreamId: string): Promise<void> {
    this.#parts.lifecycle.streamTakenOver(held.streamId, { byStreamId });
    held.end('takeover', 'ERR_PUBLISH_REPLACED', 'another publisher has taken over the name');
    return held.whenEnded();
  }

  /** Another node has ended these streams. One whose start is being written does not begin. */
  fence(streamIds: readonly string[]): void {
    for (const starting of this.#starting.values()) if (streamIds.includes(starting.streamId)) starting.isLost = true;
  }

  /** Whether a publish may try to win its name. */
  async #admitted(ask: PublishAsk, open: OpenAsk, beganMs: number): Promise<Admitted | Refusal<PublishRefusal>> {
    const { names, churn, waits, admission, closedFor, memory } = this.#parts;
    const { facts, request } = ask;
    const problem = names.problem(request);
    if (problem !== undefined)
      return this.#refuse(ask, beganMs, refusedWith('ERR_NAME_INVALID', 'NetStream.Publish.BadName', problem));
    if (ask.isOwn === true) return this.#ownPublish(ask, beganMs);
    if (facts.info?.node !== undefined) return this.#refuse(ask, beganMs, refusedWith('ERR_RELAY_TICKET'));
    // Where names are keys, the name under which a stream may be there is known after the answer only.
    const key = admission.isNameKey(request.app) ? undefined : nameKey(request);
    let silentMs = 0;
    if (this.#isTaken(key)) {
      silentMs = await this.#read(key);
      if (open.withdrawn !== undefined) return GONE;
    }
    const turn = churn.publish(facts, beganMs);
    if (turn === undefined) return this.#refuse(ask, beganMs, refusedWith('ERR_LIMIT_PUBLISH_RATE'));
    if (turn > 0) {
      await waits.until(beganMs + turn);
      if (open.withdrawn !== undefined) return GONE;
    }
    const closed = closedFor();
    if (closed !== undefined) return this.#refuse(ask, beganMs, shutDown(closed));
    if (memory.isOver) return this.#refuse(ask, beganMs, refusedWith('ERR_LIMIT_MEMORY'));
    const requestId = newId();
    const isWanted = (): boolean => open.withdrawn === undefined;
    const question = { requestId, action: 'publish', reason: 'start', facts, ...request, isWanted } as const;
    const gone = (): Refusal<PublishRefusal> => this.#refuse(ask, beganMs, GONE);
    const answer = admission.decide(question);
    const verdict = answer instanceof Promise ? await answer : answer;
    if (open.withdrawn !== undefined) return gone();
    if (verdict.decision !== 'allow') return this.#refuse(ask, beganMs, refusedPublish(verdict, requestId));
    const { grant } = verdict;
    const alias = grant.name === undefined ? undefined : nameKey({ app: request.app, name: grant.name });
    if (alias !== key && this.#isTaken(alias)) {
      silentMs = await this.#read(alias);
      if (open.withdrawn !== undefined) return gone();
    }
    const named = alias ?? nameKey(request);
    const wait = this.#isTaken(named) ? 0 : churn.name(named, this.#parts.clock.monotonicMs());
    if (wait === undefined) return this.#refuse(ask, beganMs, refusedWith('ERR_LIMIT_PUBLISH_RATE'));
    if (wait > 0) {
      await waits.until(this.#parts.clock.monotonicMs() + wait);
      if (open.withdrawn !== undefined) return gone();
    }
    return { grant, silentMs };
  }

  /** A publish of the server itself: neither responders nor the guards against clients have a say. */
  #ownPublish(ask: PublishAsk, beganMs: number): Admitted | Refusal<PublishRefusal> {
    const closed = this.#parts.closedFor();
    if (closed !== undefined) return this.#refuse(ask, beganMs, shutDown(closed));
    if (this.#parts.memory.isOver) return this.#refuse(ask, beganMs, refusedWith('ERR_LIMIT_MEMORY'));
    return { grant: { ...PLAIN_GRANT, isAnonymous: true }, silentMs: 0 };
  }

  /**
   * Has the holder of a name read: an encoder that connects again at once is here before the end of its old connection
   * was read.
   *
   * @param key of a name that is taken
   * @returns how long the holder has sent nothing, in ms
   */
  #read(key: string): Promise<number> {
    return this.#parts.readPublisher(this.#parts.streamOf(key)!.streamId);
  }

  /** Whether a name is published now, as far as the fact side knows. */
  #isTaken(key: string | undefined): key is string {
    return key !== undefined && this.#parts.streamOf(key)?.suspended === false;
  }

  /**
   * Counts a refusal, and reports it in an event and in the log.
   *
   * @param named the name that it got; default: as requested, masked where that is a key
   */
  #refuse(
    ask: PublishAsk,
    beganMs: number,
    refusal: Refusal<PublishRefusal>,
    named?: { readonly app: string; readonly name: string },
  ): Refusal<PublishRefusal> {
    const { code, description } = refusal;
    this.rejectedBy.set(code, (this.rejectedBy.get(code) ?? 0) + 1);
    const { connectionId, peer } = ask.facts;
    const isKey = named === undefined && this.#parts.admission.isNameKey(ask.request.app);
    const { app, name } = this.#parts.names.tell(
      isKey ? { app: ask.request.app, name: MASKED_NAME } : (named ?? ask.request),
    );
    const nowMs = this.#parts.clock.monotonicMs();
    if (this.#parts.account.tells('rejected', peer.address, nowMs)) {
      const latencyMs = Math.round(nowMs - beganMs);
      const attempt = { attemptId: newId(), app, name, connectionId, peer };
      this.#parts.lifecycle.streamRejected({ ...attempt, reason: description, code, latencyMs });
    }
    const fields = { connectionId, peer: peer.address, app, name, code };
    this.#parts.faults.tell('warn', peer.address, fields, 'publish refused');
    return refusal;
  }
}
