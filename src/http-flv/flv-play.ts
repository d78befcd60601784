import { type ErrorCode, SluiceError } from '../core/errors.js';
import { newId } from '../core/ids.js';
import type { Logger } from '../core/log.js';
import { problemOf, statusOf } from '../core/problem.js';
import type { CallOfClient, Viewer } from '../doors/client.js';
import type { Door } from '../doors/door.js';
import type { RecordedRun } from '../doors/recorded-runs.js';
import type { Decision, OpenRequest } from '../doors/requests.js';
import { RunningPlay } from '../doors/running-play.js';
import { Player } from '../hub/player.js';
import type { PlayerSink } from '../hub/player-sink.js';
import type { ConnectionFacts, NameRequest, Refusal } from '../live/access.js';
import { playReasonOfCode, reasonOfCode } from '../live/end-reasons.js';
import { previewQuery } from '../live/previews.js';
import type { ConnectionInfo } from '../model/connection-info.js';
import type { PlayEndReason } from '../model/reasons.js';
import type { ConnectRefusal, PlayRefusal } from '../model/refusals.js';
import type { Drainable } from '../transport/byte-channel.js';
import type { Outlet } from './outlet.js';

/** Start of a play of what is live, and of no file. */
const LIVE_ONLY = -1;

/** Bounds and times of one player. Every number is a setting. */
export interface FlvPlayOptions {
  readonly waitMs: number;
  readonly startTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly maxLagBytes: number;
}

/** The parts of one player. */
interface FlvPlayParts {
  readonly door: Door;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly options: FlvPlayOptions;
  /** What it asks for. */
  readonly stream: NameRequest;
  readonly info: ConnectionInfo;
  /** Whether only the status is asked for. */
  readonly isHead: boolean;
  /** It has ended, and its socket is closed. Called once. */
  readonly over: (code: ErrorCode) => void;
}

/** One request for a stream, from the question whether it may be played to the end of its connection. */
export class FlvPlay implements PlayerSink, Drainable {
  readonly #parts: FlvPlayParts;
  readonly #outlet: Outlet;
  readonly #facts: ConnectionFacts;
  #request: OpenRequest | undefined;
  #run: RunningPlay | undefined;
  #begun = false;
  #ended = false;
  #code: ErrorCode = 'ERR_PEER_CLOSED';
  #detail = '';
  /** When waiting for a first byte of the stream is over; undefined while it is not known whether it may play. */
  #startByMs: number | undefined;
  #takenBytes = 0;
  #progressMs: number;

