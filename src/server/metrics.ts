import type { BanList } from '../admission/bans/ban-list.js';
import type { ChainStats } from '../admission/chain-stats.js';
import type { NatsRpc } from '../control/rpc-bridge.js';
import { stderrLosses } from '../core/log.js';
import type { MemoryAccount } from '../core/memory-account.js';
import type { Door } from '../doors/door.js';
import type { EventsStats } from '../events/event-layer.js';
import type { Health, Metric, MetricSample } from '../http/deps.js';
import type { FlvDoor } from '../http-flv/flv-door.js';
import type { Hub } from '../hub/hub.js';
import type { LiveStreams } from '../live/live-streams.js';
import type { Recordings } from '../recording/record/recordings.js';
import type { Relays } from '../relay/relays.js';
import type { RtmpListener } from '../rtmp/rtmp-listener.js';
import type { SharedObjects } from '../shared-objects/shared-objects.js';
import type { RecordedStreams } from '../vod/recorded-streams.js';
import type { CodecPool } from '../wasm/pool.js';
import type { HookStatus } from '../webhooks/hook.js';
import type { Webhooks } from '../webhooks/webhooks.js';
import { clusterMetrics } from './cluster-metrics.js';
import { copyMetrics } from './copy-metrics.js';
import type { Descriptors } from './descriptors.js';
import { type Isolation, isolationMetrics } from './isolation.js';
import type { JobCount } from './job-counts.js';
import type { LoopTurns } from './loop-turns.js';
import { recordedMetrics } from './recorded-metrics.js';
import type { Refusals } from './refusals.js';
import type { Room } from './room.js';
import { type TunnelCounts, tunnelMetrics } from './rtmpt-metrics.js';

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
  readonly objects: Pick<SharedObjects, 'size' | 'changes' | 'sends' | 'refused' | 'suppressedNews'>;
}

/** Reads every metric of the server; called on scrape only. */
export function collectMetrics(sources: MetricSources): Metric[] {
  const { health } = sources;
  return [
    gauge('ready', '1 while /readyz says ready', health.ready ? 1 : 0),
    gauge('degraded', 'things that do not work although streams do; /readyz names them', health.degraded.length),
    ...connectionMetrics(sources),
    ...streamMetrics(sources),
    ...mediaMetrics(sources),
    ...recordedMetrics(sources.recorded),
    ...isolationMetrics(sources.isolation),
    ...relayMetrics(sources),
    ...copyMetrics(sources.copies),
    ...processMetrics(sources),
    ...eventMetrics(sources.events()),
    ...admissionMetrics(sources),
    ...tunnelMetrics(sources.tunnel),
    ...clusterMetrics(sources.cluster, sources.liveStreams),
    ...callMetrics(sources),
    ...objectMetrics(sources),
    ...recordingMetrics(sources),
    tokenMetric(sources),
    ...webhookMetrics(sources),
    ...jobMetrics(sources),
  ];
}

function connectionMetrics({ listener, liveStreams, refusals, room }: MetricSources): Metric[] {
  return [
    gauge('connections', 'RTMP connections open', listener.open),
    gauge('connections_idle', 'RTMP connections that are connected and neither publish nor play', listener.idle),
    gauge('connections_limit', 'most RTMP connections that there is room for now', room().connections),
    counter('connections_accepted_total', 'RTMP connections accepted', listener.accepted),
    byCode('connections_refused_total', 'sockets turned away at accept', refusals.counts),
    byCode('connections_closed_total', 'RTMP connections closed', liveStreams.connections.closedBy),
  ];
}

