import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { BanSubject } from '../../live/admission.js';
import type { Ban, BanKind } from '../../model/ban.js';
import { BanTable, banValue } from './ban-table.js';

/** How often bans that are over are looked for. */
const SWEEP_MS = 10_000;

/** Where bans are kept beyond the memory of this process. Nothing rejects. */
export interface BanStore {
  /** @returns whether it is kept now; when not, the store tries again by itself */
  put(ban: Ban): Promise<boolean>;
  /** @returns whether it is removed there now; when not, the store tries again by itself */
  remove(kind: BanKind, value: string): Promise<boolean>;
  /** Called now and then with bans that are over. */
  sweep(over: readonly Ban[]): void;
  close(): Promise<void>;
}

/** What became of a new ban. `stored`: not only in memory. */
interface AddedBan {
  readonly ban: Ban;
  readonly stored: boolean;
}

/**
 * The bans that hold on this node. A ban holds from the moment at which it is added, also while the place where bans
 * are kept cannot be reached.
 */
export class BanList {
  readonly #table = new BanTable();
  /** Addresses that guess keys: on this node, for a minute, and never written down. */
  readonly #guessers = new BanTable();
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #listeners = new Set<(ban: Ban) => void>();
  #store: BanStore | undefined;
  #sweptMs = 0;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  get size(): number {
    return this.#table.size + this.#guessers.size;
  }

  /** Whether any ban names a key. */
  get hasKeys(): boolean {
    return this.#table.hasKeys;
  }

  /** Says where bans are kept. Without a store they are gone at the end of the process. */
  keepIn(store: BanStore): void {
    this.#store = store;
  }

  /** Calls `listener` with each ban that begins to hold, so that what it names can be ended. */
  onAdded(listener: (ban: Ban) => void): void {
    this.#listeners.add(listener);
  }

  /**
   * Adds a ban, or replaces the one on the same thing. It holds when this returns.
   *
   * @returns undefined when the value cannot be one of its kind, or the ban is over already
   */
  async add(ban: Ban): Promise<AddedBan | undefined> {
    const kept = this.take(ban);
    if (kept === undefined) return undefined;
    const stored = (await this.#store?.put(kept)) ?? false;
    return { ban: kept, stored };
  }

  /** Takes a ban that is kept already, such as one that another node has set. */
  take(ban: Ban): Ban | undefined {
    const value = banValue(ban.kind, ban.value);
    const nowMs = this.#clock.wallMs();
    if (value === undefined || ban.untilMs <= nowMs) return undefined;
    const kept = { ...ban, value };
    const before = this.#table.get(kept.kind, value);
    this.#table.set(kept);
    // One that is over may not be swept yet, and what it named may run again.
    if (before === undefined || before.untilMs <= nowMs) this.#tell(kept);
    return kept;
  }

  /** Lifts a ban. @returns whether there was one */
  async remove(kind: BanKind, value: string): Promise<boolean> {
    const was = this.forget(kind, value);
    const form = banValue(kind, value);
    if (form !== undefined) await this.#store?.remove(kind, form);
    return was;
  }

  /** Forgets a ban that is kept nowhere any more. @returns whether it was known */
  forget(kind: BanKind, value: string): boolean {
    const wasGuesser = this.#guessers.remove(kind, value);
    return this.#table.remove(kind, value) || wasGuesser;
  }

  /** Every ban that holds now. */
  list(): readonly Ban[] {
    const nowMs = this.#clock.wallMs();
    return [...this.#table.list(nowMs), ...this.#guessers.list(nowMs)];
  }

  /** The bans that are kept beyond this process. */
  kept(): readonly Ban[] {
    return this.#table.list(this.#clock.wallMs());
  }

  match(subject: BanSubject): Ban | undefined {
    if (this.size === 0) return undefined;
    const nowMs = this.#clock.wallMs();
    return this.#table.match(subject, nowMs) ?? this.#guessers.match(subject, nowMs);
  }

  banGuesser(address: string, untilMs: number): void {
    const reason = 'too many different wrong keys';
    if (!this.#guessers.set({ kind: 'address', value: address, untilMs, reason, by: 'sluice' })) return;
    this.#log.warn({ code: 'ERR_AUTH_BANNED', peer: address }, 'an address was banned for a minute: it guesses keys');
  }

  /** Does what is due by time. Call it a few times a second. @param nowMs monotonic */
  tick(nowMs: number): void {
    if (nowMs - this.#sweptMs < SWEEP_MS) return;
    this.#sweptMs = nowMs;
    const wallMs = this.#clock.wallMs();
    this.#guessers.expire(wallMs);
    this.#store?.sweep(this.#table.expire(wallMs));
  }

  async close(): Promise<void> {
    await this.#store?.close();
  }

  #tell(ban: Ban): void {
    for (const listener of this.#listeners) {
      try {
        listener(ban);
      } catch (error) {
        this.#log.error({ err: error, code: 'ERR_INTERNAL', kind: ban.kind }, 'a ban could not be acted upon');
      }
    }
  }
}
