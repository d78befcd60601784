import type { AnySluiceEvent } from '../../../src/events/event-types.js';

/** A play of a job, as the server tells it. */
interface JobPlay {
  readonly playerId: string;
  readonly token: number;
}

/**
 * Reads the play events of a server in order and finds what must never be: two runs of one job that receive media at a
 * time, or a run with an older token than one before.
 */
export class MediaWitness {
  readonly violations: string[] = [];
  /** Jobs of which a run received media, `<streamId>/<template>`. */
  readonly served = new Set<string>();
  readonly #playing = new Map<string, JobPlay>();
  readonly #highest = new Map<string, number>();
  /** So many plays of jobs were seen. */
  plays = 0;

  take(event: AnySluiceEvent): void {
    if (event.type !== 'io.sluice.play.started' && event.type !== 'io.sluice.play.ended') return;
    const { streamId, playerId, job } = event.data as {
      streamId: string;
      playerId: string;
      job?: { template: string; token: number };
    };
    if (job === undefined) return;
    const name = `${streamId}/${job.template}`;
    const before = this.#playing.get(name);
    if (event.type === 'io.sluice.play.ended') {
      if (before?.playerId === playerId) this.#playing.delete(name);
      return;
    }
    this.plays++;
    this.served.add(name);
    if (before !== undefined && before.token !== job.token)
      this.violations.push(`${name}: token ${job.token} receives media beside ${before.token}`);
    const highest = this.#highest.get(name) ?? 0;
    if (job.token < highest) this.violations.push(`${name}: token ${job.token} receives media after ${highest}`);
    this.#highest.set(name, Math.max(highest, job.token));
    this.#playing.set(name, { playerId, token: job.token });
  }
}
