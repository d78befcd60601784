import type { MetricRow } from './metric-row.js';
import { CLUSTER_METRICS, RUNNER_METRICS } from './metrics-cluster.js';
import { NODE_METRICS } from './metrics-node.js';
import { STREAM_METRICS } from './metrics-streams.js';

/** Metrics of a node. The page of a scrape and docs/metrics.md are made of it. */
export const SERVER_METRICS = { ...NODE_METRICS, ...STREAM_METRICS, ...CLUSTER_METRICS } as const;

/** Every metric that Sluice itself has. Those of the process and of Node.js are not among them. */
export const METRICS = { ...SERVER_METRICS, ...RUNNER_METRICS } as const;

/** A metric that cannot be counted without a row in {@link METRICS}. */
export type MetricName = keyof typeof METRICS;

/** What a Prometheus client tells of every process of Node.js: the part of it that dashboards and alerts use. */
const PROCESS_METRICS = {
  process_cpu_seconds_total: {
    ...{ type: 'counter', unit: 'seconds' },
    help: 'time of all cores that the process has used',
    todo: 'A rate near 1 means that the one thread which carries media is busy: move streams or players to another node.',
  },
  process_resident_memory_bytes: {
    ...{ type: 'gauge', unit: 'bytes' },
    help: 'memory of the machine that the process has',
    todo: 'Well above `sluice_memory_bytes` is usual: the program itself takes about 100 MB.',
  },
  process_start_time_seconds: {
    ...{ type: 'gauge', unit: 'seconds' },
    help: 'when the process was started, in seconds since 1970',
    todo: 'A value that changes without a deployment is a crash: look at the log.',
  },
  nodejs_eventloop_lag_p99_seconds: {
    ...{ type: 'gauge', unit: 'seconds' },
    help: 'how late timers are, 99th percentile since the scrape before',
    todo: 'As for `sluice_event_loop_turn_max_seconds`.',
  },
  nodejs_heap_size_used_bytes: { type: 'gauge', unit: 'bytes', help: 'memory of objects of JavaScript' },
  nodejs_external_memory_bytes: {
    ...{ type: 'gauge', unit: 'bytes' },
    help: 'memory of buffers and of WebAssembly, beside the heap of JavaScript',
  },
} as const satisfies Record<string, MetricRow>;

/** The parts of docs/metrics.md, with their titles. */
export const METRIC_GROUPS: readonly (readonly [string, Readonly<Record<string, MetricRow>>])[] = [
  ['Streams and players', STREAM_METRICS],
  ['The node', NODE_METRICS],
  ['Events, jobs and the cluster', CLUSTER_METRICS],
  ['Runners of jobs', RUNNER_METRICS],
  ['The process', PROCESS_METRICS],
];
