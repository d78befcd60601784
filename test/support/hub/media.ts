import {
  BATCH_AUDIO,
  BATCH_BYTES,
  BATCH_COUNT,
  BATCH_FLAGS,
  BATCH_LAST_TS,
  BATCH_LAST_TS_HIGH,
  BATCH_NEWEST_TS,
  BATCH_PAYLOAD_BYTES,
  BATCH_VIDEO,
  BATCH_VIDEO_BYTES,
  FLAG_KEYFRAME,
  FLAG_REBASED,
  FLAG_SEQUENCE_HEADER,
  HEADER_WORDS,
  RECORD_CODEC,
  RECORD_OFFSET,
  RECORD_PAYLOAD_BYTES,
  RECORD_TIMESTAMP,
  RECORD_TYPE_FLAGS,
  RECORD_WORDS,
} from '../../../assembly/constants.js';
import { frameMessage } from '../../../src/hub/framing.js';
import type { MediaBatch } from '../../../src/hub/media-batch.js';

/** Chunk size towards players in these tests: small enough that ordinary frames need several chunks. */
export const CHUNK_SIZE = 4096;

export type Kind = 'videoHeader' | 'audioHeader' | 'key' | 'inter' | 'audio';

/** One media message as a publisher sends it. */
export interface Message {
  readonly kind: Kind;
  readonly timestamp: number;
  readonly payload: Buffer;
  /** The codec moved its timestamp, and those after it. */
  readonly rebased?: boolean;
}

const PREFIX: Record<Kind, readonly number[]> = {
  // An AVC decoder configuration without parameter sets.
  videoHeader: [0x17, 0, 0, 0, 0, 1, 0x64, 0, 0x1f, 0xff, 0xe0],
  // AAC-LC at 44.1 kHz, stereo.
  audioHeader: [0xaf, 0, 0x12, 0x10],
  key: [0x17, 1, 0, 0, 0],
  inter: [0x27, 1, 0, 0, 0],
  audio: [0xaf, 1],
};

/** A message with a number in it that tells it from every other, filled up to `bytes`. */
export function message(kind: Kind, number: number, bytes = 32, timestamp = number * 20): Message {
  const prefix = PREFIX[kind];
  const payload = Buffer.alloc(Math.max(bytes, prefix.length + 4), number & 255);
  payload.set(prefix);
  payload.writeUInt32BE(number, prefix.length);
  return { kind, timestamp, payload };
}

/** The number of a {@link message}, from its payload. */
export function numberOf(payload: Buffer): number {
  return payload.readUInt32BE(PREFIX[kindOf(payload)].length);
}

/** The kind of a {@link message}, from its payload. */
export function kindOf(payload: Buffer): Kind {
  if (payload[0] === 0xaf) return payload[1] === 0 ? 'audioHeader' : 'audio';
  if (payload[1] === 0) return 'videoHeader';
  return payload[0] === 0x17 ? 'key' : 'inter';
}

function isAudio(kind: Kind): boolean {
  return kind === 'audio' || kind === 'audioHeader';
}

/** Frames a message as players get it. */
export function framed({ kind, timestamp, payload }: Message): Buffer {
  const audio = isAudio(kind);
  return frameMessage(audio ? 4 : 6, audio ? 8 : 9, timestamp, payload, CHUNK_SIZE);
}

/** A batch as the chunk codec hands it out. */
export function batch(...messages: readonly Message[]): MediaBatch {
  const header = new Uint32Array(HEADER_WORDS);
  const records = new Uint32Array(messages.length * RECORD_WORDS);
  const parts: Buffer[] = [];
  let offset = 0;
  let flagsOfAll = 0;
  messages.forEach((one, index) => {
    const bytes = framed(one);
    const kind = one.kind === 'key' ? FLAG_KEYFRAME : one.kind.endsWith('Header') ? FLAG_SEQUENCE_HEADER : 0;
    const flags = kind | (one.rebased ? FLAG_REBASED : 0);
    const at = index * RECORD_WORDS;
    records[at + RECORD_TYPE_FLAGS] = (isAudio(one.kind) ? 8 : 9) | (flags << 8);
    records[at + RECORD_TIMESTAMP] = one.timestamp;
    records[at + RECORD_OFFSET] = offset;
    records[at + RECORD_PAYLOAD_BYTES] = one.payload.length;
    records[at + RECORD_CODEC] = isAudio(one.kind) ? one.payload[0] >> 4 : one.payload[0] & 15;
    parts.push(bytes);
    offset += bytes.length;
    flagsOfAll |= flags;
  });
  const audio = messages.filter(({ kind }) => isAudio(kind)).length;
  header[BATCH_COUNT] = messages.length;
  header[BATCH_BYTES] = offset;
  header[BATCH_FLAGS] = flagsOfAll;
  header[BATCH_AUDIO] = audio;
  header[BATCH_VIDEO] = messages.length - audio;
  header[BATCH_LAST_TS] = messages.at(-1)!.timestamp;
  header[BATCH_LAST_TS_HIGH] = 0;
  const bytesOf = (list: readonly Message[]): number => list.reduce((sum, { payload }) => sum + payload.length, 0);
  header[BATCH_PAYLOAD_BYTES] = bytesOf(messages);
  header[BATCH_VIDEO_BYTES] = bytesOf(messages.filter(({ kind }) => !isAudio(kind)));
  const frames = messages.filter(({ kind }) => !kind.endsWith('Header'));
  header[BATCH_NEWEST_TS] = Math.max(0, ...frames.map(({ timestamp }) => timestamp));
  const all = Buffer.concat(parts);
  return {
    header,
    records,
    copyBatch: (target, at) => target.set(all, at),
  };
}
