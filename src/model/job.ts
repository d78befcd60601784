import { integer, matching, named, object, type Shape, type TypeOf } from './shape.js';

const run = named(
  'JobRun',
  object({ template: matching('^[a-z0-9-]{1,48}$'), token: integer(1, Number.MAX_SAFE_INTEGER) }),
);

/**
 * One run of a job of a stream: the template that it was made from, and its fencing token. A later run of the same
 * template has a higher token.
 */
export interface JobRun extends TypeOf<typeof run> {}

/** The shape of a {@link JobRun}. */
export const jobRunShape: Shape<JobRun> = run;