  constructor(outlet: Outlet, parts: FlvPlayParts) {
    const { remoteAddress = '', remotePort = 0 } = outlet.socket;
    this.#parts = parts;
    this.#outlet = outlet;
    this.#progressMs = parts.nowMs();
    this.#facts = {
      connectionId: newId(),
      peer: { address: remoteAddress, port: remotePort },
      transport: outlet.transport,
      info: parts.info,
    };
  }

  /** Asks for the stream. */
  begin(): void {
    const { door, stream } = this.#parts;
    this.#outlet.socket.once('close', () => this.#closed());
    door.opened(this.#facts);
    this.#safely(() => {
      this.#request = door.connect(
        this.#facts,
        { query: previewQuery(stream.query) },
        {
          answered: (decision) => this.#safely(() => this.#connected(decision, stream)),
          failed: (error) => this.failed(error),
        },
      );
    });
  }

  get clogged(): boolean {
    return this.#outlet.isBehind(this.#parts.options.maxLagBytes);
  }

  write(bytes: Buffer): boolean {
    if (!this.#begun) {
      this.#begun = true;
      this.#outlet.begin();
    }
    return this.#outlet.write(bytes, this);
  }

  drained(): void {
    const player = this.#run?.player;
    try {
      player?.drained();
    } catch (error) {
      player?.fail(error);
    }
  }

  /** It is there now, and has its time to show what it has. */
  publisherCame(): void {
    if (!this.#begun) this.#startByMs = this.#parts.nowMs() + this.#parts.options.startTimeoutMs;
  }

  publisherGone(): void {
    if (this.#begun) this.#end('ERR_PEER_CLOSED', '', 'stream_ended');
    else this.#refuse('ERR_PLAY_NOT_FOUND', '', 'stream_ended');
  }

  evicted(): void {
    this.#fail('ERR_LIMIT_MEMORY', `player ${this.#run?.player.id}`);
  }

  failed(error: unknown): void {
    const code = error instanceof SluiceError ? error.code : 'ERR_PLAY_DEFECT';
    this.#parts.log.error({ connectionId: this.#facts.connectionId, err: error, code }, 'a play failed inside');
    this.#fail(code, error instanceof Error ? error.message : String(error));
  }

  /** The server or its operator ends it. */
  shutdown(code: ErrorCode, reason: PlayEndReason): void {
    if (this.#begun) this.#end(code, '', reason);
    else this.#refuse(code, '', reason);
  }

  /** Ends a wait that is too long, and a player that takes nothing. Call it a few times a second. */
  tick(nowMs: number): void {
    if (this.#ended) return;
    const { startTimeoutMs, stallTimeoutMs } = this.#parts.options;
    if (!this.#begun) {
      if (this.#startByMs === undefined || nowMs < this.#startByMs) return;
      if (this.#run?.player.publication === undefined) this.#refuse('ERR_PLAY_NOT_FOUND', '', 'stream_ended');
      else this.#refuse('ERR_HTTP_FLV_NOT_READY', `${startTimeoutMs} ms`, 'stream_ended');
      return;
    }
    const { unsentBytes, takenBytes } = this.#outlet;
    if (unsentBytes === 0 || takenBytes !== this.#takenBytes) this.#progressMs = nowMs;
    this.#takenBytes = takenBytes;
    if (nowMs - this.#progressMs >= stallTimeoutMs) this.#fail('ERR_PLAY_STALLED', `${unsentBytes} bytes wait`);
  }

  #connected(decision: Decision<unknown, ConnectRefusal>, stream: NameRequest): void {
    if (this.#ended) return;
    if (!decision.accept) {
      this.#refused(decision.refusal);
      return;
    }
    const { door, options } = this.#parts;
    const viewer: Viewer = {
      end: (reason, told) => this.shutdown(told.code, reason),
      requestReconnect: () => undefined,
      call: ({ answered }: CallOfClient) => answered({ kind: 'gone' }),
    };
    const { maxLagBytes } = options;
    this.#request = door.play(
      this.#facts,
      { ...stream, start: LIVE_ONLY },
      {
        live: (playId, writes) => new Player(playId, this, 1, { maxLagBytes }, writes, 'flv'),
        recorded: () => {
          throw new SluiceError('ERR_INTERNAL', 'a file was found for a play that asked for what is live');
        },
      },
      viewer,
      {
        answered: (played) => this.#safely(() => this.#admitted(played)),
        failed: (error) => this.failed(error),
      },
    );
  }

  #admitted(decision: Decision<RunningPlay | RecordedRun, PlayRefusal>): void {
    this.#request = undefined;
    if (!decision.accept) {
      this.#refused(decision.refusal);
      return;
    }
    const { run } = decision;
    // It asked for what is live, so it is no file.
    if (this.#ended || !(run instanceof RunningPlay)) {
      run.end('client_closed');
      return;
    }
    this.#run = run;
    const { waitMs, startTimeoutMs } = this.#parts.options;
    const isThere = run.isLive;
    if (!isThere && waitMs === 0) this.#refuse('ERR_PLAY_NOT_FOUND', '', 'stream_ended');
    else if (this.#parts.isHead && isThere) this.#answerHead();
    else this.#startByMs = this.#parts.nowMs() + (isThere ? startTimeoutMs : waitMs);
  }

  #answerHead(): void {
    this.#outlet.begin();
    this.#end('ERR_PEER_CLOSED', '', 'client_stopped');
  }

  #refused({ code, description, redirectUrl }: Refusal<ConnectRefusal | PlayRefusal>): void {
    const elsewhere = redirectUrl !== undefined && /^https?:/.test(redirectUrl) ? redirectUrl : undefined;
    this.#refuse(code, description.slice(code.length + 2), 'error', elsewhere);
  }

  /** Ends it before its first byte. */
  #refuse(code: ErrorCode, detail: string, reason: PlayEndReason, location?: string): void {
    if (this.#ended) return;
    // Whoever decided has told the refusal; the connection ends in good order.
    const isFault = reason === 'error' && this.#run !== undefined;
    this.#stop(isFault ? code : 'ERR_PEER_CLOSED', isFault ? detail : code, reason);
    const known = statusOf(code);
    const status = location === undefined ? known : 302;
    const headers = {
      connection: 'close',
      ...(location === undefined ? {} : { location }),
      ...(known === 503 ? { 'retry-after': '2' } : {}),
    };
    this.#outlet.refuse(problemOf(code, detail, { status }), headers);
  }

  /** Ends it in good order. */
  #end(code: ErrorCode, detail: string, reason: PlayEndReason): void {
    if (this.#ended) return;
    this.#stop(code, detail, reason);
    this.#outlet.finish(code);
  }

  /** Ends it for a fault: nothing more is sent. */
  #fail(code: ErrorCode, detail: string): void {
    const reason = playReasonOfCode(code) ?? 'error';
    if (!this.#begun) {
      this.#refuse(code, detail, reason);
      return;
    }
    if (this.#ended) return;
    this.#stop(code, detail, reason);
    this.#outlet.destroy();
  }

  #stop(code: ErrorCode, detail: string, reason: PlayEndReason): void {
    this.#ended = true;
    this.#code = code;
    this.#detail = detail;
    this.#request?.withdraw(reasonOfCode(code), reason);
    this.#run?.end(reason);
  }

  #closed(): void {
    if (!this.#ended) this.#stop('ERR_PEER_CLOSED', '', 'client_closed');
    this.#parts.door.closed(this.#facts, this.#code, this.#detail, 0);
    this.#parts.over(this.#code);
  }

  #safely(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.failed(error);
    }
  }
}
