import { ERRORS } from '../core/errors.js';
import type { PublishRefusal } from '../model/refusals.js';
import type { Refusal } from './access.js';

/** The publisher has gone while its publish was decided: nobody is there to be answered. */
export const GONE: Refusal<PublishRefusal> = {
  accept: false,
  status: 'NetStream.Publish.Rejected',
  code: 'ERR_PEER_CLOSED',
  description: ERRORS.ERR_PEER_CLOSED.says,
};

/** Totals of a stream that carried nothing. */
export const NOTHING = { bytes: 0, payloadBytes: 0, wireBytes: 0, audioFrames: 0, videoFrames: 0, drops: 0, heldMs: 0 };
