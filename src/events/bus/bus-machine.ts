import type { LinkState } from '../../nats/connection.js';
import type { WaitReason } from '../../nats/publish-outcome.js';
import { type BusState, stateOfCheck } from './bus-state.js';
import type { StreamCheck } from './stream-setup.js';

/**
 * What has to be done when the publisher reports that everything waits: set the stream up again, or ask whether it
 * exists.
 */
export type AfterWait = 'nothing' | 'prepare' | 'ask';

/**
 * The states of the bus and their transitions, by what the connection, the check of the stream, the lease and the
 * publisher report. It does no I/O. `closed` is final.
 */
export class BusMachine {
  readonly #onChange: (state: BusState, detail: string) => void;
  #state: BusState = 'connecting';
  #detail = '';
  #isPrepared = false;

  /** @param onChange told each time the state is another one */
  constructor(onChange: (state: BusState, detail: string) => void) {
    this.#onChange = onChange;
  }

  get state(): BusState {
    return this.#state;
  }

  /** One sentence on the state; empty when it is `ready`. */
  get detail(): string {
    return this.#detail;
  }

  /** Whether stream and heartbeat are set up on the present connection. Nothing is written before that. */
  get isPrepared(): boolean {
    return this.#isPrepared;
  }

  /** There is no connection any more, or none yet. */
  unlinked(state: Exclude<LinkState, 'connected'>, detail: string): void {
    this.#isPrepared = false;
    if (state !== 'closed') this.#set(state, detail);
  }

  /**
   * The stream cannot be used, or with an `ok` check it is not known what other nodes have done. Set-up is tried again.
   */
  unusable(check: StreamCheck): void {
    this.#set(...stateOfCheck(check));
  }

  /** Stream and heartbeat are set up. @param holdsLease whether events may be sent already */
  prepared(holdsLease: boolean): void {
    this.#isPrepared = true;
    if (holdsLease) this.#set('ready', '');
    else this.#set('not_answering', 'it is being looked up which streams other nodes have ended');
  }

  /** The lease is held (again). */
  leaseHeld(): void {
    if (this.#isPrepared && this.#state === 'not_answering') this.#set('ready', '');
  }

  /** No heartbeat got through for most of the lease. @returns whether anything was being sent until now */
  leaseLapsed(cause: string): boolean {
    if (this.#isPrepared) this.#set('not_answering', `no heartbeat gets through: ${cause}`);
    return this.#isPrepared;
  }

  /** Events are stored. */
  flows(): void {
    if (this.#isPrepared) this.#set('ready', '');
  }

  /** Every event has to wait. */
  waits(why: WaitReason, text: string): AfterWait {
    this.#set(why, text);
    if (why === 'stream_missing') {
      this.#isPrepared = false;
      return 'prepare';
    }
    return why === 'not_answering' ? 'ask' : 'nothing';
  }

  /** It was asked, and the stream is gone. */
  streamGone(): void {
    this.#isPrepared = false;
    this.#set('stream_missing', 'the stream is gone');
  }

  /** Nothing more is published. */
  close(): void {
    this.#set('closed', '');
  }

  #set(state: BusState, detail: string): void {
    if (this.#state === 'closed') return;
    const isChange = state !== this.#state;
    this.#state = state;
    this.#detail = detail;
    if (isChange) this.#onChange(state, detail);
  }
}
