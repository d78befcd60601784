import { bytes, count, text } from './setting.js';

const KiB = 1024;
const MiB = 1024 * KiB;

/** What is kept of clients that failed: the group `capture` of the table. */
export const CAPTURE_SETTINGS = {
  dir: text(
    4096,
    '',
    'Folder for captures: the last bytes of a client that was closed for a fault of its own, one file each, stream keys and passwords overwritten. `sluice inspect` reads them. Made when missing. Empty: nothing is kept.',
    { flag: '--capture DIR' },
  ),
  maxFiles: count(1, 10_000, 100, 'Most files in capture.dir; the oldest are removed.'),
  connectionBytes: bytes(
    8 * KiB,
    16 * MiB,
    64 * KiB,
    'Bytes kept of what each open connection has sent, when capture.dir is set. They are in memory, as kind `captures` of sluice_memory_bytes.',
  ),
} as const;
