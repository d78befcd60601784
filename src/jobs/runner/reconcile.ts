import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { Streams } from '../ports.js';
import { isHeld, type JobRecord } from '../record/record.js';
import type { Table } from '../table.js';
import type { JobTeller } from '../tell/tell.js';
import type { JobBook, JobEntry } from './job-book.js';
import type { Requests } from './requests.js';
import type { RunnerState } from './runner-state.js';

/** What reconciling is made with. */
interface ReconcileDeps {
  readonly book: JobBook;
  readonly streams: Streams;
  readonly requests: Requests;
  /** Undefined: there is one runner only. */
  readonly runners: Table<RunnerState> | undefined;
  readonly tell: JobTeller;
  readonly clock: Clock;
  readonly log: Logger;
  /** A job that is over is forgotten so long after the end of its stream, in ms. */
  readonly keepMs: number;
  /** A stream that was not live for so long is over, whether its end is known or not, in ms. */
  readonly goneMs: number;
  /** Whether a holder is this process, now. */
  readonly isOwn: (by: string) => boolean;
  /** Whether a job runs here, or is being taken. */
  readonly isHere: (key: string) => boolean;
}

type Records = readonly (readonly [string, JobEntry])[];

/** Records that are worked on at a time. */
const AT_ONCE = 32;

/**
 * Compares the live streams with the records, whatever events have said: what is missing is asked for, what is over
 * ends, what a lost runner holds is open again. Every step may be taken by several runners at once.
 */
export class Reconcile {
  readonly #deps: ReconcileDeps;
  /** Streams that are not live and whose end is not known, and since when, in monotonic ms. */
  #awaySince: ReadonlyMap<string, number> = new Map();

  constructor(deps: ReconcileDeps) {
    this.#deps = deps;
  }

  /** @throws SluiceError ERR_JOB_STORE, ERR_EVENTS_UNREACHABLE while that is impossible */
  async run(): Promise<void> {
    const { book, streams, requests, log, clock } = this.#deps;
    const beganMs = clock.monotonicMs();
    // Where streams cannot be looked at, nobody knows how long one has been away: that is counted anew.
    const awaySince = this.#awaySince;
    this.#awaySince = new Map();
    const live = await streams.live();
    const ids = new Set(live.map(({ streamId }) => streamId));
    const records = [...book.table.entries()];
    const parts = [
      () => each(live, (stream) => requests.compare(stream)),
      () => each(records, ([key, { value, revision }]) => this.#record(key, value, revision, ids)),
      () => this.#away(records, ids, awaySince),
      () => this.#wants(records),
      () => this.#forgetLost(records),
    ];
    // What fails is tried again as a whole, and no other part waits for that.
    const failed: unknown[] = [];
    for (const part of parts) await part().catch((error: unknown) => void failed.push(error));
    if (failed.length > 0) throw failed[0];
    log.debug(
      { streams: live.length, records: records.length, tookMs: Math.round(clock.monotonicMs() - beganMs) },
      'jobs: streams and records were compared',
    );
  }

  /** Takes every job from a runner that is lost. */
  async takeFrom(by: string): Promise<void> {
    const held = [...this.#deps.book.table.entries()].filter(([, { value }]) => isHeld(value) && value.by === by);
    await each(held, ([key]) => this.#deps.book.takeFrom(key, by, this.#lastSeenMs(by)));
  }

  async #record(key: string, record: JobRecord, revision: number, live: ReadonlySet<string>): Promise<void> {
    const { book, clock, tell } = this.#deps;
    const { streamId } = record;
    const { by } = record;
    if (isHeld(record) && by !== undefined && (await this.#isAbandoned(key, by)))
      await book.takeFrom(key, by, this.#lastSeenMs(by));
    if (record.last !== undefined) await tell.ensureEnd(record);
    if (record.state === 'done') {
      const endedMs = Date.parse(record.endedAt ?? record.requestedAt);
      const isOld = clock.wallMs() - endedMs > this.#deps.keepMs;
      if (isOld && (streamId === undefined || !live.has(streamId))) await book.table.purge(key, revision);
    }
  }

  /** Has jobs end whose streams are over. */
  async #away(records: Records, live: ReadonlySet<string>, awaySince: ReadonlyMap<string, number>): Promise<void> {
    const { book, streams, clock } = this.#deps;
    const away = records.filter(([, { value }]) => isUnsettled(value) && !live.has(value.streamId ?? ''));
    const ended = await streams.endedOf(away.map(([, { value }]) => value.streamId ?? ''));
    const nowMs = clock.monotonicMs();
    const since = new Map<string, number>();
    await each(
      away,
      async ([
        key,
        {
          value: { streamId = '' },
        },
      ]) => {
        const sinceMs = awaySince.get(streamId) ?? nowMs;
        since.set(streamId, sinceMs);
        if (ended.has(streamId)) await book.stop(key, 'stream_ended');
        // Its end was removed with the stream of events, or was never told.
        else if (nowMs - sinceMs >= this.#deps.goneMs) await book.stop(key, 'no_stream');
      },
    );
    this.#awaySince = since;
  }

  async #wants(records: Records): Promise<void> {
    const { streams, requests } = this.#deps;
    const sources = records.filter(([, { value }]) => value.streamId === undefined && value.state !== 'done');
    if (!requests.hasSources && sources.length === 0) return;
    for (const want of await streams.wants()) await requests.wanted(want);
    for (const [, { value }] of sources) await requests.endUnwanted(value);
  }

  /** Forgets runners and workers that were lost long ago and hold nothing. */
  async #forgetLost(records: Records): Promise<void> {
    const { runners, clock, keepMs } = this.#deps;
    const lost = [...(runners?.entries() ?? [])].filter(
      ([, { value }]) => value.state === 'lost' && clock.wallMs() - Date.parse(value.time) > keepMs,
    );
    const holders = new Set(records.map(([, { value }]) => value.by));
    await each(lost, async ([key, { revision }]) => {
      if (!holders.has(key)) await runners?.purge(key, revision);
    });
  }

  /** When a runner was heard last, by its own clock. */
  #lastSeenMs(by: string): number | undefined {
    const time = Date.parse(this.#deps.runners?.entries().get(by)?.value.time ?? '');
    return Number.isNaN(time) ? undefined : time;
  }

  /** Whether a job has a holder that does not run it. */
  async #isAbandoned(key: string, by: string): Promise<boolean> {
    const { runners, isOwn, isHere } = this.#deps;
    // A claim whose answer was lost.
    if (isOwn(by)) return !isHere(key);
    // There is one runner, and this is another boot of it.
    if (runners === undefined) return true;
    if (!runners.isComplete) return false;
    // A worker's first heartbeat is written a moment before its claim: the copy in memory may lack it still.
    const entry = runners.entries().get(by) ?? (await runners.read(by));
    return entry === undefined || entry.value.state === 'lost';
  }
}

/** Whether a job of a stream is not over, and not about to be. */
function isUnsettled({ streamId, state }: JobRecord): boolean {
  return streamId !== undefined && state !== 'done' && state !== 'stopping';
}

/** Does something with each item, some at the same time. One for which it fails holds up no other. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const failed: unknown[] = [];
  const worker = async (): Promise<void> => {
    while (next < items.length) await work(items[next++] as T).catch((error: unknown) => void failed.push(error));
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  if (failed.length > 0) throw failed[0];
}
