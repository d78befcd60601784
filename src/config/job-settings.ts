import { bytes, count, milliseconds, oneOf } from './setting.js';

const MiB = 1024 * 1024;

/** Settings of `sluice jobs run`: the group `jobs` of the table. */
export const JOB_SETTINGS = {
  slots: count(
    0,
    10_000,
    0,
    'Jobs that one runner runs at a time; 0: twice the number of processors. `sluice jobs run --slots` has precedence.',
  ),
  leaseMs: milliseconds(
    1000,
    600_000,
    10_000,
    'A runner that was silent for so long is lost: others take its jobs. It sends four heartbeats in that time.',
  ),
  onIsolated: oneOf(
    ['keep', 'stop'],
    'keep',
    'What becomes of the jobs of a runner whose heartbeats are not acknowledged. `keep`: those that pull their stream by ticket go on, for no other run of the same job can have the media as well; all others are ended. `stop`: all are ended.',
  ),
  keepMs: milliseconds(
    1000,
    604_800_000,
    3_600_000,
    'How long a job that is over is listed after the end of its stream. Its events are kept longer.',
  ),
  compareMs: milliseconds(
    1000,
    3_600_000,
    60_000,
    'How often a runner compares live streams with jobs, besides following events.',
  ),
  logKeepMs: milliseconds(60_000, 2_592_000_000, 259_200_000, 'How long a runner keeps the logs of its jobs.'),
  logMaxBytes: bytes(10 * MiB, 1_048_576 * MiB, 1024 * MiB, 'Disk for the logs of jobs; the oldest go first.'),
} as const;
