import type { JobTicket } from './job-ticket.js';

/** A play of a job, as far as it is looked at here. */
interface JobPlay {
  readonly playId: string;
  readonly ticket: JobTicket | undefined;
}

/** The plays of jobs, by stream. They are no audience: nothing waits for them, and they wait for nothing. */
export class JobPlays<P extends JobPlay> {
  readonly #byStream = new Map<string, Set<P>>();

  add(ticket: JobTicket, play: P): void {
    const plays = this.#byStream.get(ticket.streamId) ?? new Set();
    this.#byStream.set(ticket.streamId, plays.add(play));
  }

  remove({ streamId }: JobTicket, play: P): void {
    const plays = this.#byStream.get(streamId);
    plays?.delete(play);
    if (plays?.size === 0) this.#byStream.delete(streamId);
  }

  /** Those of one stream. They may end while the list is gone through. */
  of(streamId: string): readonly P[] {
    return [...(this.#byStream.get(streamId) ?? [])];
  }

  /** Those of the same job with another ticket. */
  others({ streamId, template, token }: JobTicket): readonly P[] {
    return this.of(streamId).filter(({ ticket }) => ticket?.template === template && ticket.token !== token);
  }
}
