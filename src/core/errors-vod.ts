import { breach, type ErrorEntry, limit } from './error-entry.js';

/** Codes of recorded streams: files that are played. */
export const VOD_ERRORS = {
  ERR_MP4_FRAGMENTED: breach(
    'operator',
    'the MP4 file is fragmented: its samples are listed in fragments (moof) and not in its moov box',
    'make a plain one with: ffmpeg -i INPUT -c copy -movflags +faststart OUTPUT.mp4',
  ),
  ERR_MP4_CODEC: breach(
    'operator',
    'the MP4 file holds a codec that is not played: video may be H.264 or HEVC, audio AAC, and nothing may be encrypted',
    'convert it with: ffmpeg -i INPUT -c:v libx264 -c:a aac OUTPUT.mp4',
  ),
  ERR_MP4_DAMAGED: breach(
    'operator',
    'the MP4 file is damaged or cut: its boxes and its sample tables do not fit together, or not into the file',
    'remux it with: ffmpeg -i INPUT -c copy OUTPUT.mp4',
  ),
  ERR_VOD_INDEX: limit(
    'operator',
    'the index of a recorded file is larger than vod.maxIndexBytes',
    'raise vod.maxIndexBytes, or cut the file into parts',
  ),
  ERR_VOD_FILE: breach(
    'operator',
    'a recorded file cannot be read',
    'check that the file is below media.root, that it has not changed while it was played, and that this user may read it',
  ),
  ERR_LIMIT_VOD_PLAYS: limit(
    'operator',
    'as many recorded streams are played as vod.maxPlays allows',
    'wait until one has ended, or raise vod.maxPlays',
  ),
  ERR_LIMIT_VOD_FILES: limit(
    'operator',
    'as many recorded files are open as vod.maxFiles allows',
    'wait until one is no longer played, or raise vod.maxFiles',
  ),
} as const satisfies Record<string, ErrorEntry>;
