import { SluiceError } from '../core/errors.js';
import type { Drainable, OpenChannel } from '../transport/byte-channel.js';
import type { Player } from './player.js';
import type { PlayerSink } from './player-sink.js';

/** What a sink tells its connection. */
interface PlaySinkEvents {
  /** The publisher came, or is gone for good. */
  readonly onPublisher: (came: boolean) => void;
  /** A defect of Sluice while the player was served: the play has to be ended. Never throws. */
  readonly onDefect: (error: SluiceError) => void;
  /** What is being sent holds memory that is needed, and only closing the connection frees it. Never throws. */
  readonly onEvicted: (error: SluiceError) => void;
  /** A write has gone: what other plays of the connection have waited for may be sent now. Never throws. */
  readonly onDrained: () => void;
}

/** Sends a player's media to its connection and hears when a slow write has gone. */
export class PlaySink implements PlayerSink, Drainable {
  /** Set once the hub has made it. */
  player: Player | undefined;
  readonly #channel: Pick<OpenChannel, 'write' | 'isBehind'>;
  readonly #events: PlaySinkEvents;
  readonly #maxLagBytes: number;

  /** @param maxLagBytes unsent bytes of the whole connection past which nothing more is written */
  constructor(channel: Pick<OpenChannel, 'write' | 'isBehind'>, maxLagBytes: number, events: PlaySinkEvents) {
    this.#channel = channel;
    this.#maxLagBytes = maxLagBytes;
    this.#events = events;
  }

  get clogged(): boolean {
    return this.#channel.isBehind(this.#maxLagBytes);
  }

  write(bytes: Buffer): boolean {
    return this.#channel.write(bytes, this);
  }

  drained(): void {
    try {
      this.player?.drained();
    } catch (error) {
      this.player?.fail(error);
    }
    this.#events.onDrained();
  }

  publisherCame(): void {
    this.#events.onPublisher(true);
  }

  publisherGone(): void {
    this.#events.onPublisher(false);
  }

  evicted(): void {
    this.#events.onEvicted(new SluiceError('ERR_LIMIT_MEMORY', `player ${this.player?.id}`));
  }

  failed(error: unknown): void {
    const detail = error instanceof Error ? error.message : String(error);
    this.#events.onDefect(new SluiceError('ERR_PLAY_DEFECT', detail, { cause: error }));
  }
}
