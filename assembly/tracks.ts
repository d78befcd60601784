import { BATCH_MANY_TRACKS, BATCH_TRACKED_AUDIO, BATCH_TRACKED_VIDEO, BATCH_TRACKS, HEADER } from './constants';

const AUDIO_MESSAGES: u32 = HEADER + (BATCH_TRACKED_AUDIO << 2);
const VIDEO_MESSAGES: u32 = HEADER + (BATCH_TRACKED_VIDEO << 2);
const MANY: u32 = HEADER + (BATCH_MANY_TRACKS << 2);
const BITS: u32 = HEADER + (BATCH_TRACKS << 2);

/** Forgets the tracks of the batch, so that the next one begins without any. */
export function forgetTracks(): void {
  store<u64>(AUDIO_MESSAGES, 0);
  store<u32>(MANY, 0);
  memory.fill(BITS, 0, 64);
}

/**
 * Notes a multitrack message with coded frames, and the first track of which it has frames.
 *
 * @param at where the track id stands in the payload, below 128
 * @returns the top byte of the record's track word when more tracks follow: `at`, with bit 7 set when each has a FourCC
 *   of its own
 */
export function noteTrack(type: u32, track: u32, layout: u32, at: u32): u32 {
  const messages: u32 = type === 8 ? AUDIO_MESSAGES : VIDEO_MESSAGES;
  store<u32>(messages, load<u32>(messages) + 1);
  const bits: u32 = BITS + ((type & 1) << 5) + ((track >> 5) << 2);
  store<u32>(bits, load<u32>(bits) | (1 << (track & 31)));
  if (layout !== 1 && layout !== 2) return 0;
  store<u32>(MANY, load<u32>(MANY) + 1);
  return at | (layout === 2 ? 0x80 : 0);
}