/** Publishes, plays, and what their messages and events come to. */
function streamMetrics({ listener, liveStreams, flv }: MetricSources): Metric[] {
  let publishing = 0;
  let playing = flv.players;
  for (const connection of listener.connections) {
    publishing += connection.publishing;
    playing += connection.playing;
  }
  return [
    gauge('publishes', 'publishes running', publishing),
    counter('publishes_total', 'publishes accepted', liveStreams.publishesStarted),
    byCode('publishes_rejected_total', 'publishes refused', liveStreams.publishes.rejectedBy),
    counter(
      'publishes_delayed_total',
      'publishes that had to wait because too many began',
      liveStreams.churn.publishesDelayed,
    ),
    byCode(
      'data_messages_refused_total',
      "publishers' data messages that nobody got",
      liveStreams.connections.dataRefusedBy,
    ),
    counter(
      'data_messages_mended_total',
      "publishers' data messages that came in an odd form and were put in order",
      liveStreams.connections.dataMessagesMended,
    ),
    gauge('players', 'plays running or waiting', playing),
    gauge('http_flv_players', 'those of them over HTTP and WebSocket', flv.players),
    byCode('http_flv_refused_total', 'requests for FLV that were refused before anybody was asked', flv.refusedBy),
    counter('plays_total', 'plays of live streams', liveStreams.playsStarted),
    byCode('plays_rejected_total', 'plays refused', liveStreams.playsRejectedBy),
    counter('plays_delayed_total', 'plays that had to wait because too many began', liveStreams.churn.playsDelayed),
    gauge('streams', 'live streams', liveStreams.live),
    suppressedEvents(liveStreams),
    droppedMessages(liveStreams.connections),
    counter(
      'stream_events_suppressed_total',
      'events that one publisher caused too many of',
      liveStreams.suppressedEvents,
    ),
  ];
}

function mediaMetrics({ door, hub }: MetricSources): Metric[] {
  return [
    counter(
      'timestamp_jumps_total',
      "jumps of publishers' timestamps that were smoothed for players",
      door.timestampJumps,
    ),
    byCode(
      'headers_refused_total',
      'sequence headers and metadata passed on and not kept for players that join late',
      new Map([['ERR_LIMIT_HEADERS', door.refusedHeaders]]),
    ),
    counter('media_in_bytes_total', 'media received, as framed for players', door.bytesIn),
    counter('media_out_bytes_total', 'media sent to players', door.bytesOut),
    gauge('media_held_bytes', 'media held for late joiners, slow players and writes under way', hub.heldBytes),
  ];
}

function relayMetrics({ relays }: MetricSources): Metric[] {
  const samples = (['push', 'pull'] as const).flatMap((direction) => {
    const { connected, connecting } = relays.count(direction);
    return [
      { value: connected, labels: { direction, state: 'connected' } },
      { value: connecting, labels: { direction, state: 'connecting' } },
    ];
  });
  return [
    {
      name: 'sluice_relays',
      help: 'streams that are carried to other servers (push) and from them (pull)',
      type: 'gauge',
      labels: ['direction', 'state'],
      samples,
    },
    counter('relays_total', 'relays that were begun', relays.started),
  ];
}

/** Memory, time and other resources of the process. */
function processMetrics({ memory, hub, codecs, turns, descriptors }: MetricSources): Metric[] {
  return [
    ...memoryMetrics(memory),
    counter('players_relieved_total', 'players that had to skip because memory was short', hub.memory.skipped),
    counter('players_evicted_total', 'players that were cut off because memory was short', hub.memory.evicted),
    gauge('fanout_window_milliseconds', 'merge window for the present audience', hub.fanout.windowMs),
    counter('log_lines_lost_total', 'log lines dropped because stderr did not take them', stderrLosses().lostLines),
    gauge('descriptors_open', 'file descriptors open', descriptors.open),
    gauge('descriptors_limit', 'most file descriptors that the process may open', descriptors.limit),
    gauge('wasm_instances', 'WASM instances in use', codecs.live),
    gauge(
      'event_loop_turn_max_seconds',
      'longest turn of the event loop within the last 5 to 10 seconds: how long one client held up the others at most',
      turns.read(),
    ),
  ];
}

