import { type AmfInput, writeAmf0 } from './amf0-writer.js';
import type { OutboundMessage } from './chunk-writer.js';
import { ChunkStreamId, MessageType } from './message-types.js';

/** `status` for success, `error` for failures. ffmpeg goes by the level, OBS and gst by the code. */
type StatusLevel = 'status' | 'error';

/** Every status code that Sluice sends, with its level. */
export const STATUS_LEVELS = {
  'NetConnection.Connect.Success': 'status',
  'NetConnection.Connect.Closed': 'status',
  'NetConnection.Connect.ReconnectRequest': 'status',
  'NetConnection.Connect.Rejected': 'error',
  'NetConnection.Connect.Failed': 'error',
  'NetConnection.Connect.InvalidApp': 'error',
  'NetConnection.Connect.AppShutdown': 'error',
  'NetConnection.Call.Failed': 'error',
  'NetStream.Publish.Start': 'status',
  'NetStream.Publish.Idle': 'status',
  'NetStream.Unpublish.Success': 'status',
  'NetStream.Publish.BadName': 'error',
  'NetStream.Publish.Denied': 'error',
  'NetStream.Publish.Rejected': 'error',
  'NetStream.Publish.Unauthorized': 'error',
  'NetStream.Play.Reset': 'status',
  'NetStream.Play.Start': 'status',
  'NetStream.Play.Stop': 'status',
  'NetStream.Play.PublishNotify': 'status',
  'NetStream.Play.UnpublishNotify': 'status',
  'NetStream.Play.Transition': 'status',
  'NetStream.Play.Complete': 'status',
  'NetStream.Play.StreamNotFound': 'error',
  'NetStream.Play.Failed': 'error',
  'NetStream.Pause.Notify': 'status',
  'NetStream.Unpause.Notify': 'status',
  'NetStream.Seek.Notify': 'status',
  'NetStream.Seek.Failed': 'error',
  'NetStream.Record.Start': 'status',
  'NetStream.Record.Stop': 'status',
  'NetStream.Record.NoAccess': 'error',
  'NetStream.Failed': 'error',
} as const satisfies Record<string, StatusLevel>;

/** A key of {@link STATUS_LEVELS}. */
export type StatusCode = keyof typeof STATUS_LEVELS;

/** The information object of a status: level by the table, code, description. */
interface StatusInfo {
  readonly level: StatusLevel;
  readonly code: StatusCode;
  readonly description: string;
}

/** Builds an information object; `level` follows from the code. */
export function statusInfo(code: StatusCode, description: string): StatusInfo {
  return { level: STATUS_LEVELS[code], code, description };
}

/**
 * A command message (type 20, AMF0) on the chunk stream of the NetConnection or the NetStream. Peers that use type 17
 * are answered with 20 too. Undefined values are written as null: some clients (xiu's) cannot read AMF0 undefined.
 */
export function command(messageStreamId: number, ...values: readonly AmfInput[]): OutboundMessage {
  const defined = values.map((value) => value ?? null);
  return {
    chunkStreamId: messageStreamId === 0 ? ChunkStreamId.Command : ChunkStreamId.NetStream,
    type: MessageType.CommandAmf0,
    messageStreamId,
    timestamp: 0,
    payload: writeAmf0(...defined),
  };
}

/** A data message (type 18, AMF0) on the data chunk stream, timestamp 0. */
export function dataMessage(messageStreamId: number, ...values: readonly AmfInput[]): OutboundMessage {
  return {
    chunkStreamId: ChunkStreamId.NetStream,
    type: MessageType.DataAmf0,
    messageStreamId,
    timestamp: 0,
    payload: writeAmf0(...values),
  };
}

/**
 * An `onStatus` command. It is sent on the NetStream's own id: gst ignores one on message stream id 0 and hangs.
 *
 * @param extra more properties of the information object, such as `details` or `tcUrl`
 */
export function onStatus(
  messageStreamId: number,
  code: StatusCode,
  description: string,
  extra: { readonly [key: string]: AmfInput } = {},
): OutboundMessage {
  return command(messageStreamId, 'onStatus', 0, null, { ...statusInfo(code, description), ...extra });
}

/**
 * Asks a client to connect again (Enhanced RTMP v2, Reconnect Request): on message stream 0, as a status.
 *
 * @param tcUrl where to; undefined: to the same server
 */
export function reconnectRequest(tcUrl: string | undefined, description: string): OutboundMessage {
  const where = tcUrl === undefined ? {} : { tcUrl };
  return onStatus(0, 'NetConnection.Connect.ReconnectRequest', description, where);
}

/** `onPlayStatus` with Play.Complete: everything of a recorded stream was sent. rtmpdump ends with it in good order. */
export function playComplete(messageStreamId: number, seconds: number, bytes: number): OutboundMessage {
  const { level, code } = statusInfo('NetStream.Play.Complete', '');
  return dataMessage(messageStreamId, 'onPlayStatus', { level, code, duration: seconds, bytes });
}

/** `|RtmpSampleAccess`: tells Flash players that they may read audio and video samples. */
export function sampleAccess(messageStreamId: number): OutboundMessage {
  return dataMessage(messageStreamId, '|RtmpSampleAccess', true, true);
}
