import { mediaBodies } from '../../../src/media/payload.js';
import {
  configFacts,
  configuredCodec,
  trackFactsFromConfig,
  trackFactsFromFrame,
} from '../../../src/media/track-facts.js';
import { AUDIO_CONFIGS, AUDIO_FRAMES, LEGACY_AUDIO } from '../../support/media-vectors/audio.js';
import { VIDEO_CONFIGS } from '../../support/media-vectors/video-config.js';
import { LEGACY_VIDEO, VP8, VP9 } from '../../support/media-vectors/video-frame.js';
import type { FuzzTarget } from '../target.js';

const LISTS: readonly (readonly object[])[] = [
  AUDIO_CONFIGS,
  AUDIO_FRAMES,
  LEGACY_AUDIO,
  VIDEO_CONFIGS,
  LEGACY_VIDEO,
  VP8,
  VP9,
];

/** The bytes of all vectors: of each record whatever is bytes, or hexadecimal digits. */
function vectors(): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const list of LISTS) {
    for (const value of list.flatMap((record) => Object.values(record) as unknown[])) {
      if (value instanceof Uint8Array) found.push(value);
      const digits = typeof value === 'string' ? value.replaceAll(/[\s|]/g, '') : '';
      if (/^(?:[0-9a-fA-F]{2}){2,}$/.test(digits)) found.push(Buffer.from(digits, 'hex'));
    }
  }
  return found;
}

/** What media messages say of their tracks. The first byte of an input chooses the kind. */
export const mediaPeek: FuzzTarget = {
  name: 'media-peek',
  what: 'tracks, sequence headers and first frames of audio and video messages: never a throw, nothing outside the message',
  sources: ['/src/media/'],
  maxBytes: 3000,
  tokens: ['avc1', 'hvc1', 'vvc1', 'av01', 'vp09', 'vp08', 'Opus', 'fLaC', 'mp4a', 'ac-3', 'ec-3', '.mp3'].map((text) =>
    Buffer.from(text),
  ),
  samples: () => vectors().flatMap((bytes) => [0, 1].map((kind) => Buffer.concat([Buffer.of(kind), bytes]))),
  run: (input) => {
    const kind = input[0]! % 2 === 0 ? 'audio' : 'video';
    const payload = input.subarray(1);
    const bodies = mediaBodies(kind, payload);
    if (bodies.length === 0) throw new Error('no body');
    for (const { start, end, trackId } of bodies) {
      const isInside = 0 <= start && start <= end && end <= payload.length && trackId >= 0 && trackId < 256;
      if (!isInside) throw new Error(`body ${start} to ${end} of ${payload.length}, track ${trackId}`);
    }
    for (const facts of [
      trackFactsFromConfig(kind, payload),
      trackFactsFromFrame(kind, payload),
      configFacts(kind, payload),
    ])
      for (const track of facts) checkFacts(track);
    configuredCodec(kind, payload);
  },
};

/** Numbers that events tell have to be finite and not negative. */
function checkFacts(track: object): void {
  for (const [name, value] of Object.entries(track)) {
    if (typeof value === 'number' && (!Number.isFinite(value) || value < 0)) throw new Error(`${name} is ${value}`);
    if (typeof value === 'string' && value.length > 200) throw new Error(`${name} has ${value.length} characters`);
  }
}
