import type { Socket } from 'node:net';
import { STATUS_MESSAGE, STATUS_NEED_INPUT } from '../../assembly/constants.js';
import { ERRORS, type ErrorCode, SluiceError } from '../core/errors.js';
import { PlaySink } from '../hub/play-sink.js';
import { shakeHands } from '../link/shake-hands.js';
import { type ConnectionFacts, type PlayDecision, type PublisherLine, refusalAnswer } from '../live/access.js';
import { playReasonOfCode } from '../live/end-reasons.js';
import type { Peer } from '../model/peer.js';
import type { EndReason, PlayEndReason } from '../model/reasons.js';
import { ServerHandshake } from '../protocol/handshake/handshake.js';
import { MessageType } from '../protocol/messages/message-types.js';
import type { Action } from '../protocol/server/actions.js';
import { ServerSession } from '../protocol/server/session.js';
import { ByteSocket } from '../transport/tcp/channel.js';
import type { ChunkCodec } from '../wasm/chunk-codec.js';
import { ConnectionDrops } from './connection-drops.js';
import { ConnectionEnd } from './connection-end.js';
import { CLOSE_GRACE_MS, type ConnectionParts, MAX_UNREAD_BYTES, sessionOptions } from './connection-options.js';
import { ConnectionPlays } from './connection-plays.js';
import { ConnectionPublishes } from './connection-publishes.js';
import { handshakeLimitMs } from './deadlines.js';
import { DecisionHold } from './decision-hold.js';
import { InboundBudget } from './inbound-budget.js';
import { InputTurn } from './input-turn.js';
import { StallWatch } from './peer-progress.js';
import { PromptRead } from './prompt-read.js';

