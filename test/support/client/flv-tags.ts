import type { FlvTag } from '../../../src/flv/flv-format.js';
import { writeAmf0 } from '../../../src/protocol/messages/amf0-writer.js';

const METADATA = writeAmf0('onMetaData', { width: 320 });
const big = Buffer.alloc(200_000, 3);
big.set([0x17, 1, 0, 0, 0]);
/**
 * A short file: metadata, both sequence headers, a keyframe longer than a read, an empty audio tag and a last frame.
 */
export const TAGS: readonly FlvTag[] = [
  { type: 18, timestamp: 0, payload: METADATA },
  { type: 9, timestamp: 0, payload: Buffer.from('170000000001', 'hex') },
  { type: 8, timestamp: 0, payload: Buffer.from('af001210', 'hex') },
  { type: 9, timestamp: 0, payload: big },
  { type: 8, timestamp: 5, payload: Buffer.alloc(0) },
  { type: 9, timestamp: 40, payload: Buffer.from('270100000000', 'hex') },
];
