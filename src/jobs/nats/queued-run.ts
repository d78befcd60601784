import type { RunProgress } from '../../model/run-progress.js';
import type { AnswerTimeout } from '../../nats/answer-timeout.js';
import { type NatsConnection, natsHeaders } from '../../nats/connection.js';
import { publish } from '../../nats/jetstream.js';
import { backoffMs, outcomeOf } from '../../nats/publish-outcome.js';
import type { Run, RunEnd, RunOrder } from '../run/run.js';
import type { StartQueued } from '../run/start-run.js';
import type { QueueRun } from '../template/template.js';

/** What publishing jobs is made with. */
interface QueueDeps {
  readonly connection: NatsConnection;
  readonly answerTimeout: AnswerTimeout;
  /** `jobs.leaseMs`. */
  readonly leaseMs: number;
}

/** A published job of which no worker reports for so many leases has failed. */
const MOST_LEASES = 6;

/**
 * Publishes jobs to the JetStream subject of their template. The run is over when a worker reports, which the record
 * tells; when nobody does in time, it has failed. A worker that takes the message later is told that it is fenced.
 */
export function queueStarter(deps: QueueDeps): StartQueued {
  return (run, order) => new QueuedRun(deps, run, order);
}

class QueuedRun implements Run {
  readonly shown: readonly string[];
  readonly progress: RunProgress = {};
  readonly done: Promise<RunEnd>;
  readonly #stopped = new AbortController();
  /** What has not happened so far. */
  #why = 'it was not stored';
  #end: (end: RunEnd) => void = () => {};

  constructor(deps: QueueDeps, { subject }: QueueRun, order: RunOrder) {
    this.shown = ['queue', subject];
    this.done = new Promise((resolve) => {
      this.#end = resolve;
    });
    const windowMs = deps.leaseMs * MOST_LEASES;
    const late = setTimeout(
      () => this.#over({ kind: 'stall', logTail: `${subject}: ${this.#why} within ${windowMs} ms` }),
      windowMs,
    );
    this.#stopped.signal.addEventListener('abort', () => clearTimeout(late), { once: true });
    void this.#publish(deps, subject, order);
  }

  /** Nobody works at it yet. */
  expectProgress(): void {}

  stop(): void {
    this.#over({ kind: 'asked' });
  }

  #over(end: RunEnd): void {
    this.#stopped.abort();
    this.#end(end);
  }

  async #publish({ connection, answerTimeout, leaseMs }: QueueDeps, subject: string, order: RunOrder): Promise<void> {
    const { jobId, attempt, token, url, facts } = order;
    const message = { jobId, attempt, token, ...(url === undefined ? {} : { url }), snapshot: facts, leaseMs };
    const body = Buffer.from(JSON.stringify(message), 'utf8');
    // A publish whose answer was lost is repeated, and stored once.
    const headers = natsHeaders({ 'Nats-Msg-Id': `${jobId}:${attempt}`, 'content-type': 'application/json' });
    for (let tries = 0; !this.#stopped.signal.aborted; tries++) {
      const outcome = outcomeOf(await publish(connection, subject, body, headers, answerTimeout));
      if (outcome.kind === 'stored' || outcome.kind === 'taken') {
        this.#why = 'no worker reported';
        return;
      }
      if (outcome.kind !== 'wait') {
        this.#over({ kind: 'exit', logTail: `${subject}: ${outcome.text}` });
        return;
      }
      this.#why = `it was not stored (${outcome.text})`;
      await new Promise((resolve) => setTimeout(resolve, backoffMs(tries, Math.random())));
    }
  }
}
