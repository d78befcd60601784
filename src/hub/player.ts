import { rewriteFramed, timestampAt } from './framing.js';
import type { PlayerLimits, PlayerSink, PlayFormat } from './player-sink.js';
import type { LogReader, Publication } from './publication.js';
import type { Slab } from './slab-pool.js';
import { UnsentWrites } from './unsent-writes.js';

/** Marks a position that is not known yet. */
const NOWHERE = -1;

/**
 * One subscription: a cursor into the log of a publication. It holds no queue. At most one write is under way; what
 * comes meanwhile waits in the log, which all players share. A player too far behind skips to the next keyframe.
 */
export class Player implements LogReader {
  readonly id: string;
  readonly sink: PlayerSink;
  readonly #limits: PlayerLimits;
  readonly #writes: UnsentWrites;
  /** Index in the fan-out's ring. Only Fanout writes it. */
  slot = NOWHERE;
  bytesSent = 0;
  /** Bytes that were not sent because the player was too slow. */
  bytesDropped = 0;
  /** How often it skipped to a keyframe. */
  skips = 0;
  /** Its publication has ended and it does not know: a publisher may be back in time. Only the hub writes it. */
  lingers = false;
  /** Whether it plays one publication and none that follows under the name. Whoever makes it says so. */
  endsWithStream = false;
  /** Whether another node plays it for its own players: it is served before all others. Whoever makes it says so. */
  isRelay = false;
  #publication: Publication | undefined;
  #position = NOWHERE;
  /**
   * Below this position video is left out, because the player came in the middle of a GOP that is not cached. Infinity
   * until the next keyframe, NOWHERE once it has been reached.
   */
  #videoFrom = NOWHERE;
  /** The head of the log when the player began or began again. What it was behind then does not count as its lag. */
  #beganAt = 0;
  #skippedFrom = NOWHERE;
  /** Head of the log when it began to skip. */
  #skippedAt = NOWHERE;
  #pausedAt = NOWHERE;
  #preambleDue = false;
  #headersVersion = NOWHERE;
  #busy = false;
  #paused = false;
  readonly #isFlv: boolean;
  /** Whether it has still to be sent the header of an FLV file, which says what kinds there are. */
  #fileHeaderDue: boolean;
  readonly #messageStreamId: number;
  #audio = true;
  #video = true;

  /**
   * @param messageStreamId the id of its NetStream; of no meaning in FLV
   * @param writes the list of writes that the kernel did not take at once; {@link Hub.writes}
   */
  constructor(
    id: string,
    sink: PlayerSink,
    messageStreamId: number,
    limits: PlayerLimits,
    writes: UnsentWrites = new UnsentWrites(),
    format: PlayFormat = 'rtmp',
  ) {
    this.id = id;
    this.sink = sink;
    this.#limits = limits;
    this.#writes = writes;
    this.#isFlv = format === 'flv';
    this.#messageStreamId = this.#isFlv ? 1 : messageStreamId;
    this.#fileHeaderDue = this.#isFlv;
  }

  /** The publication it is attached to, if any. */
  get publication(): Publication | undefined {
    return this.#publication;
  }

