import type { Clock } from '../core/clock.js';
import { type ErrorCode, SluiceError } from '../core/errors.js';
import type { Lifecycle } from '../events/lifecycle.js';
import type { Epoch } from '../model/epoch.js';
import type { Grant } from '../model/grant.js';
import type { EndReason } from '../model/reasons.js';
import type { PublishRefusal } from '../model/refusals.js';
import type { StreamUrls } from '../model/stream-urls.js';
import type { ByteSide, ConnectionFacts, NameRequest, PublishAsk, Refusal } from './access.js';
import type { AddressLog } from './address-log.js';
import { type Admission, MASKED_NAME } from './admission.js';
import { byteLimits } from './limit-watch.js';
import type { LiveStream } from './live-stream.js';
import type { MovedStream } from './moved-stream.js';
import { nameKey } from './name-key.js';
import { NOTHING_CARRIED } from './nothing.js';
import type { OpenAsk } from './open-asks.js';
import type { Ownership } from './ownership.js';
import { BANNED, GONE, LOST, refusedWith } from './publish-refusals.js';
import type { StreamStart } from './stream-owner.js';

/** The parts with which streams begin. */
export interface PublishStartsParts {
  readonly bytes: ByteSide;
  readonly admission: Admission;
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly faults: AddressLog;
  /** Decides over all nodes who has a name; undefined: there is only this one. */
  readonly ownership?: Ownership | undefined;
  /** Where a stream can be fetched. */
  readonly urls: (stream: { readonly app: string; readonly name: string }) => StreamUrls;
  /** A name is won over all nodes: the copy of what another one published under it ends. */
  readonly giveWay: (key: string) => Promise<void> | undefined;
  /** The live stream of a name, by {@link nameKey}. */
  readonly streamOf: (key: string) => LiveStream | undefined;
  /** Makes a stream live. Called once its start is on disk. */
  readonly begin: (start: StreamStart) => LiveStream;
}

/** A publish that may be, and the name that it gets. */
export interface PublishWish {
  readonly ask: PublishAsk;
  readonly open: OpenAsk;
  readonly beganMs: number;
  readonly grant: Grant;
  /** How long the holder of the name has sent nothing, in ms. */
  readonly silentMs: number;
  readonly principal: string;
  readonly app: string;
  readonly name: string;
}

/** A publish that has won its name here and whose start is being written. */
export interface StartingStream {
  /** Changes when a stream goes on here that another node had. */
  streamId: string;
  readonly principal: string;
  /** Whether another node has ended it meanwhile. */
  isLost: boolean;
  /** Whether it has won the name over all nodes, too. */
  hasName: boolean;
}

/** What the one who decides adds to a start. */
interface StartCalls {
  /** Whether the publisher was banned meanwhile. */
  isBanned(): boolean;
  /** Refuses it: counts and tells that. */
  refuse(refusal: Refusal<PublishRefusal>): void;
}

/** Why a stream is over before it begins, and what its client is told. */
interface EarlyEnd {
  readonly reason: EndReason;
  readonly refusal: Refusal<PublishRefusal>;
}

/** Totals of a stream that carried nothing. */
const NO_TOTALS = { bytes: 0, payloadBytes: 0, wireBytes: 0, audioFrames: 0, videoFrames: 0, drops: 0, heldMs: 0 };

/** How a stream that has begun at another node goes on here. */
function arrival({ fromNode, gapMs }: MovedStream, { connectionId, peer }: ConnectionFacts, epoch: Epoch) {
  return { connectionId, peer, gapMs, fromNode, epoch };
}

/** Begins streams whose publish may be: wins the name over all nodes, writes the start, makes the stream live. */
export class PublishStarts {
  readonly #parts: PublishStartsParts;

  constructor(parts: PublishStartsParts) {
    this.#parts = parts;
  }

  /** The name is won on this node. The publish is answered when it resolves, in every case. */
  start(starting: StartingStream, wish: PublishWish, calls: StartCalls): Promise<void> {
    const { ownership } = this.#parts;
    if (ownership === undefined) return this.#write(starting, wish, undefined, calls);
    return this.#win(ownership, starting, wish, calls);
  }

