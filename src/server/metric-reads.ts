import type { Config } from '../config/table.js';
import { type DiskRoom, diskRoom } from './disk-room.js';
import type { JobCount, JobCounts } from './job-counts.js';

/**
 * Figures that are not in memory and are read when somebody scrapes. It never rejects.
 *
 * @param jobs undefined without NATS
 */
export async function readForMetrics(
  { data, media }: Pick<Config, 'data' | 'media'>,
  jobs: JobCounts | undefined,
): Promise<{ readonly jobs: ReadonlyMap<string, JobCount> | undefined; readonly disks: readonly DiskRoom[] }> {
  const [counts, disks] = await Promise.all([jobs?.read(), diskRoom({ data, media: media.root })]);
  return { jobs: counts, disks };
}
