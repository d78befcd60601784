/**
 * FLV tag types (Adobe FLV 10.1 §E.4.1); 15 holds AMF3 script data (Enhanced RTMP v2). They equal the RTMP message
 * types.
 */
export const FlvTagType = { Audio: 8, Video: 9, Amf3Script: 15, Script: 18 } as const;

/** One tag; its body equals the payload of the RTMP message of the same type. */
export interface FlvTag {
  /** One of {@link FlvTagType}. */
  readonly type: number;
  /** Milliseconds, unsigned 32 bits. */
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

/** Bytes of a tag header: type, u24 size, u24 timestamp, u8 timestamp high byte, u24 stream id. */
export const TAG_HEADER_BYTES = 11;
/** Bytes of the PreviousTagSize after each tag. */
export const BACK_POINTER_BYTES = 4;
/** Bytes of the usual file header, without the first PreviousTagSize. */
export const FILE_HEADER_BYTES = 9;
/** The largest size that a tag's 24-bit size field can hold. */
export const MAX_TAG_BYTES = 0xffffff;
/** Header flag bits (Adobe FLV 10.1 §E.2). */
export const FLAG_AUDIO = 4;
export const FLAG_VIDEO = 1;
