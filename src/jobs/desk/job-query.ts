import { isHeld, type JobRecord } from '../record/record.js';

/**
 * Where a job stands, for people. `running`: a runner has it, from its claim to its end; `done`: it is over, whatever
 * came of it; `failed`: it is over and has failed.
 */
export const JOB_STATES = ['open', 'running', 'failed', 'done'] as const;

/** One of {@link JOB_STATES}. */
export type JobStateName = (typeof JOB_STATES)[number];

/** Which jobs. Members that are missing select all. */
export interface JobQuery {
  readonly state?: JobStateName;
  readonly app?: string;
  readonly name?: string;
  readonly streamId?: string;
  readonly template?: string;
}

/** Whether a query selects a job. */
export function selectsJob(query: JobQuery, record: JobRecord): boolean {
  const { state, app, name, streamId, template } = query;
  return (
    (state === undefined || isIn(record, state)) &&
    (app === undefined || record.app === app) &&
    (name === undefined || record.name === name) &&
    (streamId === undefined || record.streamId === streamId) &&
    (template === undefined || record.template === template)
  );
}

function isIn(record: JobRecord, state: JobStateName): boolean {
  if (state === 'running') return isHeld(record);
  if (state === 'failed') return record.state === 'done' && record.outcome === 'failed';
  return record.state === state;
}
