import { type ErrorCode, SluiceError } from '../../core/errors.js';
import { TunnelChannel, type TunnelEnds } from './channel.js';
import { abandon, answer, discard, type Exchange, type Refusal } from './exchange.js';
import type { HoldQueue } from './hold-queue.js';
import { KeptAnswers } from './kept-answers.js';
import { CLOSING_INTERVAL, PollInterval } from './poll-interval.js';

/** Bounds and times of a session. Every number is a setting. */
export interface TunnelSessionOptions {
  /** A session without a request for so long is over. */
  readonly sessionTimeoutMs: number;
  /** How long requests wait for one with a smaller number. */
  readonly gapTimeoutMs: number;
  /** Longest answer, with its interval. */
  readonly maxAnswerBytes: number;
  /** Longest body of a request. */
  readonly maxRequestBytes: number;
}

/** What a session is made with. */
interface SessionParts {
  readonly options: TunnelSessionOptions;
  readonly nowMs: () => number;
  readonly hold: HoldQueue;
  /** Refuses a request, and counts that. */
  readonly refuse: (exchange: Exchange, status: Refusal, mostBytes: number) => void;
  /** Called once, when the session is over. */
  readonly ended: (session: TunnelSession) => void;
}

/** What the numbered requests of a session do. */
type Kind = 'send' | 'idle' | 'close';

/** The request whose number is due. */
interface Turn {
  readonly seq: number;
  readonly kind: Kind;
  /** The requests with this number that wait for its answer. */
  readonly exchanges: Exchange[];
  /** The one whose body is being received; undefined once it is complete, or its connection is lost. */
  body: Exchange | undefined;
  /** Bytes of the body that went to the reader. One that is sent again is skipped so far. */
  received: number;
  isComplete: boolean;
}

/**
 * Most requests that wait for one with a smaller number. It is as many as one connection may send ahead of its answers:
 * librtmp sends a request for each message and reads no answer in between.
 */
export const MAX_EARLY = 256;
/** Most connections that wait for the answer to one and the same request. */
const MAX_SAME = 4;

/** Answers without data, by their interval. */
const EMPTY_ANSWERS = new Map<number, Buffer>();

/**
 * One session of the HTTP tunnel: the order of its requests, whatever connections they come by, and their answers. A
 * request is carried out once, when its number is due. One that is sent again gets the answer it had.
 */
export class TunnelSession {
  readonly id: string;
  readonly channel: TunnelChannel;
  /** Answers that were sent again. */
  replays = 0;
  readonly #parts: SessionParts;
  readonly #kept: KeptAnswers;
  readonly #interval = new PollInterval();
  /** The number that is due; undefined until the first request, which may have any. */
  #next: number | undefined;
  #turn: Turn | undefined;
  readonly #early = new Map<number, { readonly kind: Kind; readonly exchange: Exchange }>();
  #heardMs: number;
  #gapSinceMs: number | undefined;
  #waking = false;
  /** Bytes of answers that are sent once more and that the kernel has not taken yet. */
  #againBytes = 0;

  constructor(id: string, ends: TunnelEnds, parts: SessionParts) {
    this.id = id;
    this.#parts = parts;
    this.#kept = new KeptAnswers(parts.options.maxAnswerBytes);
    this.#heardMs = parts.nowMs();
    this.channel = new TunnelChannel(ends, this);
  }

