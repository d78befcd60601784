import { type ErrorCode, SluiceError } from '../core/errors.js';
import type { CallOfClient, Publisher } from '../doors/client.js';
import type { RunningPublish } from '../doors/published-stream.js';
import type { Asker } from '../doors/requests.js';
import type { ConnectionFacts } from '../live/access.js';
import { playReasonOfCode } from '../live/end-reasons.js';
import { toldEnd } from '../live/told-end.js';
import type { NodeEntry } from '../model/node-link.js';
import type { Peer } from '../model/peer.js';
import type { EndReason, PlayEndReason } from '../model/reasons.js';
import type { ConnectRefusal, PublishRefusal } from '../model/refusals.js';
import type { Action } from '../protocol/server/actions.js';
import type { EndAnswer } from '../protocol/server/answers.js';
import { ServerSession } from '../protocol/server/session.js';
import type { ByteChannel, OpenChannel } from '../transport/byte-channel.js';
import { ConnectionDrops } from './connection-drops.js';
import { ConnectionEnd, endEach } from './connection-end.js';
import { ConnectionInput, type InputOwner } from './connection-input.js';
import {
  CLOSE_GRACE_MS,
  type ConnectionParts,
  MAX_UNREAD_BYTES,
  refused,
  sessionOptions,
} from './connection-options.js';
import { ConnectionPlays } from './connection-plays.js';
import { ConnectionPublishes } from './connection-publishes.js';
import { ConnectionTalk } from './connection-talk.js';
import { handshakeLimitMs } from './deadlines.js';
import { DecisionHold } from './decision-hold.js';
import { StallWatch } from './peer-progress.js';
import { PlayRequests } from './play-requests.js';

type Requested<Kind extends Action['kind']> = Extract<Action, { kind: Kind }>;

/**
 * One RTMP connection of a client: its input into publications and the session, the session's actions out. It decides
 * nothing: the protocol is in the session, policy behind the door.
 */
