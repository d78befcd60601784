import type { AnnouncedFacts } from '../media/metadata.js';
import type { MediaKind, Track } from '../media/track.js';
import { TrackTable } from '../media/track-table.js';
import type { AmfValue } from '../protocol/amf0.js';

/** One message that may tell a fact: a sequence header, or the first frame of a codec that has none. */
export interface MediaObservation {
  readonly kind: MediaKind;
  readonly trackId: number;
  /** Whether it is a sequence header or other configuration. */
  readonly header: boolean;
  /** Milliseconds, modulo 2^32. */
  readonly timestamp: number;
  /** The whole message, or at least its first 64 bytes when it is a frame. Borrowed. */
  readonly payload: Uint8Array;
}

/** What a stream is known to be at one moment; never changed afterwards. */
export interface StreamFacts {
  /** Video before audio, then by id. */
  readonly tracks: readonly Track[];
  /** What its onMetaData claims. */
  readonly metadata: AnnouncedFacts;
  /** Differs when codecs, sizes, rates of samples, the set of tracks or the metadata do; measured rates do not count. */
  readonly shape: string;
}

/** How long the stream is given to show a kind that its metadata announces: cameras promise audio that never comes. */
const PROMISE_MS = 1500;
/** How long a stream without metadata is given to show its second kind. */
const GUESS_MS = 700;

/** What is known of the tracks of a publication, and whether that is enough to call it ready. */
export class TrackList {
  /** Whether frames of this kind's default track would still tell something: asked for every batch, so kept ready. */
  wantsAudio = true;
  wantsVideo = true;
  readonly #table = new TrackTable();
  readonly #known = new Set<string>();
  #promises: { audio: boolean; video: boolean } | undefined;
  #keyframeSeen = false;
  #firstMediaMs: number | undefined;
  #facts: StreamFacts = { tracks: [], metadata: {}, shape: '' };

  /** Whether a frame of this track would tell something that is not known. */
  wants(kind: MediaKind, trackId: number): boolean {
    if (trackId !== 0) return !this.#known.has(`${kind}:${trackId}`);
    return kind === 'audio' ? this.wantsAudio : this.wantsVideo;
  }

  /** Whether video has been seen in any form, or is announced by the metadata. */
  get expectsVideo(): boolean {
    return this.#promises?.video === true || this.#has('video');
  }

  /** The tracks, video before audio, then by id. */
  list(): readonly Track[] {
    return this.#facts.tracks;
  }

  /** All that is known now. */
  get facts(): StreamFacts {
    return this.#facts;
  }

  observe(observation: MediaObservation, nowMs: number): void {
    this.#firstMediaMs ??= nowMs;
    const { kind, trackId, payload, header, timestamp } = observation;
    this.#known.add(`${kind}:${trackId}`);
    if (header) this.#table.config(kind, payload);
    else this.#table.frame(kind, payload, timestamp);
    this.#rebuild();
  }

  noteMetadata(metadata: AmfValue): void {
    this.#table.metadata(metadata);
    if (typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata) && !(metadata instanceof Date)) {
      const has = (...keys: string[]): boolean =>
        keys.some((key) => metadata[key] !== undefined && metadata[key] !== null);
      this.#promises = {
        audio: metadata['hasAudio'] !== false && has('audiocodecid', 'audiosamplerate', 'audiodatarate'),
        video: metadata['hasVideo'] !== false && has('videocodecid', 'width', 'videodatarate'),
      };
    }
    this.#rebuild();
  }

  noteKeyframe(): void {
    this.#keyframeSeen = true;
  }

  /** Whether every kind that is announced, or may be expected, has shown its facts, and video its first keyframe. */
  isReady(nowMs: number): boolean {
    if (this.#firstMediaMs === undefined || this.list().length === 0) return false;
    const waitedMs = nowMs - this.#firstMediaMs;
    const video = this.#has('video');
    const audio = this.#has('audio');
    if (video && !this.#keyframeSeen) return false;
    if (video && audio) return true;
    if (this.#promises === undefined) return waitedMs >= GUESS_MS;
    return waitedMs >= PROMISE_MS || !(video ? this.#promises.audio : this.#promises.video);
  }

  #has(kind: MediaKind): boolean {
    return this.list().some((track) => track.kind === kind);
  }

  #rebuild(): void {
    const tracks = this.#table.tracks();
    const metadata = this.#table.announced;
    const measured = (key: string, value: unknown): unknown => (key === 'fps' || key === 'kbps' ? undefined : value);
    const shape = JSON.stringify(tracks, measured) + JSON.stringify(metadata);
    this.#facts = { tracks, metadata, shape };
    this.wantsAudio = this.#table.wantsFrames('audio');
    this.wantsVideo = this.#table.wantsFrames('video');
  }
}
