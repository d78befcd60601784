import type { JobTicket } from './job-ticket.js';

/** A play that plays one stream, as far as it is looked at here. */
interface BoundPlay {
  readonly playId: string;
  readonly ticket: JobTicket | undefined;
  readonly boundTo: string | undefined;
}

/** The plays of jobs and of other nodes, by stream. Nothing waits for them, and they wait for nothing. */
export class BoundPlays<P extends BoundPlay> {
  readonly #byStream = new Map<string, Set<P>>();

  add(streamId: string, play: P): void {
    const plays = this.#byStream.get(streamId) ?? new Set();
    this.#byStream.set(streamId, plays.add(play));
  }

  remove(streamId: string, play: P): void {
    const plays = this.#byStream.get(streamId);
    plays?.delete(play);
    if (plays?.size === 0) this.#byStream.delete(streamId);
  }

  /** Those of one stream. They may end while the list is gone through. */
  of(streamId: string): readonly P[] {
    return [...(this.#byStream.get(streamId) ?? [])];
  }

  /** Those with a ticket. */
  with({ streamId, template, token }: JobTicket): readonly P[] {
    return this.of(streamId).filter(({ ticket }) => ticket?.template === template && ticket.token === token);
  }

  /** Those of the same job with another ticket. */
  others({ streamId, template, token }: JobTicket): readonly P[] {
    return this.of(streamId).filter(({ ticket }) => ticket?.template === template && ticket.token !== token);
  }
}
