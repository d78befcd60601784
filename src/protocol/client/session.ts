import type { ErrorCode } from '../../core/errors.js';
import type { AmfObject, AmfValue } from '../../wasm/amf-value.js';
import { AckWindow } from '../messages/ack-window.js';
import { AmfMarker, writeAmf0 } from '../messages/amf0-writer.js';
import { isAmfObject, readCall } from '../messages/call.js';
import { ChunkWriter, type OutboundMessage } from '../messages/chunk-writer.js';
import {
  pingRequest,
  pingResponse,
  readU32,
  readUserControl,
  setBufferLength,
  setChunkSize,
  windowAckSize,
} from '../messages/control.js';
import { readDataMessage } from '../messages/data-message.js';
import { type InboundMessage, readValues } from '../messages/inbound-message.js';
import { ChunkStreamId, MessageType, UserControlEvent } from '../messages/message-types.js';
import { NODE_MEMBER, readWelcome } from '../messages/node-link.js';
import { command } from '../messages/status.js';
import { readSharedObject } from '../shared-objects/message.js';
import { type ClientAction, type ClientSessionOptions, type ClientStatus, readStatus } from './actions.js';
import { connectObject } from './connect-object.js';
import { CLIENT_TABLE, type ClientInput, type ClientState } from './transitions.js';

export type { ClientSessionOptions } from './actions.js';

const CONNECT_TRANSACTION = 1;
const SET_DATA_FRAME = writeAmf0('@setDataFrame');

/** Codes that say that the stream is over, at any level. */
const END_CODES: ReadonlySet<string> = new Set([
  'NetStream.Play.Stop',
  'NetStream.Play.Complete',
  'NetStream.Play.UnpublishNotify',
  'NetStream.Unpublish.Success',
  'NetConnection.Connect.Closed',
  'NetConnection.Connect.AppShutdown',
]);
/** Failures of a detail that do not end the stream. */
const HARMLESS_CODES: ReadonlySet<string> = new Set(['NetStream.Seek.Failed', 'NetConnection.Call.Failed']);

/**
 * The client's side of one RTMP connection after the handshake: connect, then one publish or one play, in the manner of
 * FMLE; or connect alone, for shared objects. It is pure, like the server session. Replies for which nothing waits are
 * ignored, and so is an `_error` to releaseStream or FCPublish.
 */
export class ClientSession {
  readonly #options: ClientSessionOptions;
  readonly #writer = new ChunkWriter();
  readonly #ackWindow = new AckWindow();
  #state: ClientState = 'new';
  #actions: ClientAction[] = [];
  #lastTransaction = CONNECT_TRANSACTION;
  #createTransaction = 0;
  #messageStreamId = 0;
  #announcedWindow = 0;
  #deadlineMs = Number.POSITIVE_INFINITY;
  #status: ClientStatus = { level: 'error', code: '', description: '' };

  constructor(options: ClientSessionOptions) {
    this.#options = options;
  }

  get state(): ClientState {
    return this.#state;
  }

  /** The NetStream's id once the server has given one; 0 before. */
  get messageStreamId(): number {
    return this.#messageStreamId;
  }

  /** Sends connect. To be called once the handshake is done. */
  start(nowMs: number): ClientAction[] {
    this.#deadlineMs = nowMs + (this.#options.timeoutMs ?? 15_000);
    return this.#input('start');
  }

  /** Ends the stream (FCUnpublish, deleteStream) and asks for a close. */
  stop(): ClientAction[] {
    return this.#input('stop');
  }

