import type { Message } from '../../../support/hub/media.js';

const header = (kind: 'videoHeader' | 'audioHeader', hex: string): Message => ({
  kind,
  timestamp: 0,
  payload: Buffer.from(hex.replaceAll(' ', ''), 'hex'),
});

/** The sequence header of H.264 of 320x240, as an encoder sent it. */
export const AVC = header(
  'videoHeader',
  '17 00 000000 01 42c00d ff e1 0016 6742c00dd90141fb0110000003001000000303c0f1429920 01 0005 68cb83cb20',
);
/** The sequence header of AAC-LC, 44.1 kHz, stereo. */
export const AAC = header('audioHeader', 'af 00 1210');
