import { CODES, type MetricRow } from './metric-row.js';

const CLUSTER = 'in a cluster';
const TEMPLATE = { template: 'names of the job templates in NATS, at most 1,000' } as const;

/** Events and NATS, other nodes, jobs. */
export const CLUSTER_METRICS = {
  sluice_events_emitted_total: { type: 'counter', unit: 'events', help: 'events recorded' },
  sluice_events_published_total: {
    ...{ type: 'counter', unit: 'events' },
    help: 'events that JetStream has acknowledged',
  },
  sluice_events_dropped_total: {
    ...{ type: 'counter', unit: 'events' },
    help: 'events not taken because journal or disk was full',
    todo: 'History is missing. Make room on the disk of the data folder, or raise `events.maxJournalBytes`.',
  },
  sluice_events_withheld_total: {
    ...{ type: 'counter', unit: 'events' },
    help: 'events of players and refused publishes left out so that the journal keeps room for starts and history',
    todo: 'NATS has been away for long, or there are more plays than the journal can tell of.',
  },
  sluice_events_retries_total: {
    ...{ type: 'counter', unit: 'publishes' },
    help: 'publishes to NATS tried again',
    todo: 'NATS is slow or has no leader: look at its own monitoring.',
  },
  sluice_events_quarantined_total: {
    ...{ type: 'counter', unit: 'events' },
    help: 'events that NATS will never take, kept aside',
    todo: 'The log says why: limits or subjects of the stream in NATS are not those of [events.md](events.md).',
  },
  sluice_events_superseded_total: {
    ...{ type: 'counter', unit: 'events' },
    help: 'events of sessions that another node had ended',
  },
  sluice_events_refused_starts_total: {
    ...{ type: 'counter', unit: 'publishes' },
    help: 'publishes refused because their start could not be kept',
    todo: 'The disk of the data folder is full or failing: `/readyz` says which.',
  },
  sluice_events_pending: {
    ...{ type: 'gauge', unit: 'events' },
    help: 'events that wait for their PubAck',
    todo: 'NATS is down or slow. Nothing is lost while the journal has room: see `sluice_events_journal_bytes`.',
  },
  sluice_events_journal_bytes: {
    ...{ type: 'gauge', unit: 'bytes' },
    help: 'size of the event journal',
    todo: 'It holds the history, and grows up to `events.maxJournalBytes` while NATS takes nothing: see `sluice_events_pending`.',
  },
  sluice_events_life_ok: {
    ...{ type: 'gauge', unit: '0 or 1' },
    help: '1 while the sign of life can be written',
    todo: 'The disk of the data folder fails: `/readyz` says how.',
  },
  sluice_events_journal_ok: {
    ...{ type: 'gauge', unit: '0 or 1' },
    help: '1 while the journal takes events',
    todo: 'The disk of the data folder is full or fails: publishes are refused until it works.',
  },
  sluice_events_bus_ready: {
    ...{ type: 'gauge', unit: '0 or 1' },
    help: '1 while NATS takes events; 0 also when none is configured',
    todo: 'Ask `/readyz`: it says what is wrong with NATS. `sluice events` shows events without NATS meanwhile.',
  },
  sluice_rpc_calls_total: {
    type: 'counter',
    unit: 'calls',
    labels: {
      outcome: ['result', 'error', 'no_responders', 'timeout', 'away', 'refused', 'invalid', 'rate', 'overload'],
    },
    help: 'calls of clients that were passed on to programs, or refused, by what became of them',
    todo: '[rpc.md](rpc.md) says what each outcome means.',
  },
  sluice_rpc_pending: {
    ...{ type: 'gauge', unit: 'calls' },
    help: 'calls of clients that wait for the answer of a program',
  },
  sluice_jobs_open: {
    ...{ type: 'gauge', unit: 'jobs', labels: TEMPLATE },
    help: 'jobs that wait for a runner, in NATS',
    todo: 'Start more runners, or find out why none takes them: `sluice jobs get` says what a job waits for.',
    only: 'with NATS, while it can be read',
  },
  sluice_jobs_running: {
    ...{ type: 'gauge', unit: 'jobs', labels: TEMPLATE },
    help: 'jobs that a runner has, in NATS',
    only: 'with NATS, while it can be read',
  },
  sluice_cluster_names: {
    ...{ type: 'gauge', unit: 'names' },
    help: 'names that this node has',
    only: CLUSTER,
  },
  sluice_cluster_registry_up: {
    ...{ type: 'gauge', unit: '0 or 1' },
    help: '1 while the registry of names answers',
    todo: 'NATS is down or has no leader: publishes are answered as `cluster.onRegistryDown` says.',
    only: CLUSTER,
  },
  sluice_cluster_claims_total: {
    type: 'counter',
    unit: 'claims',
    labels: { outcome: ['won', 'busy', 'local', 'registry_down', 'withdrawn', 'role'] },
    help: 'claims of names by what became of them',
    only: CLUSTER,
  },
  sluice_cluster_claim_seconds: {
    ...{ type: 'histogram', unit: 'seconds', bounds: [0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 3, 8] },
    help: 'how long publishers waited for their name',
    todo: 'Over 0.1 s NATS is slow or far away.',
    only: CLUSTER,
  },
  sluice_cluster_yields_total: {
    ...{ type: 'counter', unit: 'streams', labels: { outcome: ['moved', 'refused', 'taken_back', 'forged'] } },
    help: 'requests of other nodes for streams of this one, and streams that it has taken back',
    todo: '`forged`: somebody in NATS asks as if it were a node of this cluster; look at the permissions of its users.',
    only: CLUSTER,
  },
  sluice_cluster_isolated: {
    ...{ type: 'gauge', unit: '0 or 1' },
    help: '1 while NATS has taken no heartbeat for most of the lease, so that others may take names over',
    todo: 'The way from this node to NATS is cut: its streams go on or end as `cluster.onIsolated` says.',
    only: CLUSTER,
  },
  sluice_cluster_relays_served: {
    ...{ type: 'gauge', unit: 'plays' },
    help: 'plays of other nodes that run, each of one stream of this node',
    only: CLUSTER,
  },
  sluice_cluster_relays_admitted_total: {
    ...{ type: 'counter', unit: 'connections' },
    help: 'connections of other nodes that were let in',
    only: CLUSTER,
  },
  sluice_cluster_relays_refused_total: {
    ...{ type: 'counter', unit: 'connections', labels: { code: CODES } },
    help: 'connections and plays of other nodes that were refused',
    todo: 'The nodes do not share `cluster.secret`, or their clocks differ.',
    only: CLUSTER,
  },
  sluice_copies: {
    ...{ type: 'gauge', unit: 'names', labels: { state: ['waiting', 'connecting', 'running', 'lost'] } },
    help: 'names that are fetched from other nodes, or that players wait for',
    todo: '`connecting` or `lost` for long: this node cannot reach `rtmp.advertise` of the node that has the stream.',
    only: CLUSTER,
  },
  sluice_copies_total: {
    ...{ type: 'counter', unit: 'streams' },
    help: 'streams of other nodes that came',
    only: CLUSTER,
  },
  sluice_copies_reconnects_total: {
    ...{ type: 'counter', unit: 'connections' },
    help: 'lost connections to other nodes that were made again',
    todo: 'The network between the nodes loses connections.',
    only: CLUSTER,
  },
  sluice_copies_bytes_total: {
    ...{ type: 'counter', unit: 'bytes' },
    help: 'media of streams of other nodes, as framed for players',
    only: CLUSTER,
  },
  sluice_copies_first_media_seconds: {
    ...{ type: 'histogram', unit: 'seconds', bounds: [0.05, 0.1, 0.2, 0.3, 0.5, 1, 3, 10] },
    help: 'from the first play of a stream of another node to its first media',
    todo: 'Over 1 s: the other node is far or busy, or NATS is slow.',
    only: CLUSTER,
  },
} as const satisfies Record<string, MetricRow>;

