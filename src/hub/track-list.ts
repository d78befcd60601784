import { factsFromMetadata, type MetadataFacts } from '../media/metadata.js';
import type { MediaKind, Track } from '../media/track.js';
import { trackFactsFromConfig, trackFactsFromFrame } from '../media/track-facts.js';
import type { AmfValue } from '../protocol/amf0.js';

/** One message that may tell a fact: a sequence header, or the first frame of a codec that has none. */
export interface MediaObservation {
  readonly kind: MediaKind;
  readonly trackId: number;
  /** Whether it is a sequence header or other configuration. */
  readonly header: boolean;
  /** The whole message, or at least its first 64 bytes when it is a frame. Borrowed. */
  readonly payload: Uint8Array;
}

/** How long the stream is given to show a kind that its metadata announces: cameras promise audio that never comes. */
const PROMISE_MS = 1500;
/** How long a stream without metadata is given to show its second kind. */
const GUESS_MS = 700;

/** What is known of the tracks of a publication, and whether that is enough to call it ready. */
export class TrackList {
  readonly #tracks = new Map<string, Track>();
  #metadata: MetadataFacts = { video: {}, audio: {} };
  #promises: { audio: boolean; video: boolean } | undefined;
  #keyframeSeen = false;
  #firstMediaMs: number | undefined;
  #list: readonly Track[] = [];

  /** Whether a frame of this kind would tell something that no header has told. */
  wants(kind: MediaKind, trackId: number): boolean {
    return !this.#tracks.has(`${kind}:${trackId}`);
  }

  /** Whether video has been seen in any form, or is announced by the metadata. */
  get expectsVideo(): boolean {
    return this.#promises?.video === true || this.#has('video');
  }

  /** The tracks, default first; the same array until something changes. */
  list(): readonly Track[] {
    return this.#list;
  }

  observe(observation: MediaObservation, nowMs: number): void {
    this.#firstMediaMs ??= nowMs;
    const { kind, payload, header } = observation;
    const found = header ? trackFactsFromConfig(kind, payload) : trackFactsFromFrame(kind, payload);
    for (const track of found) this.#tracks.set(`${track.kind}:${track.id}`, track);
    if (found.length > 0) this.#rebuild();
  }

  noteMetadata(metadata: AmfValue): void {
    this.#metadata = factsFromMetadata(metadata);
    if (typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata) && !(metadata instanceof Date)) {
      const has = (...keys: string[]): boolean =>
        keys.some((key) => metadata[key] !== undefined && metadata[key] !== null);
      this.#promises = {
        audio: metadata['hasAudio'] !== false && has('audiocodecid', 'audiosamplerate', 'audiodatarate'),
        video: metadata['hasVideo'] !== false && has('videocodecid', 'width', 'videodatarate'),
      };
    }
    if (this.#tracks.size > 0) this.#rebuild();
  }

  noteKeyframe(): void {
    this.#keyframeSeen = true;
  }

  /** Whether every kind that is announced, or may be expected, has shown its facts, and video its first keyframe. */
  isReady(nowMs: number): boolean {
    if (this.#firstMediaMs === undefined || this.#tracks.size === 0) return false;
    const waitedMs = nowMs - this.#firstMediaMs;
    const video = this.#has('video');
    const audio = this.#has('audio');
    if (video && !this.#keyframeSeen) return false;
    if (video && audio) return true;
    if (this.#promises === undefined) return waitedMs >= GUESS_MS;
    return waitedMs >= PROMISE_MS || !(video ? this.#promises.audio : this.#promises.video);
  }

  #has(kind: MediaKind): boolean {
    for (const track of this.#tracks.values()) if (track.kind === kind) return true;
    return false;
  }

  /** What the media says comes first; metadata fills the gaps of the default track. */
  #rebuild(): void {
    const hints = { audio: this.#metadata.audio, video: this.#metadata.video };
    const merged = [...this.#tracks.values()].map(
      (track): Track => (track.id === 0 ? { ...hints[track.kind], ...definedOnly(track) } : track),
    );
    merged.sort((a, b) => a.id - b.id || (a.kind < b.kind ? 1 : -1));
    if (JSON.stringify(merged) !== JSON.stringify(this.#list)) this.#list = merged;
  }
}

function definedOnly(track: Track): Track {
  return Object.fromEntries(Object.entries(track).filter(([, value]) => value !== undefined)) as unknown as Track;
}
