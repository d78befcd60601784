import { ERRORS, type ErrorCode } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { PlainValue } from '../core/plain.js';
import type { Claim } from '../hub/hub.js';
import type { Publication, PublicationObserver } from '../hub/publication.js';
import { TrackHealth } from '../hub/track-health.js';
import type { StreamFacts } from '../hub/track-list.js';
import type { FactSide, Report, ShownFacts, StreamCounters, StreamSample, Told } from '../live/access.js';
import { NOTHING_CARRIED } from '../live/nothing.js';
import type { EndReason } from '../model/reasons.js';
import type { PublishEndStatus } from '../model/refusals.js';
import { amfOfJson } from '../protocol/messages/amf-json.js';
import { writeAmf0Within } from '../protocol/messages/amf0-writer.js';
import { plainOfAmf } from '../protocol/messages/plain-of-amf.js';
import type { AmfValue } from '../wasm/amf-value.js';
import type { Publisher } from './client.js';
import type { RunningPlay } from './running-play.js';

/** A data message as players get it; `values` is what follows its name. */
interface DataFromPublisher {
  readonly name: string;
  readonly type: number;
  readonly payload: Buffer;
  readonly timestamp: number;
  readonly values: readonly AmfValue[];
}

/** The parts that a published stream needs. */
interface PublishedStreamParts {
  readonly facts: FactSide;
  readonly nowMs: () => number;
  readonly log: Logger;
  /** `publish.stallAfterMs`. */
  readonly stallAfterMs: number;
  /** Called when it is over. */
  readonly ended: (stream: PublishedStream) => void;
}

/** Most bytes of a data message of the operator. Its JSON has at most 64 KiB, of which a number takes nine bytes. */
const MAX_SENT_BYTES = 524_288;
/** What a publisher is told whose stream goes on with a newer connection. */
const REPLACED: Told<PublishEndStatus> = {
  status: 'NetStream.Publish.BadName',
  code: 'ERR_PUBLISH_REPLACED',
  description: `ERR_PUBLISH_REPLACED: ${ERRORS.ERR_PUBLISH_REPLACED.says}`,
};
const METADATA_SLOT = 'metadata';
const METADATA = 'onMetaData';
/** A resumed timeline goes on this long after its last frame, in ms: about one frame. */
const RESUME_STEP_MS = 40;
/** How long players stay at least when another publisher takes over: its stream begins within this time. */
const TAKEOVER_MS = 2000;
/** How often its state is reported, unless its rates are limited: then with every tick. */
const SAMPLE_MS = 1000;

/**
 * One stream on the byte side: its publication, with or without the connection that publishes it, and the plays
 * attached to it. It reports to the fact side what the media shows and what was counted.
 */
export class PublishedStream implements PublicationObserver {
  readonly streamId: string;
  readonly publication: Publication;
  /** Its plays; {@link RunningPlay} adds itself. */
  readonly plays = new Set<RunningPlay>();
  readonly #claim: Claim;
  readonly #heldFor: readonly EndReason[];
  readonly #parts: PublishedStreamParts;
  readonly #health: TrackHealth;
  #sampledMs: number;
  #run: RunningPublish | undefined;
  #publisher: Publisher | undefined;
  /** Whether a connection has published it before. */
  #begun = false;
  #ended = false;
  /** Bytes of plays that have left. */
  #bytesOutLeft = 0;
  #dropsLeft = 0;

  /**
   * @param claim of its name; opened and closed here
   * @param heldFor reasons for which its publisher may go and come back
   */
  constructor(streamId: string, claim: Claim, heldFor: readonly EndReason[], parts: PublishedStreamParts) {
    this.streamId = streamId;
    this.#claim = claim;
    this.#heldFor = heldFor;
    this.#parts = parts;
    this.#health = new TrackHealth(parts.stallAfterMs);
    const nowMs = parts.nowMs();
    this.#sampledMs = nowMs;
    this.publication = claim.open(streamId, this, nowMs);
  }

  /** The report of a stream that is over before it could begin. */
  static neverBegun(streamId: string, reason: EndReason, detail: ErrorCode | undefined): Report {
    const nothing = { counters: NOTHING_CARRIED, tracks: [], plays: [] };
    return { kind: 'streamEnded', streamId, reason, detail, ...nothing };
  }

  /** The connection that publishes it now, if one does. */
  get publisher(): Publisher | undefined {
    return this.#publisher;
  }