  async #win(ownership: Ownership, starting: StartingStream, wish: PublishWish, calls: StartCalls): Promise<void> {
    const { app, name, principal, grant, ask, open } = wish;
    const { streamId } = starting;
    const isWanted = (): boolean => open.withdrawn === undefined;
    const { address } = ask.facts.peer;
    const won = await ownership.win({ app, name, streamId, principal, address, grant, isWanted });
    if (won.kind === 'refused') return calls.refuse(won.refusal);
    if (won.kind === 'moved') {
      starting.streamId = won.stream.facts.streamId;
      return this.#write(starting, wish, won.epoch, calls, won.stream);
    }
    if (!isWanted()) {
      ownership.giveUp(streamId);
      return calls.refuse(GONE);
    }
    await this.#write(starting, wish, won.epoch, calls);
  }

  async #write(
    starting: StartingStream,
    wish: PublishWish,
    epoch: Epoch | undefined,
    calls: StartCalls,
    moved?: MovedStream,
  ): Promise<void> {
    const { bytes, lifecycle, clock, ownership } = this.#parts;
    const { ask, open, app, name, principal, grant } = wish;
    const { id, facts, request } = ask;
    const { streamId } = starting;
    const startedAtMs = moved?.facts.startedMs ?? clock.wallMs();
    const { lingerMs } = grant;
    starting.hasName = true;
    const copyGone = this.#parts.giveWay(nameKey(wish));
    if (copyGone !== undefined) await copyGone;
    const from = moved === undefined ? {} : { resumeTimestamp: moved.newestTimestamp };
    bytes.order({ kind: 'nameWon', streamId, app, name, lingerMs, ...byteLimits(grant.limits), ...from });
    try {
      if (moved === undefined || epoch === undefined) await this.#tell(streamId, wish, epoch);
      else await lifecycle.moves.in(streamId, arrival(moved, facts, epoch));
    } catch (error) {
      bytes.order({ kind: 'nameReleased', streamId });
      // One that has begun elsewhere ends here, with its next number.
      if (moved !== undefined) lifecycle.moves.endArriving(streamId, 'protocol_error');
      ownership?.giveUp(streamId);
      const code: ErrorCode = error instanceof SluiceError ? error.code : 'ERR_INTERNAL';
      const fields = { err: error, code, app, name };
      this.#parts.faults.tell('error', facts.peer.address, fields, 'publish refused: its start cannot be kept');
      return calls.refuse(refusedWith(code));
    }
    const totals = moved?.facts.totals ?? NO_TOTALS;
    const over = this.#overEarly(starting, wish, calls);
    if (over !== undefined) {
      // It was over while its start was written. The start was told, so the end is told too; nothing of it reaches a
      // player.
      const { reason, refusal } = over;
      const detail = refusal === BANNED ? BANNED.code : undefined;
      bytes.order({ kind: 'nameReleased', streamId });
      lifecycle.streamEnded(streamId, { reason, detail, ...totals });
      return open.answer({ kind: 'publishRefused', id, refusal });
    }
    try {
      const start = { streamId, app, name, principal, facts, request, grant, startedAtMs, epoch, moved };
      const { heldFor } = this.#parts.begin(start);
      open.answer({ kind: 'publishAccepted', id, streamId, heldFor });
    } catch (error) {
      // This is a defect of Sluice. The start was told, so the end is told too, and the name is free again.
      bytes.order({ kind: 'nameReleased', streamId });
      const end = { reason: 'protocol_error', detail: 'ERR_INTERNAL' } as const;
      const stream = this.#parts.streamOf(nameKey(wish));
      if (stream === undefined) lifecycle.streamEnded(streamId, { ...end, ...totals });
      else stream.finish({ ...end, counters: NOTHING_CARRIED, tracks: [], plays: [] });
      throw error;
    }
  }

  /** Why a stream whose start was written does not begin; undefined: it does. */
  #overEarly({ isLost }: StartingStream, { open }: PublishWish, calls: StartCalls): EarlyEnd | undefined {
    const { withdrawn } = open;
    if (withdrawn !== undefined) return { reason: isLost ? 'node_lost' : withdrawn, refusal: GONE };
    if (isLost) return { reason: 'node_lost', refusal: LOST };
    return calls.isBanned() ? { reason: 'kicked', refusal: BANNED } : undefined;
  }

  #tell(streamId: string, { ask, app, name, principal, grant }: PublishWish, epoch: Epoch | undefined): Promise<void> {
    const { facts, request } = ask;
    const { info } = facts;
    const { labels, keyFingerprint } = grant;
    return this.#parts.lifecycle.streamStarted({
      streamId,
      app,
      name,
      connectionId: facts.connectionId,
      peer: facts.peer,
      transport: facts.transport,
      ...(info?.flashVer ? { encoder: info.flashVer } : {}),
      ...(info?.tcUrl ? { tcUrl: this.#tellUrl(info.tcUrl, request) } : {}),
      ...(keyFingerprint === undefined ? {} : { keyFingerprint }),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...(principal.startsWith('peer:') ? {} : { principal }),
      urls: this.#parts.urls({ app, name }),
      ...(epoch === undefined ? {} : { epoch }),
    });
  }

  /** A URL without the stream name where that is a key: some clients put the whole path into the app. */
  #tellUrl(url: string, { app, name }: NameRequest): string {
    return this.#parts.admission.isNameKey(app) ? url.replaceAll(name, MASKED_NAME) : url;
  }
}
