import { DROP_CAUSES } from './drop-causes.js';
import { CODES, type MetricRow } from './metric-row.js';

const SLOWER = 'Look for encoders in a loop of reconnects: log lines with the address say which.';

/** What clients do: connections, streams, players and their media. */
export const STREAM_METRICS = {
  sluice_connections: {
    ...{ type: 'gauge', unit: 'connections' },
    help: 'RTMP connections open',
    todo: 'Near `sluice_connections_limit`, add a node or raise `limits.maxConnections` and the limit on file descriptors.',
  },
  sluice_connections_idle: {
    ...{ type: 'gauge', unit: 'connections' },
    help: 'RTMP connections that are connected and neither publish nor play',
    todo: 'Many of them for long are clients that hang or probe; `limits.idleMs` and bans end them.',
  },
  sluice_connections_limit: {
    ...{ type: 'gauge', unit: 'connections' },
    help: 'most RTMP connections that there is room for now',
    todo: 'Lower than `limits.maxConnections`: the process may open too few files; raise `LimitNOFILE` or `ulimit -n`.',
  },
  sluice_connections_accepted_total: { type: 'counter', unit: 'connections', help: 'RTMP connections accepted' },
  sluice_connections_refused_total: {
    ...{ type: 'counter', unit: 'connections', labels: { code: CODES } },
    help: 'sockets turned away at accept, by error code',
    todo: 'The code says which limit was met, and [errors.md](errors.md) what to do about it.',
  },
  sluice_connections_closed_total: {
    ...{ type: 'counter', unit: 'connections', labels: { code: CODES } },
    help: 'RTMP connections closed, by error code',
    todo: 'A code that grows is one kind of failing client; `sluice inspect` reads what such a client has sent.',
  },
  sluice_publishes: { type: 'gauge', unit: 'publishes', help: 'publishes running' },
  sluice_publishes_total: { type: 'counter', unit: 'publishes', help: 'publishes accepted', todo: SLOWER },
  sluice_publishes_rejected_total: {
    ...{ type: 'counter', unit: 'publishes', labels: { code: CODES } },
    help: 'publishes refused, by error code',
    todo: 'The code says why; events `stream.rejected` say who.',
  },
  sluice_publishes_delayed_total: {
    ...{ type: 'counter', unit: 'publishes' },
    help: 'publishes that had to wait because too many began',
    todo: SLOWER,
  },
  sluice_data_messages_refused_total: {
    ...{ type: 'counter', unit: 'messages', labels: { code: CODES } },
    help: "publishers' data messages that nobody got, by error code",
  },
  sluice_data_messages_mended_total: {
    ...{ type: 'counter', unit: 'messages' },
    help: "publishers' data messages that came in an odd form and were put in order",
  },
  sluice_players: { type: 'gauge', unit: 'plays', help: 'plays running or waiting' },
  sluice_http_flv_players: {
    ...{ type: 'gauge', unit: 'plays' },
    help: 'plays over HTTP and WebSocket, which sluice_players counts, too',
  },
  sluice_http_flv_refused_total: {
    ...{ type: 'counter', unit: 'requests', labels: { code: CODES } },
    help: 'requests for FLV that were refused before anybody was asked, by error code',
  },
  sluice_plays_total: { type: 'counter', unit: 'plays', help: 'plays of live streams' },
  sluice_plays_rejected_total: {
    ...{ type: 'counter', unit: 'plays', labels: { code: CODES } },
    help: 'plays refused, by error code',
    todo: 'The code says why. Many of one code after a deployment are links or tokens that have changed.',
  },
  sluice_plays_delayed_total: {
    ...{ type: 'counter', unit: 'plays' },
    help: 'plays that had to wait because too many began',
  },
  sluice_streams: {
    ...{ type: 'gauge', unit: 'streams' },
    help: 'live streams',
    todo: 'Zero where there should be some: look at `sluice_publishes_rejected_total` and at the network of the encoders.',
  },
  sluice_streams_by_state: {
    ...{ type: 'gauge', unit: 'streams', labels: { state: ['live', 'ready', 'suspended'] } },
    help: 'live streams by state: live (no keyframe yet), ready, suspended (the publisher is gone and may come back)',
  },
  sluice_stream_unready_max_seconds: {
    ...{ type: 'gauge', unit: 'seconds' },
    help: 'age of the oldest live stream without sequence headers and a first keyframe; 0: there is none',
    todo: 'An encoder sends no keyframe, or no codec that is known: set its keyframe interval to 2 s, and look at `sluice ls`.',
  },
  sluice_stream_stalls_total: {
    ...{ type: 'counter', unit: 'tracks' },
    help: 'times that a track had no frames for publish.stallAfterMs, as events tell',
    todo: 'Events `stream.stalled` name stream, track and cause: a camera without picture, or a line that is too slow.',
  },
  sluice_events_suppressed_total: {
    ...{ type: 'counter', unit: 'events', labels: { kind: ['play', 'rejected', 'connection', 'data', 'track'] } },
    help: 'events that one address or stream caused too many of, by kind',
    todo: 'Somebody comes and goes too often. Behind a proxy that hides addresses raise `limits.eventsPerSecondPerIp`.',
  },
  sluice_messages_dropped_total: {
    ...{ type: 'counter', unit: 'messages', labels: { cause: Object.keys(DROP_CAUSES) } },
    help: 'messages of peers that went nowhere, by cause',
  },
  sluice_stream_events_suppressed_total: {
    ...{ type: 'counter', unit: 'events' },
    help: 'events that one publisher caused too many of',
  },
  sluice_timestamp_jumps_total: {
    ...{ type: 'counter', unit: 'jumps' },
    help: "jumps of publishers' timestamps that were smoothed for players",
    todo: 'An encoder with a clock that jumps: `stream.ended` says how often it did.',
  },
  sluice_headers_refused_total: {
    ...{ type: 'counter', unit: 'messages', labels: { code: ['ERR_LIMIT_HEADERS'] } },
    help: 'sequence headers and metadata passed on and not kept for players that join late, by error code',
  },
  sluice_media_in_bytes_total: {
    ...{ type: 'counter', unit: 'bytes' },
    help: 'media received, as framed for players',
    todo: 'A rate that falls while `sluice_publishes` does not is a line that is too slow.',
  },
  sluice_media_out_bytes_total: { type: 'counter', unit: 'bytes', help: 'media sent to players' },
  sluice_media_held_bytes: {
    ...{ type: 'gauge', unit: 'bytes' },
    help: 'media held for late joiners, slow players and writes under way',
    todo: 'It grows with slow players and long GOPs: shorten the keyframe interval, or lower `play.maxLagMs`.',
  },
  sluice_players_relieved_total: {
    ...{ type: 'counter', unit: 'players' },
    help: 'players that had to skip because memory was short',
    todo: 'Raise `limits.memoryBytes`, or move streams to another node.',
  },
  sluice_players_evicted_total: {
    ...{ type: 'counter', unit: 'players' },
    help: 'players that were cut off because memory was short',
    todo: 'Raise `limits.memoryBytes`, or move streams to another node.',
  },
  sluice_fanout_window_seconds: {
    ...{ type: 'gauge', unit: 'seconds' },
    help: 'merge window for the present audience',
  },
  sluice_relays: {
    ...{ type: 'gauge', unit: 'relays', labels: { direction: ['push', 'pull'], state: ['connected', 'connecting'] } },
    help: 'streams that are carried to other servers (push) and from them (pull)',
    todo: 'One that is connecting for long cannot reach its server: `sluice relays` and events `relay.failed` say why.',
  },
  sluice_relays_total: { type: 'counter', unit: 'relays', help: 'relays that were begun' },
  sluice_recorded_plays: { type: 'gauge', unit: 'plays', help: 'recorded streams that are played' },
  sluice_recorded_plays_started_total: {
    ...{ type: 'counter', unit: 'plays' },
    help: 'plays of recorded streams since the start',
  },
  sluice_recorded_files: { type: 'gauge', unit: 'files', help: 'recorded files that are open' },
  sluice_recorded_reads_total: {
    ...{ type: 'counter', unit: 'reads' },
    help: 'reads of recorded files that the cache could not answer',
  },
  sluice_recordings_open: { type: 'gauge', unit: 'files', help: 'files that are being recorded' },
  sluice_recordings_total: { type: 'counter', unit: 'files', help: 'recordings that have begun' },
  sluice_recordings_ended_total: {
    ...{
      type: 'counter',
      unit: 'files',
      labels: { reason: 'reasons of `record.ended` in [events.md](events.md#types)' },
    },
    help: 'recordings that have ended, by reason',
    todo: '`disk_full`, `disk_error` and `quota` are about the disk below `media.root`.',
  },
  sluice_recording_failures_total: {
    ...{ type: 'counter', unit: 'streams' },
    help: 'streams that could not be recorded, or not to their end',
    todo: 'Look at the disk below `media.root`: room, permissions, errors. The log has a line for each.',
  },
  sluice_recording_bytes_total: { type: 'counter', unit: 'bytes', help: 'bytes of files that are complete' },
  sluice_recording_gaps_total: {
    ...{ type: 'counter', unit: 'gaps' },
    help: 'times that frames are missing because the disk was too slow',
    todo: 'Use a faster disk for `media.root`, or record fewer streams on this node.',
  },
  sluice_shared_objects: { type: 'gauge', unit: 'objects', help: 'shared objects in memory' },
  sluice_shared_object_changes_total: {
    ...{ type: 'counter', unit: 'slots' },
    help: 'slots of shared objects that were set or removed',
  },
  sluice_shared_object_messages_total: {
    ...{ type: 'counter', unit: 'messages' },
    help: 'messages sent to the users of shared objects',
  },
  sluice_shared_object_refusals_total: {
    ...{ type: 'counter', unit: 'requests' },
    help: 'uses and changes of shared objects that were refused',
  },
  sluice_shared_object_news_suppressed_total: {
    ...{ type: 'counter', unit: 'news' },
    help: 'news of shared objects that were not told',
  },
} as const satisfies Record<string, MetricRow>;
