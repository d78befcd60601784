import type { Clock } from '../core/clock.js';
import type { EndReason } from '../events/event-types.js';
import type { Lifecycle } from '../events/lifecycle.js';
import type { StreamSnapshot } from '../http/deps.js';
import type { Claim } from '../hub/hub.js';
import type { Publication, PublicationObserver } from '../hub/publication.js';
import type { Track } from '../media/track.js';
import type { AmfValue } from '../protocol/amf0.js';
import type { ConnectionFacts, RunningPublish } from '../transport/host.js';
import { TrackHealth } from './track-health.js';

/** What a session tells the one who keeps the list. */
export interface StreamSessionOwner {
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  /** `publish.stallAfterMs`. */
  readonly stallAfterMs: number;
  ended(session: StreamSession): void;
}

/** How often rates are measured, and how often they are told. */
const SAMPLE_MS = 1000;
const TELEMETRY_MS = 5000;
const METADATA_SLOT = 'metadata';
const METADATA = 'onMetaData';

/** One accepted publish from `stream.started` to `stream.ended`: ties the publication in the hub to its events. */
export class StreamSession implements RunningPublish, PublicationObserver {
  readonly streamId: string;
  readonly publication: Publication;
  readonly resumeTimestamp: number | undefined;
  readonly app: string;
  readonly name: string;
  readonly facts: ConnectionFacts;
  /** Bytes sent to players that have left. */
  bytesOutLeft = 0;
  dropsLeft = 0;
  /** Players told of. */
  audience = 0;
  readonly #owner: StreamSessionOwner;
  readonly #claim: Claim;
  readonly #startedAtMs: number;
  #readyAtMs: number | undefined;
  #ended = false;
  readonly #health: TrackHealth;
  #kbpsIn = 0;
  #kbpsOut = 0;
  #fps = 0;
  #sampled = { bytes: 0, bytesOut: 0, videoFrames: 0 };
  #sampledMs: number;
  #toldMs: number;

  constructor(streamId: string, claim: Claim, facts: ConnectionFacts, startedAtMs: number, owner: StreamSessionOwner) {
    const nowMs = owner.clock.monotonicMs();
    this.streamId = streamId;
    this.app = claim.app;
    this.name = claim.name;
    this.facts = facts;
    this.resumeTimestamp = claim.resumeTimestamp;
    this.#owner = owner;
    this.#claim = claim;
    this.#startedAtMs = startedAtMs;
    this.#sampledMs = nowMs;
    this.#toldMs = nowMs;
    this.#health = new TrackHealth(owner.stallAfterMs);
    this.publication = claim.open(streamId, this, nowMs);
  }

  ready(publication: Publication): void {
    this.#readyAtMs = this.#owner.clock.wallMs();
    this.#owner.lifecycle.streamReady(this.streamId, {
      tracks: publication.tracks.list(),
      gopMs: publication.gopMs,
      timeToReadyMs: Math.round(publication.readyMs! - publication.startedMs),
    });
  }

  updated(_publication: Publication, before: readonly Track[], after: readonly Track[]): void {
    this.#owner.lifecycle.streamUpdated(this.streamId, { before: { tracks: before }, after: { tracks: after } });
  }

  data(name: string, payload: Buffer, timestamp: number, values: readonly AmfValue[]): void {
    const nowMs = this.#owner.clock.monotonicMs();
    const isMetadata = name === METADATA;
    // flvmux of GStreamer sends the same metadata again and again.
    if (isMetadata && this.publication.config.get(METADATA_SLOT)?.equals(payload)) return;
    this.publication.appendData(payload, timestamp, isMetadata ? METADATA_SLOT : undefined, nowMs);
    if (isMetadata) this.publication.noteMetadata(values[0], nowMs);
    else this.#owner.lifecycle.streamData(this.streamId, { handler: name, timestamp, values });
  }

  dataCleared(name: string): void {
    if (name === METADATA) this.publication.config.delete(METADATA_SLOT);
  }

  end(reason: EndReason, detail?: string): void {
    if (this.#ended) return;
    this.#ended = true;
    const { publication } = this;
    const { bytes, audioFrames, videoFrames } = publication;
    const drops = this.drops;
    this.#claim.close(this.#owner.clock.monotonicMs());
    this.#owner.ended(this);
    this.#owner.lifecycle.streamEnded(this.streamId, { reason, detail, bytes, audioFrames, videoFrames, drops });
  }

  /** Keyframe skips of all its players, past and present. */
  get drops(): number {
    let sum = this.dropsLeft;
    for (const player of this.publication.players) sum += player.skips;
    return sum;
  }

  /** Looks after the stream: stalled tracks, bit rates, telemetry. Call it a few times a second. */
  tick(nowMs: number): void {
    for (const { verb, kind, gapMs } of this.#health.look(this.publication, nowMs)) {
      const change = { trackId: 0, kind, gapMs };
      if (verb === 'stalled') this.#owner.lifecycle.streamStalled(this.streamId, change);
      else this.#owner.lifecycle.streamRecovered(this.streamId, change);
    }
    const elapsedMs = nowMs - this.#sampledMs;
    if (elapsedMs < SAMPLE_MS) return;
    const { bytes, videoFrames } = this.publication;
    const bytesOut = this.bytesOut;
    this.#kbpsIn = Math.round(((bytes - this.#sampled.bytes) * 8) / elapsedMs);
    this.#kbpsOut = Math.round(((bytesOut - this.#sampled.bytesOut) * 8) / elapsedMs);
    this.#fps = Math.round(((videoFrames - this.#sampled.videoFrames) * 10_000) / elapsedMs) / 10;
    this.#sampled = { bytes, bytesOut, videoFrames };
    this.#sampledMs = nowMs;
    if (nowMs - this.#toldMs >= TELEMETRY_MS) this.#tellTelemetry(nowMs);
  }

  #tellTelemetry(nowMs: number): void {
    this.#toldMs = nowMs;
    const { bytes, audioFrames, videoFrames, gopMs, players } = this.publication;
    this.#owner.lifecycle.telemetry(this.streamId, {
      totals: { bytes, audioFrames, videoFrames, drops: this.drops },
      kbpsIn: this.#kbpsIn,
      kbpsOut: this.#kbpsOut,
      fps: this.#fps,
      players: players.size,
      ...(gopMs === undefined ? {} : { gopMs }),
    });
  }

  /** Bytes sent to players, past and present. */
  get bytesOut(): number {
    let sum = this.bytesOutLeft;
    for (const player of this.publication.players) sum += player.bytesSent;
    return sum;
  }

  snapshot(): StreamSnapshot {
    const { publication, facts } = this;
    return {
      streamId: this.streamId,
      app: this.app,
      name: this.name,
      state: publication.readyMs === undefined ? 'live' : 'ready',
      connectionId: facts.connectionId,
      startedAt: new Date(this.#startedAtMs).toISOString(),
      ...(this.#readyAtMs === undefined ? {} : { readyAt: new Date(this.#readyAtMs).toISOString() }),
      peer: facts.peer,
      ...(facts.info?.flashVer ? { encoder: facts.info.flashVer } : {}),
      tracks: publication.tracks.list(),
      players: publication.players.size,
      bytesIn: publication.bytes,
      bytesOut: this.bytesOut,
      audioFrames: publication.audioFrames,
      videoFrames: publication.videoFrames,
      drops: this.drops,
      kbpsIn: this.#kbpsIn,
    };
  }
}
