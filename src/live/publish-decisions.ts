import type { Clock } from '../core/clock.js';
import { ERRORS, type ErrorCode, SluiceError } from '../core/errors.js';
import { newId } from '../core/ids.js';
import type { MemoryAccount } from '../core/memory-account.js';
import type { NameRule } from '../core/names.js';
import type { Lifecycle } from '../events/lifecycle.js';
import type { PublishRefusal } from '../model/refusals.js';
import type { StreamUrls } from '../model/stream-urls.js';
import type { ByteSide, PublishAsk, Refusal } from './access.js';
import type { AddressLog } from './address-log.js';
import type { Admission } from './admission.js';
import type { ChurnGuard } from './churn-guard.js';
import type { EventAccount } from './event-account.js';
import type { LiveStream, StreamStart } from './live-stream.js';
import { nameKey } from './name-key.js';
import { NOTHING_CARRIED } from './nothing.js';
import type { OpenAsk } from './open-asks.js';
import type { Principals } from './principals.js';
import { refusedPublish } from './told-verdict.js';
import type { WaitingRoom } from './waiting-room.js';

/** The parts with which publishes are decided. */
interface PublishDecisionsParts {
  readonly bytes: ByteSide;
  readonly admission: Admission;
  /** What peers make the process hold: past its limit no publish is taken. */
  readonly memory: Pick<MemoryAccount, 'isOver'>;
  readonly lifecycle: Lifecycle;
  readonly names: NameRule;
  readonly clock: Clock;
  readonly account: EventAccount;
  readonly churn: ChurnGuard;
  readonly waits: WaitingRoom;
  readonly faults: AddressLog;
  readonly principals: Principals;
  /** Where a stream can be fetched. */
  readonly urls: (stream: { readonly app: string; readonly name: string }) => StreamUrls;
  /** Why no new publish is accepted at present, or undefined. */
  readonly closedFor: () => string | undefined;
  /** The live stream of a name, by {@link nameKey}. */
  readonly streamOf: (key: string) => LiveStream | undefined;
  /**
   * Has the publisher of a stream read. Resolves when its end has been seen and reported, if the kernel knows of one.
   */
  readonly readPublisher: (streamId: string) => Promise<void>;
  /** Makes a stream live. Called once its start is on disk. */
  readonly begin: (start: StreamStart) => LiveStream;
}

/** The publisher has gone while its publish was decided, so no answer reaches it. */
const GONE: Refusal<PublishRefusal> = {
  status: 'NetStream.Publish.Rejected',
  code: 'ERR_PEER_CLOSED',
  description: ERRORS.ERR_PEER_CLOSED.says,
};

/** What the publisher of a stream is told that another node, which took this one for lost, has ended. */
export const ENDED_ELSEWHERE = 'another node has ended this stream';

/** The stream was ended so while its start was written. Its client may publish again at once. */
const LOST: Refusal<PublishRefusal> = {
  status: 'NetStream.Publish.Rejected',
  code: 'ERR_SESSION_PUBLISH_REFUSED',
  description: ENDED_ELSEWHERE,
};

/** A publish that has won its name and whose start is being written. */
interface StartingStream {
  readonly streamId: string;
  /** Whether another node has ended it meanwhile. */
  isLost: boolean;
}

/** Totals of a stream that carried nothing. */
const NO_TOTALS = { bytes: 0, payloadBytes: 0, wireBytes: 0, audioFrames: 0, videoFrames: 0, drops: 0, heldMs: 0 };

/** Decides who publishes under which name. A name has one publisher at a time. */
export class PublishDecisions {
  /** Refused publishes by error code; for `/metrics`. */
  readonly rejectedBy = new Map<ErrorCode, number>();
  readonly #parts: PublishDecisionsParts;
  /** By name. */
  readonly #starting = new Map<string, StartingStream>();

  constructor(parts: PublishDecisionsParts) {
    this.#parts = parts;
  }

  /** Decides a publish. When the answer accepts it, the name is won and `stream.started` is on disk. */
  async decide(ask: PublishAsk, open: OpenAsk): Promise<void> {
    const beganMs = this.#parts.clock.monotonicMs();
    const { id, facts, request } = ask;
    const refusal = await this.#refusal(ask, open, beganMs);
    if (refusal !== undefined) return open.answer({ kind: 'publishRefused', id, refusal });
    this.#parts.account.noteStart(facts.peer.address, beganMs);
    const principal = this.#parts.principals.of(facts, request);
    const key = nameKey(request);
    const held = this.#parts.streamOf(key);
    if (held?.suspended && held.principal === principal) {
      held.resume(facts);
      return open.answer({ kind: 'publishAccepted', id, streamId: held.streamId, heldFor: held.heldFor });
    }
    if (held !== undefined || this.#starting.has(key)) {
      const busy = this.#refuse(ask, beganMs, refused('ERR_PUBLISH_BUSY', 'NetStream.Publish.BadName'));
      return open.answer({ kind: 'publishRefused', id, refusal: busy });
    }
    const starting = { streamId: newId(), isLost: false };
    this.#starting.set(key, starting);
    try {
      await this.#start(starting, ask, open, beganMs, principal);
    } finally {
      this.#starting.delete(key);
    }
  }

