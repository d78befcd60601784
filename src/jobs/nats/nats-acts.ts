import type { Clock } from '../../core/clock.js';
import { SluiceError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import { Directory } from '../../events/directory.js';
import type { AnswerTimeout } from '../../nats/answer-timeout.js';
import type { NatsConnection } from '../../nats/connection.js';
import { JobActs } from '../desk/job-acts.js';
import { JobBook } from '../runner/job-book.js';
import type { Teller } from '../tell/job-event.js';
import { BucketMirror } from './bucket-mirror.js';
import { NatsJobTeller } from './job-events.js';
import { JOB_BUCKETS, natsJobStore } from './nats-job-store.js';
import type { NatsPlaces } from './nats-streams.js';

/** What acting on jobs is made with. */
interface ActsDeps {
  readonly connection: NatsConnection;
  readonly places: Pick<NatsPlaces, 'prefix' | 'stream' | 'nodesBucket'>;
  /** Who tells that a job was stopped that nobody held. */
  readonly teller: Teller;
  readonly replicas: number;
  readonly answerTimeout: AnswerTimeout;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How long the event of a job that was stopped is waited for, in ms; else a runner tells it when it compares. */
const TELL_MS = 2000;

/**
 * Acts on jobs in NATS, once: nothing is followed, and nothing is kept afterwards.
 *
 * @throws SluiceError what `work` throws
 */
export async function withNatsActs<T>(deps: ActsDeps, work: (acts: JobActs) => Promise<T>): Promise<T> {
  const { connection, places, teller, replicas, answerTimeout, clock, log } = deps;
  const directory = new Directory(places, () => connection, answerTimeout);
  const hasEnded = async (streamId: string): Promise<boolean> => {
    const known = await directory.endOf(streamId);
    if ('trouble' in known) throw new SluiceError('ERR_JOB_STORE', known.trouble);
    return known.value !== undefined;
  };
  const table = new BucketMirror(connection, { ...JOB_BUCKETS.jobs, replicas }, answerTimeout, log);
  const tell = new NatsJobTeller({ connection, teller, replicas, answerTimeout, clock, log });
  const book = new JobBook({ table, streams: { hasEnded }, tell, clock, random: Math.random });
  try {
    const { jobs } = natsJobStore(() => connection, answerTimeout);
    return await work(new JobActs(book, jobs, hasEnded));
  } finally {
    await tell.close(TELL_MS);
  }
}
