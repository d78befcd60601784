import type { Totals } from '../../model/totals.js';
import { crc32c } from './crc32c.js';

/**
 * What a record holds.
 *
 * - Event: `u16 LE subject length · subject · event JSON`
 * - Commit: `f64 LE low-water sequence · f64 LE sequence …`: all up to the low-water mark and the listed ones are
 *   stored in JetStream
 * - Stream: JSON of one open stream, copied forward before the segment that held its start is deleted
 * - Boot: JSON of the process that writes from here on
 * - Void: `f64 LE sequence`: that event was written and refused afterwards; it must never become visible
 * - Moved: JSON of a {@link MovedRecord}: an open stream has left this node. Older versions skip it
 */
export const RecordKind = { Event: 1, Commit: 2, Stream: 3, Boot: 4, Void: 5, Moved: 6 } as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

/**
 * Layout of a record, little endian:
 *
 * ```
 * 0        4        8                16               24     25
 * ┌────────┬────────┬────────────────┬────────────────┬──────┬─────────┐
 * │ length │ crc32c │ sequence (f64) │ wall ms (f64)  │ kind │ payload │
 * └────────┴────────┴────────────────┴────────────────┴──────┴─────────┘
 * ```
 * `length` counts the payload; the checksum covers everything after itself.
 */
export const RECORD_HEADER_BYTES = 25;

/** No payload is longer; a larger length in a file means damage. */
const MAX_PAYLOAD_BYTES = 1 << 20;

/** What a record of kind {@link RecordKind.Moved} says. */
export interface MovedRecord {
  readonly streamId: string;
  /**
   * Node id of the one that shall have the stream. Until the registry of names shows who has got it, nobody but the
   * registry knows who has to end it. Missing: it is known, and this node has nothing to do with the stream any more.
   */
  readonly to?: string;
  /** What the stream had carried by then. */
  readonly totals?: Totals;
}

/** One record as read back. `payload` is a view of the bytes that were scanned. */
export interface JournalRecord {
  readonly kind: RecordKind;
  readonly sequence: number;
  /** Wall clock of the append, milliseconds since the epoch. */
  readonly wallMs: number;
  readonly payload: Buffer;
  /** Where the record begins in the scanned bytes. */
  readonly offset: number;
  /** One past its last byte. */
  readonly end: number;
}

/** Encodes one record; the result is transferred to the caller. `parts` are concatenated to the payload. */
export function encodeRecord(kind: RecordKind, sequence: number, wallMs: number, ...parts: readonly Buffer[]): Buffer {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = Buffer.allocUnsafe(RECORD_HEADER_BYTES + length);
  out.writeUInt32LE(length, 0);
  out.writeDoubleLE(sequence, 8);
  out.writeDoubleLE(wallMs, 16);
  out[24] = kind;
  let at = RECORD_HEADER_BYTES;
  for (const part of parts) {
    part.copy(out, at);
    at += part.length;
  }
  out.writeUInt32LE(crc32c(out, 8), 4);
  return out;
}

/**
 * Reads the record that begins at `at`.
 *
 * @param bytes a stretch of a segment, borrowed; the payload is a view of it
 * @returns `incomplete` when the record goes on behind `bytes`, `damaged` when it is torn or no record
 */
export function recordAt(bytes: Buffer, at: number): JournalRecord | 'incomplete' | 'damaged' {
  if (at + RECORD_HEADER_BYTES > bytes.length) return 'incomplete';
  const length = bytes.readUInt32LE(at);
  const end = at + RECORD_HEADER_BYTES + length;
  if (length > MAX_PAYLOAD_BYTES) return 'damaged';
  if (end > bytes.length) return 'incomplete';
  if (crc32c(bytes, at + 8, end) !== bytes.readUInt32LE(at + 4)) return 'damaged';
  return {
    kind: bytes[at + 24] as RecordKind,
    sequence: bytes.readDoubleLE(at + 8),
    wallMs: bytes.readDoubleLE(at + 16),
    payload: bytes.subarray(at + RECORD_HEADER_BYTES, end),
    offset: at,
    end,
  };
}

/**
 * Walks the records of a segment.
 *
 * @param bytes what the segment file holds, borrowed; payload views point into it
 * @param start where the first record begins
 * @returns yields each whole record; stops at the first that is torn or damaged (the caller compares `end` with the
 *   file's length)
 */
export function* scanRecords(bytes: Buffer, start: number): Generator<JournalRecord> {
  for (let at = start; ; ) {
    const record = recordAt(bytes, at);
    if (typeof record === 'string') return;
    yield record;
    at = record.end;
  }
}

/** Payload of an event record. */
export function eventPayload(subject: string, json: Buffer): readonly Buffer[] {
  const head = Buffer.allocUnsafe(2 + subject.length);
  head.writeUInt16LE(subject.length, 0);
  head.write(subject, 2, 'latin1');
  return [head, json];
}

/** Reads an event record's payload; `json` is a view of it. */
export function readEventPayload(payload: Buffer): { subject: string; json: Buffer } {
  const length = payload.readUInt16LE(0);
  return { subject: payload.toString('latin1', 2, 2 + length), json: payload.subarray(2 + length) };
}

const HEAD = /"id":"([^"]*)","source":"[^"]*","type":"([^"]*)"/;

/**
 * Id and type of an event as `envelope.ts` writes it. They are in its first bytes and need no escapes, so nothing is
 * parsed.
 */
export function headOf(json: Buffer): { id: string; type: string } {
  const match = HEAD.exec(json.toString('latin1', 0, 512));
  return { id: match?.[1] ?? '', type: match?.[2] ?? '' };
}

/** Payload of a commit or void record. */
export function sequencesPayload(sequences: readonly number[]): Buffer {
  const out = Buffer.allocUnsafe(sequences.length * 8);
  for (const [i, sequence] of sequences.entries()) out.writeDoubleLE(sequence, i * 8);
  return out;
}

/** Reads the payload of a commit or void record. */
export function readSequences(payload: Buffer): number[] {
  const out: number[] = [];
  for (let at = 0; at + 8 <= payload.length; at += 8) out.push(payload.readDoubleLE(at));
  return out;
}
