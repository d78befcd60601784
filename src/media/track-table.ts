import type { AmfValue } from '../protocol/amf0.js';
import { FpsEstimator } from './fps-estimator.js';
import { type AnnouncedFacts, announced, factsFromMetadata, type MetadataFacts } from './metadata.js';
import type { MediaKind, Track } from './track.js';
import { type ConfigFacts, configFacts, trackFactsFromFrame } from './track-facts.js';

/** More tracks than this are not told of; Enhanced RTMP could name 512. */
const MAX_TRACKS = 32;
/** Frames looked at per kind, so that a stream whose frames never tell their size costs nothing for long. */
const MAX_FRAMES = 120;

/**
 * Collects what one stream shows of its tracks: sequence headers first, then frames, then `onMetaData` for what neither tells. The
 * frame rate is the header's when fixed, else measured from timestamps, else what `onMetaData` or the header names. Not for every message: ask {@link TrackTable.wantsFrames}.
 */
export class TrackTable {
  readonly #tracks = new Map<string, ConfigFacts>();
  readonly #fps = new FpsEstimator();
  readonly #framesSeen = { audio: 0, video: 0 };
  #metadata: MetadataFacts = { video: {}, audio: {} };

  /** Whether {@link TrackTable.frame} can still learn something from frames of this kind. */
  wantsFrames(kind: MediaKind): boolean {
    if (this.#framesSeen[kind] >= MAX_FRAMES) return false;
    const track = this.#tracks.get(`${kind}0`);
    if (track === undefined) return true;
    if (kind === 'audio') return track.sampleRate === undefined;
    return track.width === undefined || (track.fps === undefined && !this.#fps.done);
  }

  /**
   * Takes a sequence header.
   *
   * @param payload the whole message, borrowed
   * @returns whether any fact changed
   */
  config(kind: MediaKind, payload: Uint8Array): boolean {
    let changed = false;
    for (const track of configFacts(kind, payload)) {
      const before = this.#tracks.get(`${kind}${track.id}`);
      // VP8 and VP9 records have no size: what frames told stays until a frame tells otherwise.
      const keepsSize = track.width === undefined && before?.codec.slice(0, 4) === track.codec.slice(0, 4);
      changed = this.#put(keepsSize ? { ...before, ...track } : track) || changed;
    }
    return changed;
  }

  /**
   * Takes a message with coded frames.
   *
   * @param payload the whole message, borrowed
   * @param timestampMs its RTMP timestamp
   * @returns whether any fact changed
   */
  frame(kind: MediaKind, payload: Uint8Array, timestampMs: number): boolean {
    if (this.#framesSeen[kind] >= MAX_FRAMES) return false;
    this.#framesSeen[kind]++;
    let changed = false;
    for (const track of trackFactsFromFrame(kind, payload)) {
      if (kind === 'video' && track.id === 0) this.#fps.push(timestampMs);
      const before = this.#tracks.get(`${kind}${track.id}`);
      const learnt = before === undefined ? track : { ...track, ...before };
      changed = this.#put(learnt) || changed;
    }
    return changed;
  }

  /** Takes the object of `onMetaData`, the fallback for facts that media does not show. */
  metadata(value: AmfValue): void {
    this.#metadata = factsFromMetadata(value);
  }

  /** What the metadata claims; a fresh object. */
  get announced(): AnnouncedFacts {
    return announced(this.#metadata);
  }

  /** Everything known now: video before audio, then by track id. The objects are fresh and the caller's. */
  tracks(): Track[] {
    const fps = this.#fps.estimate();
    return [...this.#tracks.values()]
      .map(({ nominalFps, ...track }) => {
        const nominal = nominalFps === undefined ? {} : { fps: nominalFps };
        if (track.id !== 0) return { ...nominal, ...track };
        const measured = track.kind === 'video' && fps !== undefined ? { fps } : {};
        return { ...nominal, ...this.#metadata[track.kind], ...measured, ...track };
      })
      .sort((a, b) => (a.kind === b.kind ? a.id - b.id : a.kind === 'video' ? -1 : 1));
  }

  #put(track: ConfigFacts): boolean {
    const key = `${track.kind}${track.id}`;
    const before = this.#tracks.get(key);
    if (before === undefined && this.#tracks.size >= MAX_TRACKS) return false;
    this.#tracks.set(key, track);
    return JSON.stringify(before) !== JSON.stringify(track);
  }
}
