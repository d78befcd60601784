import type { ConnectionFacts } from './access.js';

/** An accepted play: who plays what, and the stream of its `play.started`. */
export interface PlayerEntry {
  readonly playId: string;
  readonly app: string;
  readonly name: string;
  readonly facts: ConnectionFacts;
  /** Id of the stream in which it is counted; undefined while it waits. */
  streamId: string | undefined;
  /** Whether its `play.started` was told: only then its end is. */
  told: boolean;
  /** Whether the log has a line about its start: only then it gets one about its end. */
  logged: boolean;
}
