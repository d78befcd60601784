import type { AdmissionAction } from '../../live/admission.js';
import { invalid } from '../reply.js';
import type { AdmissionRequest } from '../request.js';
import type { ResponderAnswer } from '../responder.js';
import { type Dialect, isSuccess, refusalByStatus, sharedRequest } from './dialect.js';

/** SRS names hooks like this. */
const HOOKS: Readonly<Record<AdmissionAction, string>> = {
  connect: 'on_connect',
  publish: 'on_publish',
  play: 'on_play',
};
/** What SRS says of a server without virtual hosts. URLs of such streams have no host. */
const DEFAULT_VHOST = '__defaultVhost__';

/** The form of the HTTP callbacks of SRS: `0` or `{"code": 0}` accepts. */
export const srsDialect: Dialect = {
  contentType: 'application/json',
  body: (request) => JSON.stringify(bodyOf(request)),
  read: ({ status, body }) => (isSuccess(status) ? readCode(body) : refusalByStatus(status)),
};

function bodyOf(request: AdmissionRequest): object {
  const { nodeId, connectionId, app, name, tcUrl, peer, credentials } = sharedRequest(request);
  const { action, question } = request;
  const { facts, query } = question;
  const hook = {
    server_id: nodeId,
    action: HOOKS[action],
    client_id: connectionId,
    ip: peer.address,
    vhost: DEFAULT_VHOST,
    app,
    tcUrl,
  };
  const pageUrl = facts.info?.pageUrl ?? '';
  if (action === 'connect') return { ...hook, pageUrl };
  const isShared = Object.keys(credentials.query).length > 0;
  return {
    ...hook,
    stream: name ?? '',
    param: isShared ? `?${query}` : '',
    stream_url: `/${app}/${name ?? ''}`,
    ...(action === 'play' ? { pageUrl } : {}),
  };
}

function readCode(body: Buffer): ResponderAnswer {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return invalid('', '0 or {"code": 0}');
  }
  const isObject = typeof value === 'object' && value !== null;
  const code = isObject ? (value as { code?: unknown }).code : value;
  if (typeof code !== 'number' || !Number.isInteger(code)) return invalid(isObject ? '/code' : '', 'a whole number');
  return code === 0 ? { decision: 'allow' } : { decision: 'deny', why: `code ${code}` };
}
