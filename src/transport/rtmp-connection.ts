import type { Socket } from 'node:net';
import { STATUS_MESSAGE, STATUS_NEED_INPUT } from '../../assembly/constants.js';
import { ERRORS, type ErrorCode, SluiceError } from '../core/errors.js';
import type { EndReason } from '../events/event-types.js';
import type { Action } from '../protocol/actions.js';
import { ServerHandshake } from '../protocol/handshake.js';
import { MessageType } from '../protocol/message-types.js';
import { ServerSession } from '../protocol/session.js';
import type { ChunkCodec } from '../wasm/chunk-codec.js';
import { ByteSocket } from './byte-socket.js';
import {
  CLOSE_GRACE_MS,
  type ConnectionOptions,
  type ConnectionParts,
  MAX_UNREAD_BYTES,
} from './connection-options.js';
import { ConnectionPlays } from './connection-plays.js';
import { ConnectionPublishes } from './connection-publishes.js';
import { handshakeLimitMs } from './deadlines.js';
import { playReasonOfCode, reasonOfCode, reasonOfSocketEnd } from './end-reasons.js';
import type { ConnectionFacts, PlayEndReason, PublisherLine } from './host.js';
import { InboundBudget } from './inbound-budget.js';
import { StallWatch } from './peer-progress.js';
import { PlaySink } from './play-sink.js';
import { shakeHands } from './shake-hands.js';

/**
 * One RTMP connection: socket bytes into the codec, batches to the publication, messages to the session, the session's actions
 * out. It decides nothing: the protocol is in the session, policy behind the host.
 */
export class RtmpConnection {
  readonly connectionId: string;
  readonly acceptedMs: number;
  bytesIn = 0;
  /** Whether the peer takes what is played to it. */
  readonly stallWatch: StallWatch;
  readonly #parts: ConnectionParts;
  readonly #options: ConnectionOptions;
  readonly #codec: ChunkCodec;
  readonly #socket: ByteSocket;
  readonly #peer: { address: string; port: number };
  readonly #publishes: ConnectionPublishes;
  readonly #plays = new ConnectionPlays();
  readonly #budget: InboundBudget;
  readonly #line: PublisherLine = {
    endedBy: () => (this.#closing ? this.#reason : undefined),
    close: (...why) => this.shutdown(...why),
  };
  #handshake: ServerHandshake | undefined;
  #session: ServerSession | undefined;
  /** A publish is being decided: what the client sent after it waits, in the codec and in the kernel. */
  #held = false;
  #closing = false;
  #closeCode: ErrorCode = 'ERR_PEER_CLOSED';
  #closeDetail = '';
  #endReason: EndReason | undefined;
  #playEndReason: PlayEndReason = 'client_closed';
  #refusedData = 0;

  constructor(accepted: Socket, parts: ConnectionParts) {
    this.connectionId = parts.connectionId;
    this.#parts = parts;
    this.#options = parts.options;
    this.#codec = parts.codec;
    this.#publishes = new ConnectionPublishes(parts.codec);
    this.#budget = new InboundBudget(parts.options);
    this.acceptedMs = parts.nowMs();
    this.#handshake = new ServerHandshake({ entropy: parts.entropy, nowMs: this.acceptedMs });
    this.#socket = new ByteSocket(
      accepted,
      {
        buffer: () => this.#codec.input,
        read: (count, into) => this.#read(count, into),
        ended: () => {},
        closed: (error) => this.#onClosed(error),
      },
      { direct: parts.options.directReads },
    );
    this.stallWatch = new StallWatch(this.#socket, parts.options.stallTimeoutMs);
    this.#peer = { address: this.#socket.remoteAddress, port: this.#socket.remotePort };
    this.#socket.resume();
  }

  /** Who is on the other end. */
  get facts(): ConnectionFacts {
    return { connectionId: this.connectionId, peer: this.#peer, transport: 'rtmp', info: this.#session?.info };
  }

  /** Why what it published has ended, once it is closing. */
  get #reason(): EndReason {
    return this.#endReason ?? reasonOfCode(this.#closeCode);
  }

