/** A stream name. */
interface StreamName {
  readonly app: string;
  readonly name: string;
}

/** Where streams come from that are fetched when somebody plays them. None of it throws. */
export interface Pulls {
  /** Whether the name can be fetched: then players wait for it, whatever `play.waitForPublisher` says. */
  has(of: StreamName): boolean;
  /**
   * A name that is not here is about to be played: it is looked for, and begun to be fetched.
   *
   * @returns resolves when it is here, or when the play has waited long enough to be answered as one of a name that is
   *   not here; undefined: there is nothing to wait for
   */
  arrival(of: StreamName): Promise<void> | undefined;
  /** A name is waited for by players from now on, or no longer. */
  wanted(of: StreamName, isWanted: boolean): void;
}
