import { flvHeader, flvTag } from '../flv/flv-writer.js';
import { readFramed, readPayload } from './framing.js';
import type { HeaderCache } from './header-cache.js';
import type { StreamLog } from './stream-log.js';

/** The publication whose keyframe is read. */
interface KeyframeSource {
  readonly streamId: string;
  readonly log: StreamLog;
  readonly headers: HeaderCache;
  readonly chunkSize: number;
  /** Log position of the keyframe that begins the cached GOP. */
  readonly gopStart: number | undefined;
  /** Whether players get nothing yet. */
  readonly holdsPlayers: boolean;
}

/** The newest keyframe of a publication, where it stands in the log. It holds nothing of it. */
export interface Keyframe {
  /** The same for the same picture; of this publication alone. */
  readonly id: string;
  /** Of the file, in bytes. */
  readonly bytes: number;
  /** Copies it out of the log as an FLV file; to be called in the same turn. The result is the caller's. */
  read(): Buffer;
}

const VIDEO = 9;
/** A file header and the sizes of tags before it, and what each tag has besides its body. */
const FILE_BYTES = 13;
const TAG_BYTES = 15;

/**
 * Finds the newest keyframe that the log still has for players that join. Nothing is kept for it, so it is there as
 * long as the cached GOP is.
 *
 * The file has the FLV header, the video sequence headers as they came, and the keyframe as it came: legacy FLV tags,
 * or those of Enhanced RTMP. All have the time of the keyframe.
 *
 * @returns undefined: there is none at present
 */
export function newestKeyframe(source: KeyframeSource): Keyframe | undefined {
  const { streamId, log, headers, chunkSize, gopStart, holdsPlayers } = source;
  if (gopStart === undefined || holdsPlayers) return undefined;
  const slab = log.slabAt(gopStart);
  if (slab === undefined) return undefined;
  const message = readFramed(slab.buffer, gopStart - slab.start, chunkSize);
  const configs = headers.due(Number.POSITIVE_INFINITY).due.filter(({ type }) => type === VIDEO);
  const tagsBytes = configs.reduce((sum, { payload }) => sum + payload.length + TAG_BYTES, message.length + TAG_BYTES);
  return {
    id: `${streamId}-${gopStart.toString(36)}-${headers.version.toString(36)}`,
    bytes: FILE_BYTES + tagsBytes,
    read: () => {
      const { timestamp } = message;
      const tags = configs.map(({ payload }) => flvTag(VIDEO, timestamp, payload));
      const frame = flvTag(VIDEO, timestamp, readPayload(slab.buffer, message, chunkSize));
      return Buffer.concat([flvHeader({ audio: false, video: true }), ...tags, frame]);
    },
  };
}
