import type { NatsConnection } from '../../nats/connection.js';
import { JsError, type StreamConfig } from '../../nats/jetstream.js';
import type { StreamMaker } from '../../nats/stream-maker.js';
import { natsWords } from '../../nats/words.js';
import type { ResolvedEventsOptions } from '../options.js';
import { allEvents } from '../subjects.js';

/** Whether the stream can be published to. */
export type StreamCheck =
  | { readonly kind: 'ok'; readonly created: boolean; readonly warnings: readonly string[] }
  | {
      readonly kind: 'misconfigured' | 'unsafe_replicas' | 'no_jetstream' | 'denied' | 'unavailable';
      readonly text: string;
    };

/** Below this version, acknowledged events get lost on replicated streams. */
const SAFE_REPLICAS_VERSION = '2.10.27';

/** Whether version `a` is lower than `b`; `major.minor.patch`, anything after is ignored. */
export function isOlder(a: string, b: string): boolean {
  const parts = (v: string): number[] =>
    v
      .split(/[.-]/)
      .slice(0, 3)
      .map((n) => Number.parseInt(n, 10) || 0);
  const [x, y] = [parts(a), parts(b)];
  for (let i = 0; i < 3; i++) if (x[i] !== y[i]) return (x[i] ?? 0) < (y[i] ?? 0);
  return false;
}

/**
 * The configuration of the event stream: on disk, refusing new messages when full, so that no acknowledged event is
 * ever pushed out.
 */
export function wantedStream(o: ResolvedEventsOptions): StreamConfig {
  return {
    name: o.stream,
    description: 'Sluice: stream lifecycle events',
    subjects: [...allEvents(o.prefix)],
    retention: 'limits',
    storage: 'file',
    discard: 'new',
    num_replicas: o.replicas,
    max_age: o.maxAgeMs * 1e6,
    max_bytes: -1,
    max_msgs: -1,
    max_msg_size: -1,
    max_consumers: -1,
    max_msgs_per_subject: -1,
    duplicate_window: Math.min(o.duplicateWindowMs, o.maxAgeMs) * 1e6,
    allow_direct: false,
    deny_delete: false,
    deny_purge: false,
  };
}

/**
 * What is wrong with an existing stream.
 *
 * @returns `fatal`: events could be lost or never arrive; `warnings`: allowed, but the operator should know
 */
export function auditStream(config: StreamConfig, o: ResolvedEventsOptions): { fatal: string[]; warnings: string[] } {
  const fatal: string[] = [];
  const warnings: string[] = [];
  if (config.discard !== 'new')
    fatal.push('discard is "old": at a limit it drops acknowledged events; it must be "new"');
  if (config.retention !== undefined && config.retention !== 'limits') {
    fatal.push(`retention is "${config.retention}": events vanish when consumers have seen them; it must be "limits"`);
  }
  if (config.no_ack === true) fatal.push('no_ack is set: there would be no acknowledgements');
  if (config.sealed === true) fatal.push('the stream is sealed');
  for (const subject of allEvents(o.prefix)) {
    if (!(config.subjects ?? []).some((have) => covers(have, subject))) fatal.push(`it does not take ${subject}`);
  }
  if (config.storage === 'memory') warnings.push('it is kept in memory: a restart of the server loses it');
  if ((config.max_age ?? 0) > 0 && (config.max_age ?? 0) < 3600e9) warnings.push('max_age is less than an hour');
  return { fatal, warnings };
}

/** Whether the subject filter `have` takes everything that `want` does. */
export function covers(have: string, want: string): boolean {
  const h = have.split('.');
  const w = want.split('.');
  for (let i = 0; i < h.length; i++) {
    if (h[i] === '>') return i < w.length;
    if (i >= w.length || w[i] === '>') return false;
    if (h[i] !== '*' && h[i] !== w[i]) return false;
  }
  return h.length === w.length;
}

/**
 * Checks the stream, makes it when it is missing, and says whether it may be published to. Never changes an existing
 * one.
 */
export async function checkStream(
  connection: NatsConnection,
  o: ResolvedEventsOptions,
  stream: StreamMaker,
): Promise<StreamCheck> {
  const version = connection.info?.version ?? '0.0.0';
  const unsafe = !o.allowUnsafeReplicas && isOlder(version, SAFE_REPLICAS_VERSION);
  const refuse = (replicas: number): StreamCheck => ({
    kind: 'unsafe_replicas',
    text: `nats-server ${version} with ${replicas} replicas; ${SAFE_REPLICAS_VERSION} or later is needed`,
  });
  const info = await stream.info(connection);
  if (info.ok) {
    const replicas = info.value.config.num_replicas ?? 1;
    if (replicas > 1 && unsafe) return refuse(replicas);
    const { fatal, warnings } = auditStream(info.value.config, o);
    return fatal.length > 0
      ? { kind: 'misconfigured', text: fatal.join('; ') }
      : { kind: 'ok', created: false, warnings };
  }
  if (info.code === 'PERMISSIONS_VIOLATION') return { kind: 'denied', text: info.text };
  const without = withoutJetStream(info.code, connection);
  if (without !== undefined) return { kind: 'no_jetstream', text: without };
  if (info.code !== JsError.StreamNotFound) return { kind: 'unavailable', text: `${info.code} ${info.text}` };
  if (o.replicas > 1 && unsafe) return refuse(o.replicas);
  const made = await stream.make(connection, wantedStream(o));
  if (made.ok) return { kind: 'ok', created: true, warnings: [] };
  if (made.code === 'PERMISSIONS_VIOLATION')
    return { kind: 'denied', text: `the stream is missing and may not be made: ${made.text}` };
  return { kind: 'unavailable', text: `${made.code} ${made.text}` };
}

/**
 * Says that JetStream is off, which waiting does not change. In a cluster another server may have it, and answers then.
 */
function withoutJetStream(code: number | string, connection: NatsConnection): string | undefined {
  if (code === JsError.NotEnabledForAccount) return 'JetStream is not enabled for this account: enable it there';
  const isOff = code === JsError.NotEnabled || (code === '503' && connection.info?.jetstream !== true);
  return isOff ? `${connection.getServer()}: ${natsWords('503')}` : undefined;
}