  /** What it has carried since its start. */
  get counters(): StreamCounters {
    const { bytes, payloadBytes, wireBytes, audioFrames, videoFrames, timestampJumps, headers } = this.publication;
    let bytesOut = this.#bytesOutLeft;
    let drops = this.#dropsLeft;
    for (const { counters } of this.plays) {
      bytesOut += counters.bytes;
      drops += counters.drops;
    }
    return {
      bytes,
      payloadBytes,
      wireBytes,
      audioFrames,
      videoFrames,
      timestampJumps,
      headersRefused: headers.refused,
      bytesOut,
      drops,
    };
  }

  /**
   * Gives it to the connection that publishes. Calls of an earlier connection have no effect from then on; one that is
   * still there is told that it was replaced.
   */
  runBy(publisher: Publisher): RunningPublish {
    const { publication } = this;
    const replaced = this.#publisher;
    const from = this.#begun ? publication.newestTimestamp : this.#claim.resumeTimestamp;
    if (this.#begun) publication.resumed(this.#parts.nowMs());
    this.#begun = true;
    this.#publisher = publisher;
    const run = new RunningPublish(this, from === undefined ? undefined : from + RESUME_STEP_MS);
    this.#run = run;
    if (replaced !== undefined) {
      publication.writer.letCodecGo();
      replaced.end('takeover', REPLACED);
    }
    return run;
  }

  /** Whether that is the publish that runs. */
  isRun(run: RunningPublish): boolean {
    return this.#run === run;
  }

  data({ name, type, payload, timestamp, values }: DataFromPublisher): void {
    const { publication } = this;
    const nowMs = this.#parts.nowMs();
    const isMetadata = name === METADATA;
    // flvmux of GStreamer sends the same metadata repeatedly.
    if (isMetadata && publication.headers.get(METADATA_SLOT)?.equals(payload)) return;
    // When a timeline is moved, it is moved for data too.
    const moved = this.#run?.resumeTimestamp !== undefined || publication.timestampJumps > 0;
    const time = moved ? publication.lastTimestamp >>> 0 : timestamp;
    publication.appendData(payload, time, isMetadata ? METADATA_SLOT : undefined, nowMs, type);
    if (isMetadata) publication.noteMetadata(values[0], nowMs);
    else {
      publication.tracks.noteData(nowMs);
      const { streamId } = this;
      this.#parts.facts.report({
        kind: 'streamData',
        streamId,
        handler: name,
        timestamp: time,
        values: plainOfAmf(values),
      });
    }
  }

  /** Sends a data message of the operator to the players, at the present time of the stream. */
  send(handler: string, values: readonly PlainValue[]): void {
    const amf = amfOfJson(values);
    if (amf === undefined) return;
    const { publication } = this;
    const payload = writeAmf0Within(MAX_SENT_BYTES, handler, ...amf);
    publication.appendData(payload, publication.lastTimestamp >>> 0, undefined, this.#parts.nowMs());
  }

  dataCleared(name: string): void {
    if (name !== METADATA) return;
    this.publication.headers.delete(METADATA_SLOT);
    this.publication.noteMetadata(null, this.#parts.nowMs());
  }

  /**
   * The publish that runs, or was about to, is over: the stream is held until its publisher comes back, or is ended.
   */
  publisherLeft(reason: EndReason, detail: ErrorCode | undefined): void {
    if (!this.#heldFor.includes(reason)) {
      this.end(reason, detail);
      return;
    }
    const { streamId, publication } = this;
    this.#run = undefined;
    this.#publisher = undefined;
    publication.writer.letCodecGo();
    this.#parts.facts.report({ kind: 'streamHeld', streamId, reason, counters: this.counters });
  }

  /** The stream is about to go on at another node: it is held here, and its publisher is told that it was replaced. */
  yield(): void {
    const { streamId, publication, plays, counters } = this;
    const publisher = this.#publisher;
    this.#run = undefined;
    this.#publisher = undefined;
    publication.writer.letCodecGo();
    publisher?.end('takeover', REPLACED);
    this.#parts.facts.report({
      ...{ kind: 'streamYielded', streamId, counters, tracks: publication.tracks.list() },
      plays: [...plays].map((play) => play.counters),
      newestTimestamp: publication.newestTimestamp,
    });
  }

  /** Ends the stream. Its publisher, if there is one, is told why. @param detail of the end, besides the reason */
  take(reason: EndReason, detail: ErrorCode | undefined, told: Told<PublishEndStatus>): void {
    const publisher = this.#publisher;
    this.end(reason, detail);
    publisher?.end(reason, told);
  }

  /** Ends the stream for good. Calls after the first do nothing. */
  end(reason: EndReason, detail: ErrorCode | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#run = undefined;
    this.#publisher = undefined;
    const { streamId, publication } = this;
    try {
      this.#claim.close(this.#parts.nowMs(), reason === 'takeover' ? TAKEOVER_MS : 0);
    } catch (error) {
      // A failure on the way to the players must not keep the end from being told.
      this.#parts.log.error({ err: error, code: 'ERR_INTERNAL', streamId }, 'the end of a stream failed inside');
    }
    const { counters } = this;
    const plays = [...this.plays].map((play) => play.counters);
    for (const play of this.plays) play.leaves();
    this.plays.clear();
    this.#parts.ended(this);
    const tracks = publication.tracks.list();
    this.#parts.facts.report({ kind: 'streamEnded', streamId, reason, detail, counters, tracks, plays });
  }

  /** A play has ended. */
  playLeft(play: RunningPlay): void {
    if (!this.plays.delete(play)) return;
    const { bytes, drops } = play.counters;
    this.#bytesOutLeft += bytes;
    this.#dropsLeft += drops;
  }

  /** Reports tracks that stall or recover at once, and its state about once a second. Call it a few times a second. */
  tick(nowMs: number): void {
    const { facts } = this.#parts;
    if (this.#run !== undefined) {
      const { streamId } = this;
      for (const change of this.#health.look(this.publication.activity.tracks, nowMs))
        facts.report({ kind: 'trackHealth', streamId, atMs: nowMs, change });
    }
    if (nowMs - this.#sampledMs < SAMPLE_MS && !this.publication.isMetered) return;
    this.#sampledMs = nowMs;
    facts.report(this.#sample(nowMs));
  }

  #sample(nowMs: number): StreamSample {
    const { publication } = this;
    return {
      kind: 'streamSampled',
      streamId: this.streamId,
      atMs: nowMs,
      isHeld: this.#run === undefined,
      counters: this.counters,
      tracks: publication.tracks.list(),
      gopMs: publication.gopMs,
      openGopMs: publication.openGopMs,
      newestTimestamp:
        publication.lastAudioMs + publication.lastVideoMs === 0 ? undefined : publication.newestTimestamp,
    };
  }

  ready(publication: Publication): void {
    const { gopMs, tracks, readyMs, startedMs } = publication;
    this.#parts.facts.report({
      kind: 'streamReady',
      streamId: this.streamId,
      tracks: tracks.list(),
      missing: tracks.missing,
      gopMs,
      timeToReadyMs: Math.round(readyMs! - startedMs),
      encoder: tracks.facts.metadata.encoder,
    });
  }

  codecRefused(codec: string): void {
    const { streamId } = this;
    // The batch that showed it is being taken: nothing may end in the midst of that.
    queueMicrotask(() => this.#parts.facts.report({ kind: 'codecRefused', streamId, codec }));
  }

  updated(_publication: Publication, before: StreamFacts, after: StreamFacts): void {
    const { streamId } = this;
    this.#parts.facts.report({ kind: 'streamChanged', streamId, before: shown(before), after: shown(after) });
  }
}

/** A publish that is running, as its connection uses it. */
export class RunningPublish {
  /**
   * The newest timestamp, in ms, that players have got who stayed: the publisher's timestamps are moved to go on from
   * there.
   */
  readonly resumeTimestamp: number | undefined;
  readonly #stream: PublishedStream;

  constructor(stream: PublishedStream, resumeTimestamp: number | undefined) {
    this.#stream = stream;
    this.resumeTimestamp = resumeTimestamp;
  }

  get streamId(): string {
    return this.#stream.streamId;
  }

  get publication(): Publication {
    return this.#stream.publication;
  }

  data(message: DataFromPublisher): void {
    if (this.#stream.isRun(this)) this.#stream.data(message);
  }

  dataCleared(name: string): void {
    if (this.#stream.isRun(this)) this.#stream.dataCleared(name);
  }

  /** Ends it; calls after the first do nothing. */
  end(reason: EndReason, detail?: ErrorCode): void {
    if (this.#stream.isRun(this)) this.#stream.publisherLeft(reason, detail);
  }
}

function shown({ tracks, metadata }: StreamFacts): ShownFacts {
  return { tracks, metadata };
}
