import type { StreamMetadata } from '../model/metadata.js';
import { MAX_URL, type StreamUrls } from '../model/stream-urls.js';
import type { Track } from '../model/track.js';
import type { ChangedFacts } from './event-types.js';

/** Longest text in an event, in UTF-16 units. */
const MAX_TEXT = 512;

/** Cuts peer-controlled text to what the schemas allow. */
export function clip(text: string, length = MAX_TEXT): string {
  return text.length <= length ? text : text.slice(0, length);
}

/** {@link clip} for a member that may be missing: an object to spread. */
export function clipped<K extends string>(key: K, text: string | undefined, length = MAX_TEXT): { [P in K]?: string } {
  return text === undefined || text === '' ? {} : ({ [key]: clip(text, length) } as { [P in K]?: string });
}

/** At most 16 labels and about 1 KiB together, so that a start and its end always fit. */
export function clipLabels(labels: Readonly<Record<string, string>> | undefined): Record<string, string> | undefined {
  if (labels === undefined) return undefined;
  const out: Record<string, string> = {};
  let left = 1024;
  for (const [key, value] of Object.entries(labels).slice(0, 16)) {
    const text = clip(String(value), 256);
    left -= JSON.stringify([clip(key, 64), text]).length;
    if (left < 0) break;
    out[clip(key, 64)] = text;
  }
  return out;
}

/**
 * URLs that fit into an event. A part of a URL is useless, so one that is too long is left out whole, and the others
 * with it.
 */
export function boundedUrls(urls: StreamUrls | undefined): StreamUrls | undefined {
  if (urls === undefined) return undefined;
  return Object.values<string>(urls).every((url) => url.length <= MAX_URL) ? urls : undefined;
}

const NUMBERS = ['width', 'height', 'fps', 'declaredFps', 'sampleRate', 'channels', 'kbps', 'declaredKbps'] as const;

/** At most 16 tracks, numbers that JSON can hold. */
export function clipTracks(tracks: readonly Track[]): Track[] {
  return tracks.slice(0, 16).map((track) => {
    const out: Record<string, unknown> = { id: track.id, kind: track.kind, codec: clip(track.codec, 64) };
    for (const key of NUMBERS) {
      const value = track[key];
      if (value !== undefined && Number.isFinite(value) && value >= 0) out[key] = value;
    }
    return out as unknown as Track;
  });
}

const ANNOUNCED = ['width', 'height', 'fps', 'videoKbps', 'sampleRate', 'channels', 'audioKbps'] as const;
/** Bytes of a track list in `stream.updated`, which has two: 16 tracks of any codec. */
const MAX_CHANGED_TRACKS = 2300;

/** One side of a `stream.updated`, bounded like everything that a publisher can make long. */
export function clipChange({ tracks, metadata, labels }: ChangedFacts): ChangedFacts {
  const kept = tracks === undefined ? undefined : clipTracks(tracks);
  while (kept !== undefined && Buffer.byteLength(JSON.stringify(kept)) > MAX_CHANGED_TRACKS) kept.pop();
  return {
    ...(kept === undefined ? {} : { tracks: kept }),
    ...(metadata === undefined ? {} : { metadata: clipMetadata(metadata) }),
    ...(labels === undefined ? {} : { labels: clipLabels(labels)! }),
  };
}

function clipMetadata(metadata: StreamMetadata): StreamMetadata {
  const out: Record<string, unknown> = { ...clipped('encoder', metadata.encoder, 128) };
  for (const key of ANNOUNCED) {
    const value = metadata[key];
    if (value !== undefined && Number.isFinite(value) && value >= 0) out[key] = value;
  }
  return out;
}

/**
 * A copy of a JSON-like value that takes at most about `budget` bytes as JSON and nests at most 8 deep; what does not
 * fit is left out.
 *
 * @returns the copy, and whether anything was left out
 */
export function bounded<T>(value: T, budget: number): { value: T; truncated: boolean } {
  const state = { left: budget, truncated: false };
  return { value: copy(value, state, 0) as T, truncated: state.truncated };
}

function copy(value: unknown, state: { left: number; truncated: boolean }, depth: number): unknown {
  if (state.left <= 0 || depth > 8) {
    state.truncated = true;
    return null;
  }
  if (typeof value === 'string') {
    const text = clip(value, Math.min(MAX_TEXT, state.left));
    state.truncated ||= text.length < value.length;
    // A control character takes six bytes as JSON.
    state.left -= JSON.stringify(text).length + 2;
    return text;
  }
  if (typeof value === 'number') {
    state.left -= 24;
    return Number.isFinite(value) ? value : null;
  }
  if (typeof value === 'boolean' || value === null || value === undefined) {
    state.left -= 6;
    return value ?? null;
  }
  if (value instanceof Date) {
    state.left -= 26;
    return Number.isFinite(value.getTime()) ? value.toISOString() : null;
  }
  if (Array.isArray(value)) {
    const out: unknown[] = [];
    for (const item of value) {
      if (state.left <= 0) {
        state.truncated = true;
        break;
      }
      state.left -= 1;
      out.push(copy(item, state, depth + 1));
    }
    return out;
  }
  if (typeof value === 'object') {
    const out: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      if (state.left <= 0) {
        state.truncated = true;
        break;
      }
      state.left -= key.length * 2 + 4;
      Object.defineProperty(out, clip(key, 128), {
        value: copy(item, state, depth + 1),
        enumerable: true,
        configurable: true,
      });
    }
    return out;
  }
  state.truncated = true;
  return null;
}
