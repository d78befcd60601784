import type { Asker, Decision, OpenRequest } from '../doors/requests.js';
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
  /** Whether a decision is awaited. It is read for every read of the connection, so it is kept ready. */
  on = false;
  readonly #connection: HeldConnection;
  /** What is being decided; without a request while it is being asked for. */
  readonly #open = new Set<{ request: OpenRequest | undefined }>();

  constructor(connection: HeldConnection) {
    this.#connection = connection;
  }

  /**
   * Holds the connection up until a decision is there.
   *
   * @param ask asks for it
   * @param act acts on it, before the connection goes on; also when the connection was closed meanwhile
   */
  until<Run, Status>(
    ask: (asker: Asker<Run, Status>) => OpenRequest,
    act: (decision: Decision<Run, Status>) => void,
  ): void {
    const held: { request: OpenRequest | undefined } = { request: undefined };
    let isLater = false;
    this.#open.add(held);
    this.on = true;
    held.request = ask({
      answered: (decision) => {
        act(decision);
        this.#close(held);
        if (isLater) this.#connection.goOn();
      },
      failed: (error) => {
        this.#close(held);
        this.#connection.fail(error);
      },
    });
    isLater = true;
  }

  /** The connection is over: no decision is needed any more. */
  withdraw(reason: EndReason, playReason: PlayEndReason): void {
    for (const { request } of this.#open) request?.withdraw(reason, playReason);
    this.#open.clear();
    this.on = false;
  }

  #close(held: { readonly request: OpenRequest | undefined }): void {
    this.#open.delete(held);
    this.on = this.#open.size > 0;
  }
}
