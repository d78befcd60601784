import { LOG_FORMATS, LOG_LEVELS } from '../core/log.js';
import { AUTH_SETTINGS, CONFLICT_SETTING } from './auth-settings.js';
import { CAPTURE_SETTINGS } from './capture-settings.js';
import { CLUSTER_SETTINGS } from './cluster-settings.js';
import { EVENTS_SETTINGS, NATS_SETTINGS } from './event-settings.js';
import { HTTP_FLV_SETTINGS } from './http-flv-settings.js';
import { TOKEN_FAILURES_SETTING, TOKEN_SETTING, TOKENS_SETTING } from './http-token-settings.js';
import { JOB_SETTINGS } from './job-settings.js';
import { LIMITS_SETTINGS } from './limit-settings.js';
import { MEDIA_SETTINGS, RECORDING_SETTINGS } from './recording-settings.js';
import { RELAY_SETTINGS } from './relay-settings.js';
import { RPC_SETTINGS } from './rpc-settings.js';
import { RTMPE_SETTINGS } from './rtmpe-settings.js';
import { RTMPS_SETTINGS, SNIFF_SETTING } from './rtmps-settings.js';
import {
  advertisedAddress,
  bytes,
  count,
  expression,
  listenAddress,
  milliseconds,
  oneOf,
  pattern,
  type Setting,
  text,
  toggle,
} from './setting.js';
import { SHARED_OBJECT_SETTINGS } from './shared-object-settings.js';
import { TRACES_SETTINGS } from './trace-settings.js';
import { RTMPT_SETTINGS } from './tunnel-settings.js';
import { VOD_SETTINGS } from './vod-settings.js';
import { WEBHOOKS_SETTING } from './webhook-settings.js';

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;
const HOUR = 3_600_000;
const LIVE = { reload: 'live' } as const;
const NEW = { reload: 'new' } as const;

/**
 * Every setting there is: the only place where a key, its bounds, its default, its names outside and its meaning are
 * written. `docs/config.md` is made from it. Keys end in their unit.
 */