type PlayRequest = Extract<Action, { kind: 'playRequested' }>;

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
  readonly #codec: ChunkCodec;
  readonly #socket: ByteSocket;
  readonly #peer: Peer;
  readonly #publishes: ConnectionPublishes;
  readonly #plays = new ConnectionPlays();
  readonly #budget: InboundBudget;
  readonly #turn: InputTurn;
  readonly #prompt = new PromptRead();
  readonly #line: PublisherLine = {
    endedBy: () => (this.#closing ? this.#end.reason : undefined),
    close: (...why) => this.shutdown(...why),
    readNow: () =>
      this.#prompt.now(this.#hold.on || this.#turn.waiting ? undefined : this.#socket, () => this.#closing),
  };
  #handshake: ServerHandshake | undefined;
  #session: ServerSession | undefined;
  readonly #hold = new DecisionHold({
    closing: () => this.#closing,
    goOn: () => !this.#turn.over() && this.#goOn(),
    fail: (error) => this.#fail(error),
  });
  /** Bytes at the start of the codec's input that nobody has looked at yet: the connection's turn of the event loop is to come. */
  #unhandled = 0;
  #closing = false;
  readonly #end = new ConnectionEnd();
  readonly #drops: ConnectionDrops;

  constructor(accepted: Socket, parts: ConnectionParts) {
    this.connectionId = parts.connectionId;
    this.#parts = parts;
    this.#codec = parts.codec;
    this.#budget = new InboundBudget(parts.options);
    this.#drops = new ConnectionDrops(parts.host, () => this.facts);
    this.#publishes = new ConnectionPublishes(parts.codec, this.#drops);
    this.#turn = new InputTurn(parts.nowMs, parts.share, () => this.#goOn());
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

  /** Whether connect was not accepted yet. */
  get isYoung(): boolean {
    return this.#session?.isConnected !== true;
  }

  get publishing(): number {
    return this.#publishes.size;
  }
  get playing(): number {
    return this.#plays.size;
  }

  /** What time brings: deadlines of handshake and session, idle publishers, stalled players. Call it a few times a second. */
  tick(nowMs: number): void {
    if (!this.#closing) this.#safely(() => this.#tick(nowMs));
  }

  #tick(nowMs: number): void {
    if (this.#handshake !== undefined) {
      const limitMs = handshakeLimitMs(this.bytesIn, this.#parts.options);
      if (nowMs - this.acceptedMs > limitMs) this.#abort('ERR_HANDSHAKE_TIMEOUT', `after ${limitMs} ms`);
      return;
    }
    const session = this.#session!;
    if (nowMs >= session.nextDeadlineMs()) this.#run(session.tick(nowMs));
    const silent = this.#publishes.problem(this.#parts.options, nowMs);
    if (silent !== undefined) this.#abort(silent.code, silent.streamId);
    if (this.#plays.size > 0) this.#tickPlays(nowMs);
    if (this.#socket.pendingBytes > MAX_UNREAD_BYTES) this.#abort('ERR_LIMIT_UNREAD', 'control messages');
  }

  /** Ends every stream of the connection in good order: the client is told, then the connection is closed. */
  shutdown(endReason: EndReason, description: string, playReason: PlayEndReason = 'kicked'): void {
    this.#end.because(endReason);
    this.#end.playReason = playReason;
    if (this.#session !== undefined) this.#run(this.#session.shutdown(description));
    else this.#abort('ERR_SESSION_SHUTDOWN', description);
  }

  /** Ends a connection on which nothing runs, because its place or memory is needed: the client is told, and the socket is closed on return. */
  makeWay(): void {
    this.#safely(() => this.#run(this.#session?.endIdle('ERR_LIMIT_IDLE') ?? []));
    // The kernel has the last message already, and sends it: whoever is idle has read all before it.
    this.destroy();
  }

  /** Closes at once. */
  readonly destroy = (): void => this.#socket.destroy();
  /** Returns false when reading must stop: a decision is awaited, or the connection is over. */
  #read(count: number, into: Buffer): boolean {
    this.#codec.noteInput(count);
    // While it closes, what still comes is thrown away.
    if (count <= 0 || this.#closing) return true;
    this.bytesIn += count;
    // Read before the codec moved to its larger memory: those bytes landed in the old one.
    if (into !== this.#codec.input) into.copy(this.#codec.input, 0, 0, count);
    this.#unhandled = count;
    return this.#turn.begin(this.#publishes.size > 0) && this.#handle();
  }

  /** Handles what was read last; after that, or when that is done, what the codec still has. @returns whether to read on now */
  #handle(): boolean {
    const count = this.#unhandled;
    this.#unhandled = 0;
    try {
      if (this.#handshake === undefined) this.#parse(0, count);
      else if (count > 0) this.#shakeHands(this.#handshake, count);
    } catch (error) {
      this.#fail(error);
    }
    if (this.#hold.on || this.#turn.over()) return this.#closing;
    const only = count > 0 && this.#plays.size === 0 && !this.#prompt.running && this.#publishes.only;
    return !only || !this.#parts.pacer.hold(this.#socket, only, count);
  }

  #shakeHands(handshake: ServerHandshake, count: number): void {
    const start = shakeHands(handshake, this.#codec.input.subarray(0, count), (bytes) => this.#socket.send(bytes));
    if (typeof start === 'string') this.#abort(start, '');
    if (typeof start !== 'number') return;
    this.#handshake = undefined;
    this.#session = new ServerSession(sessionOptions(this.#parts.options, this.acceptedMs, this.#parts.nowMs()));
    if (start < count) this.#parse(start, count);
  }

  /** Handles what a decision, or the turns of others, have held up, and then reads again. */
  #goOn(): void {
    if (this.#closing || this.#hold.on) return;
    if (this.#handle() && !this.#closing) this.#socket.resumeReads();
  }

  /** Takes in `input[start, end)` and handles what is complete. With (0, 0) it goes on where it was stopped, by the time of now. */
  #parse(start: number, end: number): void {
    const codec = this.#codec;
    const session = this.#session!;
    const nowMs = end > start ? this.#turn.beganMs : this.#parts.nowMs();
    this.#publishes.received(end - start);
    if (this.#publishes.size === 0) this.#budget.count(end - start);
    let status = codec.next(start, end);
    for (;;) {
      if (codec.batchCount > 0) this.#publishes.deliver(session, nowMs);
      if (status === STATUS_NEED_INPUT) break;
      if (status < 0) throw codec.error(status);
      if (status === STATUS_MESSAGE) {
        const { message } = codec;
        this.#run(session.message(message, nowMs));
        if (message.type === MessageType.Acknowledgement) this.stallWatch.acknowledged(session.acknowledged, nowMs);
        if (this.#hold.on || this.#closing) return;
      }
      if (this.#turn.over()) return;
      status = codec.next(0, 0);
    }
    if (codec.dropped > 0) this.#drops.unknown(codec.dropped);
    this.#run(session.received(this.bytesIn));
    if (this.#publishes.size > 0) return;
    const code = this.#budget.spend(0, this.#plays.size > 0, nowMs);
    if (code !== undefined) this.#abort(code, `${this.bytesIn} bytes`);
  }

  #run(actions: readonly Action[]): void {
    for (const action of actions) {
      if (this.#closing) return;
      this.#act(action);
    }
    // Whatever begins or ends what runs on the connection is an action, too.
    if (actions.length > 0) this.#parts.idle(this.#session?.idleSinceMs !== undefined);
  }

  #act(action: Action): void {
    switch (action.kind) {
      case 'send':
        this.#socket.send(action.bytes);
        break;
      case 'connected':
        this.#parts.log.debug({ connectionId: this.connectionId, client: action.flashVer }, 'connected');
        break;
      case 'publishRequested':
        this.#decidePublish(action);
        break;
      case 'playRequested':
        this.#decidePlay(action);
        break;
      case 'publishStopped':
      case 'data':
      case 'dataCleared':
        this.#publishes.act(action);
        break;
      case 'playStopped':
      case 'pauseChanged':
      case 'receiveChanged':
        this.#plays.act(action);
        break;
      case 'dataRefused':
      case 'dropped':
        this.#drops.act(action);
        break;
      case 'close':
        this.#end.with(action.code, action.reason);
        this.#finish();
        break;
    }
  }

  #decidePublish(request: Extract<Action, { kind: 'publishRequested' }>): void {
    const { requestId, messageStreamId } = request;
    void this.#hold.until(
      this.#parts.host.publish(this.facts, request, this.#line),
      (answer) => {
        if (answer.accept) {
          this.#publishes.begin(messageStreamId, answer.run);
          this.#budget.settle();
        }
        const told = answer.accept ? ({ accept: true } as const) : refusalAnswer(answer);
        this.#run(this.#session!.answerPublish(requestId, told, this.#parts.nowMs()));
      },
      (answer) => answer.accept && answer.run.end(this.#end.reason),
    );
  }

  #decidePlay(request: PlayRequest): void {
    const { messageStreamId } = request;
    const sink = new PlaySink(this.#socket, this.#parts.options.maxLagBytes, {
      onPublisher: (came) => this.#onPublisher(messageStreamId, came),
      onDefect: (error) => this.#playFailed(messageStreamId, error),
      onEvicted: (error) => this.#fail(error),
      onDrained: this.#plays.unclogged,
    });
    const decision = this.#parts.host.play(this.facts, request, messageStreamId, sink);
    const act = (answer: PlayDecision): void => this.#answerPlay(request, sink, answer);
    if (decision instanceof Promise)
      void this.#hold.until(decision, act, (late) => late.accept && late.run.end(this.#end.playReason));
    else act(decision);
  }

  #answerPlay({ requestId, messageStreamId }: PlayRequest, sink: PlaySink, answer: PlayDecision): void {
    if (answer.accept) this.#plays.begin(messageStreamId, answer.run, sink);
    const told = answer.accept ? ({ accept: true, waiting: !answer.live } as const) : refusalAnswer(answer);
    this.#run(this.#session!.answerPlay(requestId, told, this.#parts.nowMs()));
  }

  /** The publisher of a play came, or is gone for good; what else runs on the connection goes on. */
  #onPublisher(id: number, came: boolean): void {
    this.#safely(() => {
      if (!came) this.#plays.stop(id, 'stream_ended');
      this.#run(came ? this.#session!.publisherCame(id) : this.#session!.publisherGone(id, { stays: false }));
    });
  }

  #tickPlays(nowMs: number): void {
    const window = this.stallWatch.windowToAnnounce(this.#parts.options.windowAckBytes, nowMs);
    if (window !== undefined) this.#run(this.#session!.announceWindow(window));
    if (this.stallWatch.isStalled(nowMs))
      this.#endPlays('ERR_PLAY_STALLED', `${this.#socket.unsentBytes} bytes wait`, this.#plays.ids);
  }

  /**
   * Ends plays for a fault. What else runs on the connection goes on; when nothing does, the connection is closed at once.
   *
   * @param ids message streams of the plays
   */
  #endPlays(code: ErrorCode, detail: string, ids: readonly number[]): void {
    if (!this.#hold.on && this.#publishes.size + this.#plays.size <= ids.length) {
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
    this.#safely(() => {
      this.#parts.log.error({ connectionId: this.connectionId, err: error, code: error.code }, 'a play failed inside');
      this.#endPlays(error.code, error.message, [messageStreamId]);
    });
  }

  #safely(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail(error);
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
    this.#end.fault(code, detail);
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
      this.#end.socketClosed(error);
      this.#endAll();
    }
    // A thousand may close at once.
    this.#parts.share.run(() => {
      this.#parts.host.closed(this.facts, this.#end.code, this.#end.detail, this.#drops.refusedData);
      this.#parts.released(this.#codec);
    });
  }

  #endAll(): void {
    this.#publishes.stopAll(this.#end.reason, this.#end.publishDetail);
    this.#plays.stopAll(this.#end.playReason);
  }
}
