import { checkReply, invalid } from '../reply.js';
import type { AdmissionRequest } from '../request.js';
import type { ResponderAnswer } from '../responder.js';
import { type Dialect, isSuccess, sharedRequest, type WebhookAnswer } from './dialect.js';

/** The form of the notify module of nginx-rtmp: 2xx accepts, 3xx renames or redirects, everything else refuses. */
export const nginxRtmpDialect: Dialect = {
  contentType: 'application/x-www-form-urlencoded',
  body: formOf,
  read: readAnswer,
};

function formOf(request: AdmissionRequest): string {
  const { app, name, tcUrl, encoder, peer, connectionId, credentials } = sharedRequest(request);
  const { info } = request.question.facts;
  const form = new URLSearchParams({
    app,
    flashver: encoder,
    swfurl: info?.swfUrl ?? '',
    tcurl: tcUrl,
    pageurl: info?.pageUrl ?? '',
    addr: peer.address,
    clientid: connectionId,
    call: request.action,
  });
  if (request.action === 'connect') form.set('epoch', '0');
  else form.set('name', name ?? '');
  if (request.action === 'publish') form.set('type', 'live');
  if (request.action === 'play') for (const key of ['start', 'duration', 'reset']) form.set(key, '0');
  // A client's parameter never stands for one of the server's own: many back ends read the last of a name.
  const own = new Set(form.keys());
  for (const [key, value] of Object.entries(credentials.query)) if (!own.has(key)) form.append(key, value);
  return form.toString();
}

function readAnswer({ status, headers }: WebhookAnswer): ResponderAnswer {
  if (isSuccess(status)) return { decision: 'allow' };
  if (status < 300 || status > 399) return { decision: 'deny', why: `status ${status}` };
  const { location } = headers;
  if (location === undefined || location === '') return invalid('', 'a Location header');
  if (/^rtmps?:\/\//i.test(location)) return checkReply({ decision: 'redirect', redirectUrl: location });
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(location)) return invalid('', 'a stream name or an rtmp URL as Location');
  return checkReply({ decision: 'allow', name: location });
}