export const TABLE = {
  rtmp: {
    listen: listenAddress('127.0.0.1:1935', 'Where encoders and players connect. 0.0.0.0 lets other machines in.', {
      env: 'SLUICE_RTMP',
      flag: '--rtmp HOST:PORT',
    }),
    advertise: advertisedAddress(
      'Where players reach rtmp.listen, for the URLs that events and the state of streams tell: HOST, or HOST:PORT where the port is another one, as behind a proxy or NAT. Empty: the listen address, or, when that stands for every address of the machine, the first one that others can reach, as found at the start.',
      NEW,
    ),
    sniff: SNIFF_SETTING,
    chunkSize: bytes(
      128,
      65_535,
      60_000,
      'Chunk size that the server announces and writes with. Large chunks cost players and server the least.',
    ),
    windowAckBytes: bytes(1 * KiB, GiB, 2_500_000, 'Acknowledgement window announced to peers.', NEW),
    pingIntervalMs: milliseconds(
      1000,
      HOUR,
      60_000,
      'How often a quiet peer is pinged. One that sends nothing for 30 s after that, not even the answer, is closed.',
      NEW,
    ),
  },
  rtmps: RTMPS_SETTINGS,
  rtmpt: RTMPT_SETTINGS,
  http: {
    listen: listenAddress(
      '127.0.0.1:8080',
      'Where health, metrics, streams, events and control are served. An address that other machines can reach needs a token: http.token or http.tokens. There is no TLS: put a proxy before it. `off` turns it off.',
      {
        env: 'SLUICE_HTTP',
        flag: '--http HOST:PORT',
        canBeOff: true,
      },
    ),
    allowedHosts: text(
      4096,
      '',
      'Host names, separated by commas, that requests may carry in their Host header besides addresses and `localhost`. Guards against DNS rebinding; `*` allows any.',
    ),
    page: toggle(
      true,
      'Whether browsers are shown the page at http.listen: streams, players, jobs, nodes, recordings, events and health.',
    ),
    tokens: TOKENS_SETTING,
    token: TOKEN_SETTING,
    failuresPerMinutePerIp: TOKEN_FAILURES_SETTING,
    maxClients: count(
      4,
      10_000,
      256,
      'Most HTTP connections at once. Past it the one that has waited longest without a request is closed for the new one.',
    ),
    requestTimeoutMs: milliseconds(
      100,
      HOUR,
      10_000,
      'How long a whole request may take to come in, from the connection or the request before it.',
    ),
    keepAliveTimeoutMs: milliseconds(100, HOUR, 65_000, 'How long a connection without a request is kept.'),
    maxEventClients: count(
      1,
      10_000,
      64,
      'Most clients that follow `/v1/events` at once, those included for whom the event to go on after is still searched.',
    ),
    eventClientBytes: bytes(
      16 * KiB,
      256 * MiB,
      1 * MiB,
      'Bytes that may wait for one follower of `/v1/events`; past it the follower is cut off and resumes by Last-Event-ID.',
    ),
    eventKeepAliveMs: milliseconds(
      100,
      HOUR,
      15_000,
      'How often a quiet `/v1/events` connection gets a comment, so that proxies keep it open.',
    ),
  },
  httpFlv: HTTP_FLV_SETTINGS,
  auth: AUTH_SETTINGS,
  nats: NATS_SETTINGS,
  data: text(
    4096,
    './data',
    'Folder for the event journal, the node id and the salt of key fingerprints. Made when missing.',
    {
      env: 'SLUICE_DATA',
      flag: '--data DIR',
    },
  ),
  log: {
    level: oneOf(LOG_LEVELS, 'info', 'How much is logged.', { flag: '--log-level LEVEL', reload: 'live' }),
    format: oneOf(
      LOG_FORMATS,
      'auto',
      '`json`: one object per line; `pretty`: for people; `auto`: pretty in a terminal, else json. Logs go to stderr.',
      {
        flag: '--log-format FORMAT',
      },
    ),
    bufferBytes: bytes(
      16 * KiB,
      256 * MiB,
      1 * MiB,
      'Bytes of log lines that may wait while their reader takes none. Past it lines are dropped, counted in sluice_log_lines_lost_total, and told when the reader is back.',
    ),
    faultLinesPerSecond: count(
      1,
      1_000_000,
      20,
      'Most lines a second about connections that were refused or closed for a fault. All are counted in the metrics.',
    ),
  },
  node: {
    id: pattern(
      /^[A-Za-z0-9_-]{0,64}$/,
      'at most 64 letters, digits, _ and -',
      '',
      'Name of this installation in events. Empty: made once and kept in the data folder.',
    ),
    watchConfig: toggle(true, 'Whether the configuration file is read again when it has changed, as at SIGHUP.', LIVE),
  },
  limits: LIMITS_SETTINGS,
  names: {
    allow: expression(
      '[A-Za-z0-9_.~=+@/-]+',
      'What app and stream names must match as a whole. Whatever it says, empty, `.` and `..` segments are refused. A name that does not match is refused, never rewritten. `[\\p{L}\\p{N}_.~=+@/-]+` lets in letters and digits of every script.',
      LIVE,
    ),
    maxBytes: bytes(1, 512, 128, 'Longest app name and longest stream name.', LIVE),
    allowEmpty: toggle(
      false,
      'Whether a stream may be without a name, as `rtmp://host/` publishes it. `rtmp://host/cam` has a name, cam, however a client splits it.',
      LIVE,
    ),
  },
  publish: {
    firstFrameTimeoutMs: milliseconds(
      100,
      HOUR,
      20_000,
      'From Publish.Start until the first audio or video, or the first data of a stream that has nothing else.',
      NEW,
    ),
    idleTimeoutMs: milliseconds(
      100,
      HOUR,
      10_000,
      'Longest pause in audio and video before the stream is ended with reason idle; of a stream that consists of data messages, the longest pause in those.',
      NEW,
    ),
    maxHeaderBytes: bytes(
      16 * KiB,
      16 * MiB,
      256 * KiB,
      'Sequence headers and metadata kept per stream for players that join late, over all tracks. What is past it is passed on to players and not kept.',
      NEW,
    ),
    unwatchedReadMs: milliseconds(
      0,
      1000,
      60,
      'How often a stream that nobody plays is read: what comes meanwhile is read at once, at half the CPU. A stream with few players is read when it is their turn, once the time to merge is as long as this; others as it comes. 0: all as it comes.',
    ),
    stallAfterMs: milliseconds(
      0,
      HOUR,
      3000,
      'A track (Enhanced RTMP has several) without a frame for so long is told as stream.stalled; 0: never.',
      NEW,
    ),
    readyTimeoutMs: milliseconds(
      0,
      HOUR,
      10_000,
      'How long stream.ready waits for a kind (audio, video) that the metadata announces, from the first media; past it the event says what is missing.',
      NEW,
    ),
    conflict: CONFLICT_SETTING,
    resumeWindowMs: milliseconds(
      0,
      HOUR,
      0,
      'How long a stream whose connection was lost is held for its publisher to come back; 0: not at all.',
      LIVE,
    ),
  },
  play: {
    maxLagBytes: bytes(
      64 * KiB,
      256 * MiB,
      2 * MiB,
      'Bytes that may wait for one player; past it the player skips to the next keyframe.',
      NEW,
    ),
    maxLagMs: milliseconds(
      100,
      HOUR,
      10_000,
      'Media time that may wait for one player; past it the player skips to the next keyframe.',
      NEW,
    ),
    maxKeyframeWaitMs: milliseconds(
      0,
      HOUR,
      12_000,
      'How long after the last keyframe players still wait for the next one. Past it they get video as it comes: with intra refresh, or a GOP of minutes, there may be none. 0: nobody waits.',
      NEW,
    ),
    stallTimeoutMs: milliseconds(
      100,
      HOUR,
      10_000,
      'A player that takes no byte for so long, while bytes wait for it, is cut off.',
      NEW,
    ),
    waitForPublisher: toggle(
      true,
      'Whether a player of a name that nobody publishes waits; if not it is told NetStream.Play.StreamNotFound.',
      LIVE,
    ),
    aggregate: toggle(
      false,
      'Whether a play that asks for it gets aggregate messages (RTMP type 22): by aggregate=1 in the query of the stream name.',
      NEW,
    ),
    startDelayMs: milliseconds(
      0,
      1000,
      20,
      'How long the first media waits behind the answer to a play. Clients that read both at once may lose the headers: the relay of Node-Media-Server does.',
      NEW,
    ),
    lingerMs: milliseconds(
      0,
      HOUR,
      5000,
      'How long players stay attached after their publisher has gone. A publisher that is back sooner carries on for them; then they are told and let go.',
      LIVE,
    ),
    inboundBytesPerSecond: bytes(
      1 * KiB,
      64 * MiB,
      64 * KiB,
      'What a player, or a client that uses shared objects, may send per second, averaged; they have little to say.',
      NEW,
    ),
  },
  capture: CAPTURE_SETTINGS,
  media: MEDIA_SETTINGS,
  vod: VOD_SETTINGS,
  recording: RECORDING_SETTINGS,
  relay: RELAY_SETTINGS,
  cluster: CLUSTER_SETTINGS,
  hub: {
    gopMaxBytes: bytes(
      0,
      256 * MiB,
      8 * MiB,
      'Bytes of the GOP kept per stream for players that join late; past it nothing is kept until the next keyframe.',
      NEW,
    ),
    gopMaxMessages: count(0, 65_536, 2048, 'Messages of the GOP kept per stream.', NEW),
    gopMaxMs: milliseconds(0, HOUR, 30_000, 'Media time of the GOP kept per stream.', NEW),
  },
  fanout: {
    maxDelayMs: milliseconds(
      0,
      10_000,
      100,
      'Longest time that media waits to be merged with what follows into one write per player.',
      LIVE,
    ),
    playersAtMaxDelay: count(
      1,
      1_000_000,
      1000,
      'Players, over all streams, at which the time to merge reaches fanout.maxDelayMs; below, it grows in proportion.',
      LIVE,
    ),
  },
  events: EVENTS_SETTINGS,
  webhooks: WEBHOOKS_SETTING,
  rpc: RPC_SETTINGS,
  rtmpe: RTMPE_SETTINGS,
  sharedObjects: SHARED_OBJECT_SETTINGS,
  jobs: JOB_SETTINGS,
  traces: TRACES_SETTINGS,
  shutdown: {
    deadlineMs: milliseconds(
      100,
      600_000,
      4000,
      'How long a shutdown may take before connections are cut and the rest of the events stays in the journal for the next start.',
      LIVE,
    ),
  },
} as const satisfies SettingTree;

