import type { StreamCounters } from './access.js';
import type { ActivityLog } from './activity-log.js';

/** Logs what is odd about the media of one stream, each kind once. */
export class OddMedia {
  readonly #activity: ActivityLog;
  #toldHeaders = false;
  #toldJump = false;

  constructor(activity: ActivityLog) {
    this.#activity = activity;
  }

  look(stream: Parameters<ActivityLog['jumped']>[0], { headersRefused, timestampJumps }: StreamCounters): void {
    if (headersRefused > 0 && !this.#toldHeaders) {
      this.#toldHeaders = true;
      this.#activity.headersRefused(stream);
    }
    if (timestampJumps > 0 && !this.#toldJump) {
      this.#toldJump = true;
      this.#activity.jumped(stream);
    }
  }
}
