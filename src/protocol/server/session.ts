import { ERRORS, type ErrorCode } from '../../core/errors.js';
import { TokenBucket } from '../../core/token-bucket.js';
import type { ConnectionInfo } from '../../model/connection-info.js';
import type { RecordStatus } from '../../model/recording.js';
import type { AmfInput } from '../messages/amf0-writer.js';
import { readCall, replyError, salvageCall } from '../messages/call.js';
import { pingRequest, readU32, windowAckSize } from '../messages/control.js';
import { type InboundMessage, valuesOrRefusal } from '../messages/inbound-message.js';
import { MessageType } from '../messages/message-types.js';
import { command, onStatus, reconnectRequest } from '../messages/status.js';
import type { Action } from './actions.js';
import type { ConnectAnswer, EndAnswer, PlayAnswer, PublishAnswer } from './answers.js';
import type { CallReply } from './calls.js';
import { acceptConnect, refuseConnect, refuseSecondConnect, requestConnect } from './commands/connect.js';
import { runCommand } from './commands/index.js';
import { answerCall } from './commands/remote-call.js';
import { Liveness } from './liveness.js';
import type { NetStream, PlainInput } from './net-stream.js';
import { streamInput } from './net-stream-effects.js';
import { takeControl } from './peer-control.js';
import { takeData } from './publisher-data.js';
import { SessionCore } from './session-core.js';
import { type SessionOptions, sessionSettings } from './session-options.js';
import { sendSharedObject, takeSharedObject } from './shared-object-input.js';
import { takeStrayData } from './stray-data.js';
import { ACTIVE_STATES } from './transitions.js';

export type { Action } from './actions.js';
export type { SessionOptions } from './session-options.js';

/** The result of almost every read. */
const NO_ACTIONS: readonly Action[] = [];

/**
 * The server's side of one RTMP connection after the handshake, as a pure state machine: messages and time in, actions
 * out, in order. No sockets, timers or clocks; deciding who may connect, publish or play is left to the owner by
 * request id.
 */
export class ServerSession {
  readonly #core: SessionCore;
  readonly #budget: TokenBucket;
  readonly #liveness: Liveness;
  #idleSinceMs: number | undefined;
  #nowMs: number;
  #acknowledged = 0;
  #receivedBytes = 0;
  /** {@link AckWindow.dueBytes}, kept here because it is read for every read of the socket. */
  #ackDueBytes: number | undefined;

  /** @param options see {@link SessionOptions} */
  constructor(options: SessionOptions) {
    const settings = sessionSettings(options);
    this.#core = new SessionCore(settings);
    const { maxCommandsPerSecond } = settings;
    this.#budget = new TokenBucket({ burst: maxCommandsPerSecond, perSecond: maxCommandsPerSecond });
    this.#liveness = new Liveness(settings.pingIntervalMs, settings.pingTimeoutMs, settings.nowMs);
    this.#nowMs = settings.nowMs;
  }

  /** The facts from connect; empty before. */
  get info(): ConnectionInfo {
    return this.#core.info;
  }

  /** Bytes that the peer has received: the 32-bit counter of its last Acknowledgement (RTMP 1.0 §5.4.3). */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Whether connect was accepted and the connection is open. */
  get isConnected(): boolean {
    return this.#core.state === 'connected';
  }

  /** Since when nothing runs or is asked for; `undefined` while something does, and before connect is accepted. */
  get idleSinceMs(): number | undefined {
    return this.#idleSinceMs;
  }

  /** Whether the NetStream of this id publishes. */
  isPublishing(messageStreamId: number): boolean {
    return this.#core.state !== 'closed' && this.#core.streams.get(messageStreamId)?.state === 'publishing';
  }

  /** The id of the NetStream whose publish media on this message stream id belongs to; undefined when there is none. */
  publishFor(messageStreamId: number): number | undefined {
    return this.#core.publishMeant(messageStreamId)?.id;
  }

