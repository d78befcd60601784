import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../../core/errors.js';
import { readOwn } from '../../core/own-files.js';
import {
  type JournalRecord,
  RECORD_HEADER_BYTES,
  RecordKind,
  readEventPayload,
  readSequences,
  recordAt,
} from './record.js';
import { isSegmentName } from './storage.js';

/** What is known of one segment once it has been read. */
export interface SegmentSummary {
  readonly kind: 'segment';
  readonly name: string;
  readonly bytes: number;
  readonly events: number;
  /** Positions of its first and last event; 0 without one. */
  readonly first: number;
  readonly last: number;
  /** Events that no commit in the journal covers, as far as it has been read: without NATS all of them. */
  readonly open: number;
  /** Wall clock of its first and last record, in ms since the epoch; 0 without one. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** What is found in a journal, in order: the events of a segment, damage in it, and then the segment itself. */
export type JournalItem =
  | SegmentSummary
  | {
      readonly kind: 'event';
      readonly segment: string;
      readonly sequence: number;
      readonly wallMs: number;
      readonly json: Buffer;
    }
  | { readonly kind: 'damage'; readonly segment: string; readonly at: number; readonly lostBytes: number };

/**
 * Reads the journal in a folder without a lock and without changing it, as it is at the moment; a server may be writing
 * to it.
 *
 * @param folder the one that holds the segments
 * @throws SluiceError ERR_JOURNAL_FOLDER when there is none, ERR_DATA_FOLDER_NOT_OURS by the rules of {@link readOwn}
 */
export async function* readJournalFolder(folder: string): AsyncGenerator<JournalItem> {
  const names = await segmentNames(folder);
  const committed = new Commits();
  // Commits and withdrawals of an event may be in a later segment than the event.
  for (const name of names) {
    const bytes = await readOwn(join(folder, name));
    for (const { record } of walk(bytes)) if (record !== undefined) committed.note(record);
  }
  for (const name of names) yield* readSegment(name, await readOwn(join(folder, name)), committed);
}

async function segmentNames(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter(isSegmentName).sort();
  } catch (cause) {
    throw new SluiceError('ERR_JOURNAL_FOLDER', `${folder}: ${(cause as Error).message}`, { cause });
  }
}

function* readSegment(name: string, bytes: Buffer, committed: Commits): Generator<JournalItem> {
  let events = 0;
  let first = 0;
  let last = 0;
  let open = 0;
  let fromMs = 0;
  let toMs = 0;
  for (const { record, at, lostBytes } of walk(bytes)) {
    if (record === undefined) {
      yield { kind: 'damage', segment: name, at, lostBytes };
      continue;
    }
    const { sequence, wallMs, kind } = record;
    if (fromMs === 0) fromMs = wallMs;
    toMs = Math.max(toMs, wallMs);
    if (kind !== RecordKind.Event || committed.isVoid(sequence)) continue;
    events++;
    if (first === 0) first = sequence;
    last = sequence;
    if (!committed.has(sequence)) open++;
    yield { kind: 'event', segment: name, sequence, wallMs, json: readEventPayload(record.payload).json };
  }
  yield { kind: 'segment', name, bytes: bytes.length, events, first, last, open, fromMs, toMs };
}

/** Which positions are committed, and which were withdrawn. */
class Commits {
  #lowWater = 0;
  readonly #above = new Set<number>();
  readonly #voids = new Set<number>();

  note({ kind, payload }: JournalRecord): void {
    if (kind === RecordKind.Void) for (const sequence of readSequences(payload)) this.#voids.add(sequence);
    if (kind !== RecordKind.Commit) return;
    const [lowWater = 0, ...sequences] = readSequences(payload);
    this.#lowWater = Math.max(this.#lowWater, lowWater);
    for (const sequence of sequences) this.#above.add(sequence);
  }

  has(sequence: number): boolean {
    return sequence <= this.#lowWater || this.#above.has(sequence);
  }

  isVoid(sequence: number): boolean {
    return this.#voids.has(sequence);
  }
}

interface Step {
  readonly at: number;
  /** Undefined for bytes that are no record. */
  readonly record?: JournalRecord;
  readonly lostBytes: number;
}

/** Walks the records of a segment; behind damage it goes on at the next bytes that are a whole record. */
function* walk(bytes: Buffer): Generator<Step> {
  const end = usedBytes(bytes);
  let at = 0;
  while (at < end) {
    const record = recordAt(bytes, at);
    if (typeof record === 'object') {
      yield { at, record, lostBytes: 0 };
      at = record.end;
      continue;
    }
    const next = nextRecord(bytes, at + 1, end);
    yield { at, lostBytes: next - at };
    at = next;
  }
}

/** Where the next whole record begins: its checksum tells it from anything else. */
function nextRecord(bytes: Buffer, from: number, end: number): number {
  for (let at = from; at + RECORD_HEADER_BYTES <= end; at++) {
    const kind = bytes[at + 24]!;
    if (kind < RecordKind.Event || kind > RecordKind.Moved) continue;
    if (typeof recordAt(bytes, at) === 'object') return at;
  }
  return end;
}

/** Length without the zeros at the end, which were never written. */
function usedBytes(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}
