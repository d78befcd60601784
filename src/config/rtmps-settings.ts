import { toggle } from './setting.js';

/** `rtmp.sniff`. */
export const SNIFF_SETTING = toggle(
  true,
  'Whether the first byte of a connection to rtmp.listen tells what it speaks: RTMP, RTMPE, HTTP (RTMPT), or TLS where rtmps.cert is set. If not, all connections are taken for RTMP.',
  { reload: 'new' },
);
