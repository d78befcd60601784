import type { BanList } from '../admission/bans/ban-list.js';
import type { ChainStats } from '../admission/chain-stats.js';
import type { NatsRpc } from '../control/rpc-bridge.js';
import { stderrLosses } from '../core/log.js';
import type { MemoryAccount } from '../core/memory-account.js';
import type { Door } from '../doors/door.js';
import type { EventsStats } from '../events/event-layer.js';
import type { OpenStream } from '../events/open-streams.js';
import type { Health, Metric } from '../http/deps.js';
import type { FlvDoor } from '../http-flv/flv-door.js';
import type { Hub } from '../hub/hub.js';
import type { LiveStreams } from '../live/live-streams.js';
import type { MetricName } from '../model/metrics.js';
import type { Recordings } from '../recording/record/recordings.js';
import type { Relays } from '../relay/relays.js';
import type { RtmpListener } from '../rtmp/rtmp-listener.js';
import type { SharedObjects } from '../shared-objects/shared-objects.js';
import type { TraceCounts } from '../traces/traces.js';
import type { RecordedStreams } from '../vod/recorded-streams.js';
import type { CodecPool } from '../wasm/pool.js';
import type { Webhooks } from '../webhooks/webhooks.js';
import { admissionMetrics } from './admission-metrics.js';
import { clusterMetrics } from './cluster-metrics.js';
import { copyMetrics } from './copy-metrics.js';
import type { Descriptors } from './descriptors.js';
import type { DiskRoom } from './disk-room.js';
import { type Isolation, isolationMetrics } from './isolation.js';
import type { JobCount } from './job-counts.js';
import type { LoopTurns } from './loop-turns.js';
import { by, each, one, state } from './metric-samples.js';
import { recordedMetrics } from './recorded-metrics.js';
import type { Refusals } from './refusals.js';
import type { Room } from './room.js';
import { type TunnelCounts, tunnelMetrics } from './rtmpt-metrics.js';
import { traceMetrics } from './trace-metrics.js';

/** The parts that have the numbers. */
interface MetricSources {
  readonly hub: Hub;
  readonly door: Door;
  readonly flv: Pick<FlvDoor, 'players' | 'refusedBy'>;
  readonly memory: MemoryAccount;
  readonly listener: RtmpListener;
  readonly liveStreams: LiveStreams;
  readonly recorded: Pick<RecordedStreams, 'counts'>;
  readonly codecs: CodecPool;
  /** Undefined in no cluster. */
  readonly isolation: Pick<Isolation, 'is'> | undefined;
  readonly refusals: Refusals;
  readonly events: () => EventsStats;
  readonly health: Health;
  readonly descriptors: Descriptors;
  readonly room: () => Room;
  readonly turns: LoopTurns;
  readonly relays: Relays;
  readonly admission: ChainStats;
  readonly bans: BanList;
  /** Requests over HTTP that were refused for their token; undefined without HTTP. */
  readonly tokenRefusals: { readonly wrong: number; readonly held: number } | undefined;
  /** By template; undefined without NATS, and where no runner has ever kept any. */
  readonly jobs: ReadonlyMap<string, JobCount> | undefined;
  /** Undefined without NATS. */
  readonly rpc: Pick<NatsRpc, 'calls' | 'pending'> | undefined;
  readonly webhooks: Pick<Webhooks, 'list'>;
  readonly recordings: Pick<Recordings, 'open' | 'counts'>;
  /** Undefined while RTMPT is off. */
  readonly tunnel: TunnelCounts | undefined;
  readonly cluster: Parameters<typeof clusterMetrics>[0];
  readonly copies: Parameters<typeof copyMetrics>[0];
  /** Streams that have begun and not ended. */
  readonly openStreams: ReadonlyMap<string, Pick<OpenStream, 'state' | 'startedMs'>>;
  readonly disks: readonly DiskRoom[];
  readonly nowMs: number;
  /** Undefined without traces. */
  readonly traces: TraceCounts | undefined;
  readonly objects: Pick<SharedObjects, 'size' | 'changes' | 'sends' | 'refused' | 'suppressedNews'>;
}

