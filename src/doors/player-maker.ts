import type { Player } from '../hub/player.js';
import type { UnsentWrites } from '../hub/unsent-writes.js';
import type { PlayRequest } from '../live/recorded-names.js';
import type { RecordedPlayer } from './recorded-player.js';

/** Makes the player of an accepted play. */
export interface PlayerMaker {
  /** Of a live stream. @param writes the hub's list of unsent writes */
  readonly live: (playId: string, writes: UnsentWrites) => Player;
  /** Of a file below `media.root`. */
  readonly recorded: (playId: string, file: string) => RecordedPlayer;
}

/** Only what the fact side is asked about a play. */
export function playOf({ app, name, query, start, container }: PlayRequest): PlayRequest {
  return { app, name, query, start, ...(container === undefined ? {} : { container }) };
}
