import { type FlvTag, FlvTagType } from '../flv/flv-format.js';
import type { RtmpConnectionOptions } from './rtmp-connection.js';

/** The tags of a file, one after the other. */
type FlvTags = AsyncGenerator<FlvTag, void, undefined>;

/** Tags at the start of a file among which its first audio and its first video are. */
const MAX_AHEAD = 16;
const AUDIO_EX_HEADER = 9;
const VIDEO_EX_HEADER = 0x80;

/**
 * What a client that takes and sends any payload as it is announces with connect (Enhanced RTMP v2): multitrack, ModEx
 * and nanosecond offsets, and that it passes on every codec. It does not connect again when it is asked to, so bit 1 is
 * not set.
 */
export const PASSES_ON_ANYTHING: RtmpConnectionOptions['connectExtras'] = {
  capsEx: 14,
  videoFourCcInfoMap: { '*': 4 },
  audioFourCcInfoMap: { '*': 4 },
};

/**
 * Reads the first tags of a file until it shows whether its media is Enhanced RTMP.
 *
 * @param tags the file's tags; to be read no more
 * @returns all tags again, in the same order
 * @throws SluiceError what `tags` throws
 */
export async function lookAhead(tags: FlvTags): Promise<{ readonly isEnhanced: boolean; readonly tags: FlvTags }> {
  const ahead: FlvTag[] = [];
  const seen = new Set<number>();
  let isEnhanced = false;
  while (ahead.length < MAX_AHEAD && !isEnhanced && seen.size < 2) {
    const next = await tags.next();
    if (next.done === true) break;
    ahead.push(next.value);
    isEnhanced = isEnhancedRtmp(next.value);
    if (next.value.type !== FlvTagType.Script) seen.add(next.value.type);
  }
  return { isEnhanced, tags: both(ahead, tags) };
}

async function* both(ahead: readonly FlvTag[], rest: FlvTags): FlvTags {
  try {
    yield* ahead;
    yield* rest;
  } finally {
    await rest.return();
  }
}

function isEnhancedRtmp({ type, payload: [first = 0] }: FlvTag): boolean {
  if (type === FlvTagType.Video) return (first & VIDEO_EX_HEADER) !== 0;
  return type === FlvTagType.Audio && first >> 4 === AUDIO_EX_HEADER;
}
