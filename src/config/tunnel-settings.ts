import { bytes, count, listenAddress, milliseconds, toggle } from './setting.js';

const KiB = 1024;
const MiB = 1024 * KiB;
const HOUR = 3_600_000;
const LIVE = { reload: 'live' } as const;
const NEW = { reload: 'new' } as const;

/** Settings of RTMP in HTTP requests: the group `rtmpt` of the table. */
export const RTMPT_SETTINGS = {
  enabled: toggle(true, 'Whether RTMPT, RTMP in HTTP requests, is served. docs/transports.md says how.'),
  listen: listenAddress(
    'off',
    'A port of its own for RTMPT, such as 0.0.0.0:80. `off`: none. 0.0.0.0 lets other machines in.',
    { canBeOff: true },
  ),
  sessionTimeoutMs: milliseconds(
    1000,
    HOUR,
    30_000,
    'A session without a request for so long is over, and its streams have ended.',
    NEW,
  ),
  gapTimeoutMs: milliseconds(
    10,
    60_000,
    3000,
    'How long requests of a session that came by another connection wait for one with a smaller number. Past it the session ends.',
    NEW,
  ),
  holdMs: milliseconds(
    10,
    1000,
    100,
    'How long a poll is held while there is nothing to answer with; what comes meanwhile is sent at once. rtmpdump polls anew as soon as it has an answer.',
    LIVE,
  ),
  maxAnswerBytes: bytes(4 * KiB, 64 * KiB, 64 * KiB, 'Longest answer. What waits beyond it goes with the next.', NEW),
  maxRequestBytes: bytes(
    64 * KiB,
    256 * MiB,
    32 * MiB,
    'Longest body of one request. It is read as it comes and not held. ffmpeg sends ten messages in one.',
    NEW,
  ),
  requestTimeoutMs: milliseconds(
    1000,
    HOUR,
    30_000,
    'How long an HTTP connection of RTMPT may be without a request, without a byte of a request that is not complete, or without reading an answer.',
    LIVE,
  ),
  maxHttpConnections: count(
    1,
    30_000,
    4096,
    'Most HTTP connections of RTMPT at once. Past it the one that has been without a request for longest is closed for the new one. Those of one address are held within limits.maxConnectionsPerIp, and so are its sessions.',
    LIVE,
  ),
} as const;