  /** Another node has ended these streams. One whose start is being written does not begin. */
  fence(streamIds: readonly string[]): void {
    for (const starting of this.#starting.values()) if (streamIds.includes(starting.streamId)) starting.isLost = true;
  }

  /** Why a publish is refused before it tries to win its name; undefined when it is not. */
  async #refusal(ask: PublishAsk, open: OpenAsk, beganMs: number): Promise<Refusal<PublishRefusal> | undefined> {
    const { names, churn, waits, admission, closedFor, memory } = this.#parts;
    const { facts, request } = ask;
    const problem = names.problem(request);
    if (problem !== undefined)
      return this.#refuse(ask, beganMs, refused('ERR_NAME_INVALID', 'NetStream.Publish.BadName', problem));
    const key = nameKey(request);
    // An encoder that connects again at once is here before the end of its old connection was read.
    if (this.#isTaken(key)) {
      await this.#parts.readPublisher(this.#parts.streamOf(key)!.streamId);
      if (open.withdrawn !== undefined) return GONE;
    }
    const turn = churn.publish(facts, this.#isTaken(key) ? undefined : key, beganMs);
    if (turn === undefined) return this.#refuse(ask, beganMs, refused('ERR_LIMIT_PUBLISH_RATE'));
    if (turn > 0) {
      await waits.until(beganMs + turn);
      if (open.withdrawn !== undefined) return GONE;
    }
    const closed = closedFor();
    if (closed !== undefined)
      return this.#refuse(ask, beganMs, refused('ERR_SESSION_PUBLISH_REFUSED', undefined, closed));
    if (memory.isOver) return this.#refuse(ask, beganMs, refused('ERR_LIMIT_MEMORY'));
    const requestId = newId();
    const isWanted = (): boolean => open.withdrawn === undefined;
    const question = { requestId, action: 'publish', reason: 'start', facts, ...request, isWanted } as const;
    const answer = admission.decide(question);
    const verdict = answer instanceof Promise ? await answer : answer;
    if (open.withdrawn !== undefined) return GONE;
    return verdict.decision === 'allow' ? undefined : this.#refuse(ask, beganMs, refusedPublish(verdict, requestId));
  }

  /** The name is won: writes its start, and makes the stream live. */
  async #start(
    starting: StartingStream,
    ask: PublishAsk,
    open: OpenAsk,
    beganMs: number,
    principal: string,
  ): Promise<void> {
    const { bytes, lifecycle, clock } = this.#parts;
    const { id, facts, request } = ask;
    const { app, name } = request;
    const { streamId } = starting;
    const startedAtMs = clock.wallMs();
    bytes.order({ kind: 'nameWon', streamId, app, name });
    try {
      await this.#writeStart(streamId, ask);
    } catch (error) {
      bytes.order({ kind: 'nameReleased', streamId });
      const code = error instanceof SluiceError ? error.code : 'ERR_INTERNAL';
      const fields = { err: error, code, app, name };
      this.#parts.faults.tell('error', facts.peer.address, fields, 'publish refused: its start cannot be kept');
      return open.answer({ kind: 'publishRefused', id, refusal: this.#refuse(ask, beganMs, refused(code)) });
    }
    const reason = starting.isLost ? 'node_lost' : open.withdrawn;
    if (reason !== undefined) {
      // It was over while its start was written. The start was told, so the end is told too; nothing of it reaches a
      // player.
      bytes.order({ kind: 'nameReleased', streamId });
      lifecycle.streamEnded(streamId, { reason, ...NO_TOTALS });
      return open.answer({ kind: 'publishRefused', id, refusal: open.withdrawn === undefined ? LOST : GONE });
    }
    try {
      const { heldFor } = this.#parts.begin({ streamId, app, name, principal, facts, startedAtMs });
      open.answer({ kind: 'publishAccepted', id, streamId, heldFor });
    } catch (error) {
      // This is a defect of Sluice. The start was told, so the end is told too, and the name is free again.
      bytes.order({ kind: 'nameReleased', streamId });
      const end = { reason: 'protocol_error', detail: 'ERR_INTERNAL' } as const;
      const stream = this.#parts.streamOf(nameKey(request));
      if (stream === undefined) lifecycle.streamEnded(streamId, { ...end, ...NO_TOTALS });
      else stream.finish({ ...end, counters: NOTHING_CARRIED, tracks: [], plays: [] });
      throw error;
    }
  }

  #writeStart(streamId: string, { facts, request }: PublishAsk): Promise<void> {
    const { info } = facts;
    return this.#parts.lifecycle.streamStarted({
      streamId,
      app: request.app,
      name: request.name,
      connectionId: facts.connectionId,
      peer: facts.peer,
      transport: facts.transport,
      ...(info?.flashVer ? { encoder: info.flashVer } : {}),
      ...(info?.tcUrl ? { tcUrl: info.tcUrl } : {}),
      ...(request.query === '' ? {} : { keyFingerprint: this.#parts.principals.fingerprint(request.query) }),
      urls: this.#parts.urls(request),
    });
  }

  /** Whether a name is published now, as far as the fact side knows. */
  #isTaken(key: string): boolean {
    return this.#parts.streamOf(key)?.suspended === false;
  }

  /** Counts a refusal, and reports it in an event and in the log. */
  #refuse(ask: PublishAsk, beganMs: number, refusal: Refusal<PublishRefusal>): Refusal<PublishRefusal> {
    const { code, description } = refusal;
    this.rejectedBy.set(code, (this.rejectedBy.get(code) ?? 0) + 1);
    const { connectionId, peer } = ask.facts;
    const { app, name } = this.#parts.names.tell(ask.request);
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

/** @param description default: what the code says */
function refused(
  code: ErrorCode,
  status: PublishRefusal = 'NetStream.Publish.Rejected',
  description: string = ERRORS[code].says,
): Refusal<PublishRefusal> {
  return { status, code, description };
}