  /** Oldest log position that it still needs, or Infinity. */
  get needsFrom(): number {
    const publication = this.#publication;
    if (this.#position === NOWHERE || publication === undefined) return Number.POSITIVE_INFINITY;
    return this.#isFlv ? publication.flv.needsFrom(this.#position) : this.#position;
  }

  /** Oldest log position of which it still needs the FLV tag, or Infinity. */
  get needsTagsFrom(): number {
    return this.#position === NOWHERE ? Number.POSITIVE_INFINITY : this.#position;
  }

  /** Bytes of the log from its position on, which stay for players that are behind. */
  get pinnedBytes(): number {
    const publication = this.#publication;
    if (publication === undefined || this.#position === NOWHERE) return 0;
    return Math.max(0, (publication.gopStart ?? publication.log.head) - this.#position);
  }

  /** Bytes that only the write under way keeps; the player's share of them when others send from the same slab. */
  get unsentBytes(): number {
    return this.#writes.bytesOf(this);
  }

  /** Leaves out what it has not been sent, up to the next keyframe. Returns false when it waits for one already. */
  skip(): boolean {
    if (this.#publication === undefined || this.#position === NOWHERE) return false;
    this.#skip(this.#publication);
    return true;
  }

  /** Whether it has been sent everything that there is for it. */
  get caughtUp(): boolean {
    if (this.#busy) return false;
    return (
      this.#publication === undefined || this.#position === NOWHERE || this.#position === this.#publication.log.head
    );
  }

  /** Whether a write is under way. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Begins with `publication`: headers and the cached GOP, else audio at once and video from the next keyframe. */
  attach(publication: Publication): void {
    this.detach();
    if (this.#isFlv) publication.flv.join(this);
    this.#publication = publication;
    this.#pausedAt = NOWHERE;
    this.#begin(publication);
    // A paused player must not hold on to the log.
    if (this.#paused) this.#position = NOWHERE;
  }

  /** Leaves its publication; what is being written goes on. */
  detach(): void {
    if (this.#isFlv) this.#publication?.flv.leave(this);
    this.#publication = undefined;
    this.#position = NOWHERE;
  }

  /** A defect while it was served costs this player only: it gets nothing more, and its client is disconnected. */
  fail(error: unknown): void {
    this.detach();
    this.sink.failed(error);
  }

  /**
   * `pause`: sending stops. On resume it goes on at the newest keyframe, or where it stopped when that is newer,
   * because a live stream has nothing else (RTMP 1.0 §7.2.2.8).
   */
  setPaused(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    const publication = this.#publication;
    if (publication === undefined) return;
    if (paused) {
      this.#pausedAt = this.#skippedFrom === NOWHERE ? this.#position : this.#skippedFrom;
      this.#position = NOWHERE;
      return;
    }
    const videoFrom = this.#videoFrom;
    this.#begin(publication);
    publication.audience.wake();
    if (this.#pausedAt < this.#position) return;
    this.#position = this.#pausedAt;
    this.#videoFrom = videoFrom;
  }

  /** `receiveAudio`, `receiveVideo`: leaves a kind out or includes it again, video from the next keyframe on. */
  setReceive(kinds: { audio?: boolean; video?: boolean }): void {
    const audioBack = kinds.audio === true && !this.#audio;
    const videoBack = kinds.video === true && !this.#video;
    this.#audio = kinds.audio ?? this.#audio;
    this.#video = kinds.video ?? this.#video;
    if (audioBack) this.#preambleDue = true;
    if (videoBack && this.#publication?.hasVideo && !this.#publication.keyframeOverdue) {
      this.#videoFrom = Number.POSITIVE_INFINITY;
      this.#headersVersion = NOWHERE;
    }
  }

  /** The fan-out's turn for this player: sends what is there, or checks whether it has fallen too far behind. */
  visit(): void {
    const publication = this.#publication;
    if (publication === undefined || this.#paused) return;
    if (this.#videoFrom === Number.POSITIVE_INFINITY && publication.keyframeOverdue) this.#waitNoLonger(publication);
    if (this.#position === publication.log.head && !this.#preambleDue) return;
    if (this.#busy || this.sink.clogged || this.#isHeld(publication)) this.#checkLag(publication);
    else {
      if (this.#skippedFrom !== NOWHERE) this.#goOnWithoutKeyframe(publication);
      this.#flush(publication);
    }
  }

  /** Whether nothing may be sent yet: the header of an FLV file waits until the kinds of the stream are known. */
  #isHeld(publication: Publication): boolean {
    return publication.holdsPlayers || (this.#fileHeaderDue && !publication.kindsAreKnown);
  }

  /** A keyframe is at `position` in the log. Never throws: an error of a player must not reach its publisher. */
  keyframeAt(position: number): void {
    try {
      if (this.#videoFrom === Number.POSITIVE_INFINITY) this.#videoFrom = position;
      if (this.#skippedFrom !== NOWHERE && !this.#busy) this.#resumeAt(position);
    } catch (error) {
      this.fail(error);
    }
  }

  /** The next video cannot be decoded before the next keyframe: it is left out until then. Never throws. */
  awaitKeyframe(): void {
    this.#videoFrom = Number.POSITIVE_INFINITY;
  }

  /** The sink has sent all of the write under way. */
  drained(): void {
    this.#busy = false;
    this.#writes.end(this);
    const publication = this.#publication;
    if (publication === undefined || this.#paused) return;
    if (this.#skippedFrom !== NOWHERE) {
      const gop = publication.gopStart;
      if (gop !== undefined && gop > this.#skippedFrom) this.#resumeAt(gop);
      else if (publication.keyframes === 0 || publication.keyframeOverdue) this.#resumeAt(publication.log.head);
    }
    if (this.#position === NOWHERE) return;
    const behind = publication.log.head - this.#position;
    // A player with 64 KiB or more to catch up goes on at once. One that is close to the head waits for its turn and a
    // larger write.
    if (behind > CATCH_UP_BYTES && !this.sink.clogged) this.#flush(publication);
    else if (behind > 0) publication.audience.wake();
  }

  /** Sends nothing until it is released. Only for a player that has not been sent anything. */
  hold(): void {
    this.#busy = true;
  }

  /** Lets it begin, with its next turn. Never throws. */
  release(): void {
    this.#busy = false;
    this.unclogged();
  }

  /** The connection has sent some of what waited: the player may go on. Never throws. */
  unclogged(): void {
    const publication = this.#publication;
    if (publication === undefined || this.#busy || this.#paused) return;
    if (this.#preambleDue || this.#position < publication.log.head) publication.audience.wake();
  }

  #begin(publication: Publication): void {
    this.#skippedFrom = NOWHERE;
    this.#preambleDue = true;
    this.#headersVersion = NOWHERE;
    const gop = publication.gopStart;
    this.#beganAt = publication.log.head;
    this.#position = gop ?? this.#beganAt;
    const waits = gop === undefined && publication.hasVideo && !publication.keyframeOverdue;
    this.#videoFrom = waits ? Number.POSITIVE_INFINITY : NOWHERE;
  }

  #checkLag(publication: Publication): void {
    if (this.#position === NOWHERE) return;
    const from = Math.max(this.#position, this.#beganAt);
    if (publication.log.head - from <= this.#limits.maxLagBytes && from >= publication.staleBefore) return;
    this.#skip(publication);
  }

  #skip(publication: Publication): void {
    this.#skippedFrom = this.#position;
    this.#skippedAt = publication.log.head;
    this.#position = NOWHERE;
    this.skips++;
  }

  /**
   * Streams with intra refresh send one keyframe at the start. After the longest lag that is allowed, audio is better
   * than nothing; and once the stream's next keyframe is overdue, the player gets video as it comes.
   */
  #goOnWithoutKeyframe(publication: Publication): void {
    const { keyframeOverdue } = publication;
    if (this.#skippedAt >= publication.staleBefore && !keyframeOverdue) return;
    this.#resumeAt(publication.log.head);
    if (!keyframeOverdue) this.#videoFrom = Number.POSITIVE_INFINITY;
  }

  /** No keyframe came in time: video is sent as it comes from here on, headers first when they have changed. */
  #waitNoLonger(publication: Publication): void {
    this.#videoFrom = NOWHERE;
    this.#preambleDue ||= this.#headersVersion !== publication.headers.version;
  }

  #resumeAt(position: number): void {
    this.bytesDropped += position - this.#skippedFrom;
    this.#skippedFrom = NOWHERE;
    this.#position = position;
    this.#beganAt = this.#publication?.log.head ?? position;
    this.#videoFrom = NOWHERE;
    this.#preambleDue = this.#headersVersion !== this.#publication?.headers.version;
  }

  /** Sends everything there is. The caller has asked whether the sink is clogged; it is asked again before more. */
  #flush(publication: Publication): void {
    const { log } = publication;
    if (this.#position === NOWHERE) return;
    do {
      if (this.#position === this.#videoFrom) {
        this.#videoFrom = NOWHERE;
        this.#preambleDue ||= this.#headersVersion !== publication.headers.version;
      }
      if (this.#preambleDue && !this.#sendPreamble(publication)) return;
      if (this.#position >= log.head) return;
      const tags = this.#isFlv ? publication.flv.read(this.#position, this.#videoFrom) : undefined;
      const slab = this.#isFlv ? tags?.slab : log.slabAt(this.#position);
      if (slab === undefined) {
        this.#skip(publication);
        return;
      }
      if (tags !== undefined) {
        this.#position = tags.end;
        if (tags.bytes.length > 0) this.#send(tags.bytes, tags.isCopy ? undefined : slab);
      } else if (this.#plain()) {
        const view = log.view(slab, this.#position);
        this.#position = slab.end;
        this.#send(view, slab);
      } else {
        this.#sendRewritten(publication, slab);
      }
    } while (!this.#busy && this.#position < log.head && !this.sink.clogged);
  }

  /** Whether the shared bytes can be sent as they are. */
  #plain(): boolean {
    return this.#messageStreamId === 1 && this.#audio && this.#video && this.#position >= this.#videoFrom;
  }

  /** Returns false when nothing can follow yet: no frame is there or may be sent, or the write is still under way. */
  #sendPreamble(publication: Publication): boolean {
    if (this.#isHeld(publication)) return false;
    // The headers for the frames before that change are gone, so those frames cannot be decoded any more.
    const outdated = this.#position < publication.headersFrom && publication.headers.hasHeaders(this.#position);
    if (outdated) this.#begin(publication);
    const { log, flv, headers, chunkSize } = publication;
    const timestamp = this.#isFlv ? flv.timestampAt(this.#position) : timestampAt(log, this.#position, chunkSize);
    if (timestamp === undefined) {
      if (this.#position < log.head) this.#skip(publication);
      return false;
    }
    this.#preambleDue = false;
    const { bytes: shared, complete } = this.#isFlv
      ? flv.preamble(timestamp, this.#position, this.#fileHeaderDue)
      : headers.preamble(timestamp, this.#position);
    this.#fileHeaderDue = false;
    // If it skips over headers that are still to come out of the log, it gets them in a new preamble.
    this.#headersVersion = complete ? headers.version : NOWHERE;
    if (shared.length === 0) return true;
    const bytes =
      this.#messageStreamId === 1 && this.#audio && this.#video
        ? shared
        : rewriteFramed(shared, 0, shared.length, chunkSize, this.#wants()).bytes;
    if (bytes.length > 0) this.#send(bytes, undefined);
    return !this.#busy;
  }

  #sendRewritten(publication: Publication, slab: Slab): void {
    const waitsForKeyframe = this.#position < this.#videoFrom;
    const end = waitsForKeyframe ? Math.min(slab.end, this.#videoFrom) : slab.end;
    const want = this.#wants();
    if (waitsForKeyframe) want.video = false;
    const from = this.#position - slab.start;
    const { bytes } = rewriteFramed(slab.buffer, from, end - slab.start, publication.chunkSize, want);
    this.#position = end;
    if (bytes.length > 0) this.#send(bytes, undefined);
  }

  #wants(): { messageStreamId: number; audio: boolean; video: boolean } {
    return { messageStreamId: this.#messageStreamId, audio: this.#audio, video: this.#video };
  }

  #send(bytes: Buffer, slab: Slab | undefined): void {
    this.bytesSent += bytes.length;
    if (this.sink.write(bytes)) return;
    this.#busy = true;
    this.#writes.begin(this, slab ?? bytes);
  }
}

/**
 * A player that is further behind than this is sent more as soon as its last write has gone, without waiting for its
 * turn.
 */
const CATCH_UP_BYTES = 65_536;