/** Who may: decisions, and why some could not be made. */
function admissionMetrics({ admission: stats, bans }: MetricSources): Metric[] {
  return [
    {
      name: 'sluice_auth_decisions_total',
      help: 'decisions on connects, publishes and plays; chain: no responder was needed, or none decided',
      type: 'counter',
      labels: ['action', 'decision', 'responder'],
      samples: [...stats.decisions.values()].map(({ action, decision, responder, count }) => ({
        value: count,
        labels: { action, decision, responder },
      })),
    },
    {
      name: 'sluice_auth_unavailable_total',
      help: 'questions that a responder could not answer, by responder and kind of failure',
      type: 'counter',
      labels: ['responder', 'kind'],
      samples: [...stats.unavailable.values()].map(({ responder, kind, count }) => ({
        value: count,
        labels: { responder, kind },
      })),
    },
    byResponder('auth_invalid_replies_total', 'replies that could not be used', stats.invalid),
    byResponder('auth_late_replies_total', 'replies that came when nobody waited any more', stats.late),
    byResponder('auth_second_replies_total', 'replies to questions that had one already', stats.second),
    counter('auth_unknown_members_total', 'members of replies that are not known here', stats.unknownMembers),
    counter(
      'auth_unauthenticated_total',
      'requests allowed since nobody could be asked (auth.onUnavailable)',
      stats.unauthenticated,
    ),
    {
      name: 'sluice_auth_cache_hits_total',
      help: 'decisions that were remembered, so that nobody was asked',
      type: 'counter',
      labels: ['decision'],
      samples: Object.entries(stats.cacheHits).map(([decision, value]) => ({ value, labels: { decision } })),
    },
    counter('auth_guessing_bans_total', 'addresses banned for a minute for guessing keys', stats.guessingBans),
    gauge('auth_pending', 'requests that wait for a decision', stats.pending),
    gauge('bans', 'bans that hold on this node', bans.size),
  ];
}

/** Requests over HTTP that were refused for their token. */
function tokenMetric({ tokenRefusals: { wrong, held } = { wrong: 0, held: 0 } }: MetricSources): Metric {
  return {
    name: 'sluice_http_tokens_refused_total',
    help: 'HTTP requests with a wrong token, and those of addresses that guess (held), whose token was not looked at',
    type: 'counter',
    labels: ['why'],
    samples: [
      { value: wrong, labels: { why: 'wrong' } },
      { value: held, labels: { why: 'held' } },
    ],
  };
}

/** Jobs that are not over, for whoever scales runners. */
function jobMetrics({ jobs }: MetricSources): Metric[] {
  const metric = (name: string, help: string, of: (count: JobCount) => number): Metric => ({
    ...{ name: `sluice_${name}`, help, type: 'gauge', labels: ['template'] },
    samples: [...(jobs ?? [])].map(([template, count]) => ({ value: of(count), labels: { template } })),
  });
  return [
    metric('jobs_open', 'jobs that wait for a runner, in NATS', ({ open }) => open),
    metric('jobs_running', 'jobs that a runner has, in NATS', ({ running }) => running),
  ];
}

/** Calls of clients that programs answer. */
function objectMetrics({ objects }: MetricSources): Metric[] {
  return [
    gauge('shared_objects', 'shared objects in memory', objects.size),
    counter('shared_object_changes_total', 'slots of shared objects that were set or removed', objects.changes),
    counter('shared_object_messages_total', 'messages sent to the users of shared objects', objects.sends),
    counter('shared_object_refusals_total', 'uses and changes of shared objects that were refused', objects.refused),
    counter('shared_object_news_suppressed_total', 'news of shared objects that were not told', objects.suppressedNews),
  ];
}

function callMetrics({ rpc }: MetricSources): Metric[] {
  const samples = [...(rpc?.calls ?? [])].map(([outcome, value]) => ({ value, labels: { outcome } }));
  const help = 'calls of clients that were passed on to programs, or refused, by what became of them';
  return [
    { name: 'sluice_rpc_calls_total', help, type: 'counter', labels: ['outcome'], samples },
    gauge('rpc_pending', 'calls of clients that wait for the answer of a program', rpc?.pending ?? 0),
  ];
}

/** Files of streams. */
function recordingMetrics({ recordings: { open, counts } }: MetricSources): Metric[] {
  const samples = [...counts.ended].map(([reason, value]) => ({ value, labels: { reason } }));
  const help = 'recordings that have ended, by reason';
  return [
    gauge('recordings_open', 'files that are being recorded', open),
    counter('recordings_total', 'recordings that have begun', counts.started),
    { name: 'sluice_recordings_ended_total', help, type: 'counter', labels: ['reason'], samples },
    counter('recording_failures_total', 'streams that could not be recorded, or not to their end', counts.failures),
    counter('recording_bytes_total', 'bytes of files that are complete', counts.bytes),
    counter('recording_gaps_total', 'times that frames are missing because the disk was too slow', counts.gaps),
  ];
}

