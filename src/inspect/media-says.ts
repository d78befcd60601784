const VIDEO_CODECS: ReadonlyMap<number, string> = new Map([
  [2, 'H.263'],
  [4, 'VP6'],
  [7, 'AVC'],
  [12, 'HEVC'],
]);
const AUDIO_CODECS: ReadonlyMap<number, string> = new Map([
  [0, 'PCM'],
  [2, 'MP3'],
  [3, 'PCM'],
  [7, 'A-law'],
  [8, 'mu-law'],
  [10, 'AAC'],
  [11, 'Speex'],
]);
const ENHANCED_AUDIO = 9;
const HAS_SEQUENCE_HEADER = new Set([7, 12]);

/** What the first bytes of an audio or video message tell of it. */
interface MediaHead {
  readonly codec: string;
  readonly isSequenceHeader: boolean;
  readonly isKeyframe: boolean;
}

/**
 * Reads the first bytes of an audio or video message (FLV tags, and enhanced RTMP with a FourCC).
 *
 * @param type 8 or 9
 * @param payload its beginning; borrowed
 * @returns undefined for a message without bytes
 */
export function mediaHead(type: number, payload: Buffer): MediaHead | undefined {
  const first = payload[0];
  if (first === undefined) return undefined;
  return type === 9 ? videoHead(first, payload) : audioHead(first, payload);
}

/** The same in words, with a blank before it; empty for a message without bytes. */
export function mediaSays(type: number, payload: Buffer): string {
  const head = mediaHead(type, payload);
  if (head === undefined) return '';
  return ` ${head.codec}${head.isSequenceHeader ? ' sequence header' : head.isKeyframe ? ' keyframe' : ''}`;
}

function videoHead(first: number, payload: Buffer): MediaHead {
  const isEnhanced = (first & 0x80) !== 0;
  const isKeyframe = ((first >> 4) & 7) === 1;
  if (isEnhanced) return { codec: fourCc(payload), isSequenceHeader: (first & 15) === 0, isKeyframe };
  const codec = first & 15;
  const isSequenceHeader = HAS_SEQUENCE_HEADER.has(codec) && payload[1] === 0;
  return { codec: VIDEO_CODECS.get(codec) ?? `codec ${codec}`, isSequenceHeader, isKeyframe };
}

function audioHead(first: number, payload: Buffer): MediaHead {
  const codec = first >> 4;
  if (codec === ENHANCED_AUDIO)
    return { codec: fourCc(payload), isSequenceHeader: (first & 15) === 0, isKeyframe: false };
  const isSequenceHeader = codec === 10 && payload[1] === 0;
  return { codec: AUDIO_CODECS.get(codec) ?? `codec ${codec}`, isSequenceHeader, isKeyframe: false };
}

/** The FourCC behind the first byte, when it is one. */
function fourCc(payload: Buffer): string {
  const text = payload.toString('latin1', 1, 5);
  return /^[A-Za-z0-9.-]{4}$/.test(text) ? text : 'enhanced';
}