/** Reads every metric of the server; called on scrape only. */
export function collectMetrics(sources: MetricSources): Metric[] {
  const { health } = sources;
  return [
    state('sluice_ready', health.ready),
    one('sluice_degraded', health.degraded.length),
    ...connectionMetrics(sources),
    ...streamMetrics(sources),
    ...mediaMetrics(sources),
    ...recordedMetrics(sources.recorded),
    ...isolationMetrics(sources.isolation),
    ...relayMetrics(sources),
    ...copyMetrics(sources.copies),
    ...processMetrics(sources),
    ...eventMetrics(sources.events()),
    ...admissionMetrics(sources.admission, sources.bans),
    ...tunnelMetrics(sources.tunnel),
    ...traceMetrics(sources.traces),
    ...clusterMetrics(sources.cluster, sources.liveStreams),
    ...callMetrics(sources),
    ...objectMetrics(sources),
    ...recordingMetrics(sources),
    by('sluice_http_tokens_refused_total', 'why', Object.entries(sources.tokenRefusals ?? { wrong: 0, held: 0 })),
    ...webhookMetrics(sources),
    ...jobMetrics(sources),
  ];
}

function connectionMetrics({ listener, liveStreams, refusals, room }: MetricSources): Metric[] {
  return [
    one('sluice_connections', listener.open),
    one('sluice_connections_idle', listener.idle),
    one('sluice_connections_limit', room().connections),
    one('sluice_connections_accepted_total', listener.accepted),
    by('sluice_connections_refused_total', 'code', refusals.counts),
    by('sluice_connections_closed_total', 'code', liveStreams.connections.closedBy),
  ];
}

/** Publishes, plays, and what their messages and events come to. */
function streamMetrics(sources: MetricSources): Metric[] {
  const { listener, liveStreams, flv } = sources;
  let publishing = 0;
  let playing = flv.players;
  for (const connection of listener.connections) {
    publishing += connection.publishing;
    playing += connection.playing;
  }
  const { connections } = liveStreams;
  return [
    one('sluice_publishes', publishing),
    one('sluice_publishes_total', liveStreams.publishesStarted),
    by('sluice_publishes_rejected_total', 'code', liveStreams.publishes.rejectedBy),
    one('sluice_publishes_delayed_total', liveStreams.churn.publishesDelayed),
    by('sluice_data_messages_refused_total', 'code', connections.dataRefusedBy),
    one('sluice_data_messages_mended_total', connections.dataMessagesMended),
    one('sluice_players', playing),
    one('sluice_http_flv_players', flv.players),
    by('sluice_http_flv_refused_total', 'code', flv.refusedBy),
    one('sluice_plays_total', liveStreams.playsStarted),
    by('sluice_plays_rejected_total', 'code', liveStreams.playsRejectedBy),
    one('sluice_plays_delayed_total', liveStreams.churn.playsDelayed),
    one('sluice_streams', liveStreams.live),
    ...stateMetrics(sources),
    one('sluice_stream_stalls_total', liveStreams.activity.stalls),
    by('sluice_events_suppressed_total', 'kind', Object.entries(liveStreams.account.suppressed)),
    by('sluice_messages_dropped_total', 'cause', connections.droppedBy),
    one('sluice_stream_events_suppressed_total', liveStreams.suppressedEvents),
  ];
}

function stateMetrics({ openStreams, nowMs }: MetricSources): Metric[] {
  const states = { live: 0, ready: 0, suspended: 0 };
  let unreadyMs = 0;
  for (const { state: is, startedMs } of openStreams.values()) {
    states[is]++;
    if (is === 'live') unreadyMs = Math.max(unreadyMs, nowMs - startedMs);
  }
  return [
    by('sluice_streams_by_state', 'state', Object.entries(states)),
    one('sluice_stream_unready_max_seconds', unreadyMs / 1000),
  ];
}

function mediaMetrics({ door, hub }: MetricSources): Metric[] {
  return [
    one('sluice_timestamp_jumps_total', door.timestampJumps),
    by('sluice_headers_refused_total', 'code', [['ERR_LIMIT_HEADERS', door.refusedHeaders]]),
    one('sluice_media_in_bytes_total', door.bytesIn),
    one('sluice_media_out_bytes_total', door.bytesOut),
    one('sluice_media_held_bytes', hub.heldBytes),
  ];
}

function relayMetrics({ relays }: MetricSources): Metric[] {
  const counts = (['push', 'pull'] as const).flatMap((direction) => {
    const { connected, connecting } = relays.count(direction);
    return [
      { direction, is: 'connected', value: connected },
      { direction, is: 'connecting', value: connecting },
    ];
  });
  return [
    each('sluice_relays', counts, ({ direction, is, value }) => ({ value, labels: { direction, state: is } })),
    one('sluice_relays_total', relays.started),
  ];
}

