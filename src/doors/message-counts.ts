import type { ErrorCode } from '../core/errors.js';
import type { FactSide } from '../live/access.js';
import type { DropCause } from '../model/drop-causes.js';

/** Counts useless messages, which peers can send as fast as they like, and reports the counts together. */
export class MessageCounts {
  readonly #facts: FactSide;
  #dropped: Partial<Record<DropCause, number>> = {};
  #dataRefused: Partial<Record<ErrorCode, number>> = {};
  #dataMended = 0;
  #any = false;

  constructor(facts: FactSide) {
    this.#facts = facts;
  }

  dropped(cause: DropCause, messages: number): void {
    this.#dropped[cause] = (this.#dropped[cause] ?? 0) + messages;
    this.#any = true;
  }

  dataRefused(code: ErrorCode): void {
    this.#dataRefused[code] = (this.#dataRefused[code] ?? 0) + 1;
    this.#any = true;
  }

  dataMended(): void {
    this.#dataMended++;
    this.#any = true;
  }

  /** Reports what was counted since the last time, if anything was. */
  tell(): void {
    if (!this.#any) return;
    const [dropped, dataRefused, dataMended] = [this.#dropped, this.#dataRefused, this.#dataMended];
    this.#dropped = {};
    this.#dataRefused = {};
    this.#dataMended = 0;
    this.#any = false;
    this.#facts.report({ kind: 'messagesCounted', dropped, dataRefused, dataMended });
  }
}
