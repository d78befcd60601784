import type { PlayCounters } from '../live/access.js';
import type { PlayEndReason } from '../model/reasons.js';
import type { Viewer } from './client.js';
import type { RecordedPlayer } from './recorded-player.js';

/** A play of a recorded file that is running. */
export class RecordedRun {
  readonly player: RecordedPlayer;
  readonly viewer: Viewer;
  /** Nobody has to publish anything for it. */
  readonly isLive = true;
  readonly isRecorded = true;
  readonly #over: (reason: PlayEndReason) => void;
  #hasEnded = false;

  /** @param over called once, when it has ended */
  constructor(player: RecordedPlayer, viewer: Viewer, over: (reason: PlayEndReason) => void) {
    this.player = player;
    this.viewer = viewer;
    this.#over = over;
  }

  /** Ends it; calls after the first do nothing. */
  end(reason: PlayEndReason): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.player.close();
    this.#over(reason);
  }
}

/** The plays of recorded files of all connections. */
export class RecordedRuns {
  readonly #runs = new Map<string, RecordedRun>();
  readonly #ended: (reason: PlayEndReason, counters: PlayCounters) => void;
  #bytesPast = 0;

  /** @param ended reports the end of a play */
  constructor(ended: (reason: PlayEndReason, counters: PlayCounters) => void) {
    this.#ended = ended;
  }

  /** Bytes sent since the start. */
  get bytesOut(): number {
    let sum = this.#bytesPast;
    for (const { player } of this.#runs.values()) sum += player.bytesSent;
    return sum;
  }

  /** The play of an id. */
  get(playId: string): RecordedRun | undefined {
    return this.#runs.get(playId);
  }

  /** A play begins. */
  begin(player: RecordedPlayer, viewer: Viewer): RecordedRun {
    const { id: playId } = player;
    const run = new RecordedRun(player, viewer, (reason) => {
      this.#runs.delete(playId);
      this.#bytesPast += player.bytesSent;
      this.#ended(reason, { playId, bytes: player.bytesSent, drops: player.skips });
    });
    this.#runs.set(playId, run);
    return run;
  }
}
