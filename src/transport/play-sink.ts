import { SluiceError } from '../core/errors.js';
import type { Player, PlayerSink } from '../hub/player.js';
import type { ByteSocket, Drainable } from './byte-socket.js';

/** What a sink tells its connection. */
export interface PlaySinkEvents {
  /** The publisher came, or is gone for good. */
  readonly onPublisher: (came: boolean) => void;
  /** A defect of ours while the player was served, or no memory for it: the connection has to go. Never throws. */
  readonly onDefect: (error: SluiceError) => void;
}

/** Sends a player's media to its connection and hears when a slow write has gone. */
export class PlaySink implements PlayerSink, Drainable {
  /** Set once the hub has made it. */
  player: Player | undefined;
  readonly #socket: ByteSocket;
  readonly #events: PlaySinkEvents;

  constructor(socket: ByteSocket, events: PlaySinkEvents) {
    this.#socket = socket;
    this.#events = events;
  }

  write(bytes: Buffer): boolean {
    return this.#socket.write(bytes, this);
  }

  drained(nowMs: number): void {
    try {
      this.player?.drained(nowMs);
    } catch (error) {
      this.player?.fail(error);
    }
  }

  publisherCame(): void {
    this.#events.onPublisher(true);
  }

  publisherGone(): void {
    this.#events.onPublisher(false);
  }

  evicted(): void {
    this.#events.onDefect(new SluiceError('ERR_LIMIT_MEMORY', `player ${this.player?.id}`));
  }

  failed(error: unknown): void {
    const detail = error instanceof Error ? error.message : String(error);
    this.#events.onDefect(new SluiceError('ERR_PLAY_DEFECT', detail, { cause: error }));
  }
}