  /**
   * Takes one message that is no media.
   *
   * @param message borrowed until return
   */
  message(message: InboundMessage): ClientAction[] {
    if (this.#state === 'closed') return [];
    switch (message.type) {
      case MessageType.CommandAmf0:
      case MessageType.CommandAmf3:
        this.#command(message);
        break;
      case MessageType.DataAmf0:
      case MessageType.DataAmf3:
        this.#data(message);
        break;
      case MessageType.SharedObjectAmf0:
      case MessageType.SharedObjectAmf3:
        this.#sharedObject(message);
        break;
      case MessageType.UserControl:
        this.#userControl(message.payload);
        break;
      case MessageType.WindowAckSize:
        this.#ackWindow.setWindow(readU32(message.payload) ?? 0);
        break;
      case MessageType.SetPeerBandwidth:
        this.#answerPeerBandwidth(readU32(message.payload) ?? 0);
        break;
      default:
        break;
    }
    return this.#take();
  }

  /** Notes that media came: some servers play without a Play.Start. */
  mediaReceived(): ClientAction[] {
    return this.#options.mode === 'play' && this.#state === 'requesting' ? this.#input('accepted') : [];
  }

  /** Takes the count of bytes read since the connection began and acknowledges when the server's window asks for it. */
  received(totalBytes: number): ClientAction[] {
    const due = this.#state === 'closed' ? undefined : this.#ackWindow.received(totalBytes);
    if (due !== undefined) this.#send(due);
    return this.#take();
  }

  /** The deadline for publishing or playing to begin; `Infinity` afterwards. */
  nextDeadlineMs(): number {
    return this.#deadlineMs;
  }

  /** Gives up when the deadline has passed. */
  tick(nowMs: number): ClientAction[] {
    return nowMs >= this.#deadlineMs ? this.#input('timeout') : [];
  }

  /**
   * Frames one message of the published stream. `onMetaData` gets its `@setDataFrame` here.
   *
   * @param type 8, 9 or 18
   * @param timestamp milliseconds, taken modulo 2^32
   * @param payload FLV tag body, borrowed until return
   * @returns the bytes to write; ownership is the caller's
   */
  frame(type: number, timestamp: number, payload: Uint8Array): Buffer {
    const isData = type === MessageType.DataAmf0;
    const lane = type === MessageType.Audio ? ChunkStreamId.Audio : ChunkStreamId.Video;
    return this.#writer.write({
      chunkStreamId: isData ? ChunkStreamId.NetStream : lane,
      type,
      messageStreamId: this.#messageStreamId,
      timestamp,
      payload: isData && isBareMetadata(payload) ? Buffer.concat([SET_DATA_FRAME, payload]) : payload,
    });
  }

  /** Frames a message about a shared object. @param payload of type 19, borrowed until return */
  frameObject(payload: Uint8Array): Buffer {
    const type = MessageType.SharedObjectAmf0;
    return this.#writer.write({
      ...{ chunkStreamId: ChunkStreamId.Command, type, messageStreamId: 0, timestamp: 0 },
      payload,
    });
  }

  /** Frames a ping, which the server answers with a message that says nothing else. @param nowMs monotonic */
  framePing(nowMs: number): Buffer {
    return this.#writer.write(pingRequest(Math.trunc(nowMs) % 2 ** 32));
  }

  #input(input: ClientInput): ClientAction[] {
    const { to, effect } = CLIENT_TABLE[this.#state][input];
    this.#state = to;
    if (to === 'running' || to === 'closed') this.#deadlineMs = Number.POSITIVE_INFINITY;
    const { code, description, redirect } = this.#status;
    switch (effect) {
      case 'send_connect':
        this.#send(command(0, 'connect', CONNECT_TRANSACTION, connectObject(this.#options)));
        break;
      case 'send_create_stream':
        this.#sendCreateStream();
        break;
      case 'send_request':
        this.#sendRequest();
        break;
      case 'report_ready':
        this.#actions.push({ kind: 'ready', messageStreamId: this.#messageStreamId });
        break;
      case 'report_rejected':
        this.#actions.push({ kind: 'rejected', code, description, ...(redirect === undefined ? {} : { redirect }) });
        this.#close('ERR_CLIENT_REJECTED', code);
        break;
      case 'report_ended':
        this.#actions.push({ kind: 'ended', code, description });
        break;
      case 'report_closed':
        this.#close('ERR_CLIENT_ENDED', 'the server asked for a close');
        break;
      case 'report_timeout':
        this.#close('ERR_CLIENT_TIMEOUT', 'no answer in time');
        break;
      case 'send_stop':
        this.#sendStop();
        this.#close(undefined, 'stopped');
        break;
      case 'close_quietly':
        this.#close(undefined, 'stopped');
        break;
      default:
        break;
    }
    return this.#take();
  }

  #sendCreateStream(): void {
    // Set Chunk Size is sent only now: a server that reads connect first and nothing else before it (ffmpeg -listen)
    // would stop at a type 1.
    if (this.#options.mode === 'publish') {
      this.#announceChunkSize();
      this.#send(command(0, 'releaseStream', this.#nextTransaction(), null, this.#options.name));
      this.#send(command(0, 'FCPublish', this.#nextTransaction(), null, this.#options.name));
    } else {
      this.#send(windowAckSize(this.#options.windowAckBytes ?? 2_500_000));
    }
    this.#createTransaction = this.#nextTransaction();
    this.#send(command(0, 'createStream', this.#createTransaction, null));
  }

  #sendRequest(): void {
    const { mode, name, publishType, playStart, bufferMs } = this.#options;
    const id = this.#messageStreamId;
    const transaction = this.#nextTransaction();
    if (mode === 'publish') {
      this.#send(command(id, 'publish', transaction, null, name, publishType ?? 'live'));
    } else {
      this.#send(command(id, 'play', transaction, null, name, playStart ?? -2000));
      this.#send(setBufferLength(id, bufferMs ?? 3000));
    }
  }

  #sendStop(): void {
    if (this.#options.mode === 'objects') return;
    if (this.#options.mode === 'publish') {
      this.#send(command(0, 'FCUnpublish', this.#nextTransaction(), null, this.#options.name));
    }
    this.#send(command(0, 'deleteStream', this.#nextTransaction(), null, this.#messageStreamId));
  }

  #command(message: InboundMessage): void {
    const values = readValues(message);
    const call = values === undefined ? undefined : readCall(values, message.messageStreamId);
    if (call === undefined) return;
    const info = readStatus(call.args.find(isAmfObject));
    switch (call.name) {
      case '_result':
        if (call.transactionId === CONNECT_TRANSACTION) this.#connected(call.args.find(isAmfObject));
        else if (call.transactionId === this.#createTransaction) this.#created(call.args[0]);
        break;
      case '_error':
        if (call.transactionId === CONNECT_TRANSACTION || call.transactionId === this.#createTransaction) {
          this.#status = info;
          this.#inputInside('refused');
        }
        break;
      case 'onStatus':
        this.#onStatus(info, call.args.find(isAmfObject));
        break;
      case 'close':
        this.#inputInside('server_closed');
        break;
      default:
        break;
    }
  }

  #connected(info: AmfObject | undefined): void {
    const node = readWelcome(info?.[NODE_MEMBER]);
    if (node !== undefined && this.#state === 'connecting') this.#actions.push({ kind: 'welcomed', node });
    if (this.#options.mode !== 'objects') this.#inputInside('connected');
    else {
      if (this.#state === 'connecting') this.#announceChunkSize();
      this.#inputInside('joined');
    }
  }

  #announceChunkSize(): void {
    const chunkSize = this.#options.chunkSize ?? 60_000;
    this.#send(setChunkSize(chunkSize));
    this.#writer.setChunkSize(chunkSize);
  }

  #created(id: AmfValue): void {
    if (this.#state !== 'creating') return;
    if (typeof id === 'number' && Number.isInteger(id) && id >= 1 && id <= 0xffffffff) {
      this.#messageStreamId = id;
      this.#inputInside('created');
    } else {
      this.#status = { level: 'error', code: 'NetConnection.Call.Failed', description: 'createStream gave no id' };
      this.#inputInside('refused');
    }
  }

  #onStatus(status: ClientStatus, object: AmfObject | undefined): void {
    this.#status = status;
    const { level, code, description } = status;
    this.#actions.push({ kind: 'status', level, code, description });
    if (code === 'NetConnection.Connect.ReconnectRequest') {
      const tcUrl = object?.['tcUrl'];
      this.#actions.push({ kind: 'reconnectRequested', ...(typeof tcUrl === 'string' ? { tcUrl } : {}) });
    } else if (END_CODES.has(code)) {
      this.#inputInside('stream_ended');
    } else if (level === 'error') {
      if (!HARMLESS_CODES.has(code)) this.#inputInside('refused');
    } else if (this.#isAcceptance(code)) {
      this.#inputInside('accepted');
    }
  }

  #isAcceptance(code: string): boolean {
    if (this.#options.mode === 'publish') return code === 'NetStream.Publish.Start';
    return code === 'NetStream.Play.Start' || code === 'NetStream.Play.PublishNotify';
  }

  #data(message: InboundMessage): void {
    const values = readValues(message);
    const data = values === undefined ? undefined : readDataMessage(message.type, message.payload, values);
    if (typeof data !== 'object' || data.kind !== 'set') return;
    const { name, payload } = data;
    if (name === 'onPlayStatus') this.#onStatus(readStatus((data.values ?? []).find(isAmfObject)), undefined);
    else this.#actions.push({ kind: 'data', timestamp: message.timestamp, name, payload, values: data.values ?? [] });
  }

  #sharedObject({ type, payload }: InboundMessage): void {
    const message = readSharedObject(type, payload);
    if (message !== undefined) this.#actions.push({ kind: 'sharedObject', message });
  }

  #userControl(payload: Uint8Array): void {
    const control = readUserControl(payload);
    if (control?.event === UserControlEvent.PingRequest) this.#send(pingResponse(control.value));
  }

  #answerPeerBandwidth(bytes: number): void {
    if (bytes === 0 || bytes === this.#announcedWindow) return;
    this.#announcedWindow = bytes;
    this.#send(windowAckSize(bytes));
  }

  #nextTransaction(): number {
    this.#lastTransaction += 1;
    return this.#lastTransaction;
  }

  #send(message: OutboundMessage): void {
    this.#actions.push({ kind: 'send', bytes: this.#writer.write(message) });
  }

  #close(code: ErrorCode | undefined, reason: string): void {
    this.#actions.push({ kind: 'close', code, reason });
  }

  /** {@link #input} in the middle of a message. Its actions are returned at the end of the message. */
  #inputInside(input: ClientInput): void {
    this.#actions = this.#input(input);
  }

  #take(): ClientAction[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }
}

function isBareMetadata(payload: Uint8Array): boolean {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return bytes[0] === AmfMarker.String && bytes.toString('latin1', 1, 13) === '\u0000\u000aonMetaData';
}