/** Deliveries of events to HTTP servers. */
function webhookMetrics({ webhooks }: MetricSources): Metric[] {
  const list = webhooks.list();
  const of = (name: string, help: string, type: Metric['type'], read: (status: HookStatus) => number): Metric => {
    const samples = list.map((status) => ({ value: read(status), labels: { webhook: status.name } }));
    return { name: `sluice_webhook_${name}`, help, type, labels: ['webhook'], samples };
  };
  return [
    of('delivered_total', 'events that a webhook has taken', 'counter', ({ delivered }) => delivered),
    of('failed_total', 'failed attempts to deliver an event', 'counter', ({ failed }) => failed),
    of('dead_letters_total', 'events that were given up', 'counter', ({ deadLetters }) => deadLetters),
    of(
      'pending',
      'events to be delivered, and those not looked at',
      'gauge',
      ({ pending, unread }) => pending + unread,
    ),
    of('lag_seconds', 'age of the oldest event to be delivered', 'gauge', ({ lagMs }) => lagMs / 1000),
  ];
}

function byResponder(name: string, help: string, counts: ReadonlyMap<string, number>): Metric {
  const samples = [...counts].map(([responder, value]) => ({ value, labels: { responder } }));
  return { name: `sluice_${name}`, help: `${help}, by responder`, type: 'counter', labels: ['responder'], samples };
}

function memoryMetrics(memory: MemoryAccount): Metric[] {
  const samples = memory.list().map(({ kind, bytes }) => ({ value: bytes, labels: { kind } }));
  const help = 'memory that peers make the server hold, by kind; limits.memoryBytes binds the sum';
  return [
    { name: 'sluice_memory_bytes', help, type: 'gauge', labels: ['kind'], samples },
    gauge('memory_limit_bytes', 'limits.memoryBytes', memory.limitBytes),
  ];
}

function droppedMessages({ droppedBy }: LiveStreams['connections']): Metric {
  const samples = [...droppedBy].map(([cause, value]) => ({ value, labels: { cause } }));
  const help = 'messages of peers that went nowhere, by cause';
  return { name: 'sluice_messages_dropped_total', help, type: 'counter', labels: ['cause'], samples };
}

function suppressedEvents({ account }: LiveStreams): Metric {
  const samples = Object.entries(account.suppressed).map(([kind, value]) => ({ value, labels: { kind } }));
  const help = 'events that one address or stream caused too many of, by kind';
  return { name: 'sluice_events_suppressed_total', help, type: 'counter', labels: ['kind'], samples };
}

function eventMetrics(stats: EventsStats): Metric[] {
  return [
    counter('events_emitted_total', 'events recorded', stats.emitted),
    counter('events_published_total', 'events that JetStream has acknowledged', stats.published),
    counter('events_dropped_total', 'events not taken because journal or disk was full', stats.dropped),
    counter(
      'events_withheld_total',
      'events of players and refused publishes left out so that the journal keeps room for starts and history',
      stats.withheld,
    ),
    counter('events_retries_total', 'publishes to NATS tried again', stats.retries),
    counter('events_quarantined_total', 'events that NATS will never take, kept aside', stats.quarantined),
    counter('events_superseded_total', 'events of sessions that another node had ended', stats.superseded),
    counter(
      'events_refused_starts_total',
      'publishes refused because their start could not be kept',
      stats.refusedStarts,
    ),
    gauge('events_pending', 'events that wait for their PubAck', stats.pending),
    gauge('events_journal_bytes', 'size of the event journal', stats.journalBytes),
    gauge('events_life_ok', '1 while the sign of life can be written', stats.lifeDetail === '' ? 1 : 0),
    gauge('events_journal_ok', '1 while the journal takes events', stats.journalState === 'ok' ? 1 : 0),
    gauge(
      'events_bus_ready',
      '1 while NATS takes events; 0 also when none is configured',
      stats.busState === 'ready' ? 1 : 0,
    ),
  ];
}

function gauge(name: string, help: string, value: number): Metric {
  return { name: `sluice_${name}`, help, type: 'gauge', samples: [{ value }] };
}

function counter(name: string, help: string, value: number): Metric {
  return { name: `sluice_${name}`, help, type: 'counter', samples: [{ value }] };
}

function byCode(name: string, help: string, counts: ReadonlyMap<string, number>): Metric {
  const samples: MetricSample[] = [...counts].map(([code, value]) => ({ value, labels: { code } }));
  return { name: `sluice_${name}`, help: `${help}, by error code`, type: 'counter', labels: ['code'], samples };
}
