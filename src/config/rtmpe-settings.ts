import { toggle } from './setting.js';

/** Settings of encrypted connections: the group `rtmpe` of the table. */
export const RTMPE_SETTINGS = {
  enabled: toggle(
    true,
    'Whether rtmpe:// and rtmpte:// are served. RTMPE keeps nobody out who can read the traffic and has its description: its cipher (RC4) is broken and nothing proves who the server is. It is for clients that have nothing else; use rtmps:// for secrecy.',
    { reload: 'new' },
  ),
};
