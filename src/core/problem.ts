import { ERRORS, type ErrorCode } from './errors.js';

/** Media type of a {@link Problem}. */
export const PROBLEM_TYPE = 'application/problem+json';

/** A refusal, as HTTP, NATS and the command line tell it (RFC 9457). Further members depend on the code. */
export interface Problem {
  /** `urn:sluice:error:<CODE>`. */
  readonly type: string;
  /** What the code says, the same for every occurrence. */
  readonly title: string;
  /** Status of HTTP. */
  readonly status: number;
  /** What happened this time. */
  readonly detail: string;
  /** Id of the request; missing where there was none yet. */
  readonly instance?: string;
  readonly code: ErrorCode;
  /** Title and detail in one sentence. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
  readonly [member: string]: unknown;
}

/** HTTP status by code. A code that is not here is a defect when it reaches a client: 500. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  ERR_CTL_BAD_REQUEST: 400,
  ERR_CTL_UNAUTHENTICATED: 401,
  ERR_CTL_FORBIDDEN: 403,
  ERR_CTL_STREAM_UNKNOWN: 404,
  ERR_CTL_NODE_UNKNOWN: 404,
  ERR_CTL_WEBHOOK_UNKNOWN: 404,
  ERR_CTL_CONFLICT: 409,
  ERR_CTL_NEEDS_RESTART: 409,
  ERR_CTL_REQUEST_REUSED: 422,
  ERR_CTL_BUSY: 429,
  ERR_CTL_OWNER_UNREACHABLE: 503,
  ERR_CTL_BUS_DOWN: 503,
  ERR_CTL_EXPIRED: 504,
  ERR_CTL_TIMEOUT: 504,
  ERR_JOB_FENCED: 409,
  ERR_JOB_BUSY: 429,
  ERR_JOB_UNKNOWN: 404,
  ERR_JOB_STATE: 409,
  ERR_JOB_NEEDS_NATS: 409,
  ERR_JOB_STORE: 503,
  ERR_JOB_LOG_LOST: 404,
  ERR_CONFIG_UNKNOWN_KEY: 400,
  ERR_CONFIG_INVALID_VALUE: 400,
  ERR_CONFIG_SECRET_IN_FLAG: 400,
  ERR_CONFIG_FILE_UNREADABLE: 409,
  ERR_CONFIG_FILE_SYNTAX: 409,
  ERR_AUTH_OPEN_PUBLIC_BIND: 409,
  ERR_HTTP_OPEN_PUBLIC_BIND: 409,
  ERR_HTTP_BAD_REQUEST: 400,
  ERR_HTTP_CROSS_ORIGIN: 403,
  ERR_HTTP_NOT_FOUND: 404,
  ERR_HTTP_HOST_REFUSED: 421,
  ERR_HTTP_TOKEN_GUESSES: 429,
  ERR_HTTP_FOLLOWERS: 503,
  ERR_RECORDING_READERS: 503,
  ERR_PREVIEW_EXPIRED: 401,
  ERR_PREVIEW_OFF: 404,
  ERR_KEYFRAME_MISSING: 404,
  ERR_KEYFRAME_TOO_LONG: 413,
  // Plays over HTTP are refused with the codes of all plays.
  ERR_HTTP_FLV_METHOD: 405,
  ERR_HTTP_FLV_NOT_READY: 503,
  ERR_HTTP_FLV_PLAYERS: 503,
  ERR_PLAY_NOT_FOUND: 404,
  ERR_NAME_INVALID: 400,
  ERR_AUTH_CREDENTIALS: 401,
  ERR_AUTH_EXPIRED: 401,
  ERR_AUTH_DENIED: 403,
  ERR_AUTH_NO_RULE: 403,
  ERR_AUTH_BANNED: 403,
  ERR_AUTH_REVOKED: 403,
  ERR_AUTH_REDIRECTED: 403,
  ERR_AUTH_ALIAS_MISSING: 403,
  ERR_AUTH_REQUEST_TOO_LARGE: 400,
  ERR_AUTH_UNAVAILABLE: 503,
  ERR_AUTH_OVERLOAD: 503,
  ERR_AUTH_REPLY_INVALID: 503,
  ERR_JOB_TICKET_EXPIRED: 401,
  ERR_SESSION_KICKED: 403,
  ERR_SESSION_SHUTDOWN: 503,
  ERR_DESCRIPTORS: 503,
  ERR_LIMIT_ACCEPT_RATE: 429,
  ERR_LIMIT_CONNECTIONS: 503,
  ERR_LIMIT_CONNECTIONS_PER_IP: 429,
  ERR_LIMIT_MEMORY: 503,
  ERR_LIMIT_PLAY_RATE: 429,
  ERR_LIMIT_PLAYERS: 503,
  ERR_LIMIT_SESSIONS: 429,
};

/** The HTTP status of a code. */
export function statusOf(code: ErrorCode): number {
  return STATUS[code] ?? 500;
}

/**
 * Makes a problem.
 *
 * @param detail what happened this time; free of secrets; `''`: nothing besides what the code says
 * @param members further members, and `instance`; another `status` where the protocol of HTTP has a closer one
 */
export function problemOf(
  code: ErrorCode,
  detail = '',
  members: Readonly<Record<string, unknown>> & { readonly instance?: string; readonly status?: number } = {},
): Problem {
  const { says, hint } = ERRORS[code];
  return {
    type: `urn:sluice:error:${code}`,
    title: says,
    status: statusOf(code),
    detail: detail === '' ? says : detail,
    code,
    message: detail === '' ? says : `${says}: ${detail}`,
    hint,
    ...members,
  };
}
