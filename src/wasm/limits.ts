import * as C from '../../assembly/constants.js';

/** Limits on what a peer may make one connection hold, in counts and bytes. Each has an error code of its own. */
export interface CodecLimits {
  /** Smallest chunk size that a peer may set. SRS and Red5 refuse less than 128; 1 is legal (RTMP 1.0 §5.4.1). */
  readonly chunkSizeMin: number;
  /** Chunk stream ids in use; at most 64. nginx-rtmp allows 32. */
  readonly chunkStreams: number;
  /** Unfinished messages at a time; at most 64. */
  readonly partialMessages: number;
  /** Bytes of a command, data or control message; at most 65536. */
  readonly maxControlMessageBytes: number;
  /** Bytes of an audio or video message before publish was accepted. */
  readonly maxMediaBytesBeforePublish: number;
  /** Bytes of an audio or video message of a publisher; at most 16777215. */
  readonly maxMediaBytes: number;
  /** Payload bytes held in unfinished messages, the chunk in flight included; for publishers at least maxMediaBytes. */
  readonly reassemblyBytes: number;
  /** Bytes of a publisher's memory that are used for the slabs of its stream's log; 0: media is copied out instead. */
  readonly slabBytes: number;
  /** Chunk size towards players; at least 128. */
  readonly outChunkSize: number;
  /** Nested AMF0 containers; at most 64. */
  readonly amfDepth: number;
  /** AMF0 values in one message; at most 4096. */
  readonly amfValues: number;
  /** AMF0 object keys in one message. */
  readonly amfKeys: number;
  /** Bytes of AMF0 strings and keys in one message. */
  readonly amfStringBytes: number;
}

/** The defaults of the settings. */
export const DEFAULT_CODEC_LIMITS: CodecLimits = {
  chunkSizeMin: 1,
  chunkStreams: 64,
  partialMessages: 8,
  maxControlMessageBytes: 65536,
  maxMediaBytesBeforePublish: 65536,
  maxMediaBytes: 8 * 1024 * 1024,
  reassemblyBytes: 10 * 1024 * 1024,
  slabBytes: 12 * 1024 * 1024,
  outChunkSize: 60000,
  amfDepth: 32,
  amfValues: 4096,
  amfKeys: 4096,
  amfStringBytes: 65536,
};

/** Fills in defaults and holds every limit to what the memory map can keep. */
export function normaliseLimits(limits: Partial<CodecLimits>): CodecLimits {
  const l = { ...DEFAULT_CODEC_LIMITS, ...limits };
  const within = (value: number, low: number, high: number) => Math.min(Math.max(Math.floor(value), low), high);
  const maxMediaBytes = within(l.maxMediaBytes, 0, 0xffffff);
  return {
    chunkSizeMin: within(l.chunkSizeMin, 1, 0xffffff),
    chunkStreams: within(l.chunkStreams, 1, C.CS_MAX),
    partialMessages: within(l.partialMessages, 1, C.CS_MAX),
    maxControlMessageBytes: within(l.maxControlMessageBytes, 16, 65536),
    maxMediaBytesBeforePublish: within(l.maxMediaBytesBeforePublish, 0, Math.min(maxMediaBytes, 65536)),
    maxMediaBytes,
    reassemblyBytes: within(l.reassemblyBytes, 16, 40 * 1024 * 1024),
    slabBytes: within(l.slabBytes, 0, 64 * 1024 * 1024),
    outChunkSize: within(l.outChunkSize, 128, 0xffffff),
    amfDepth: within(l.amfDepth, 0, C.AMF_MAX_DEPTH),
    amfValues: within(l.amfValues, 1, C.AMF_MAX_VALUES),
    amfKeys: within(l.amfKeys, 0, 0xffffff),
    amfStringBytes: within(l.amfStringBytes, 0, 0xffffff),
  };
}

/**
 * A client that does not publish sends commands, one after the other: three unfinished messages and two of the longest
 * are more than any client needs. The bound keeps these many memories small; V8 collects garbage by the full size of
 * every WASM memory.
 */
const QUIET_PARTIALS = 3;
const QUIET_REASSEMBLY_BYTES = 131_072;

/** The limits in force for a connection that publishes, or does not (yet). */
export function inForce(limits: CodecLimits, publishing: boolean): CodecLimits {
  if (publishing) return limits;
  return {
    ...limits,
    partialMessages: Math.min(limits.partialMessages, QUIET_PARTIALS),
    reassemblyBytes: Math.min(limits.reassemblyBytes, QUIET_REASSEMBLY_BYTES),
  };
}

/** Pages of memory that are enough for everything that a peer can do within the limits. */
export function pagesFor(all: CodecLimits, publishing: boolean): number {
  const limits = inForce(all, publishing);
  const longest = publishing
    ? Math.max(limits.maxMediaBytes, limits.maxControlMessageBytes)
    : Math.max(limits.maxMediaBytesBeforePublish, limits.maxControlMessageBytes);
  const payload = Math.min(limits.reassemblyBytes, longest * limits.partialMessages);
  // Framing adds at most 5 bytes for each outgoing chunk, and each unfinished message leaves one block partly empty.
  const framed = payload * (1 + 5 / limits.outChunkSize);
  const blocks = Math.ceil(framed / (C.BLOCK_DATA - 8)) + limits.partialMessages + 2;
  return Math.ceil((C.BLOCKS + Math.min(blocks, C.MAX_BLOCKS - 64) * C.BLOCK_BYTES) / 65536);
}

/** Writes the limits into an instance's header words. */
export function writeLimits(header: Uint32Array, all: CodecLimits, publishing: boolean): void {
  const limits = inForce(all, publishing);
  header[C.LIMIT_CHUNK_SIZE_MIN] = limits.chunkSizeMin;
  header[C.LIMIT_CHUNK_STREAMS] = limits.chunkStreams;
  header[C.LIMIT_PARTIALS] = limits.partialMessages;
  header[C.LIMIT_CONTROL_BYTES] = limits.maxControlMessageBytes;
  header[C.LIMIT_MEDIA_BYTES] = publishing ? limits.maxMediaBytes : limits.maxMediaBytesBeforePublish;
  header[C.LIMIT_REASSEMBLY] = limits.reassemblyBytes;
  header[C.OUT_CHUNK_SIZE] = limits.outChunkSize;
  header[C.LIMIT_AMF_DEPTH] = limits.amfDepth;
  header[C.LIMIT_AMF_VALUES] = limits.amfValues;
  header[C.LIMIT_AMF_KEYS] = limits.amfKeys;
  header[C.LIMIT_AMF_STRING_BYTES] = limits.amfStringBytes;
}
