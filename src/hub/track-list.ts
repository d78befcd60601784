import { type MeasuredRates, TrackTable } from '../media/track-table.js';
import type { StreamMetadata } from '../model/metadata.js';
import type { MediaKind, Track } from '../model/track.js';
import { type AmfValue, isAmfObject } from '../wasm/amf-value.js';

/** One message that may show a fact: a sequence header, or the first frame of a codec that has none. */
interface MediaObservation {
  readonly kind: MediaKind;
  readonly trackId: number;
  /** Whether it is a sequence header or other configuration. */
  readonly header: boolean;
  /** Milliseconds, modulo 2^32. */
  readonly timestamp: number;
  /** The whole message, or at least its first 64 bytes when it is a frame. Borrowed. */
  readonly payload: Uint8Array;
}

/** The known facts of a stream at one moment. Never changed afterwards. */
export interface StreamFacts {
  /** Video before audio, then by id. */
  readonly tracks: readonly Track[];
  /** What its onMetaData claims. */
  readonly metadata: StreamMetadata;
  /**
   * Differs when codecs, sizes, sample rates, the set of tracks, the metadata or what it claims differ. Of measured
   * rates only those count that are worth an event: see {@link TrackList.noteRates}.
   */
  readonly shape: string;
}

/** How long a stream without metadata has time to show its second kind, in ms. */
const GUESS_MS = 700;
/** A measured rate is told again when it differs by more than this share from the one that was told. */
const TELL_SHARE = 0.1;
/** The members of a track that are measured and change all the time. */
const MEASURED = new Set(['fps', 'kbps']);

/** The known facts of a publication's tracks, and whether they are enough to call it ready. */
export class TrackList {
  /**
   * Whether frames of this kind's default track can still show a new fact. It is read for every batch, so it is kept
   * ready.
   */
  wantsAudio = true;
  wantsVideo = true;
  readonly #readyTimeoutMs: number;
  readonly #table = new TrackTable();
  readonly #known = new Set<string>();
  /** The rates of tracks that observers know, by `kind:track`: those that were told, else what the metadata claims. */
  readonly #told = new Map<string, { fps?: number; kbps?: number }>();
  #promises: { audio: boolean; video: boolean } | undefined;
  #keyframeSeen = false;
  #firstMediaMs: number | undefined;
  /** The first and the last data message that is no metadata. */
  #firstDataMs: number | undefined;
  #lastDataMs = 0;
  /** Made again when they are read after a change. */
  #facts: StreamFacts | undefined;
  /** As {@link StreamFacts.shape}, made likewise. Rates that are not worth an event leave it as it is. */
  #shape: string | undefined;

  /**
   * @param readyTimeoutMs `publish.readyTimeoutMs`: the longest wait for a kind that is announced or has shown itself
   *   in part
   */
  constructor(readyTimeoutMs: number) {
    this.#readyTimeoutMs = readyTimeoutMs;
  }

  /** Whether a frame of this track would show a fact that is not known. */
  wants(kind: MediaKind, trackId: number): boolean {
    if (trackId !== 0) return !this.#known.has(`${kind}:${trackId}`);
    return kind === 'audio' ? this.wantsAudio : this.wantsVideo;
  }

  /** Whether video has been seen in any form, or is announced by the metadata. */
  get expectsVideo(): boolean {
    return this.#promises?.video === true || this.#table.has('video');
  }

  /** The tracks, video before audio, then by id. */
  list(): readonly Track[] {
    return this.facts.tracks;
  }

  /** All that is known now. */
  get facts(): StreamFacts {
    if (this.#facts === undefined) {
      const tracks = this.#table.tracks();
      this.#shape ??= this.#describe(tracks);
      this.#facts = { tracks, metadata: this.#table.announced, shape: this.#shape };
    }
    return this.#facts;
  }

  /** The shape of {@link facts}, without making them. It is read for each stream a few times a second. */
  get shape(): string {
    this.#shape ??= this.#describe(this.#table.tracks());
    return this.#shape;
  }

  observe(observation: MediaObservation, nowMs: number): void {
    this.#firstMediaMs ??= nowMs;
    const { kind, trackId, payload, header } = observation;
    if (trackId !== 0) this.#known.add(`${kind}:${trackId}`);
    if (header) this.#table.config(kind, payload);
    else this.#table.frame(kind, payload);
    this.#changed();
  }