type SettingTree = { readonly [key: string]: Setting<unknown> | SettingTree };

type ValuesOf<T> = { readonly [K in keyof T]: T[K] extends Setting<infer V> ? V : ValuesOf<T[K]> };

/** The effective configuration: the shape of {@link TABLE} with a value in each place. */
export type Config = ValuesOf<typeof TABLE>;

/** `T` with every member optional, at every depth. */
export type DeepPartial<T> = {
  readonly [K in keyof T]?: T[K] extends readonly unknown[] ? T[K] : T[K] extends object ? DeepPartial<T[K]> : T[K];
};

/** A setting whose type of value is not known where it is handled. */
type AnySetting = Setting<unknown>;

/** One row of the table with its full key, such as `limits.maxConnections`. */
export interface Row {
  readonly key: string;
  readonly env: string;
  readonly setting: AnySetting;
}

/** All rows in the order of the table. */
export const ROWS: readonly Row[] = rowsOf(TABLE, '');

function rowsOf(tree: object, prefix: string): Row[] {
  return Object.entries(tree).flatMap(([name, node]: [string, object]) => {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    if (!('accept' in node)) return rowsOf(node, key);
    const setting = node as AnySetting;
    return [{ key, env: setting.env ?? environmentName(key), setting }];
  });
}

/** `limits.maxConnections` → `SLUICE_LIMITS_MAX_CONNECTIONS`. */
function environmentName(key: string): string {
  return `SLUICE_${key
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('.', '_')
    .toUpperCase()}`;
}
