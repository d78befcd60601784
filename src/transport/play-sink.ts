import type { Player, PlayerSink } from '../hub/player.js';
import type { ByteSocket, Drainable } from './byte-socket.js';

/** Sends a player's media to its connection and hears when a slow write has gone. */
export class PlaySink implements PlayerSink, Drainable {
  /** Set once the hub has made it. */
  player: Player | undefined;
  readonly #socket: ByteSocket;
  readonly #onPublisher: (came: boolean) => void;

  constructor(socket: ByteSocket, onPublisher: (came: boolean) => void) {
    this.#socket = socket;
    this.#onPublisher = onPublisher;
  }

  write(bytes: Buffer): boolean {
    return this.#socket.write(bytes, this);
  }

  drained(nowMs: number): void {
    this.player?.drained(nowMs);
  }

  publisherCame(): void {
    this.#onPublisher(true);
  }

  publisherGone(): void {
    this.#onPublisher(false);
  }
}
