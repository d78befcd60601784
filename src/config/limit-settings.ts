import { bytes, count, milliseconds, toggle } from './setting.js';

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;
const HOUR = 3_600_000;
const LIVE = { reload: 'live' } as const;
const NEW = { reload: 'new' } as const;

/** Settings of what peers may make the server hold and do: the group `limits` of the table. */
export const LIMITS_SETTINGS = {
  maxConnections: count(
    1,
    30_000,
    10_000,
    'Most RTMP connections at once; past it the one that has been idle for longest (limits.idleMs) is closed for the new one, or, when none is idle, the new one. The process may have room for fewer: as many as the limit of open files (ulimit -n) less about 60, and about 13,000 (30,000 with node --disable-wasm-trap-handler). A log line at the start tells which bound is the least.',
    LIVE,
  ),
  maxConnectionsPerIp: count(
    0,
    30_000,
    64,
    'Most RTMP connections from one address; 0: no limit. The addresses of an IPv6 /64 count as one, here and in the other limits per address.',
    LIVE,
  ),
  acceptsPerSecondPerIp: count(
    0,
    100_000,
    20,
    'How often one address may connect, a second, beyond limits.acceptBurstPerIp; 0: no limit. Past it a socket is closed before the handshake.',
    LIVE,
  ),
  acceptBurstPerIp: count(1, 100_000, 50, 'How many connections of one address are accepted at once.', LIVE),
  publishesPerSecondPerIp: count(
    0,
    100_000,
    5,
    'How many connections of one address may begin to publish, a second, beyond ten seconds’ worth at once, and how many further publishes may begin on its connections; 0: no limit. Past it each waits for its turn, up to 5 s, and then it is refused.',
    LIVE,
  ),
  playsPerSecondPerIp: count(
    0,
    100_000,
    20,
    'How many plays one address may begin, a second, beyond ten seconds’ worth at once; 0: no limit. Past it each waits for its turn, up to 5 s, and then it is refused.',
    LIVE,
  ),
  eventsPerSecondPerIp: count(
    0,
    100_000,
    20,
    'How many events of players, data, tracks and refused publishes one address may cause, a second, beyond ten seconds’ worth at once; 0: no limit. What is over is counted and not told. Binds loopback addresses too: raise it behind a proxy that hides the addresses of players.',
    LIVE,
  ),
  limitLoopback: toggle(
    false,
    'Whether the limits per address (limits.maxConnectionsPerIp, limits.acceptsPerSecondPerIp, limits.publishesPerSecondPerIp, limits.playsPerSecondPerIp, http.failuresPerMinutePerIp) bind loopback addresses too.',
    LIVE,
  ),
  firstBytesTimeoutMs: milliseconds(100, HOUR, 5000, 'From accept until C0 and C1 are in.', NEW),
  handshakeTimeoutMs: milliseconds(100, HOUR, 10_000, 'From accept until the handshake is done.', NEW),
  connectTimeoutMs: milliseconds(100, HOUR, 15_000, 'From accept until connect is accepted.', NEW),
  idleMs: milliseconds(
    100,
    24 * HOUR,
    600_000,
    'How long a connection whose connect was accepted may neither publish nor play: from then, and anew from the end of its last publish or play. Meanwhile it must answer pings (rtmp.pingIntervalMs) and counts for its address; when there are no more places, or limits.memoryBytes is passed, the ones that have been idle for longest are closed first.',
    NEW,
  ),
  preAuthBytes: bytes(
    4 * KiB,
    16 * MiB,
    64 * KiB,
    'Bytes that a connection may send while it neither publishes nor plays: from the end of the handshake, and anew from the end of its last publish or play.',
    NEW,
  ),
  chunkSizeMin: bytes(
    1,
    65_536,
    1,
    'Smallest chunk size a peer may set. Encoders use 128 and more; the protocol allows 1.',
  ),
  chunkStreams: count(4, 64, 64, 'Most chunk stream ids in use on one connection.'),
  partialMessages: count(
    2,
    64,
    8,
    'Most messages begun and not yet complete on one connection that publishes; at most 3 on others.',
  ),
  reassemblyBytes: bytes(
    64 * KiB,
    40 * MiB,
    10 * MiB,
    'Bytes of incomplete messages on one connection that publishes; at most 128 KiB on others.',
  ),
  maxMediaBytes: bytes(64 * KiB, 16 * MiB - 1, 8 * MiB, 'Largest audio or video message of a publisher.'),
  maxMediaBytesBeforePublish: bytes(
    1 * KiB,
    64 * KiB,
    64 * KiB,
    'Largest audio or video message while nothing is published.',
  ),
  maxCommandBytes: bytes(1 * KiB, 64 * KiB, 64 * KiB, 'Largest command, data or control message.'),
  maxNetStreams: count(1, 64, 8, 'Most message streams (createStream) on one connection.', NEW),
  commandsPerSecond: count(1, 100_000, 100, 'Most command and control messages in one second on one connection.', NEW),
  amfDepth: count(1, 32, 32, 'Deepest nesting of an AMF0 value.'),
  amfValues: count(16, 4096, 4096, 'Most AMF0 values in one message.'),
  amfKeys: count(16, 4096, 1024, 'Most members of all AMF0 objects of one message.'),
  amfStringBytes: bytes(64, 64 * KiB, 64 * KiB, 'Most bytes of all AMF0 strings and member names of one message.'),
  memoryBytes: bytes(
    64 * MiB,
    64 * GiB,
    1 * GiB,
    'Memory that peers may make the process hold, over all kinds of `sluice_memory_bytes`: media held for late joiners and slow players, unsent bytes, unfinished messages, WebAssembly memories, event clients. Past it new publishes are refused, and what is held gives way in the order that ARCHITECTURE.md gives: idle connections that have published are closed, players that are behind skip to the next keyframe, then other connections are closed.',
    LIVE,
  ),
} as const;
