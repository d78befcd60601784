import { bytes, count, milliseconds, toggle } from './setting.js';

const LIVE = { reload: 'live' } as const;

/** Settings of recorded streams, files that are played: the group `vod` of the table. */
export const VOD_SETTINGS = {
  enabled: toggle(
    true,
    'Whether files below media.root can be played. The admission that decides about live streams decides about them, by app and name.',
    LIVE,
  ),
  maxPlays: count(1, 100_000, 2000, 'Recorded streams that are played at a time, by all clients together.', LIVE),
  maxFiles: count(1, 10_000, 256, 'Recorded files that are open at a time; all players of a file share it.', LIVE),
  maxIndexBytes: bytes(
    4096,
    1_073_741_824,
    67_108_864,
    'Most bytes of the moov box of an MP4 file, and of the index that is made of it, 24 a sample. A file past it is refused before it is read.',
    LIVE,
  ),
  cacheBytes: bytes(
    0,
    4_294_967_296,
    33_554_432,
    'Bytes of recorded files that are kept for their next players, besides what the system keeps.',
    LIVE,
  ),
  maxBufferMs: milliseconds(
    1000,
    86_400_000,
    60_000,
    'How much of a recorded stream a client may get in advance, however much it asks for (SetBufferLength; rtmpdump asks for ten hours). What is past it comes as fast as it plays.',
    LIVE,
  ),
} as const;
