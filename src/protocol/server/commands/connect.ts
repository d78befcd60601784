import { tellProgram, tellUrl } from '../../../core/tell.js';
import type { ConnectionInfo } from '../../../model/connection-info.js';
import type { NodeEntry, NodeWelcome } from '../../../model/node-link.js';
import type { AmfObject } from '../../../wasm/amf-value.js';
import type { AmfInput } from '../../messages/amf0-writer.js';
import type { Call } from '../../messages/call.js';
import type { OutboundMessage } from '../../messages/chunk-writer.js';
import { setChunkSize, setPeerBandwidth, windowAckSize } from '../../messages/control.js';
import { NODE_MEMBER, readHello, welcomeObject } from '../../messages/node-link.js';
import { command, type StatusCode, statusInfo } from '../../messages/status.js';
import { appOfTcUrl, normaliseApp, type SplitName } from '../names.js';
import type { SessionCore } from '../session-core.js';
import { announcedCodecs } from './announced-codecs.js';

const MAX_FIELD_CHARACTERS = 1024;

// The answer of the classic Flash Media Server; some encoders require the property to be there.
const CAPABILITIES = 31;
/** `ex.code` of a refusal that sends the client to another server. */
const REDIRECTED = 302;
// A server that forwards accepts every codec (Enhanced RTMP, FourCcInfoMask 4).
const FORWARDS_ANY_CODEC = { '*': 4 } as const;

/** Reads the one connect of a connection and asks whether it may be: the `connectRequested` action. */
export function requestConnect(core: SessionCore, call: Call, isReadable: boolean): void {
  if (!isReadable) {
    const description = 'The connect command is not readable.';
    refuseConnect(core, call.transactionId, 'NetConnection.Connect.Rejected', description);
    return;
  }
  const object = call.object ?? {};
  const tcUrl = text(object['tcUrl'] ?? object['tcurl']);
  const app = readApp(object, tcUrl);
  if (app === undefined) {
    refuseConnect(core, call.transactionId, 'NetConnection.Connect.InvalidApp', 'The app is no string.');
    return;
  }
  const { maxAppBytes, maxQueryBytes } = core.settings;
  if (Buffer.byteLength(app.path) > maxAppBytes || Buffer.byteLength(app.query) > maxQueryBytes) {
    refuseConnect(core, call.transactionId, 'NetConnection.Connect.InvalidApp', 'The app is too long.');
    return;
  }
  const info: ConnectionInfo = {
    app: app.path,
    tcUrl: url(tcUrl),
    flashVer: tellProgram(text(object['flashVer'])).slice(0, MAX_FIELD_CHARACTERS),
    swfUrl: url(object['swfUrl']),
    pageUrl: url(object['pageUrl']),
    objectEncoding: object['objectEncoding'] === 3 ? 3 : 0,
    isEnhanced: ['fourCcList', 'videoFourCcInfoMap', 'audioFourCcInfoMap', 'capsEx'].some(
      (name) => object[name] !== undefined && object[name] !== null,
    ),
    capsEx: typeof object['capsEx'] === 'number' ? object['capsEx'] >>> 0 : 0,
    codecs: announcedCodecs(object),
  };
  core.info = info;
  core.appQuery = app.query;
  const requestId = core.nextRequestId();
  core.connectRequest = { requestId, transactionId: call.transactionId };
  const hello = readHello(object[NODE_MEMBER]);
  core.emit({ kind: 'connectRequested', requestId, query: app.query, ...(hello === undefined ? {} : { hello }) });
}

/**
 * Answers connect: control messages 5, 6, 1, then `_result`, then the `connected` action.
 *
 * @param node the client is a node of the same cluster
 */
export function acceptConnect(core: SessionCore, transactionId: number, node: NodeEntry | undefined): void {
  if (node !== undefined) core.info = { ...core.info, node: node.client };
  core.send(windowAckSize(core.settings.windowAckBytes));
  core.send(setPeerBandwidth(core.settings.windowAckBytes));
  core.send(setChunkSize(core.settings.chunkSize));
  core.writer.setChunkSize(core.settings.chunkSize);
  core.send(connectResult(core, transactionId, node?.welcome));
  core.emit({ kind: 'connected', query: core.appQuery, ...core.info });
}

/**
 * Refuses connect with `_error` and ends the connection.
 *
 * @param redirectUrl where the client is sent, in the form that Flash Media Server and SRS use
 */
export function refuseConnect(
  core: SessionCore,
  transactionId: number,
  code: StatusCode,
  description: string,
  redirectUrl?: string,
): void {
  const redirect = redirectUrl === undefined ? {} : { ex: { code: REDIRECTED, redirect: redirectUrl } };
  core.send(command(0, '_error', transactionId || 1, null, { ...statusInfo(code, description), ...redirect }));
  core.close('ERR_SESSION_CONNECT_REFUSED', description);
}

/** Refuses a connect on a connection that is connected, and ends it. */
export function refuseSecondConnect(core: SessionCore, transactionId: number): void {
  const info = statusInfo('NetConnection.Connect.Rejected', 'This connection is connected already.');
  core.send(command(0, '_error', transactionId, null, { ...info }));
  core.emit({ kind: 'close', code: 'ERR_SESSION_ALREADY_CONNECTED', reason: 'a second connect' });
}

function connectResult(
  { settings, info }: SessionCore,
  transactionId: number,
  welcome: NodeWelcome | undefined,
): OutboundMessage {
  const enhanced: { [key: string]: AmfInput } = info.isEnhanced
    ? {
        capsEx: settings.capsEx,
        videoFourCcInfoMap: FORWARDS_ANY_CODEC,
        audioFourCcInfoMap: FORWARDS_ANY_CODEC,
        // Clients of Enhanced RTMP v1 know no maps.
        fourCcList: ['*'],
      }
    : {};
  return command(
    0,
    '_result',
    // Every client numbers connect 1 and waits for 1, also a client that sent something unreadable.
    transactionId || 1,
    { fmsVer: settings.fmsVer, capabilities: CAPABILITIES, mode: 1 },
    {
      ...statusInfo('NetConnection.Connect.Success', 'Connection succeeded.'),
      objectEncoding: info.objectEncoding,
      ...enhanced,
      ...(welcome === undefined ? {} : { [NODE_MEMBER]: welcomeObject(welcome) }),
    },
  );
}

function readApp(object: AmfObject, tcUrl: string): SplitName | undefined {
  const app = object['app'];
  if (app === undefined || app === null) return normaliseApp(appOfTcUrl(tcUrl));
  return typeof app === 'string' ? normaliseApp(app) : undefined;
}

function text(value: AmfObject[string]): string {
  return typeof value === 'string' ? value : '';
}

// Secrets are cut off before the text is cut to length, or a part of one could stay.
function url(value: AmfObject[string]): string {
  return tellUrl(text(value)).slice(0, MAX_FIELD_CHARACTERS);
}