  /** A track has another codec than before: its next frame shows which. */
  forget(kind: MediaKind, trackId: number): void {
    this.#known.delete(`${kind}:${trackId}`);
    this.#table.forget(kind, trackId);
    this.#changed();
  }

  noteMetadata(metadata: AmfValue): void {
    this.#table.metadata(metadata);
    if (isAmfObject(metadata)) {
      const has = (...keys: string[]): boolean =>
        keys.some((key) => metadata[key] !== undefined && metadata[key] !== null);
      this.#promises = {
        audio: metadata['hasAudio'] !== false && has('audiocodecid', 'audiosamplerate', 'audiodatarate'),
        video: metadata['hasVideo'] !== false && has('videocodecid', 'width', 'videodatarate'),
      };
    }
    this.#changed();
  }

  /**
   * Takes the measured rates of a track. They show in the list at once. They change the shape when they differ by more
   * than a tenth from what observers know: what was told, else what the metadata claims. A first bit rate waits until
   * `tellKbps`, because encoders begin below their rate.
   */
  noteRates(kind: MediaKind, trackId: number, rates: MeasuredRates, tellKbps: boolean): void {
    const key = `${kind}:${trackId}`;
    this.#table.rates(kind, trackId, rates);
    this.#facts = undefined;
    const claimed = this.#table.claimedRates(kind, trackId);
    if (claimed === undefined) return;
    const told = this.#told.get(key);
    // A frame rate that the header states is no claim of the metadata: observers do not know it as the rate of the
    // stream.
    const newFps = differs(rates.fps, told?.fps ?? claimed.fps);
    const newKbps = tellKbps && differs(rates.kbps, told?.kbps ?? claimed.kbps);
    if (!newFps && !newKbps) return;
    this.#told.set(key, { ...told, ...(newFps ? { fps: rates.fps! } : {}), ...(newKbps ? { kbps: rates.kbps! } : {}) });
    this.#shape = undefined;
  }

  /** A data message that is no metadata has come. */
  noteData(nowMs: number): void {
    this.#firstDataMs ??= nowMs;
    this.#lastDataMs = nowMs;
  }

  /**
   * When the newest data message came of a stream that consists of data alone: neither audio nor video has come, and no
   * metadata promises any. 0 for any other stream.
   */
  get dataMs(): number {
    if (this.#lastDataMs === 0 || this.#firstMediaMs !== undefined) return 0;
    return this.missing.length === 0 ? this.#lastDataMs : 0;
  }

  noteKeyframe(): void {
    this.#keyframeSeen = true;
  }

  /**
   * Whether every kind that is announced or may be expected has shown its facts, and video its first keyframe; or the
   * time for that is over, and at least one kind has. A stream that consists of data alone is ready after the same
   * time.
   */
  isReady(nowMs: number): boolean {
    if (this.#firstMediaMs === undefined) {
      return this.dataMs > 0 && nowMs - this.#firstDataMs! >= this.#readyTimeoutMs;
    }
    const video = this.#complete('video');
    const audio = this.#complete('audio');
    if (video && audio) return true;
    if (!video && !audio) return false;
    const waitedMs = nowMs - this.#firstMediaMs;
    if (waitedMs >= this.#readyTimeoutMs) return true;
    if (this.missing.length > 0) return false;
    return this.#promises !== undefined || waitedMs >= GUESS_MS;
  }

  /** Kinds that the metadata announces, or that have shown themselves in part, and that cannot be played yet. */
  get missing(): readonly MediaKind[] {
    const kinds: MediaKind[] = ['video', 'audio'];
    return kinds.filter((kind) => !this.#complete(kind) && (this.#promises?.[kind] === true || this.#table.has(kind)));
  }

  #complete(kind: MediaKind): boolean {
    return this.#table.has(kind) && (kind === 'audio' || this.#keyframeSeen);
  }

  #changed(): void {
    this.#facts = undefined;
    this.#shape = undefined;
    this.wantsAudio = this.#table.wantsFrames('audio');
    this.wantsVideo = this.#table.wantsFrames('video');
  }

  #describe(tracks: readonly Track[]): string {
    const steady = (key: string, value: unknown): unknown => (MEASURED.has(key) ? undefined : value);
    const told = JSON.stringify([...this.#told]);
    return JSON.stringify(tracks, steady) + JSON.stringify(this.#table.announced) + told;
  }
}

function differs(measured: number | undefined, told: number | undefined): boolean {
  if (measured === undefined) return false;
  return told === undefined || Math.abs(measured - told) > TELL_SHARE * told;
}