/** Memory, time and other resources of the process. */
function processMetrics({ memory, hub, codecs, turns, descriptors, disks }: MetricSources): Metric[] {
  return [
    each('sluice_memory_bytes', memory.list(), ({ kind, bytes }) => ({ value: bytes, labels: { kind } })),
    one('sluice_memory_limit_bytes', memory.limitBytes),
    one('sluice_players_relieved_total', hub.memory.skipped),
    one('sluice_players_evicted_total', hub.memory.evicted),
    one('sluice_fanout_window_seconds', hub.fanout.windowMs / 1000),
    one('sluice_log_lines_lost_total', stderrLosses().lostLines),
    one('sluice_descriptors_open', descriptors.open),
    one('sluice_descriptors_limit', descriptors.limit),
    each('sluice_disk_free_bytes', disks, ({ place, freeBytes }) => ({ value: freeBytes, labels: { place } })),
    each('sluice_disk_size_bytes', disks, ({ place, sizeBytes }) => ({ value: sizeBytes, labels: { place } })),
    one('sluice_wasm_instances', codecs.live),
    one('sluice_event_loop_turn_max_seconds', turns.read()),
  ];
}

/** Jobs that are not over, for whoever scales runners. */
function jobMetrics({ jobs }: MetricSources): Metric[] {
  const counts = [...(jobs ?? [])];
  return [
    each('sluice_jobs_open', counts, ([template, { open }]) => ({ value: open, labels: { template } })),
    each('sluice_jobs_running', counts, ([template, { running }]) => ({ value: running, labels: { template } })),
  ];
}

function objectMetrics({ objects }: MetricSources): Metric[] {
  return [
    one('sluice_shared_objects', objects.size),
    one('sluice_shared_object_changes_total', objects.changes),
    one('sluice_shared_object_messages_total', objects.sends),
    one('sluice_shared_object_refusals_total', objects.refused),
    one('sluice_shared_object_news_suppressed_total', objects.suppressedNews),
  ];
}

/** Calls of clients that programs answer. */
function callMetrics({ rpc }: MetricSources): Metric[] {
  return [by('sluice_rpc_calls_total', 'outcome', rpc?.calls ?? []), one('sluice_rpc_pending', rpc?.pending ?? 0)];
}

/** Files of streams. */
function recordingMetrics({ recordings: { open, counts } }: MetricSources): Metric[] {
  return [
    one('sluice_recordings_open', open),
    one('sluice_recordings_total', counts.started),
    by('sluice_recordings_ended_total', 'reason', counts.ended),
    one('sluice_recording_failures_total', counts.failures),
    one('sluice_recording_bytes_total', counts.bytes),
    one('sluice_recording_gaps_total', counts.gaps),
  ];
}

/** Deliveries of events to HTTP servers. */
function webhookMetrics({ webhooks }: MetricSources): Metric[] {
  const list = webhooks.list();
  const of = (name: MetricName, read: (status: (typeof list)[number]) => number): Metric =>
    each(name, list, (status) => ({ value: read(status), labels: { webhook: status.name } }));
  return [
    of('sluice_webhook_delivered_total', ({ delivered }) => delivered),
    of('sluice_webhook_failed_total', ({ failed }) => failed),
    of('sluice_webhook_dead_letters_total', ({ deadLetters }) => deadLetters),
    of('sluice_webhook_pending', ({ pending, unread }) => pending + unread),
    of('sluice_webhook_lag_seconds', ({ lagMs }) => lagMs / 1000),
  ];
}

function eventMetrics(stats: EventsStats): Metric[] {
  return [
    one('sluice_events_emitted_total', stats.emitted),
    one('sluice_events_published_total', stats.published),
    one('sluice_events_dropped_total', stats.dropped),
    one('sluice_events_withheld_total', stats.withheld),
    one('sluice_events_retries_total', stats.retries),
    one('sluice_events_quarantined_total', stats.quarantined),
    one('sluice_events_superseded_total', stats.superseded),
    one('sluice_events_refused_starts_total', stats.refusedStarts),
    one('sluice_events_pending', stats.pending),
    one('sluice_events_journal_bytes', stats.journalBytes),
    state('sluice_events_life_ok', stats.lifeDetail === ''),
    state('sluice_events_journal_ok', stats.journalState === 'ok'),
    state('sluice_events_bus_ready', stats.busState === 'ready'),
  ];
}
