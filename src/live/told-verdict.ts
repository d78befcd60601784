import { ERRORS, type ErrorCode } from '../core/errors.js';
import type { ConnectRefusal, PlayRefusal, PublishRefusal } from '../model/refusals.js';
import type { Refusal } from './access.js';
import type { Verdict } from './admission.js';

/** What is told to a client whose request is not accepted. */
type Refused = Exclude<Verdict, { decision: 'allow' }>;

/** Codes for which nobody has decided: the client may try again. */
const UNDECIDED: readonly ErrorCode[] = ['ERR_AUTH_UNAVAILABLE', 'ERR_AUTH_OVERLOAD'];

/** The refusal of a connect. */
export function refusedConnect(verdict: Refused, requestId: string): Refusal<ConnectRefusal> {
  const { code, message } = toldOf(verdict);
  const isOpen = UNDECIDED.includes(code);
  const status = isOpen ? 'NetConnection.Connect.Failed' : 'NetConnection.Connect.Rejected';
  return refusal(status, code, message, requestId, verdict);
}

/** The refusal of a publish. */
export function refusedPublish(verdict: Refused, requestId: string): Refusal<PublishRefusal> {
  const { code, message } = toldOf(verdict);
  // OBS stops its retries on Rejected, Denied and BadName only.
  return refusal('NetStream.Publish.Rejected', code, message, requestId, verdict);
}

/** The refusal of a play. */
export function refusedPlay(verdict: Refused, requestId: string): Refusal<PlayRefusal> {
  const { code, message } = toldOf(verdict);
  return refusal('NetStream.Play.Failed', code, message, requestId, verdict);
}

function toldOf(verdict: Refused): { readonly code: ErrorCode; readonly message: string } {
  if (verdict.decision === 'deny') {
    return { code: verdict.code, message: verdict.message === '' ? ERRORS[verdict.code].says : verdict.message };
  }
  return { code: 'ERR_AUTH_REDIRECTED', message: `use ${hostOf(verdict.url)}` };
}

function refusal<Status>(
  status: Status,
  code: ErrorCode,
  message: string,
  requestId: string,
  verdict: Refused,
): Refusal<Status> {
  const whole = verdict.decision === 'deny' ? verdict.description : undefined;
  const description = whole ?? `${code}: ${message} [${requestId}]`;
  return verdict.decision === 'redirect'
    ? { status, code, description, redirectUrl: verdict.url }
    : { status, code, description };
}

/** Host and port of a URL that was checked before. */
function hostOf(url: string): string {
  return /^[a-z]+:\/\/([^/]+)/i.exec(url)?.[1] ?? url;
}