  /**
   * Takes one message that is neither audio nor video.
   *
   * @param message borrowed until return
   * @returns actions in order; nothing after a `close`
   */
  message(message: InboundMessage, nowMs: number): Action[] {
    this.#nowMs = nowMs;
    switch (message.type) {
      case MessageType.CommandAmf0:
      case MessageType.CommandAmf3:
        if (this.#isWithinBudget(nowMs)) this.#command(message);
        break;
      case MessageType.DataAmf0:
      case MessageType.DataAmf3:
        this.#data(message, nowMs);
        break;
      case MessageType.SharedObjectAmf0:
      case MessageType.SharedObjectAmf3:
        takeSharedObject(this.#core, message);
        break;
      case MessageType.UserControl:
      case MessageType.WindowAckSize:
        if (!this.#isWithinBudget(nowMs)) break;
        takeControl(this.#core, message);
        this.#ackDueBytes = this.#core.ackWindow.dueBytes;
        break;
      case MessageType.Acknowledgement:
        this.#acknowledged = readU32(message.payload) ?? this.#acknowledged;
        break;
      case MessageType.SetChunkSize:
      case MessageType.Abort:
      case MessageType.SetPeerBandwidth:
        // The codec has acted on the first two. DJI sends the third to servers, and nothing has to be done for it.
        break;
      default:
        this.#core.drop('message_type');
        break;
    }
    return this.#finish();
  }

  /**
   * Takes the count of bytes read from the peer since the connection began (it never wraps; it may or may not include
   * the handshake), and acknowledges when the peer's window asks for it.
   */
  received(totalBytes: number): readonly Action[] {
    this.#receivedBytes = totalBytes;
    if (this.#ackDueBytes === undefined || totalBytes < this.#ackDueBytes) return NO_ACTIONS;
    if (this.#core.state === 'closed') return NO_ACTIONS;
    const due = this.#core.ackWindow.received(totalBytes);
    this.#ackDueBytes = this.#core.ackWindow.dueBytes;
    if (due !== undefined) this.#core.send(due);
    return this.#core.takeActions();
  }

  /** Tells the peer after how many bytes it has to acknowledge what it has received (RTMP 1.0 §5.4.4). */
  announceWindow(bytes: number): Action[] {
    if (this.#core.state === 'closed') return [];
    this.#core.send(windowAckSize(bytes));
    return this.#core.takeActions();
  }

  /** Answers a `connectRequested`: a refusal ends the connection. An answer that comes too late does nothing. */
  answerConnect(requestId: number, answer: ConnectAnswer, nowMs: number): Action[] {
    const core = this.#core;
    this.#nowMs = nowMs;
    const { connectRequest } = core;
    if (core.state !== 'connect_pending' || connectRequest?.requestId !== requestId) return [];
    core.connectRequest = undefined;
    if (!answer.accept) {
      const { code, description, redirectUrl } = answer;
      refuseConnect(core, connectRequest.transactionId, code, description, redirectUrl);
    } else if (core.connectionInput('connect_accepted') === 'accept_connect')
      acceptConnect(core, connectRequest.transactionId, answer.node);
    return this.#finish();
  }

  /** Answers a `publishRequested`. An answer that comes too late, after the client gave up, does nothing. */
  answerPublish(requestId: number, answer: PublishAnswer, nowMs: number): Action[] {
    this.#nowMs = nowMs;
    const stream = this.#pending(requestId, 'publish_pending');
    if (stream === undefined) return [];
    if (answer.accept) streamInput(this.#core, stream, { input: 'publish_accepted' });
    else streamInput(this.#core, stream, { input: 'publish_rejected', ...answer });
    return this.#finish();
  }

  /** Answers a `playRequested`. The player gets Play.Start at once, also while it waits for a publisher. */
  answerPlay(requestId: number, answer: PlayAnswer, nowMs: number): Action[] {
    this.#nowMs = nowMs;
    const stream = this.#pending(requestId, 'play_pending');
    if (stream === undefined) return [];
    const { isRecorded = false } = answer.accept ? answer : {};
    if (answer.accept) streamInput(this.#core, stream, { input: 'play_accepted', isRecorded });
    else streamInput(this.#core, stream, { input: 'play_rejected', ...answer });
    return this.#finish();
  }

  /** Answers a `callRequested`. An answer that comes twice, or to a connection that is over, does nothing. */
  answerCall(requestId: number, reply: CallReply): Action[] {
    const call = this.#core.calls.takeAsked(requestId);
    if (call === undefined || this.#core.state === 'closed') return [];
    answerCall(this.#core, call, reply);
    return this.#core.takeActions();
  }

  /**
   * Calls a method of the client. `clientAnswered` follows exactly once, unless the connection ends before.
   *
   * @param deadlineMs when it counts as not answered, on the clock of `nowMs`
   * @returns undefined when 16 calls wait for an answer already, or the client is not connected
   */
  callClient(callId: number, method: string, args: readonly AmfInput[], deadlineMs: number): Action[] | undefined {
    const core = this.#core;
    const transactionId = this.isConnected ? core.calls.sent(callId, deadlineMs) : undefined;
    if (transactionId === undefined) return undefined;
    core.send(command(0, method, transactionId, null, ...args));
    return core.takeActions();
  }

  /** Sends a message about a shared object: see {@link sendSharedObject}. */
  sharedObject(payload: Buffer, isAmf3: boolean): Action[] {
    return sendSharedObject(this.#core, payload, isAmf3);
  }
  get objectsInUse(): number {
    return this.#core.objectsInUse;
  }
  /** The client uses so many shared objects now. A connection with one is in use as with a publish or play. */
  usesObjects(count: number): Action[] {
    this.#core.objectsInUse = count;
    return this.#finish();
  }

  /** Tells a NetStream what becomes of the recording of its publish, also when the publish is over. */
  recordStatus(messageStreamId: number, status: RecordStatus, description: string): Action[] {
    const isThere = this.isConnected && this.#core.streams.has(messageStreamId);
    return isThere ? this.#core.sendNow(onStatus(messageStreamId, status, description)) : [];
  }

  /** Tells a player that its stream is being published now. */
  publisherCame(messageStreamId: number): Action[] {
    return this.#streamInput(messageStreamId, 'publisher_came');
  }

  /** The publisher of a play is gone: UnpublishNotify when the play stays; else its end, and maybe `close`. */
  publisherGone(messageStreamId: number, options: { stays: boolean }): Action[] {
    return this.#streamInput(messageStreamId, options.stays ? 'publisher_left' : 'publisher_ended');
  }

  /** Everything of a recorded stream was sent: the play ends, and maybe the connection. */
  playCompleted(messageStreamId: number, seconds: number, bytes: number): Action[] {
    const stream = this.#core.streams.get(messageStreamId);
    if (stream === undefined || this.#core.state === 'closed') return [];
    streamInput(this.#core, stream, { input: 'play_completed', seconds, bytes });
    return this.#finish();
  }

  /**
   * Ends what runs on one NetStream, with a status first, because encoders try again after a close without one. The
   * connection is closed when nothing else runs on it.
   */
  end(messageStreamId: number, { status, code, description }: EndAnswer): Action[] {
    const core = this.#core;
    const stream = core.streams.get(messageStreamId);
    if (core.state === 'closed' || stream === undefined || !ACTIVE_STATES.has(stream.state)) return [];
    streamInput(core, stream, { input: 'kick', status, description });
    core.closeUnlessActive(code, description);
    return this.#finish();
  }

  /** Ends the connection because the server stops. The client has done nothing wrong, so it may come back. */
  shutdown(description: string): Action[] {
    const core = this.#core;
    if (core.state === 'closed') return [];
    if (core.state === 'connected') core.send(onStatus(0, 'NetConnection.Connect.AppShutdown', description));
    for (const stream of [...core.streams.values()]) {
      const publishes = stream.state === 'publishing' || stream.state === 'publish_pending';
      const status = publishes ? 'NetConnection.Connect.AppShutdown' : 'NetStream.Play.Stop';
      streamInput(core, stream, { input: 'kick', status, description });
    }
    core.close('ERR_SESSION_SHUTDOWN', description);
    return this.#finish();
  }

  /**
   * Asks the client to connect again. What runs goes on until it does.
   *
   * @param tcUrl where to; undefined: to the same server
   * @returns no actions for a client that has not announced that it understands this
   */
  requestReconnect(tcUrl: string | undefined, description: string): Action[] {
    const core = this.#core;
    if (!this.isConnected || !core.understandsReconnect) return [];
    core.send(reconnectRequest(tcUrl, description));
    return core.takeActions();
  }

  /** Ends a connection on which nothing runs. @param code its `says` is the description for the client */
  endIdle(code: ErrorCode): Action[] {
    if (this.#idleSinceMs !== undefined) this.#closeFor(code);
    return this.#finish();
  }

  /** When {@link tick} has to be called next, on the clock of `nowMs`; `Infinity` when there is nothing to wait for. */
  nextDeadlineMs(): number {
    if (this.#core.state === 'closed') return Number.POSITIVE_INFINITY;
    return Math.min(this.#waitDeadlineMs, this.#liveness.dueMs, this.#core.calls.dueMs);
  }

  /** Acts on deadlines that have passed: no connect, neither publish nor play, silence. The client is told. */
  tick(nowMs: number): Action[] {
    this.#nowMs = nowMs;
    const core = this.#core;
    if (core.state === 'closed') return [];
    if (nowMs >= this.#waitDeadlineMs) {
      this.#closeFor(core.state === 'connected' ? 'ERR_SESSION_IDLE_TIMEOUT' : 'ERR_SESSION_CONNECT_TIMEOUT');
      return this.#finish();
    }
    for (const callId of core.calls.takeOverdue(nowMs))
      core.emit({ kind: 'clientAnswered', callId, answer: { kind: 'timeout' } });
    const verdict = this.#liveness.tick(nowMs, this.#receivedBytes);
    if (verdict === 'ping') core.send(pingRequest(Math.trunc(nowMs)));
    if (verdict === 'dead') this.#closeFor('ERR_SESSION_PING_TIMEOUT');
    return this.#finish();
  }

  get #waitDeadlineMs(): number {
    const { state, settings } = this.#core;
    if (state === 'awaiting_connect' || state === 'connect_pending')
      return settings.acceptedMs + settings.connectTimeoutMs;
    return this.#idleSinceMs === undefined ? Number.POSITIVE_INFINITY : this.#idleSinceMs + settings.idleMs;
  }

  /** Closes for a reason that does not follow from the last message, so the client is told, if it has connected. */
  #closeFor(code: ErrorCode): void {
    const { says } = ERRORS[code];
    if (this.isConnected) this.#core.send(onStatus(0, 'NetConnection.Connect.Closed', says));
    this.#core.close(code, says);
  }

  /** Ends every call that may have changed a state. The time without publish or play begins or ends here. */
  #finish(): Action[] {
    if (!this.isConnected || this.#core.isActive) this.#idleSinceMs = undefined;
    else this.#idleSinceMs ??= this.#nowMs;
    return this.#core.takeActions();
  }

  #isWithinBudget(nowMs: number): boolean {
    if (this.#budget.take(nowMs)) return true;
    this.#core.close('ERR_SESSION_COMMAND_RATE', `over ${this.#core.settings.maxCommandsPerSecond} a second`);
    return false;
  }

  #pending(requestId: number, state: 'publish_pending' | 'play_pending'): NetStream | undefined {
    if (this.#core.state === 'closed') return undefined;
    return [...this.#core.streams.values()].find((each) => each.requestId === requestId && each.state === state);
  }

  #streamInput(messageStreamId: number, input: PlainInput): Action[] {
    const stream = this.#core.streams.get(messageStreamId);
    if (stream === undefined || this.#core.state === 'closed') return [];
    streamInput(this.#core, stream, { input });
    return this.#finish();
  }

  #command(message: InboundMessage): void {
    const core = this.#core;
    const { messageStreamId } = message;
    const values = valuesOrRefusal(message);
    const isReadable = Array.isArray(values);
    const call = isReadable ? readCall(values, messageStreamId) : salvageCall(values, messageStreamId);
    const isConnect = call?.name === 'connect';
    switch (core.connectionInput(isConnect ? 'connect' : 'command')) {
      case 'request_connect':
        requestConnect(core, call!, isReadable);
        break;
      case 'refuse_connect':
        refuseSecondConnect(core, call!.transactionId);
        break;
      case 'refuse_early':
        core.refuseEarly('a command before connect');
        break;
      case 'dispatch':
        if (call === undefined) core.drop('command_without_name');
        else if (isReadable) runCommand(core, call);
        else {
          replyError(core, call, 'The arguments are not readable.');
          core.drop('command_unreadable');
        }
        break;
      default:
        break;
    }
  }

  #data(message: InboundMessage, nowMs: number): void {
    const core = this.#core;
    const effect = core.connectionInput('data');
    if (effect === 'refuse_early') core.refuseEarly('a data message before connect');
    if (effect !== 'dispatch') return;
    const stream = core.publishMeant(message.messageStreamId);
    // A publisher's data is media: the stream's bit rate bounds it. Data of any other client costs like a command.
    if (stream === undefined) {
      if (this.#isWithinBudget(nowMs)) takeStrayData(core, message);
      return;
    }
    takeData(core, stream, message);
  }
}
