import { z } from '../core/zod.js';
import { bytes, count, milliseconds, text, toggle, words } from './setting.js';

const LIVE = { reload: 'live' } as const;
const MiB = 1024 * 1024;
const TiB = 1024 * 1024 * MiB;
const DAY = 86_400_000;

/** Settings of the files that are recorded and played: the group `media` of the table. */
export const MEDIA_SETTINGS = {
  root: text(
    4096,
    '',
    'Folder of recordings and of files that can be played. Nothing outside of it is read or written, and no link below it is followed. Made when it is needed. Empty: `media` in the data folder.',
  ),
} as const;

/** Settings of recordings: the group `recording` of the table. */
export const RECORDING_SETTINGS = {
  match: words(
    z.string().min(1).max(1024),
    'a list of globs',
    [],
    'Streams that are recorded, as globs of `app/name`: `live/*`, `**`. A stream is recorded from its start; a change holds for streams that begin.',
    LIVE,
  ),
  publishTypes: toggle(
    false,
    'Whether clients may ask for a recording by publishing with type `record` or `append`. Otherwise such a publish is live like any other.',
    LIVE,
  ),
  maxBytes: bytes(
    1 * MiB,
    1024 * TiB,
    8192 * MiB,
    'A file that has become this large ends at the next keyframe, and the next one begins.',
    LIVE,
  ),
  maxMs: milliseconds(
    1000,
    DAY,
    3_600_000,
    'A file that has become this long ends at the next keyframe, and the next one begins.',
    LIVE,
  ),
  quotaBytes: bytes(
    0,
    1024 * TiB,
    0,
    'Bytes that all FLV files below media.root may take. Past it recordings end and none begins; nothing is ever deleted. 0: no quota.',
    LIVE,
  ),
  minFreeBytes: bytes(
    0,
    1024 * TiB,
    1024 * MiB,
    'Bytes that stay free on the file system of media.root. Below it recordings end and none begins.',
    LIVE,
  ),
  maxOpen: count(1, 100_000, 1000, 'Most recordings at once; each has an open file and up to a MiB of memory.', LIVE),
} as const;
