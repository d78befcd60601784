import { text } from './setting.js';

/** Settings of the files that are recorded and played: the group `media` of the table. */
export const MEDIA_SETTINGS = {
  root: text(
    4096,
    '',
    'Folder of recordings and of files that can be played. Nothing outside of it is read or written, and no link below it is followed. Made when it is needed. Empty: `media` in the data folder.',
  ),
} as const;
