import { named, oneOf, type Shape } from './shape.js';

/** How a publisher wants its stream to be kept. Unless `recording.publishTypes` is set, each of them is live. */
export type PublishType = 'live' | 'record' | 'append';

/** What a publisher is told about the recording of its stream. */
export type RecordStatus = 'NetStream.Record.Start' | 'NetStream.Record.Stop' | 'NetStream.Record.NoAccess';

/** Why a recording ended. */
const RECORD_END_REASONS = [
  /** The stream has ended. */
  'stream_ended',
  /** The file is as long or as large as files may become; the next one follows. */
  'rotated',
  /** Recordings may take no more room: `recording.quotaBytes`. */
  'quota',
  /** The file system is full, or nearly: `recording.minFreeBytes`. */
  'disk_full',
  /** The file system refused to write. */
  'disk_error',
  /** The settings do not want it any more. */
  'settings',
  /** The server stops, or its memory is short. */
  'shutdown',
  'memory',
  /** A defect of Sluice. */
  'error',
  /** The process had died; the next one has completed the file. */
  'recovered',
] as const;

/** Why a recording ended. */
export type RecordEndReason = (typeof RECORD_END_REASONS)[number];

/** The shape of a {@link RecordEndReason}. */
export const recordEndReasonShape: Shape<RecordEndReason> = named('RecordEndReason', oneOf(RECORD_END_REASONS));
