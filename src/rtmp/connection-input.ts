import type { ErrorCode } from '../core/errors.js';
import type { PacedReader } from '../hub/audience.js';
import { makeKeyPair } from '../link/key-agreement.js';
import { type LinkOwner, RtmpLink } from '../link/rtmp-link.js';
import { ServerHandshake } from '../protocol/handshake/handshake.js';
import { MessageType } from '../protocol/messages/message-types.js';
import type { Action } from '../protocol/server/actions.js';
import type { ServerSession } from '../protocol/server/session.js';
import type { ByteChannel, OpenChannel } from '../transport/byte-channel.js';
import type { CodecMessage } from '../wasm/chunk-codec.js';
import type { ConnectionDrops } from './connection-drops.js';
import type { ConnectionParts } from './connection-options.js';
import type { ConnectionPlays } from './connection-plays.js';
import type { ConnectionPublishes } from './connection-publishes.js';
import { InboundBudget } from './inbound-budget.js';
import { InputTurn } from './input-turn.js';
import type { StallWatch } from './peer-progress.js';
import { PacedReads } from './read-pacing.js';

/** The connection to which the input belongs. */
export interface InputOwner {
  /** Whether the connection is being closed, so that nothing more is handled. */
  readonly closing: boolean;
  /** Whether a decision is awaited, so that bytes behind the request wait. */
  readonly deciding: boolean;
  /**
   * The handshake is done.
   *
   * @param channel what to send on from now on
   * @returns the session that messages are for
   */
  begin(channel: OpenChannel): ServerSession;
  /** Carries out the actions of the session. */
  run(actions: readonly Action[]): void;
  /** The peer has passed a bound, or does not speak RTMP. */
  abort(code: ErrorCode, detail: string): void;
  /** A fault of the peer, or a defect of Sluice. */
  failed(error: unknown): void;
  /** The channel is closed. */
  closed(error: NodeJS.ErrnoException | undefined): void;
}

/** The parts of a connection that use its input. */
interface InputParts {
  readonly publishes: ConnectionPublishes;
  readonly plays: ConnectionPlays;
  readonly drops: ConnectionDrops;
  readonly stallWatch: StallWatch;
}

/**
 * The input of one connection. When it is the connection's turn, batches of media go to the publications and messages
 * to the session, within the bounds on what a connection may send. It also decides when reading stops: when bytes
 * wait behind a request that is being decided, while other connections come first, or while no player waits for them.
 */
export class ConnectionInput implements LinkOwner, PacedReader {
  readonly #owner: InputOwner;
  readonly #parts: ConnectionParts;
  readonly #publishes: ConnectionPublishes;
  readonly #plays: ConnectionPlays;
  readonly #drops: ConnectionDrops;
  readonly #stallWatch: StallWatch;
  readonly #link: RtmpLink;
  readonly #budget: InboundBudget;
  readonly #turn: InputTurn;
  readonly #reads: PacedReads;
  #session: ServerSession | undefined;
  /** Start of the present work, in monotonic ms. */
  #nowMs = 0;

  /** @param channel not opened yet */
  constructor(channel: ByteChannel, parts: ConnectionParts, of: InputParts, owner: InputOwner) {
    const { codec, options, entropy, nowMs, share } = parts;
    this.#owner = owner;
    this.#parts = parts;
    this.#publishes = of.publishes;
    this.#plays = of.plays;
    this.#drops = of.drops;
    this.#stallWatch = of.stallWatch;
    const agreement = options.encrypted ? makeKeyPair : undefined;
    this.#link = new RtmpLink(channel, codec, new ServerHandshake({ entropy, nowMs: nowMs(), agreement }), this);
    this.#budget = new InboundBudget(options);
    this.#turn = new InputTurn(nowMs, share, () => this.#goOn());
    this.#reads = new PacedReads(parts.pacer, this);
  }

  /** Bytes received, handshake included. */
  get bytesIn(): number {
    return this.#link.bytesIn;
  }

  /** Begins reading. */
  open(): void {
    this.#link.open();
  }

  /** A publish was accepted: bytes before it no longer count against the budget. */
  publishAccepted(): void {
    this.#budget.settle();
  }

  /** A decision is there: what has waited for it is handled, in this turn of the event loop if possible. */
  decided(): void {
    if (!this.#turn.over()) this.#goOn();
  }

  /** Reads what the kernel has, without waiting for the beat; see {@link PacedReads.readNow}. */
  readNow(): Promise<void> {
    return this.#reads.readNow(() => this.#owner.closing);
  }

  /** Sends what was written, then closes. */
  finish(graceMs: number): void {
    this.#link.finish(graceMs);
  }

  /** Closes at once. */
  destroy(): void {
    this.#link.destroy();
  }

  /** Handles what waited for a decision, or for the turns of other connections, and then reads again. */
  #goOn(): void {
    if (!this.#owner.closing && !this.#owner.deciding) this.#link.goOn();
  }

  /** Bytes that wait lie where the next read would put its own: reads go on once they are handled. */
  resumeReads(): void {
    if (!this.#owner.deciding && !this.#turn.waiting) this.#link.channel.resumeReads();
  }

  mayHandle(): boolean {
    return !this.#owner.deciding && this.#turn.begin(this.#publishes.size > 0);
  }

  handshakeDone(): void {
    this.#session = this.#owner.begin(this.#link.channel);
  }

  handshakeFailed(code: ErrorCode): void {
    this.#owner.abort(code, '');
  }

  handling(bytes: number): void {
    this.#nowMs = bytes > 0 ? this.#turn.beganMs : this.#parts.nowMs();
    this.#publishes.received(bytes);
    if (this.#publishes.size === 0) this.#budget.count(bytes);
  }

  batch(): void {
    this.#publishes.deliver(this.#session!, this.#nowMs);
  }

  message(message: CodecMessage): void {
    const session = this.#session!;
    this.#owner.run(session.message(message, this.#nowMs));
    if (message.type === MessageType.Acknowledgement) this.#stallWatch.acknowledged(session.acknowledged, this.#nowMs);
  }

  mayGoOn(): boolean {
    return !this.#owner.deciding && !this.#owner.closing && !this.#turn.over();
  }

  handled(): void {
    const { dropped } = this.#parts.codec;
    if (dropped > 0) this.#drops.unknown(dropped);
    this.#owner.run(this.#session!.received(this.bytesIn));
    if (this.#publishes.size > 0) return;
    const isInUse = this.#plays.size > 0 || this.#session!.objectsInUse > 0;
    const code = this.#budget.spend(0, isInUse, this.#nowMs);
    if (code !== undefined) this.#owner.abort(code, `${this.bytesIn} bytes`);
  }

  mayRead(bytes: number): boolean {
    // A client that waits for a decision says nothing: reading goes on, since only a read sees that it has gone. What
    // it says all the same is left where it was read.
    if (this.#owner.deciding && !this.#parts.codec.hasUnread) return true;
    if (this.#owner.deciding || this.#turn.over()) return this.#owner.closing;
    return !this.#reads.mustWait(this.#plays.size === 0 ? this.#publishes.only : undefined, bytes);
  }

  failed(error: unknown): void {
    this.#owner.failed(error);
  }

  closed(error: NodeJS.ErrnoException | undefined): void {
    this.#owner.closed(error);
  }
}
