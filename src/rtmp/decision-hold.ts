import type { Asker, Decision, OpenRequest } from '../doors/door.js';
import type { EndReason, PlayEndReason } from '../model/reasons.js';

/** What a {@link DecisionHold} needs of its connection. None of it throws. */
interface HeldConnection {
  readonly goOn: () => unknown;
  readonly fail: (error: unknown) => void;
}

/**
 * Holds a connection up while a connect, a publish or a play is being decided: what the client sent after it waits, in
 * the codec and in the kernel. An answer that is there at once holds nothing up.
 */
export class DecisionHold {
  readonly #connection: HeldConnection;
  #isOn = false;
  #request: OpenRequest | undefined;

  constructor(connection: HeldConnection) {
    this.#connection = connection;
  }

  /** Whether a decision is awaited. */
  get on(): boolean {
    return this.#isOn;
  }

  /**
   * Holds the connection up until a decision is there.
   *
   * @param ask asks for it
   * @param act acts on it, before the connection goes on
   */
  until<Run, Status>(
    ask: (asker: Asker<Run, Status>) => OpenRequest,
    act: (decision: Decision<Run, Status>) => void,
  ): void {
    let isLater = false;
    this.#isOn = true;
    const request = ask({
      answered: (decision) => {
        act(decision);
        this.#over();
        if (isLater) this.#connection.goOn();
      },
      failed: (error) => {
        this.#over();
        this.#connection.fail(error);
      },
    });
    isLater = true;
    if (this.#isOn) this.#request = request;
  }

  /** The connection is over: the decision is not needed any more. */
  withdraw(reason: EndReason, playReason: PlayEndReason): void {
    this.#request?.withdraw(reason, playReason);
    this.#over();
  }

  #over(): void {
    this.#isOn = false;
    this.#request = undefined;
  }
}
