import type { IncomingHttpHeaders } from 'node:http';
import type { AdmissionRequest } from '../request.js';
import type { ResponderAnswer } from '../responder.js';

/** A complete HTTP answer. */
export interface WebhookAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A form of request and answer. */
export interface Dialect {
  readonly contentType: string;
  /** The body of the POST. A query and a name that is a key are in it only when `request.json()` has them. */
  body(request: AdmissionRequest): string;
  /** What an answer says; it is never one of status 502 to 504. */
  read(answer: WebhookAnswer): ResponderAnswer;
}

/** The members of `request.json()` that dialects use: what may be told to others. */
interface SharedRequest {
  readonly nodeId: string;
  readonly connectionId: string;
  readonly app: string;
  readonly name: string | null;
  readonly tcUrl: string;
  readonly encoder: string;
  readonly peer: { readonly address: string };
  readonly credentials: { readonly query: Readonly<Record<string, string>> };
}

/** What may be told to others about a request. */
export function sharedRequest(request: AdmissionRequest): SharedRequest {
  return JSON.parse(request.json()) as SharedRequest;
}

/** Whether a status says that the request was decided about. */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** What statuses mean that are no success, where a dialect has no other meaning for them. */
export function refusalByStatus(status: number): ResponderAnswer {
  if (status === 403 || status === 404) return { decision: 'deny', why: `status ${status}` };
  return { decision: 'unavailable', kind: 'status', why: `status ${status}` };
}