  /** Bytes held for the client: answers that are sent, or are to be sent again, and bodies that are not read yet. */
  get heldBytes(): number {
    let bytes = this.#kept.bytes + this.channel.unreadBytes + this.channel.inFlightBytes + this.#againBytes;
    for (const { exchange } of this.#early.values()) bytes += exchange.request.readableLength;
    return bytes + (this.#turn?.body?.request.readableLength ?? 0);
  }

  /** Takes a numbered request. It is answered when its turn has come. */
  take(kind: Kind, seq: number, exchange: Exchange): void {
    this.#heardMs = this.#parts.nowMs();
    const kept = this.#kept.of(seq);
    if (kept !== undefined) {
      this.#replay(exchange, kept);
      return;
    }
    this.#next ??= seq;
    if (seq < this.#next) this.#refuse(exchange, 400);
    else if (seq > this.#next) this.#keepEarly(kind, seq, exchange);
    else if (this.#turn === undefined) this.#begin(kind, seq, exchange);
    else this.#takeAgain(this.#turn, exchange);
  }

  /** Answers a request as before. A client that asks again and again must read what it was given in between. */
  #replay(exchange: Exchange, kept: Buffer): void {
    if (this.#againBytes + kept.length > MAX_SAME * this.#parts.options.maxAnswerBytes) {
      this.#refuse(exchange, 400);
      return;
    }
    this.replays++;
    this.#discard(exchange);
    this.#sendAgain(exchange, kept);
  }

  /** Ends the session when its client is silent, or when a request is missing. Call it a few times a second. */
  tick(nowMs: number): void {
    const { sessionTimeoutMs, gapTimeoutMs } = this.#parts.options;
    // A client whose bytes are not read yet has nothing to ask meanwhile.
    if (this.channel.unreadBytes > 0 && this.#turn?.exchanges.length !== 0) this.#heardMs = nowMs;
    if (!this.#isMissing) this.#gapSinceMs = undefined;
    else this.#gapSinceMs ??= nowMs;
    if (this.#gapSinceMs !== undefined && nowMs - this.#gapSinceMs >= gapTimeoutMs)
      this.#fail('ERR_TUNNEL_GAP', `request ${this.#next} did not come`);
    else if (nowMs - this.#heardMs >= sessionTimeoutMs) this.#fail('ERR_TUNNEL_SILENT');
  }

  /** Whether later requests wait and the one that is due has not come, or lost its connection. */
  get #isMissing(): boolean {
    const turn = this.#turn;
    return this.#early.size > 0 && (turn === undefined || (!turn.isComplete && turn.body === undefined));
  }

  /** Called by the channel: a poll that is held can be answered, once everything of this turn has been written. */
  outgoing(): void {
    if (this.#waking || this.#turn?.kind !== 'idle') return;
    this.#waking = true;
    setImmediate(() => {
      this.#waking = false;
      if (!this.channel.isClosed) this.#advance();
    });
  }

  /** Called by the channel. */
  taken(): void {
    this.#turn?.body?.request.resume();
    this.#advance();
  }

  /** Called by the channel. */
  channelClosed(): void {
    const left = [...(this.#turn?.exchanges ?? []), ...[...this.#early.values()].map(({ exchange }) => exchange)];
    this.#turn = undefined;
    this.#early.clear();
    for (const exchange of left) this.#refuse(exchange, 404);
    this.#parts.ended(this);
  }

  #fail(code: ErrorCode, detail = ''): void {
    this.channel.close(new SluiceError(code, detail));
  }

  #refuse(exchange: Exchange, status: Refusal): void {
    const { refuse, options } = this.#parts;
    refuse(exchange, status, options.maxRequestBytes);
  }

  #discard({ request }: Exchange): void {
    discard(request, this.#parts.options.maxRequestBytes);
  }

  #keepEarly(kind: Kind, seq: number, exchange: Exchange): void {
    const before = this.#early.get(seq)?.exchange;
    if (seq - this.#next! > MAX_EARLY) {
      this.#refuse(exchange, 400);
      this.#fail('ERR_TUNNEL_GAP', `request ${seq} came, ${this.#next} did not`);
      return;
    }
    if (before?.request.socket === exchange.request.socket) {
      this.#refuse(exchange, 400);
      return;
    }
    this.#early.set(seq, { kind, exchange });
    if (before !== undefined) abandon(before);
    exchange.response.once('close', () => {
      if (this.#early.get(seq)?.exchange === exchange) this.#early.delete(seq);
    });
    // A client that sends the next request does not wait for the answer to a poll.
    this.#advance();
  }

  #begin(kind: Kind, seq: number, exchange: Exchange): void {
    const turn: Turn = { seq, kind, exchanges: [], body: undefined, received: 0, isComplete: false };
    this.#turn = turn;
    this.#join(turn, exchange);
    this.#receive(turn, exchange);
  }

  /** The request that is due came once more: its connection may be lost without notice. */
  #takeAgain(turn: Turn, exchange: Exchange): void {
    const { body } = turn;
    if (turn.exchanges.length >= MAX_SAME || body?.request.socket === exchange.request.socket) {
      this.#refuse(exchange, 400);
      return;
    }
    this.#join(turn, exchange);
    if (turn.isComplete) {
      this.#discard(exchange);
      return;
    }
    this.#receive(turn, exchange);
    if (body !== undefined) abandon(body);
  }

  #join(turn: Turn, exchange: Exchange): void {
    turn.exchanges.push(exchange);
    exchange.response.once('close', () => {
      const index = turn.exchanges.indexOf(exchange);
      if (index >= 0) turn.exchanges.splice(index, 1);
      if (turn.body === exchange) turn.body = undefined;
    });
  }

  #receive(turn: Turn, exchange: Exchange): void {
    const { request } = exchange;
    turn.body = exchange;
    let got = 0;
    request.on('data', (bytes: Buffer) => {
      if (turn.body !== exchange || this.#turn !== turn) return;
      this.#heardMs = this.#parts.nowMs();
      exchange.heard();
      got += bytes.length;
      if (got > this.#parts.options.maxRequestBytes) {
        this.#refuse(exchange, 413);
        this.#fail('ERR_LIMIT_TUNNEL_REQUEST', `${got} bytes and more`);
        return;
      }
      if (turn.kind !== 'send' || got <= turn.received) return;
      const fresh = bytes.subarray(bytes.length - Math.min(bytes.length, got - turn.received));
      turn.received = got;
      if (!this.channel.receive(fresh)) request.pause();
    });
    request.on('end', () => {
      if (turn.body !== exchange || this.#turn !== turn) return;
      turn.body = undefined;
      turn.isComplete = true;
      if (turn.kind === 'idle') this.#parts.hold.add(() => this.#turn === turn && this.#finish(turn));
      this.#advance();
    });
    // What an earlier try brought may not be read yet.
    if (this.channel.unreadBytes > 0) request.pause();
  }

  /** Answers the request that is due, when it can be answered now. */
  #advance(): void {
    const turn = this.#turn;
    if (turn === undefined || !turn.isComplete || this.channel.unreadBytes > 0) return;
    const mustHold = turn.kind === 'idle' && !this.#canCarry && !this.#early.has(turn.seq + 1);
    if (!mustHold) this.#finish(turn);
  }

  /** Whether an answer has something to carry and may: the client has read most of those before. */
  get #canCarry(): boolean {
    const { hasNews, inFlightBytes } = this.channel;
    return hasNews && inFlightBytes < this.#parts.options.maxAnswerBytes;
  }

  #finish(turn: Turn): void {
    const isClose = turn.kind === 'close';
    // Bytes go only into an answer that somebody waits for.
    const carries = !isClose && turn.exchanges.length > 0 && this.#canCarry;
    const most = this.#parts.options.maxAnswerBytes - 1;
    const { pieces, isLast } = carries ? this.channel.takeForAnswer(most) : { pieces: [], isLast: isClose };
    if (this.#turn !== turn) return;
    const interval = isLast ? CLOSING_INTERVAL : this.#interval.next(pieces.length > 0);
    const bytes = pieces.length === 0 ? emptyAnswer(interval) : Buffer.concat([Buffer.from([interval]), ...pieces]);
    this.#turn = undefined;
    this.#next = turn.seq + 1;
    this.#kept.keep(turn.seq, bytes);
    const [last, ...before] = turn.exchanges.toReversed();
    if (last !== undefined) this.#send(last, bytes);
    for (const exchange of before) this.#sendAgain(exchange, bytes);
    if (isLast) this.channel.close();
    else this.#beginNext(turn.seq + 1);
  }

  #beginNext(seq: number): void {
    const early = this.#early.get(seq);
    if (early === undefined) return;
    this.#early.delete(seq);
    this.#begin(early.kind, seq, early.exchange);
  }

  #send(exchange: Exchange, bytes: Buffer): void {
    const data = bytes.length - 1;
    this.channel.inFlightBytes += data;
    exchange.response.once('close', () => {
      this.channel.inFlightBytes -= data;
    });
    answer(exchange, bytes);
  }

  /** Sends what is on its way by another connection, or has been. */
  #sendAgain(exchange: Exchange, bytes: Buffer): void {
    this.#againBytes += bytes.length;
    exchange.response.once('close', () => {
      this.#againBytes -= bytes.length;
    });
    answer(exchange, bytes);
  }
}

function emptyAnswer(interval: number): Buffer {
  let bytes = EMPTY_ANSWERS.get(interval);
  if (bytes === undefined) {
    bytes = Buffer.from([interval]);
    EMPTY_ANSWERS.set(interval, bytes);
  }
  return bytes;
}
