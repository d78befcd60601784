import type { Player } from '../hub/player.js';
import type { PlayCounters } from '../live/access.js';
import type { PlayEndReason } from '../model/reasons.js';
import type { Viewer } from './client.js';

/** A stream that is played. */
interface PlayedStream {
  readonly plays: Set<RunningPlay>;
  playLeft(play: RunningPlay): void;
}

/** A play that is running or waits for a publisher. */
export class RunningPlay {
  readonly player: Player;
  /** Whether there was a publication when it began. */
  readonly isLive: boolean;
  readonly isRecorded = false;
  readonly viewer: Viewer;
  readonly #over: (reason: PlayEndReason) => void;
  #stream: PlayedStream | undefined;
  #ended = false;
  /** `player.bytesSent` and `player.skips` when it joined the stream. */
  #bytesBefore = 0;
  #skipsBefore = 0;

  /** @param over called once, when it has ended */
  constructor(player: Player, isLive: boolean, viewer: Viewer, over: (reason: PlayEndReason) => void) {
    this.player = player;
    this.isLive = isLive;
    this.viewer = viewer;
    this.#over = over;
  }

  /** What it has been sent since it began, or since it joined its present stream. */
  get counters(): PlayCounters {
    const { id, bytesSent, skips } = this.player;
    return { playId: id, bytes: bytesSent - this.#bytesBefore, drops: skips - this.#skipsBefore };
  }

  /** It is attached to a stream from here on. */
  joins(stream: PlayedStream): void {
    this.#stream = stream;
    this.#bytesBefore = this.player.bytesSent;
    this.#skipsBefore = this.player.skips;
    stream.plays.add(this);
  }

  /** Its stream has ended. It waits for the next one, and keeps nothing of this one. */
  leaves(): void {
    this.#stream = undefined;
  }

  /** Ends it; calls after the first do nothing. */
  end(reason: PlayEndReason): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stream?.playLeft(this);
    this.#over(reason);
  }
}
