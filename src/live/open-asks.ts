import type { Logger } from '../core/log.js';
import type { EndReason } from '../model/reasons.js';
import type { Answer, Ask, ByteSide } from './access.js';

/** An ask that is being decided. */
export interface OpenAsk {
  /** Why no answer is wanted any more; undefined while one is. It has to be read after every wait. */
  readonly withdrawn: EndReason | undefined;
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
   * Has an ask decided and answers it: in this turn when the decision is there at once. A defect is logged and
   * answered.
   */
  decide({ id, kind }: Ask, decide: (open: OpenAsk) => Answer | Promise<Answer>): void {
    const open: { withdrawn: EndReason | undefined } = { withdrawn: undefined };
    this.#asks.set(id, open);
    const answer = (message: Answer): void => {
      this.#asks.delete(id);
      this.#bytes.answer(message);
    };
    const failed = (error: unknown): void => {
      this.#log.error({ err: error, code: 'ERR_INTERNAL', ask: kind }, 'a request could not be decided');
      answer({ kind: 'askFailed', id, description: error instanceof Error ? error.message : String(error) });
    };
    try {
      const decision = decide(open);
      if (decision instanceof Promise) decision.then(answer, failed);
      else answer(decision);
    } catch (error) {
      failed(error);
    }
  }

  withdraw(id: number, reason: EndReason): void {
    const open = this.#asks.get(id);
    if (open !== undefined) open.withdrawn = reason;
  }
}
