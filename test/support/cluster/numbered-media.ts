import type { RawRtmp } from '../rtmp-client.js';

/** Pictures a second, and so many from one keyframe to the next. */
export const FPS = 25;
export const GOP_FRAMES = 25;
/** Milliseconds of a group of pictures. */
export const GOP_MS = (1000 * GOP_FRAMES) / FPS;
/** Bytes of a picture and of a piece of sound: few, for players check all of them in one process. */
const PICTURE_BYTES = 160;
const SOUND_BYTES = 40;
/** Behind the numbers: tells a numbered picture from any other. */
const MAGIC = 0x6e756d62;

const AVC_HEADER = [0x17, 0, 0, 0, 0, 1, 0x64, 0, 0x1f, 0xff, 0xe0];
const AAC_HEADER = [0xaf, 0, 0x12, 0x10];

/** Which picture of which connection of an encoder a message is. */
export interface Mark {
  /** Number of the encoder's connection, from 1. */
  readonly session: number;
  /** Number of the picture there, from 0. */
  readonly frame: number;
}

/** Sends the decoder configurations. */
export function sendHeaders(client: RawRtmp, messageStreamId: number, timestamp: number): void {
  client.message(9, Buffer.from(AVC_HEADER), { timestamp, messageStreamId });
  client.message(8, Buffer.from(AAC_HEADER), { timestamp, messageStreamId });
}

/** Sends a picture and the sound that belongs to it, with their mark in them. */
export function sendFrame(client: RawRtmp, messageStreamId: number, mark: Mark, timestamp: number): void {
  client.message(9, pictureOf(mark), { timestamp, messageStreamId });
  client.message(8, marked([0xaf, 1], mark, SOUND_BYTES), { timestamp, messageStreamId });
}

function marked(prefix: readonly number[], { session, frame }: Mark, bytes: number): Buffer {
  const payload = Buffer.alloc(bytes, frame & 255);
  payload.set(prefix);
  payload.writeUInt32BE(session, prefix.length);
  payload.writeUInt32BE(frame, prefix.length + 4);
  payload.writeUInt32BE(MAGIC, prefix.length + 8);
  return payload;
}

/** Whether a video message holds a picture, and not a decoder configuration. */
export function isPicture(payload: Buffer): boolean {
  return payload.length > 1 && payload[1] !== 0;
}

/** The mark of a numbered picture, or `undefined`. */
export function markOf(picture: Buffer): Mark | undefined {
  if (picture.length !== PICTURE_BYTES || picture.readUInt32BE(13) !== MAGIC) return undefined;
  return { session: picture.readUInt32BE(5), frame: picture.readUInt32BE(9) };
}

/** A numbered picture as it is sent. */
export function pictureOf(mark: Mark): Buffer {
  return marked([mark.frame % GOP_FRAMES === 0 ? 0x17 : 0x27, 1, 0, 0, 0], mark, PICTURE_BYTES);
}
