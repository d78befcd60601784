/** What a {@link DecisionHold} needs of its connection. None of them throws. */
export interface HeldConnection {
  readonly closing: () => boolean;
  readonly goOn: () => unknown;
  readonly fail: (error: unknown) => void;
}

/** Holds a connection up while a publish or a play is being decided: what the client sent after it waits, in the codec and in the kernel. */
export class DecisionHold {
  /** Whether a decision is awaited. */
  on = false;
  readonly #connection: HeldConnection;

  constructor(connection: HeldConnection) {
    this.#connection = connection;
  }

  /**
   * Holds the connection up until a decision is there.
   *
   * @param act takes the answer
   * @param tooLate takes it instead when the connection has closed meanwhile
   */
  async until<Answer>(
    decision: Promise<Answer>,
    act: (answer: Answer) => void,
    tooLate: (answer: Answer) => void,
  ): Promise<void> {
    const { closing, goOn, fail } = this.#connection;
    this.on = true;
    try {
      const answer = await decision;
      if (closing()) {
        tooLate(answer);
        return;
      }
      act(answer);
      this.on = false;
      goOn();
    } catch (error) {
      fail(error);
    }
  }
}
