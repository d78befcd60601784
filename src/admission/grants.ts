import type { ConflictSetting } from '../config/auth-schemas.js';
import type { Conflict, Grant, StreamLimits } from '../model/grant.js';
import type { AdmissionRequest } from './request.js';
import type { Reply } from './responder.js';

/** How long an allow lasts that was given since nobody could be asked. */
const UNAUTHENTICATED_TTL_MS = 30_000;

/** Settings that a grant follows where a reply says nothing. */
interface GrantDefaults {
  /** Bounds of every stream (`auth.limits`). */
  readonly limits: StreamLimits;
  /** `publish.conflict`. */
  readonly conflict: ConflictSetting;
}

/** The grant that a reply of decision `allow` gives, with the defaults of the settings. */
export function grantOf(reply: Reply, request: AdmissionRequest, defaults: GrantDefaults): Grant {
  const { credential } = reply;
  const keyFingerprint = credential === undefined ? request.keyFingerprint : request.origin.fingerprint(credential);
  const principal = reply.principal ?? (keyFingerprint === undefined ? undefined : `key:${keyFingerprint}`);
  const isNamed = reply.principal !== undefined && reply.isAnonymous !== true;
  return {
    name: reply.name,
    principal,
    labels: reply.labels ?? {},
    conflict: reply.conflict ?? conflictOf(defaults.conflict, isNamed),
    resumeWindowMs: reply.resumeWindowMs,
    lingerMs: reply.lingerMs,
    ttlMs: reply.ttlMs,
    limits: lowerOf(reply.limits ?? {}, defaults.limits),
    ...(keyFingerprint === undefined ? {} : { keyFingerprint }),
    ...(reply.isAnonymous === true ? { isAnonymous: true } : {}),
  };
}

/** The grant of a request for which nobody is asked. */
export function openGrant({ limits, conflict }: GrantDefaults, keyFingerprint: string | undefined): Grant {
  const key = keyFingerprint === undefined ? {} : { keyFingerprint, principal: `key:${keyFingerprint}` };
  return { labels: {}, limits, conflict: conflictOf(conflict, false), ...key };
}

/** The grant of a request that is allowed since nobody could be asked. It keeps the principal of the one before. */
export function unauthenticatedGrant(request: AdmissionRequest, defaults: GrantDefaults): Grant {
  const principal = request.question.previous?.principal;
  return {
    ...openGrant(defaults, request.keyFingerprint),
    ...(principal === undefined ? {} : { principal }),
    labels: { unauthenticated: 'true' },
    ttlMs: UNAUTHENTICATED_TTL_MS,
    isUnauthenticated: true,
  };
}

function conflictOf(setting: ConflictSetting, isNamed: boolean): Conflict {
  if (setting !== 'auto') return setting;
  return isNamed ? 'resume' : 'reject';
}

/** The bounds that hold under both: of each the lower one. */
export function lowerOf(a: StreamLimits, b: StreamLimits): StreamLimits {
  const codecs = commonCodecs(a.codecs, b.codecs);
  // What the settings end streams for, a reply cannot turn into a mere warning.
  const isWarning = a.action === 'warn' ? b.action === 'warn' || isEmpty(b) : a.action !== 'end' && b.action === 'warn';
  return {
    ...lowest(a, b),
    ...(codecs === undefined ? {} : { codecs }),
    ...(isWarning ? { action: 'warn' as const } : {}),
  };
}

const NUMBERS = [
  ...(['kbps', 'fps', 'width', 'height', 'maxGopMs', 'tracks', 'durationMs'] as const),
  ...(['maxPlayers', 'sessions'] as const),
];

function lowest(a: StreamLimits, b: StreamLimits): StreamLimits {
  const limits: { -readonly [K in (typeof NUMBERS)[number]]?: number } = {};
  for (const key of NUMBERS) {
    const given = [a[key], b[key]].filter((value) => value !== undefined);
    if (given.length > 0) limits[key] = Math.min(...given);
  }
  return limits;
}

/** Prefixes that begin with one of the other list's: codecs that both lists let in. */
function commonCodecs(
  a: readonly string[] | undefined,
  b: readonly string[] | undefined,
): readonly string[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const within = (some: readonly string[], others: readonly string[]): string[] =>
    some.filter((prefix) => others.some((other) => prefix.startsWith(other)));
  return [...new Set([...within(a, b), ...within(b, a)])];
}

function isEmpty(limits: StreamLimits): boolean {
  return Object.values(limits).every((value) => value === undefined);
}
