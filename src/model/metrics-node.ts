import { type MetricRow, RESPONDERS } from './metric-row.js';

const TRACES = 'while `traces.endpoint` is set';
const RTMPT = 'while RTMPT is on';
const WEBHOOK = { webhook: 'names of the webhooks in `webhooks`' } as const;

/** The node itself: health, memory, time and files; HTTP and webhooks; who may; its events. */
export const NODE_METRICS = {
  sluice_ready: {
    ...{ type: 'gauge', unit: '0 or 1' },
    help: '1 while /readyz says ready',
    todo: 'Ask `/readyz`: it gives the reasons in sentences.',
  },
  sluice_degraded: {
    ...{ type: 'gauge', unit: 'things' },
    help: 'things that do not work although streams do; /readyz names them',
    todo: 'Ask `/readyz`: `degraded` names them in sentences.',
  },
  sluice_memory_bytes: {
    ...{ type: 'gauge', unit: 'bytes', labels: { kind: 'kinds of memory: a fixed list of about 25' } },
    help: 'memory that peers make the server hold, by kind; limits.memoryBytes binds the sum',
    todo: 'The kind that grows says who holds it. Raise `limits.memoryBytes` as far as the machine has memory, or move streams.',
  },
  sluice_memory_limit_bytes: {
    ...{ type: 'gauge', unit: 'bytes' },
    help: 'limits.memoryBytes',
    todo: 'Near it new publishes are refused and slow players skip: see `sluice_memory_bytes`.',
  },
  sluice_log_lines_lost_total: {
    ...{ type: 'counter', unit: 'lines' },
    help: 'log lines dropped because stderr did not take them',
    todo: 'What reads the log is too slow or stands still.',
  },
  sluice_descriptors_open: {
    ...{ type: 'gauge', unit: 'descriptors' },
    help: 'file descriptors open',
    todo: 'Near `sluice_descriptors_limit` raise `LimitNOFILE` (systemd), `ulimit -n`, or the limit of the container.',
  },
  sluice_descriptors_limit: {
    ...{ type: 'gauge', unit: 'descriptors' },
    help: 'most file descriptors that the process may open',
  },
  sluice_disk_free_bytes: {
    ...{ type: 'gauge', unit: 'bytes', labels: { place: ['data', 'media'] } },
    help: 'room on the file systems of the data folder and of media.root, as the process may use it',
    todo: 'Delete old recordings, lower `recording.quotaBytes` or `events.maxJournalBytes`, or give the file system more room.',
    only: 'for folders that are set and there',
  },
  sluice_disk_size_bytes: {
    ...{ type: 'gauge', unit: 'bytes', labels: { place: ['data', 'media'] } },
    help: 'size of those file systems',
    only: 'for folders that are set and there',
  },
  sluice_wasm_instances: { type: 'gauge', unit: 'instances', help: 'WASM instances in use' },
  sluice_event_loop_turn_max_seconds: {
    ...{ type: 'gauge', unit: 'seconds' },
    help: 'longest turn of the event loop within the last 5 to 10 seconds: how long one client held up the others at most',
    todo: 'Over 0.2 s players see it. The machine has too few cores for what runs on it, or swaps; move streams or players away.',
  },
  sluice_rtmpt_sessions: {
    ...{ type: 'gauge', unit: 'sessions' },
    help: 'RTMPT sessions open; each is an RTMP connection, too',
    only: RTMPT,
  },
  sluice_rtmpt_http_connections: {
    ...{ type: 'gauge', unit: 'connections' },
    help: 'HTTP connections of RTMPT open',
    only: RTMPT,
  },
  sluice_rtmpt_sessions_opened_total: {
    ...{ type: 'counter', unit: 'sessions' },
    help: 'RTMPT sessions opened',
    only: RTMPT,
  },
  sluice_rtmpt_requests_total: { type: 'counter', unit: 'requests', help: 'HTTP requests of RTMPT', only: RTMPT },
  sluice_rtmpt_replays_total: {
    ...{ type: 'counter', unit: 'answers' },
    help: 'answers of RTMPT that were sent again',
    only: RTMPT,
  },
  sluice_rtmpt_refused_total: {
    ...{ type: 'counter', unit: 'requests', labels: { status: 'HTTP status codes that RTMPT answers with' } },
    help: 'HTTP requests of RTMPT that were refused, by status',
    only: RTMPT,
  },
  sluice_http_tokens_refused_total: {
    ...{ type: 'counter', unit: 'requests', labels: { why: ['wrong', 'held'] } },
    help: 'HTTP requests with a wrong token, and those of addresses that guess (held), whose token was not looked at',
    todo: 'Somebody guesses tokens, or a program has an old one: the log names the address.',
  },
  sluice_event_followers: { type: 'gauge', unit: 'clients', help: 'clients that follow /v1/events' },
  sluice_http_connections: { type: 'gauge', unit: 'connections', help: 'HTTP connections open' },
  sluice_http_connections_refused_total: {
    ...{ type: 'counter', unit: 'connections' },
    help: 'HTTP connections closed at once because there were too many',
    todo: 'Raise `http.maxClients`, or find out who opens so many.',
  },
  sluice_http_connections_evicted_total: {
    ...{ type: 'counter', unit: 'connections' },
    help: 'idle HTTP connections closed for new ones',
  },
  sluice_auth_decisions_total: {
    type: 'counter',
    unit: 'decisions',
    labels: {
      action: ['connect', 'publish', 'play'],
      decision: ['allow', 'deny', 'redirect'],
      responder: RESPONDERS,
    },
    help: 'decisions on connects, publishes and plays; chain: no responder was needed, or none decided',
    todo: 'Many `deny` at once are somebody who guesses, or credentials that were changed: events `stream.rejected` name the peer.',
  },
  sluice_auth_unavailable_total: {
    ...{ type: 'counter', unit: 'questions' },
    labels: { responder: RESPONDERS, kind: 'kinds of failure in one word: a fixed list, such as `timeout`' },
    help: 'questions that a responder could not answer, by responder and kind of failure',
    todo: 'The responder is down, slow, or not reached: clients are refused or let in as `auth.onUnavailable` says.',
  },
  sluice_auth_invalid_replies_total: {
    ...{ type: 'counter', unit: 'replies', labels: { responder: RESPONDERS } },
    help: 'replies that could not be used, by responder',
    todo: 'A responder answers what [admission.md](admission.md) does not have: the log line says where in the reply.',
  },
  sluice_auth_late_replies_total: {
    ...{ type: 'counter', unit: 'replies', labels: { responder: RESPONDERS } },
    help: 'replies that came when nobody waited any more, by responder',
    todo: 'The responder is slower than its time-out.',
  },
  sluice_auth_second_replies_total: {
    ...{ type: 'counter', unit: 'replies', labels: { responder: RESPONDERS } },
    help: 'replies to questions that had one already, by responder',
    todo: 'Two programs answer the same subject without being of one queue group.',
  },
  sluice_auth_unknown_members_total: {
    ...{ type: 'counter', unit: 'members' },
    help: 'members of replies that are not known here',
  },
  sluice_auth_unauthenticated_total: {
    ...{ type: 'counter', unit: 'requests' },
    help: 'requests allowed since nobody could be asked (auth.onUnavailable)',
    todo: 'As for `sluice_auth_unavailable_total`: these clients were not checked.',
  },
  sluice_auth_cache_hits_total: {
    ...{ type: 'counter', unit: 'decisions', labels: { decision: ['allow', 'deny'] } },
    help: 'decisions that were remembered, so that nobody was asked',
  },
  sluice_auth_guessing_bans_total: {
    ...{ type: 'counter', unit: 'bans' },
    help: 'addresses banned for a minute for guessing keys',
    todo: 'Ban an address that comes again for longer with `sluice ban add`.',
  },
  sluice_auth_pending: {
    ...{ type: 'gauge', unit: 'requests' },
    help: 'requests that wait for a decision',
    todo: 'It grows when responders are slow.',
  },
  sluice_bans: { type: 'gauge', unit: 'bans', help: 'bans that hold on this node' },
  sluice_webhook_delivered_total: {
    ...{ type: 'counter', unit: 'events', labels: WEBHOOK },
    help: 'events that a webhook has taken',
  },
  sluice_webhook_failed_total: {
    ...{ type: 'counter', unit: 'attempts', labels: WEBHOOK },
    help: 'failed attempts to deliver an event',
    todo: '`sluice webhooks ls` has the newest failure in words.',
  },
  sluice_webhook_dead_letters_total: {
    ...{ type: 'counter', unit: 'events', labels: WEBHOOK },
    help: 'events that were given up',
    todo: 'They are kept: [webhooks.md](webhooks.md) says how to send them again when the receiver works.',
  },
  sluice_webhook_pending: {
    ...{ type: 'gauge', unit: 'events', labels: WEBHOOK },
    help: 'events to be delivered, and those not looked at',
    todo: 'The receiver is down or slow.',
  },
  sluice_webhook_lag_seconds: {
    ...{ type: 'gauge', unit: 'seconds', labels: WEBHOOK },
    help: 'age of the oldest event to be delivered',
    todo: 'The receiver is down or slow.',
  },
  sluice_traces_spans_total: {
    ...{ type: 'counter', unit: 'spans' },
    help: 'spans that the collector of traces has taken',
    only: TRACES,
  },
  sluice_traces_spans_dropped_total: {
    ...{ type: 'counter', unit: 'spans', labels: { why: ['failed', 'full'] } },
    help: 'spans that no collector has: it could not be reached or refused them (failed), or too many waited (full)',
    todo: 'The log has a line when the collector takes none, with the reason: see [traces.md](traces.md).',
    only: TRACES,
  },
} as const satisfies Record<string, MetricRow>;
