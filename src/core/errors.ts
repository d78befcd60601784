import type { Blame, ErrorEntry } from './error-entry.js';
import { AUTH_ERRORS } from './errors-auth.js';
import { CLIENT_ERRORS } from './errors-client.js';
import { CLUSTER_ERRORS } from './errors-cluster.js';
import { CONTROL_ERRORS } from './errors-control.js';
import { EVENT_ERRORS } from './errors-events.js';
import { HTTP_FLV_ERRORS } from './errors-http-flv.js';
import { JOB_ERRORS } from './errors-jobs.js';
import { OBJECT_ERRORS } from './errors-objects.js';
import { OPERATOR_ERRORS } from './errors-operator.js';
import { PAGE_ERRORS } from './errors-page.js';
import { RECORDING_ERRORS } from './errors-recording.js';
import { RELAY_ERRORS } from './errors-relay.js';
import { RTMPE_ERRORS } from './errors-rtmpe.js';
import { RTMPS_ERRORS } from './errors-rtmps.js';
import { TUNNEL_ERRORS } from './errors-tunnel.js';
import { VOD_ERRORS } from './errors-vod.js';
import { WIRE_ERRORS } from './errors-wire.js';

/**
 * Every error code there is. The docs list exactly these (a policy test compares both ways). Codes are stable: match on
 * them.
 */
export const ERRORS = {
  ...WIRE_ERRORS,
  ...TUNNEL_ERRORS,
  ...RTMPE_ERRORS,
  ...AUTH_ERRORS,
  ...CONTROL_ERRORS,
  ...CLIENT_ERRORS,
  ...EVENT_ERRORS,
  ...JOB_ERRORS,
  ...RTMPS_ERRORS,
  ...OBJECT_ERRORS,
  ...OPERATOR_ERRORS,
  ...PAGE_ERRORS,
  ...RECORDING_ERRORS,
  ...VOD_ERRORS,
  ...RELAY_ERRORS,
  ...CLUSTER_ERRORS,
  ...HTTP_FLV_ERRORS,
} as const satisfies Record<string, ErrorEntry>;

/** A stable error code: a key of {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;

/**
 * The one error class. `code` is stable and is what callers match on; `message` is for people:
 * what happened (registry sentence, then `detail`) and what to do (registry hint).
 */
export class SluiceError extends Error {
  readonly code: ErrorCode;
  /** What happened this time, besides what the code says; may be empty. Free of secrets. */
  readonly detail: string;
  /** Facts of this occurrence: numbers, names, limits. Never secrets. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, detail = '', options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    const { says, hint } = ERRORS[code];
    super(`${says}${detail === '' ? '' : `: ${detail}`} (${hint})`, { cause: options.cause });
    this.name = 'SluiceError';
    this.code = code;
    this.detail = detail;
    this.details = options.details ?? {};
  }

  /** Who is to blame, from the registry. */
  get blame(): Blame {
    return ERRORS[this.code].blame;
  }
}

/** The code with which a description of the form `<CODE>: <text>` begins, as servers of Sluice tell refusals. */
export function codeIn(description: string): ErrorCode | undefined {
  const [word = ''] = description.split(':', 1);
  return Object.hasOwn(ERRORS, word) ? (word as ErrorCode) : undefined;
}
