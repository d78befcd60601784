import type { JobReason, JobRecord } from '../record/record.js';
import type { Settlement } from '../record/transitions.js';
import type { RunEnd } from '../run/run.js';
import type { JobUntil } from '../template/template.js';

/** What is known when a run has ended. */
interface RunFacts {
  readonly end: RunEnd;
  readonly until: JobUntil;
  /** Why the job is stopping; undefined: it is not. */
  readonly stopping: JobReason | undefined;
  /** Whether its stream is over. */
  readonly isStreamOver: boolean;
  /** How long it ran, in ms. */
  readonly ranMs: number;
  readonly stableMs: number;
  /** Runner on which it ran, and how many there are. */
  readonly runnerId: string;
  readonly runners: number;
}

/**
 * What the end of a run means for its job. A program that ends by itself at the end of its stream, as one does that
 * reads it to the end, has succeeded; one that does so while the stream goes on has failed, unless its template says
 * `until: exit`.
 */
export function verdictOf(facts: RunFacts): Settlement {
  const { end, until, stopping, isStreamOver } = facts;
  const isOver = isStreamOver || stopping !== undefined;
  const base = {
    mayRetry: !isOver,
    wasStable: facts.stableMs > 0 && facts.ranMs >= facts.stableMs,
    ...(end.exit === undefined && end.signal === undefined ? {} : { exit: exitOf(end) }),
    ...(end.logTail === undefined ? {} : { logTail: end.logTail }),
  };
  const failed = (reason: JobReason): Settlement => ({ ...base, outcome: 'failed', reason });
  switch (end.kind) {
    case 'asked':
      return { ...base, outcome: 'stopped', reason: stopping ?? 'operator' };
    case 'spawn':
      return { ...failed('spawn'), logTail: end.text ?? '', cannot: facts.runnerId, runners: facts.runners };
    case 'stall':
      return failed('stall');
    case 'time_limit':
      return failed('time_limit');
    case 'lost':
      return failed('runner_lost');
    case 'exit':
      if (end.exit !== 0) return failed('exit');
      if (isOver || until === 'exit') return { ...base, outcome: 'succeeded', reason: stopping ?? 'exit' };
      return failed('early_exit');
  }
}

/**
 * The time that the output of an attempt covers, and how much media is missing between the attempt before and this one,
 * as far as the records say.
 *
 * @param running the record while the attempt ran, which has the end of the attempt before
 * @param settled the record with the end of this one
 */
export function outputTimes(
  running: JobRecord,
  settled: JobRecord,
): { readonly from: string; readonly to: string; readonly gapMs?: number } {
  const from = running.startedAt ?? running.requestedAt;
  const times = { from, to: settled.last?.time ?? from };
  const before = running.last;
  return before === undefined ? times : { ...times, gapMs: Math.max(0, Date.parse(from) - Date.parse(before.time)) };
}

function exitOf({ exit, signal }: RunEnd): NonNullable<Settlement['exit']> {
  return { ...(exit === undefined ? {} : { code: exit }), ...(signal === undefined ? {} : { signal }) };
}