export class RtmpConnection implements InputOwner {
  readonly connectionId: string;
  readonly acceptedMs: number;
  /** Whether the peer takes what is played to it. */
  readonly stallWatch: StallWatch;
  readonly #parts: ConnectionParts;
  #channel: OpenChannel;
  readonly #peer: Peer;
  readonly #publishes: ConnectionPublishes;
  readonly #plays = new ConnectionPlays();
  readonly #playRequests: PlayRequests;
  readonly #talk: ConnectionTalk;
  readonly #input: ConnectionInput;
  #session: ServerSession | undefined;
  readonly #hold = new DecisionHold({
    goOn: () => this.#input.decided(),
    fail: (error) => this.failed(error),
  });
  #closing = false;
  readonly #end = new ConnectionEnd();
  readonly #drops: ConnectionDrops;

  /** @param channel accepted and not opened yet */
  constructor(channel: ByteChannel, parts: ConnectionParts) {
    this.connectionId = parts.connectionId;
    this.acceptedMs = parts.acceptedMs;
    this.stallWatch = new StallWatch(channel, parts.options.stallTimeoutMs);
    this.#parts = parts;
    this.#channel = channel;
    this.#peer = { address: channel.remoteAddress, port: channel.remotePort };
    this.#drops = new ConnectionDrops(parts.door, () => this.facts);
    this.#publishes = new ConnectionPublishes(parts.codec, this.#drops);
    this.#talk = new ConnectionTalk({
      ...{ ...parts, drops: this.#drops },
      facts: () => this.facts,
      pendingBytes: () => this.#channel.pendingBytes,
      session: () => this.#session,
      run: (work) => this.#safely(() => this.run(work())),
      abort: (code, detail) => this.abort(code, detail),
    });
    const withHold = { plays: this.#plays, hold: this.#hold };
    this.#playRequests = new PlayRequests(channel, parts, withHold, {
      facts: () => this.facts,
      session: () => this.#session!,
      endsFor: () => (this.#closing ? this.#end.playReason : undefined),
      viewer: (id) => this.#client<PlayEndReason>(id, (reason) => this.#plays.stop(id, reason)),
      run: (actions) => this.run(actions),
      safely: (work) => this.#safely(work),
      onPublisher: (id, came) => this.#onPublisher(id, came),
      playFailed: (id, error) => this.#playFailed(id, error),
      failed: (error) => this.failed(error),
    });
    const of = { publishes: this.#publishes, plays: this.#plays, drops: this.#drops, stallWatch: this.stallWatch };
    this.#input = new ConnectionInput(channel, parts, of, this);
    this.#input.open();
  }

  /** The peer, and what it has told. */
  get facts(): ConnectionFacts {
    const { transport } = this.#channel;
    return { connectionId: this.connectionId, peer: this.#peer, transport, info: this.#session?.info };
  }

  /** Whether connect was not accepted yet. */
  get isYoung(): boolean {
    return this.#session?.isConnected !== true;
  }
  get closing(): boolean {
    return this.#closing;
  }
  get deciding(): boolean {
    return this.#hold.on;
  }
  /** Bytes received, handshake included. */
  get bytesIn(): number {
    return this.#input.bytesIn;
  }
  get publishing(): number {
    return this.#publishes.size;
  }
  get playing(): number {
    return this.#plays.size;
  }
  /**
   * Does what is due by time: deadlines of handshake and session, idle publishers, stalled players. Call it a few times
   * a second.
   */
  tick(nowMs: number): void {
    if (!this.#closing) this.#safely(() => this.#tick(nowMs));
  }

  #tick(nowMs: number): void {
    const session = this.#session;
    if (session === undefined) {
      const limitMs = handshakeLimitMs(this.bytesIn, this.#parts.options);
      if (nowMs - this.acceptedMs > limitMs) this.abort('ERR_HANDSHAKE_TIMEOUT', `after ${limitMs} ms`);
      return;
    }
    if (nowMs >= session.nextDeadlineMs()) this.run(session.tick(nowMs));
    const silent = this.#publishes.problem(this.#parts.options, nowMs);
    if (silent !== undefined) this.abort(silent.code, silent.streamId);
    if (this.#plays.size > 0) this.#tickPlays(nowMs);
    if (this.#channel.pendingBytes > MAX_UNREAD_BYTES) this.abort('ERR_LIMIT_UNREAD', 'control messages');
  }

  /** Ends every stream of the connection in good order: the client is told, then the connection is closed. */
  shutdown(endReason: EndReason, description: string, playReason: PlayEndReason = 'kicked'): void {
    this.#end.because(endReason);
    this.#end.playReason = playReason;
    if (this.#session !== undefined) this.run(this.#session.shutdown(description));
    else this.abort('ERR_SESSION_SHUTDOWN', description);
  }

  /**
   * Asks the client to connect again, if it understands this.
   *
   * @param tcUrl where to; undefined: to the same server
   */
  requestReconnect(tcUrl: string | undefined, description: string): void {
    if (this.#session !== undefined) this.run(this.#session.requestReconnect(tcUrl, description));
  }

  /**
   * Ends a connection on which nothing runs, because its place or memory is needed: the client is told, and the socket
   * is closed on return.
   */
  makeWay(): void {
    this.#safely(() => this.run(this.#session?.endIdle('ERR_LIMIT_IDLE') ?? []));
    // The kernel has the last message already, and sends it: an idle peer has read everything before it.
    this.destroy();
  }

  /** Closes at once. */
  readonly destroy = (): void => this.#input.destroy();

  begin(channel: OpenChannel): ServerSession {
    this.#channel = channel;
    this.stallWatch.channel = channel;
    this.#playRequests.channel = channel;
    this.#session = new ServerSession(sessionOptions(this.#parts.options, this.acceptedMs, this.#parts.nowMs()));
    return this.#session;
  }

  run(actions: readonly Action[]): void {
    for (const action of actions) {
      if (this.#closing) return;
      this.#act(action);
    }
    // Everything that begins or ends a publish or play is an action, too.
    if (actions.length > 0) this.#parts.idle(this.#session?.idleSinceMs !== undefined);
  }

  #act(action: Action): void {
    switch (action.kind) {
      case 'send':
        this.#channel.send(action.bytes);
        break;
      case 'connected':
        this.#parts.log.debug({ connectionId: this.connectionId, client: action.flashVer }, 'connected');
        break;
      case 'connectRequested':
        this.#decideConnect(action);
        break;
      case 'publishRequested':
        this.#decidePublish(action);
        break;
      case 'playRequested':
        this.#playRequests.decide(action);
        break;
      case 'publishStopped':
      case 'data':
      case 'dataCleared':
        this.#publishes.act(action);
        break;
      case 'playStopped':
      case 'pauseChanged':
      case 'receiveChanged':
      case 'seekRequested':
      case 'bufferChanged':
        this.#plays.act(action);
        break;
      case 'audienceTold':
        this.#plays.audienceTold(action, this.#parts.door);
        break;
      case 'lengthRequested':
        this.#playRequests.length(action);
        break;
      case 'callRequested':
      case 'clientAnswered':
      case 'sharedObject':
        this.#talk.act(action, (call) => ({ ...this.#publishes.at(call), ...this.#plays.at(call) }));
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

  #decideConnect(request: Requested<'connectRequested'>): void {
    this.#hold.until(
      (asker: Asker<NodeEntry | undefined, ConnectRefusal>) => this.#parts.door.connect(this.facts, request, asker),
      (decision) => {
        if (decision.accept && decision.run !== undefined) this.#parts.nodeCame?.();
        const told = decision.accept ? ({ accept: true, node: decision.run } as const) : refused(decision.refusal);
        this.run(this.#session!.answerConnect(request.requestId, told, this.#parts.nowMs()));
      },
    );
  }

  #decidePublish(request: Requested<'publishRequested'>): void {
    const { requestId, messageStreamId } = request;
    const publisher: Publisher = {
      ...this.#client<EndReason>(messageStreamId, (...why) => this.#publishes.stop(messageStreamId, ...why)),
      readNow: () => this.#input.readNow(),
      record: (...told) => this.#talk.calls.tellRecord(messageStreamId, ...told),
    };
    this.#hold.until(
      (asker: Asker<RunningPublish, PublishRefusal>) => this.#parts.door.publish(this.facts, request, publisher, asker),
      (decision) => {
        if (this.#closing) {
          if (decision.accept) decision.run.end(this.#end.reason, this.#end.publishDetail);
          return;
        }
        if (decision.accept) {
          this.#publishes.begin(messageStreamId, decision.run);
          this.#input.publishAccepted();
        }
        const told = decision.accept ? ({ accept: true } as const) : refused(decision.refusal);
        this.run(this.#session!.answerPublish(requestId, told, this.#parts.nowMs()));
      },
    );
  }

  /** The way back to the client of one publish or play. */
  #client<Reason>(id: number, stop: (reason: Reason, code: ErrorCode) => void) {
    return {
      end: (reason: Reason, told: EndAnswer): void =>
        this.#safely(() => {
          stop(reason, told.code);
          this.run(this.#session!.end(id, told));
        }),
      requestReconnect: (...where: [string | undefined, string]): void => this.requestReconnect(...where),
      call: (call: CallOfClient): void => this.#talk.calls.call(call),
    };
  }

  /** The publisher of a play came, or is gone for good. Everything else on the connection goes on. */
  #onPublisher(id: number, came: boolean): void {
    this.#safely(() => {
      if (!came) this.#plays.stop(id, 'stream_ended');
      this.run(came ? this.#session!.publisherCame(id) : this.#session!.publisherGone(id, { stays: false }));
    });
  }

  #tickPlays(nowMs: number): void {
    const window = this.stallWatch.windowToAnnounce(this.#parts.options.windowAckBytes, nowMs);
    if (window !== undefined) this.run(this.#session!.announceWindow(window));
    if (this.stallWatch.isStalled(nowMs))
      this.#endPlays('ERR_PLAY_STALLED', `${this.#channel.unsentBytes} bytes wait`, this.#plays.ids);
  }

  /**
   * Ends plays for a fault. Everything else on the connection goes on; when there is nothing else, the connection is
   * closed at once.
   *
   * @param ids message streams of the plays
   */
  #endPlays(code: ErrorCode, detail: string, ids: readonly number[]): void {
    if (!this.#hold.on && this.#publishes.size + this.#plays.size <= ids.length) {
      this.abort(code, detail);
      return;
    }
    const { connectionId } = this;
    this.#parts.log.info({ connectionId, code, detail, plays: ids.length }, 'plays ended, the connection goes on');
    const description = toldEnd(code);
    for (const id of ids) {
      this.#plays.stop(id, playReasonOfCode(code) ?? 'error');
      this.run(this.#session!.end(id, { status: 'NetStream.Play.Failed', code, description }));
    }
  }

  /** A defect of Sluice while one player was served, or a file that cannot be played on. */
  #playFailed(messageStreamId: number, error: SluiceError): void {
    this.#safely(() => {
      const { connectionId } = this;
      const isOurs = error.blame === 'internal';
      if (isOurs) this.#parts.log.error({ connectionId, err: error, code: error.code }, 'a play failed inside');
      this.#endPlays(error.code, error.message, [messageStreamId]);
    });
  }

  #safely(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.failed(error);
    }
  }

  /** A fault while bytes were handled: of the peer, or a defect of Sluice. Either way it ends this connection only. */
  failed(error: unknown): void {
    const ours = !(error instanceof SluiceError) || error.blame === 'internal';
    const code: ErrorCode = error instanceof SluiceError ? error.code : 'ERR_INTERNAL';
    if (ours) this.#parts.log.error({ connectionId: this.connectionId, err: error, code }, 'connection failed inside');
    this.abort(code, error instanceof Error ? error.message : String(error));
  }

  /** Closes at once: nothing more is read or sent. */
  abort(code: ErrorCode, detail: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#end.fault(code, detail);
    this.#endAll();
    this.destroy();
  }

  /** Closes when everything that was sent has gone. */
  #finish(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#endAll();
    this.#input.finish(CLOSE_GRACE_MS);
  }

  closed(error: NodeJS.ErrnoException | undefined): void {
    if (!this.#closing) {
      this.#closing = true;
      this.#end.socketClosed(error);
      this.#endAll();
    }
    // A thousand connections may close at once.
    this.#parts.share.run(() => {
      this.#parts.door.closed(this.facts, this.#end.code, this.#end.detail, this.#drops.refusedData);
      this.#parts.capture?.ended(this.facts, this.#end.code, this.#end.detail);
      this.#parts.released(this.#parts.codec);
    });
  }

  /** Ends everything that runs on the connection. A defect of Sluice in one end keeps no other from being told. */
  #endAll(): void {
    const { reason, playReason, publishDetail } = this.#end;
    endEach(this.#parts.log, this.connectionId, [
      () => this.#hold.withdraw(reason, playReason),
      () => this.#talk.end(),
      () => this.#publishes.stopAll(reason, publishDetail),
      () => this.#plays.stopAll(playReason),
    ]);
  }
}
