import type { PlayedTotals, RecordedPlayer, RecordedSink } from '../doors/recorded-player.js';
import type { Drainable, OpenChannel } from '../transport/byte-channel.js';

/** What a sink tells its connection. None of it throws. */
interface RecordedSinkEvents {
  readonly onComplete: (totals: PlayedTotals) => void;
  readonly onFailed: (error: unknown) => void;
  /** A write has gone: what other plays of the connection have waited for may be sent now. */
  readonly onDrained: () => void;
}

/** Sends the media of a recorded play to its connection and hears when a slow write has gone. */
export class RecordedPlaySink implements RecordedSink, Drainable {
  /** Set once it is made. */
  player: RecordedPlayer | undefined;
  readonly complete: (totals: PlayedTotals) => void;
  readonly failed: (error: unknown) => void;
  readonly #channel: OpenChannel;
  readonly #maxLagBytes: number;
  readonly #onDrained: () => void;

  /** @param maxLagBytes unsent bytes of the whole connection past which nothing more is written */
  constructor(channel: OpenChannel, maxLagBytes: number, events: RecordedSinkEvents) {
    this.#channel = channel;
    this.#maxLagBytes = maxLagBytes;
    this.complete = events.onComplete;
    this.failed = events.onFailed;
    this.#onDrained = events.onDrained;
  }

  get clogged(): boolean {
    return this.#channel.isBehind(this.#maxLagBytes);
  }

  write(bytes: Buffer): boolean {
    return this.#channel.write(bytes, this);
  }

  drained(): void {
    this.player?.drained();
    this.#onDrained();
  }
}
