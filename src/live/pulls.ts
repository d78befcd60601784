/** A stream name. */
interface StreamName {
  readonly app: string;
  readonly name: string;
}

/** Where streams come from that are fetched when somebody plays them. None of it throws. */
export interface Pulls {
  /** Whether the name can be fetched: then players wait for it, whatever `play.waitForPublisher` says. */
  has(of: StreamName): boolean;
  /** A name is waited for by players from now on, or no longer. */
  wanted(of: StreamName, isWanted: boolean): void;
}
