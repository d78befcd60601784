import type { Player } from '../hub/player.js';
import type { ConnectionFacts } from './access.js';

/** A player of the registry: who it is, and the stream that its `play.started` was told of. */
export interface PlayerEntry {
  readonly player: Player;
  readonly app: string;
  readonly name: string;
  readonly facts: ConnectionFacts;
  /** Stream id of the session it is counted in; undefined while it waits. */
  streamId: string | undefined;
  /** Whether its `play.started` was told: only then its end is. */
  told: boolean;
  /** Whether the log has a line about its start: only then it gets one about its end. */
  logged: boolean;
  /** `player.bytesSent` and `player.skips` when it joined that session. */
  bytesBefore: number;
  skipsBefore: number;
}
