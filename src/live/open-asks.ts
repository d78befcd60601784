import type { Logger } from '../core/log.js';
import type { EndReason } from '../model/reasons.js';
import type { Answer, Ask, ByteSide } from './access.js';

/** An ask that is being decided. */
export interface OpenAsk {
  /** Why no answer is wanted any more; undefined while one is. It has to be read after every wait. */
  readonly withdrawn: EndReason | undefined;
  /**
   * Answers it. An answer that accepts is sent in the turn in which what it accepts begins: an order about that cannot
   * overtake it then.
   */
  answer(message: Answer): void;
}

/** The asks that are being decided. Each is answered once. */
export class OpenAsks {
  readonly #asks = new Map<number, { withdrawn: EndReason | undefined }>();
  readonly #bytes: ByteSide;
  readonly #log: Logger;

  constructor(bytes: ByteSide, log: Logger) {
    this.#bytes = bytes;
    this.#log = log;
  }

  /**
   * Has an ask decided, which answers it: in this turn when the decision is there at once. A defect is logged and
   * answered.
   */
  decide({ id, kind }: Ask, decide: (open: OpenAsk) => void | Promise<void>): void {
    const open = {
      withdrawn: undefined,
      answer: (message: Answer): void => {
        if (this.#asks.delete(id)) this.#bytes.answer(message);
      },
    };
    this.#asks.set(id, open);
    const failed = (error: unknown): void => {
      this.#log.error({ err: error, code: 'ERR_INTERNAL', ask: kind }, 'a request could not be decided');
      open.answer({ kind: 'askFailed', id, description: error instanceof Error ? error.message : String(error) });
    };
    try {
      decide(open)?.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  withdraw(id: number, reason: EndReason): void {
    const open = this.#asks.get(id);
    if (open !== undefined) open.withdrawn = reason;
  }
}