  get publishing(): number {
    return this.#publishes.size;
  }

  get playing(): number {
    return this.#plays.size;
  }

  /** What time brings: deadlines of handshake and session, idle publishers, stalled players. Call it a few times a second. */
  tick(nowMs: number): void {
    if (this.#closing) return;
    try {
      this.#tick(nowMs);
    } catch (error) {
      this.#fail(error);
    }
  }

  #tick(nowMs: number): void {
    if (this.#handshake !== undefined) {
      const limitMs = handshakeLimitMs(this.bytesIn, this.#options);
      if (nowMs - this.acceptedMs > limitMs) this.#abort('ERR_HANDSHAKE_TIMEOUT', `after ${limitMs} ms`);
      return;
    }
    const session = this.#session!;
    if (nowMs >= session.nextDeadlineMs()) this.#run(session.tick(nowMs));
    this.#tickPublishes(nowMs);
    if (this.#plays.size > 0) this.#tickPlays(nowMs);
    const unread = this.#socket.pendingBytes;
    if (unread > MAX_UNREAD_BYTES) this.#abort('ERR_LIMIT_UNREAD', `${unread} bytes`);
  }

  /** Ends every stream of the connection in good order: the client is told, then the connection is closed. */
  shutdown(endReason: EndReason, description: string, playReason: PlayEndReason = 'kicked'): void {
    this.#endReason ??= endReason;
    this.#playEndReason = playReason;
    if (this.#session !== undefined) this.#run(this.#session.shutdown(description));
    else this.#abort('ERR_SESSION_SHUTDOWN', description);
  }

  /** Closes at once. */
  readonly destroy = (): void => this.#socket.destroy();

  /** Returns false when reading must stop: a decision is awaited, or the connection is over. */
  #read(count: number, into: Buffer): boolean {
    // While it closes, what still comes is thrown away.
    if (count <= 0 || this.#closing) return true;
    this.bytesIn += count;
    // Read before the codec moved to its larger memory: those bytes landed in the old one.
    if (into !== this.#codec.input) into.copy(this.#codec.input, 0, 0, count);
    try {
      if (this.#handshake !== undefined) this.#shakeHands(this.#handshake, count);
      else this.#parse(0, count);
    } catch (error) {
      this.#fail(error);
    }
    if (this.#held) return this.#closing;
    const only = this.#publishes.size === 1 && this.#plays.size === 0 && this.#publishes.current;
    return !only || !this.#parts.pacer.hold(this.#socket, only, count);
  }

  #shakeHands(handshake: ServerHandshake, count: number): void {
    const start = shakeHands(handshake, this.#codec.input.subarray(0, count), (bytes) => this.#socket.send(bytes));
    if (start === undefined) return;
    if (typeof start === 'string') {
      this.#abort(start, '');
      return;
    }
    this.#handshake = undefined;
    const { commandsPerSecond: maxCommandsPerSecond } = this.#options;
    this.#session = new ServerSession({ ...this.#options, maxCommandsPerSecond, nowMs: this.#parts.nowMs() });
    if (start < count) this.#parse(start, count);
  }

  /** Takes in `input[start, end)` and handles what is complete. With (0, 0) it goes on where a decision stopped it. */
  #parse(start: number, end: number): void {
    const codec = this.#codec;
    const session = this.#session!;
    const nowMs = this.#parts.nowMs();
    const published = this.#publishes.size > 0;
    let status = codec.next(start, end);
    for (;;) {
      if (codec.batchCount > 0) this.#publishes.deliver(nowMs);
      if (status === STATUS_NEED_INPUT) break;
      if (status < 0) throw codec.error(status);
      if (status === STATUS_MESSAGE) {
        const { message } = codec;
        this.#run(session.message(message, nowMs));
        if (message.type === MessageType.Acknowledgement) this.stallWatch.acknowledged(session.acknowledged, nowMs);
        if (this.#held || this.#closing) return;
      }
      status = codec.next(0, 0);
    }
    this.#run(session.received(this.bytesIn));
    if (published || this.#publishes.size > 0) return;
    const code = this.#budget.spend(end - start, this.#plays.size > 0, nowMs);
    if (code !== undefined) this.#abort(code, `${this.bytesIn} bytes`);
  }

  #run(actions: readonly Action[]): void {
    for (const action of actions) {
      if (this.#closing) return;
      this.#act(action);
    }
  }

  #act(action: Action): void {
    switch (action.kind) {
      case 'send':
        this.#socket.send(action.bytes);
        break;
      case 'connected':
        this.#parts.log.debug(
          { connectionId: this.connectionId, app: action.app, client: action.flashVer },
          'connected',
        );
        break;
      case 'publishRequested':
        this.#held = true;
        void this.#decidePublish(action);
        break;
      case 'playRequested':
        this.#decidePlay(action);
        break;
      case 'publishStopped':
        this.#publishes.stop(action.messageStreamId, 'client_unpublish');
        break;
      case 'playStopped':
        this.#plays.stop(action.messageStreamId, 'client_stopped');
        break;
      case 'pauseChanged':
        this.#plays.player(action.messageStreamId)?.setPaused(action.paused);
        break;
      case 'receiveChanged':
        this.#plays.player(action.messageStreamId)?.setReceive(action);
        break;
      case 'data':
        this.#publishes.get(action.messageStreamId)?.data(action.name, action.payload, action.timestamp, action.values);
        break;
      case 'dataRefused':
        this.#refusedData++;
        this.#parts.host.dataRefused(action.code);
        break;
      case 'dataCleared':
        this.#publishes.get(action.messageStreamId)?.dataCleared(action.name);
        break;
      case 'close':
        this.#closeCode = action.code;
        this.#closeDetail = action.reason;
        this.#finish();
        break;
    }
  }

  async #decidePublish(request: Extract<Action, { kind: 'publishRequested' }>): Promise<void> {
    const { requestId, messageStreamId } = request;
    try {
      const answer = await this.#parts.host.publish(this.facts, request, this.#line);
      if (this.#closing) {
        if (answer.accept) answer.run.end(this.#reason);
        return;
      }
      const session = this.#session!;
      if (answer.accept) {
        this.#publishes.begin(messageStreamId, answer.run);
        this.#budget.settle();
        this.#run(session.answerPublish(requestId, { accept: true }, this.#parts.nowMs()));
      } else {
        const { status, description } = answer;
        this.#run(session.answerPublish(requestId, { accept: false, code: status, description }, this.#parts.nowMs()));
      }
      this.#held = false;
      if (this.#closing) return;
      this.#parse(0, 0);
      if (!this.#held && !this.#closing) this.#socket.resume();
    } catch (error) {
      this.#fail(error);
    }
  }

  #decidePlay(request: Extract<Action, { kind: 'playRequested' }>): void {
    const { requestId, messageStreamId } = request;
    const session = this.#session!;
    const nowMs = this.#parts.nowMs();
    const sink = new PlaySink(this.#socket, this.#options.maxLagBytes, {
      onPublisher: (came) => this.#onPublisher(session, messageStreamId, came),
      onDefect: (error) => this.#playFailed(messageStreamId, error),
      onEvicted: (error) => this.#fail(error),
      onDrained: this.#plays.unclogged,
    });
    const answer = this.#plays.begin(this.#parts.host, this.facts, request, sink);
    if (!answer.accept) {
      const { status, description } = answer;
      this.#run(session.answerPlay(requestId, { accept: false, code: status, description }, nowMs));
      return;
    }
    this.#run(session.answerPlay(requestId, { accept: true, waiting: !answer.live }, nowMs));
  }

  /** The publisher of a play came, or is gone for good; what else runs on the connection goes on. */
  #onPublisher(session: ServerSession, messageStreamId: number, came: boolean): void {
    try {
      if (!came) this.#plays.stop(messageStreamId, 'stream_ended');
      this.#run(
        came ? session.publisherCame(messageStreamId) : session.publisherGone(messageStreamId, { stays: false }),
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  #tickPublishes(nowMs: number): void {
    const problem = this.#publishes.problem(this.#options, nowMs);
    if (problem === undefined) return;
    this.#endReason ??= 'idle';
    this.#abort(problem.code, problem.streamId);
  }

  #tickPlays(nowMs: number): void {
    if (this.stallWatch.isStalled(nowMs))
      this.#endPlays('ERR_PLAY_STALLED', `${this.#socket.unsentBytes} bytes wait`, this.#plays.ids);
  }

  /**
   * Ends plays for a fault. What else runs on the connection goes on; when nothing does, the connection is closed at once.
   *
   * @param ids message streams of the plays
   */
  #endPlays(code: ErrorCode, detail: string, ids: readonly number[]): void {
    if (!this.#held && this.#publishes.size + this.#plays.size <= ids.length) {
      this.#abort(code, detail);
      return;
    }
    const { connectionId } = this;
    this.#parts.log.info({ connectionId, code, detail, plays: ids.length }, 'plays ended, the connection goes on');
    const description = ERRORS[code].says;
    for (const id of ids) {
      this.#plays.stop(id, playReasonOfCode(code) ?? 'error');
      const kick = { code, description, messageStreamId: id, playStatus: 'NetStream.Play.Failed' } as const;
      this.#run(this.#session!.kick(kick));
    }
  }

  /** A defect of ours while one player was served. */
  #playFailed(messageStreamId: number, error: SluiceError): void {
    try {
      const { connectionId } = this;
      this.#parts.log.error({ connectionId, err: error, code: error.code }, 'a play failed inside');
      this.#endPlays(error.code, error.message, [messageStreamId]);
    } catch (failure) {
      this.#fail(failure);
    }
  }

  /** A fault while bytes were handled: the peer's, or a defect of ours. Either way it ends this connection only. */
  #fail(error: unknown): void {
    const ours = !(error instanceof SluiceError) || error.blame === 'internal';
    const code: ErrorCode = error instanceof SluiceError ? error.code : 'ERR_INTERNAL';
    if (ours) this.#parts.log.error({ connectionId: this.connectionId, err: error, code }, 'connection failed inside');
    this.#abort(code, error instanceof Error ? error.message : String(error));
  }

  /** Closes at once: nothing more is read, nothing more is sent. */
  #abort(code: ErrorCode, detail: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#closeCode = code;
    this.#closeDetail = detail;
    this.#playEndReason = playReasonOfCode(code) ?? this.#playEndReason;
    try {
      this.#endAll();
    } catch (error) {
      const { connectionId } = this;
      this.#parts.log.error({ connectionId, err: error, code: 'ERR_INTERNAL' }, 'an end failed inside');
    }
    this.#socket.destroy();
  }

  /** Closes once what was sent has gone. */
  #finish(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#endAll();
    this.#socket.finish(CLOSE_GRACE_MS);
  }

  #onClosed(error: NodeJS.ErrnoException | undefined): void {
    if (!this.#closing) {
      this.#closing = true;
      if (error !== undefined) this.#closeCode = 'ERR_PEER_RESET';
      this.#closeDetail = error?.code ?? '';
      this.#endReason ??= reasonOfSocketEnd(error);
      this.#endAll();
    }
    this.#parts.host.closed(this.facts, this.#closeCode, this.#closeDetail, this.#refusedData);
    this.#parts.released(this.#codec);
  }

  #endAll(): void {
    const reason = this.#reason;
    const detail = reason === 'protocol_error' || reason === 'limit' ? this.#closeCode : undefined;
    this.#publishes.stopAll(reason, detail);
    this.#plays.stopAll(this.#playEndReason);
  }
}
