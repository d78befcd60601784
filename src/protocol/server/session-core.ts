import type { ErrorCode } from '../../core/errors.js';
import type { ConnectionInfo } from '../../model/connection-info.js';
import type { DropCause } from '../../model/drop-causes.js';
import { AckWindow } from '../messages/ack-window.js';
import { ChunkWriter, type OutboundMessage } from '../messages/chunk-writer.js';
import type { Action } from './actions.js';
import { Calls } from './calls.js';
import { NetStream } from './net-stream.js';
import type { SessionSettings } from './session-options.js';
import {
  ACTIVE_STATES,
  CONNECTION_TABLE,
  type ConnectionEffect,
  type ConnectionInput,
  type ConnectionState,
  NET_STREAM_TABLE,
  type NetStreamEffect,
  type NetStreamInput,
} from './transitions.js';

/** The bit of `capsEx` for clients that understand `NetConnection.Connect.ReconnectRequest`. */
const CAPS_RECONNECT = 1;

/** The facts of a client that has not sent connect. */
const UNKNOWN_CLIENT: ConnectionInfo = {
  app: '',
  tcUrl: '',
  flashVer: '',
  swfUrl: '',
  pageUrl: '',
  objectEncoding: 0,
  isEnhanced: false,
  capsEx: 0,
};

/**
 * The state that a server session's commands and effects share: settings, streams, and the actions gathered for one
 * call.
 */
export class SessionCore {
  readonly settings: SessionSettings;
  readonly ackWindow = new AckWindow();
  readonly writer = new ChunkWriter();
  readonly streams = new Map<number, NetStream>();
  readonly calls = new Calls();
  info: ConnectionInfo = UNKNOWN_CLIENT;
  /** The secret part of the app. */
  appQuery = '';
  /** The connect that waits for its answer. */
  connectRequest: { readonly requestId: number; readonly transactionId: number } | undefined;
  /** Shared objects that the client uses. */
  objectsInUse = 0;
  #state: ConnectionState = 'awaiting_connect';
  #actions: Action[] = [];
  #unsent: Buffer[] = [];
  #lastRequestId = 0;
  /** Id of the NetStream that createStream gave out last; 0 before. */
  #lastCreatedId = 0;
  /** Ids on which something was published. */
  readonly #published = new Set<number>();

  constructor(settings: SessionSettings) {
    this.settings = settings;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Whether the client has announced that it understands a request to connect again (Enhanced RTMP v2, capsEx). */
  get understandsReconnect(): boolean {
    return (this.info.capsEx & CAPS_RECONNECT) !== 0;
  }

  /** Whether any NetStream publishes, plays, or waits for an answer to either. */
  get isActive(): boolean {
    if (this.objectsInUse > 0) return true;
    for (const stream of this.streams.values()) if (ACTIVE_STATES.has(stream.state)) return true;
    return false;
  }

  /** Queues a message behind those that are queued already. Messages next to each other leave as one `send`. */
  send(message: OutboundMessage): void {
    this.#unsent.push(this.writer.write(message));
  }

  /** A message is dropped: it is counted, and each cause is told once. */
  drop(cause: DropCause): void {
    if (this.#state !== 'closed') this.emit({ kind: 'dropped', cause });
  }

  /** Queues an action behind everything queued before it. */
  emit(action: Action): void {
    this.#flushSends();
    this.#actions.push(action);
  }

  /** Ends the connection for what may only come after connect. */
  refuseEarly(reason: string): void {
    this.emit({ kind: 'close', code: 'ERR_SESSION_NOT_CONNECTED', reason });
  }

  /** Ends the connection: `close` is the last action, and from here on every input is ignored. */
  close(code: ErrorCode, reason: string): void {
    if (this.connectionInput('close') === 'close') this.emit({ kind: 'close', code, reason });
  }

  /**
   * Does the same as {@link close}, unless another NetStream of the connection is in use: one refusal must not end the
   * others.
   */
  closeUnlessActive(code: ErrorCode, reason: string): void {
    if (!this.isActive) this.close(code, reason);
  }

  /** Sends a message by itself. */
  sendNow(message: OutboundMessage): Action[] {
    this.send(message);
    return this.takeActions();
  }

  /** Returns the gathered actions and begins a new list. */
  takeActions(): Action[] {
    this.#flushSends();
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  /** Moves the connection along its table and returns the effect to run. */
  connectionInput(input: ConnectionInput): ConnectionEffect {
    const { to, effect } = CONNECTION_TABLE[this.#state][input];
    this.#state = to;
    return effect;
  }

  /** Moves a NetStream along its table and returns the effect to run. */
  netStreamInput(stream: NetStream, input: NetStreamInput): NetStreamEffect {
    const { to, effect } = NET_STREAM_TABLE[stream.state][input];
    stream.state = to;
    if (to === 'publishing') this.#published.add(stream.id);
    if (to === 'deleted') this.streams.delete(stream.id);
    return effect;
  }

  /** A new NetStream with the lowest free id from 1, or `undefined` when the limit is reached. */
  createStream(): NetStream | undefined {
    for (let id = 1; id <= this.settings.maxNetStreams; id++) {
      if (this.streams.has(id)) continue;
      this.#lastCreatedId = id;
      return this.#addStream(id);
    }
    return undefined;
  }

  /**
   * The NetStream that a publish or play names. One that was deleted, or never created, is made when its id is one that
   * createStream could have given out: FMLE deletes a stream and goes on using its id.
   */
  streamForUse(messageStreamId: number): NetStream | undefined {
    const known = this.streamMeant(messageStreamId);
    if (known !== undefined) return known;
    const couldExist = messageStreamId >= 1 && messageStreamId <= this.settings.maxNetStreams;
    return couldExist ? this.#addStream(messageStreamId) : undefined;
  }

  /**
   * The NetStream that a command on this message stream id is about. On message stream 0, which is the connection
   * itself, the one that was created last is meant: xiu publishes and plays there.
   */
  streamMeant(messageStreamId: number): NetStream | undefined {
    return this.streams.get(messageStreamId === 0 ? this.#lastCreatedId : messageStreamId);
  }

  /**
   * The publish to which media and data on this message stream id belong: the one of that id, or the only one on the
   * connection when the id is not used otherwise. Node-Media-Server relays on message stream 0. Late messages on an id
   * on which something was published before belong to none.
   */
  publishMeant(messageStreamId: number): NetStream | undefined {
    const own = this.streams.get(messageStreamId);
    if (own?.state === 'publishing') return own;
    if (this.#published.has(messageStreamId) || (own !== undefined && ACTIVE_STATES.has(own.state))) return undefined;
    const running = [...this.streams.values()].filter(({ state }) => state === 'publishing');
    return running.length === 1 ? running[0] : undefined;
  }

  /** The next id for a connect, publish or play that waits for its answer. */
  nextRequestId(): number {
    this.#lastRequestId += 1;
    return this.#lastRequestId;
  }

  #addStream(id: number): NetStream {
    const stream = new NetStream(id);
    this.streams.set(id, stream);
    return stream;
  }

  #flushSends(): void {
    if (this.#unsent.length === 0) return;
    const bytes = this.#unsent.length === 1 ? this.#unsent[0]! : Buffer.concat(this.#unsent);
    this.#unsent = [];
    this.#actions.push({ kind: 'send', bytes });
  }
}
