import type { Clock } from '../../core/clock.js';
import { SluiceError } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import type { KvEntry } from '../../nats/kv-bucket.js';
import type { Streams } from '../ports.js';
import { isHeld, type JobReason, type JobRecord, jobKey } from '../record/record.js';
import * as ways from '../record/transitions.js';
import type { Table } from '../table.js';
import type { JobTeller } from '../tell/tell.js';
import type { JobFacts, JobTemplate } from '../template/template.js';

/** A record as it is kept. */
export type JobEntry = KvEntry<JobRecord>;

/** What the book is made with. */
interface BookDeps {
  readonly table: Table<JobRecord>;
  readonly streams: Pick<Streams, 'hasEnded'>;
  readonly tell: JobTeller;
  readonly clock: Clock;
  readonly random: () => number;
}

/** So often a change is decided anew because another runner was first. */
const MOST_TURNS = 16;

/**
 * Moves records, each move by compare-and-set, and tells of it. Whoever calls it may be wrong about where a job stands:
 * each method decides on the newest record, and does nothing where nothing is to be done.
 */
export class JobBook {
  readonly table: Table<JobRecord>;
  readonly #deps: BookDeps;

  constructor(deps: BookDeps) {
    this.table = deps.table;
    this.#deps = deps;
  }

  /**
   * Asks for a job of a stream, unless it was asked for before, or the stream is over.
   *
   * @param isAgain whether a job that is done is to run again: the stream is active again
   * @throws SluiceError ERR_JOB_STORE
   */
  async request(template: string, facts: JobFacts, sequence: number, isAgain = false): Promise<void> {
    const { streamId, app, name } = facts;
    const of = { ...(streamId === undefined ? {} : { streamId }), app, name, template };
    const key = jobKey(of);
    const known = this.table.entries().get(key);
    if (known !== undefined && !(isAgain && known.value.state === 'done')) return;
    if (streamId !== undefined && (await this.#deps.streams.hasEnded(streamId))) return;
    const made = await this.#change(key, (record, write) => {
      if (record === undefined) return ways.requested(of, facts, sequence, write);
      if (!isAgain || record.state !== 'done' || sequence < record.sequence) return undefined;
      return ways.requestedAgain(record, facts, sequence, write);
    });
    if (made === undefined) return;
    this.#deps.tell.requested(made.value);
    // The stream may have ended in between, and its event may have come before there was a record to stop.
    if (streamId !== undefined && (await this.#deps.streams.hasEnded(streamId))) await this.stop(key, 'stream_ended');
  }

  /** Takes an open job. @returns the claim, whose revision is the token; undefined: somebody was first */
  async claim(key: string, seen: JobEntry, by: string, templateRev: number): Promise<JobEntry | undefined> {
    const write = this.#write();
    const next = ways.claimed(seen.value, by, templateRev, write);
    const written = await this.table.write(key, next, seen.revision, (value) => value.nonce === write.nonce);
    if (written.kind === 'ok') {
      this.#tellEarlier(next);
      return { value: next, revision: written.revision };
    }
    if (written.kind === 'conflict') return undefined;
    throw new SluiceError('ERR_JOB_STORE', written.text);
  }

  /**
   * Notes that a claimed job runs.
   *
   * @param nonce of this change: a call that is repeated has the same, for the first one may have been carried out
   * @returns the record now; undefined: it is not this claim's any more
   */
  running(key: string, token: number, nonce = newId()): Promise<JobEntry | undefined> {
    return this.#changeOwn(key, token, nonce, (record, write) =>
      record.state === 'held' ? ways.started(record, token, write) : record,
    );
  }

  /**
   * Hands a claimed job on to the worker that took it from a queue.
   *
   * @param from the runner that published it; when another one holds it already, nothing is changed
   * @returns the record now; undefined: it is not this claim's any more
   * @throws SluiceError ERR_JOB_STORE
   */
  handTo(key: string, token: number, from: string, by: string): Promise<JobEntry | undefined> {
    return this.#changeOwn(key, token, newId(), (record, write) =>
      record.by === from ? ways.handedTo(record, by, token, write) : record,
    );
  }

  /**
   * Ends an attempt.
   *
   * @param nonce as of {@link running}
   * @returns the record now; undefined: it is not this claim's any more
   * @throws SluiceError ERR_JOB_STORE
   */
  async settle(
    key: string,
    token: number,
    settlement: ways.Settlement,
    retry: JobTemplate['retry'],
    nonce = newId(),
  ): Promise<JobEntry | undefined> {
    return this.#changeOwn(key, token, nonce, (record, write) =>
      ways.settled(record, settlement, retry, this.#deps.random(), write),
    );
  }