/** What `sluice jobs run --metrics` serves: a runner of jobs, which is a process of its own. */
export const RUNNER_METRICS = {
  sluice_runner_slots: { type: 'gauge', unit: 'jobs', help: 'jobs that this runner runs at a time' },
  sluice_runner_used: { type: 'gauge', unit: 'jobs', help: 'jobs that this runner has' },
  sluice_runner_draining: {
    ...{ type: 'gauge', unit: '0 or 1' },
    help: '1 while it takes no jobs because it is about to end',
  },
  sluice_runner_jobs_open: {
    ...{ type: 'gauge', unit: 'jobs' },
    help: 'jobs that wait for a runner, as this one knows',
    todo: 'With `sluice_runner_used` at `sluice_runner_slots`, start more runners.',
  },
  sluice_runner_attempts_total: {
    type: 'counter',
    unit: 'attempts',
    labels: { outcome: ['succeeded', 'failed', 'stopped', 'handed_over', 'lost'] },
    help: 'attempts that are over here, by what came of them',
    todo: '`failed`: `sluice jobs logs` shows what the program said. `lost`: this runner was cut off from NATS.',
  },
  sluice_runner_events_waiting: {
    ...{ type: 'gauge', unit: 'events' },
    help: 'events of jobs that wait for NATS',
    todo: 'NATS is down or slow.',
  },
  sluice_runner_events_dropped_total: {
    ...{ type: 'counter', unit: 'events' },
    help: 'events of jobs that were left out because too many waited',
    todo: 'NATS was away for too long; the records of the jobs are right all the same.',
  },
} as const satisfies Record<string, MetricRow>;
