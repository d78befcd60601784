import type { StreamMetadata } from '../model/metadata.js';
import type { MediaKind, Track } from '../model/track.js';
import type { AmfValue } from '../wasm/amf-value.js';
import { announced, factsFromMetadata, type MetadataFacts } from './metadata.js';
import { type ConfigFacts, configFacts, trackFactsFromFrame } from './track-facts.js';

/** Most tracks of a stream that are shown; Enhanced RTMP could name 512. */
const MAX_TRACKS = 32;
/**
 * Most frames that are inspected for each kind, so that a stream whose frames never show their size costs nothing for
 * long.
 */
const MAX_FRAMES = 120;

/** The measured rates of a track. */
export interface MeasuredRates {
  /** Frames per second; video only. */
  readonly fps?: number;
  /** Payload in kbit/s. */
  readonly kbps?: number;
}

const NO_CLAIMS: MeasuredRates = {};

/**
 * Collects the facts of one stream's tracks: from sequence headers first, then from frames, then from `onMetaData` for
 * what neither shows. Rates are measured elsewhere ({@link TrackTable.rates}); what header and metadata say of them are
 * claims, and named so. It is not given every message: ask {@link TrackTable.wantsFrames}.
 */
export class TrackTable {
  readonly #tracks = new Map<string, ConfigFacts>();
  readonly #rates = new Map<string, MeasuredRates>();
  readonly #framesSeen = { audio: 0, video: 0 };
  #metadata: MetadataFacts = { video: {}, audio: {} };
  /** What the metadata claims, and each track without its measured rates, which change all the time. */
  #announced: StreamMetadata = {};
  readonly #described = new Map<string, Track>();

  /** Whether {@link TrackTable.frame} can still learn something from frames of this kind. */
  wantsFrames(kind: MediaKind): boolean {
    if (this.#framesSeen[kind] >= MAX_FRAMES) return false;
    const track = this.#tracks.get(`${kind}0`);
    if (track === undefined) return true;
    return kind === 'audio' ? track.sampleRate === undefined : track.width === undefined;
  }

  /** Whether a track of this kind is known. */
  has(kind: MediaKind): boolean {
    for (const track of this.#tracks.values()) if (track.kind === kind) return true;
    return false;
  }

  /** Takes a sequence header: the whole message, borrowed. */
  config(kind: MediaKind, payload: Uint8Array): void {
    for (const track of configFacts(kind, payload)) {
      const before = this.#tracks.get(`${kind}${track.id}`);
      // Records of VP8 and VP9 have no size, avcC may have none: the size from frames stays until a frame shows
      // another.
      const keepsSize = track.width === undefined && before?.codec.slice(0, 4) === track.codec.slice(0, 4);
      this.#put(keepsSize ? { ...before, ...track } : track);
    }
  }

  /** Takes a message with coded frames, or at least its beginning, borrowed. */
  frame(kind: MediaKind, payload: Uint8Array): void {
    if (this.#framesSeen[kind] >= MAX_FRAMES) return;
    this.#framesSeen[kind]++;
    for (const track of trackFactsFromFrame(kind, payload, this.#tracks.get(`${kind}0`)?.nalLengthBytes)) {
      const before = this.#tracks.get(`${kind}${track.id}`);
      this.#put(before === undefined ? track : { ...track, ...before });
    }
  }

  /** Forgets a track: it has another codec now, and its next frame shows which. */
  forget(kind: MediaKind, trackId: number): void {
    this.#tracks.delete(`${kind}${trackId}`);
    this.#described.delete(`${kind}${trackId}`);
    this.#framesSeen[kind] = 0;
  }

  /** Takes the object of `onMetaData`, which is used for facts that media does not show. */
  metadata(value: AmfValue): void {
    this.#metadata = factsFromMetadata(value);
    this.#announced = announced(this.#metadata);
    this.#described.clear();
  }

  /** Takes the measured rates of a track; they replace those before. */
  rates(kind: MediaKind, trackId: number, rates: MeasuredRates): void {
    this.#rates.set(`${kind}${trackId}`, rates);
  }

  /** What the metadata claims of a track's rates; undefined while the track is not known. */
  claimedRates(kind: MediaKind, trackId: number): MeasuredRates | undefined {
    if (!this.#tracks.has(`${kind}${trackId}`)) return undefined;
    return trackId === 0 ? this.#metadata[kind] : NO_CLAIMS;
  }

  /** What the metadata claims. It is never changed: other metadata makes another object. */
  get announced(): StreamMetadata {
    return this.#announced;
  }

  /** Everything known now: video before audio, then by track id. The list is the caller's; its members never change. */
  tracks(): Track[] {
    return [...this.#tracks]
      .map(([key, track]) => this.#measured(key, track))
      .sort((a, b) => (a.kind === b.kind ? a.id - b.id : a.kind === 'video' ? -1 : 1));
  }

  #measured(key: string, facts: ConfigFacts): Track {
    let track = this.#described.get(key);
    if (track === undefined) {
      track = this.#describe(facts);
      this.#described.set(key, track);
    }
    const rates = this.#rates.get(key);
    return rates === undefined ? track : { ...track, ...rates };
  }

  #describe({ nominalFps, fps, nalLengthBytes: _, ...track }: ConfigFacts): Track {
    const claims = track.id === 0 ? this.#metadata[track.kind] : {};
    const { fps: claimedFps, kbps: declaredKbps, ...shown } = claims as MetadataFacts['video'];
    const declaredFps = claimedFps ?? fps ?? nominalFps;
    return {
      ...shown,
      ...track,
      ...(declaredFps === undefined ? {} : { declaredFps }),
      ...(declaredKbps === undefined ? {} : { declaredKbps }),
    };
  }

  #put(track: ConfigFacts): void {
    const key = `${track.kind}${track.id}`;
    if (!this.#tracks.has(key) && this.#tracks.size >= MAX_TRACKS) return;
    this.#tracks.set(key, track);
    this.#described.delete(key);
  }
}