  /** Gives a claimed job back. */
  async giveBack(
    key: string,
    token: number,
    reason: JobReason,
    delayMs: number,
    nonce = newId(),
  ): Promise<JobEntry | undefined> {
    const back = await this.#changeOwn(key, token, nonce, (record, write) =>
      record.state === 'stopping'
        ? ways.settled(record, { ...NO_RUN, reason: record.reason ?? reason }, NO_RETRY, 0, write)
        : ways.reopened(record, reason, delayMs, write),
    );
    if (back !== undefined) this.#deps.tell.ended(back.value);
    return back;
  }

  /** Has a job end: its stream is over, or somebody wants it. Its holder, where it has one, is told by the record. */
  async stop(key: string, reason: JobReason, sequence = 0): Promise<JobEntry | undefined> {
    const next = await this.#change(key, (record, write, revision) => {
      if (record === undefined || record.state === 'done' || record.state === 'stopping') return undefined;
      if (record.state === 'open') return ways.stopped(record, reason, sequence, write);
      return ways.stopping(record, reason, record.token ?? revision, sequence, write);
    });
    if (next?.value.state === 'done') this.#deps.tell.ended(next.value);
    return next;
  }

  /**
   * Takes a job from a runner that is gone: it is open again, or over when its stream is.
   *
   * @param lastSeenMs when that runner was heard last, where it is known: its attempt ended about then
   */
  async takeFrom(key: string, by: string, lastSeenMs?: number): Promise<void> {
    const next = await this.#change(key, (record, write) => {
      if (record === undefined || !isHeld(record) || record.by !== by) return undefined;
      if (record.state !== 'stopping') return ways.reopened(record, 'runner_lost', 0, write, lastSeenMs);
      return ways.settled(record, { ...NO_RUN, reason: 'runner_lost' }, NO_RETRY, 0, write);
    });
    if (next !== undefined) this.#deps.tell.ended(next.value);
  }

  /** Has a job that is over run again. @returns undefined when it is not over */
  async retry(key: string): Promise<JobEntry | undefined> {
    return this.#change(key, (record, write) => (record?.state === 'done' ? ways.retried(record, write) : undefined));
  }

  /**
   * Tells of the end of the attempt before, which whoever settled it may have had no time for: the record has it only
   * until this attempt ends as well. It is stored once, however often it is told.
   */
  #tellEarlier(record: JobRecord): void {
    const { tell } = this.#deps;
    if (record.last === undefined) return;
    // Outputs are told of only by the one that has placed them.
    if (record.last.outcome === 'failed') tell.ended(record);
    else void tell.ensureEnd(record).catch(() => tell.ended(record));
  }

  /** Changes the record of one claim, as long as it is that claim's. */
  #changeOwn(
    key: string,
    token: number,
    nonce: string,
    decide: (record: JobRecord, write: ways.Write) => JobRecord,
  ): Promise<JobEntry | undefined> {
    const decideOwn = (record: JobRecord | undefined, write: ways.Write, revision: number): JobRecord | undefined => {
      // An earlier write of this very change was carried out, although its answer did not come.
      if (record?.nonce === nonce) return record;
      return record === undefined || !isClaimOf(record, revision, token) ? undefined : decide(record, write);
    };
    return this.#change(key, decideOwn, nonce);
  }

  async #change(
    key: string,
    decide: (record: JobRecord | undefined, write: ways.Write, revision: number) => JobRecord | undefined,
    nonce?: string,
  ): Promise<JobEntry | undefined> {
    let entry = this.table.entries().get(key) ?? (await this.table.read(key));
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      const write = this.#write(nonce);
      const next = decide(entry?.value, write, entry?.revision ?? 0);
      if (next === undefined || next === entry?.value) {
        // The copy in memory may be behind: nothing is left undone because of it.
        const newest = turn === 0 ? await this.table.read(key) : entry;
        if (newest?.revision === entry?.revision) return next === undefined ? undefined : entry;
        entry = newest;
        continue;
      }
      const written = await this.table.write(key, next, entry?.revision ?? 0, (value) => value.nonce === write.nonce);
      if (written.kind === 'ok') return { value: next, revision: written.revision };
      if (written.kind !== 'conflict') throw new SluiceError('ERR_JOB_STORE', `${key}: ${written.text}`);
      entry = await this.table.read(key);
    }
    throw new SluiceError('ERR_JOB_STORE', `${key} is changed by others again and again`);
  }

  #write(nonce?: string): ways.Write {
    const nowMs = this.#deps.clock.wallMs();
    return { nonce: nonce ?? newId(nowMs), nowMs };
  }
}

const NO_RUN = { outcome: 'stopped', mayRetry: false, wasStable: false } as const;
const NO_RETRY: JobTemplate['retry'] = { max: 0, backoffMs: [0, 0], stableMs: 0, never: [] };

/** Whether a record is that of a claim still. The revision of the claim itself is its token. */
export function isClaimOf(record: JobRecord, revision: number, token: number): boolean {
  return isHeld(record) && (record.state === 'held' ? revision === token : record.token === token);
}
