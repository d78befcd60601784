import type { Logger } from '../../core/log.js';
import { RecordKind, readEventPayload, readSequences, scanRecords } from './record.js';
import { SegmentTable } from './segments.js';
import type { SegmentStorage } from './storage.js';

/** What recovery reports of each record that other parts need. */
export interface RecoveryVisitor {
  /** An event that was accepted (not void). */
  event(sequence: number, wallMs: number, subject: string, json: Buffer): void;
  /** The state of a stream that was still open when it was copied forward. */
  carried(sequence: number, json: Buffer): void;
  /** A stream has left this node. */
  moved(json: Buffer): void;
  /** A process that wrote from here on. */
  boot(json: Buffer): void;
}

/** What was found in the storage. */
export interface Recovered {
  readonly table: SegmentTable;
  readonly voids: Set<number>;
  readonly lastSequence: number;
  /** Wall clock of the newest record, milliseconds since the epoch; 0 for an empty journal. */
  readonly lastWallMs: number;
  /** Bytes that were torn or damaged and are not read. */
  readonly damagedBytes: number;
}

/**
 * Reads every segment once. The caller cuts the torn tail of the last one (its valid length is the segment's `bytes`).
 * Damage inside an older one costs the rest of that segment and is logged.
 */
export async function recover(
  storage: SegmentStorage,
  bus: boolean,
  visitor: RecoveryVisitor,
  log: Logger,
): Promise<Recovered> {
  const table = new SegmentTable();
  const voids = new Set<number>();
  let [lastSequence, lastEvent] = [0, 0];
  let lastWallMs = 0;
  let damagedBytes = 0;
  let bootHasBus = true;
  for (const name of await storage.list()) {
    const bytes = await storage.read(name);
    const segment = table.add(name);
    // A void may follow its event in the same or a later segment, and events are visited in order, so this segment is
    // searched first.
    for (const record of scanRecords(bytes, 0)) {
      if (record.kind === RecordKind.Void) for (const sequence of readSequences(record.payload)) voids.add(sequence);
    }
    for (const record of scanRecords(bytes, 0)) {
      segment.bytes = record.end;
      segment.lastWallMs = Math.max(segment.lastWallMs, record.wallMs);
      segment.last = Math.max(segment.last, record.sequence);
      lastSequence = Math.max(lastSequence, record.sequence);
      lastWallMs = Math.max(lastWallMs, record.wallMs);
      switch (record.kind) {
        case RecordKind.Event: {
          // Sequences without a record were given to starts that were refused before they were written.
          if (lastEvent === 0) table.raiseLowWater(record.sequence - 1);
          for (let s = lastEvent + 1; lastEvent > 0 && s < record.sequence; s++) table.skip(s);
          lastEvent = record.sequence;
          const isVoid = voids.has(record.sequence);
          table.mark(segment, record.sequence, record.offset);
          table.noteEvent(segment, record.sequence, bus && bootHasBus && !isVoid);
          if (!isVoid) {
            const { subject, json } = readEventPayload(record.payload);
            visitor.event(record.sequence, record.wallMs, subject, json);
          }
          break;
        }
        case RecordKind.Commit: {
          const [lowWater, ...sequences] = readSequences(record.payload);
          table.raiseLowWater(Math.min(lowWater, lastSequence));
          for (const sequence of sequences) table.commit(sequence);
          break;
        }
        case RecordKind.Stream:
          visitor.carried(record.sequence, Buffer.from(record.payload));
          break;
        case RecordKind.Moved:
          visitor.moved(record.payload);
          break;
        case RecordKind.Boot:
          bootHasBus = !record.payload.includes('"bus":false');
          visitor.boot(record.payload);
          break;
      }
    }
    const rest = trailingBytes(bytes, segment.bytes);
    if (rest > 0) {
      damagedBytes += rest;
      log.warn(
        { segment: name, bytes: rest, at: segment.bytes },
        'journal: the end of a segment is torn and is not read',
      );
    }
  }
  return { table, voids, lastSequence, lastWallMs, damagedBytes };
}

/** Bytes after the last whole record that are not the zeros of space that was never written. */
function trailingBytes(bytes: Buffer, from: number): number {
  for (let i = bytes.length - 1; i >= from; i--) if (bytes[i] !== 0) return i + 1 - from;
  return 0;
}
