import { SluiceError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { Answer, Ask, FactSide, Refusal } from '../live/access.js';
import type { EndReason, PlayEndReason } from '../model/reasons.js';

/** The result of a request. The asker owns `run` and has to end it. */
export type Decision<Run, Status> =
  | { readonly accept: true; readonly run: Run }
  | { readonly accept: false; readonly refusal: Refusal<Status> };

/** Gets the answer to a request, in the same turn or in a later one; never after {@link OpenRequest.withdraw}. */
export interface Asker<Run, Status> {
  readonly answered: (decision: Decision<Run, Status>) => void;
  /** A defect of Sluice while the request was decided, or while the answer was carried out. */
  readonly failed: (error: unknown) => void;
}

/** A request that is being decided. */
export interface OpenRequest {
  /**
   * The client is gone, so no answer is wanted. A request that is accepted all the same is ended at once for this
   * reason.
   */
  withdraw(reason: EndReason, playReason: PlayEndReason): void;
}

/** A request that waits for its answer. */
interface Waiting {
  readonly act: (answer: Answer) => void;
  readonly failed: (error: unknown) => void;
}

/** Why a request was withdrawn, for a publish and for a play. */
interface Withdrawal {
  readonly reason: EndReason;
  readonly playReason: PlayEndReason;
}

/** The requests of a door that wait for the answer of the fact side. */
export class Requests {
  readonly #facts: FactSide;
  readonly #log: Logger;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(facts: FactSide, log: Logger) {
    this.#facts = facts;
    this.#log = log;
  }

  /** Asks, and carries out the answer. The asker is not called for an answer that comes after it has withdrawn. */
  ask(
    ask: (id: number) => Ask,
    failed: (error: unknown) => void,
    act: (answer: Answer, withdrawn: Withdrawal | undefined) => void,
  ): OpenRequest {
    const id = ++this.#lastId;
    let withdrawn: Withdrawal | undefined;
    const failedInside = (error: unknown): void => {
      if (withdrawn === undefined) failed(error);
      else this.#log.error({ err: error, code: 'ERR_INTERNAL' }, 'an answer that came late failed inside');
    };
    this.#waiting.set(id, {
      act: (answer) => {
        if (answer.kind === 'askFailed') failedInside(new SluiceError('ERR_INTERNAL', answer.description));
        else act(answer, withdrawn);
      },
      failed: failedInside,
    });
    this.#facts.ask(ask(id));
    return {
      withdraw: (reason, playReason) => {
        if (withdrawn !== undefined || !this.#waiting.has(id)) return;
        withdrawn = { reason, playReason };
        this.#facts.report({ kind: 'askWithdrawn', id, reason });
      },
    };
  }

  /** Takes an answer of the fact side. */
  answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    this.#waiting.delete(answer.id);
    try {
      waiting.act(answer);
    } catch (error) {
      waiting.failed(error);
    }
  }
}
