import { timeOfId } from '../core/ids.js';
import type { AnySluiceEvent, SluiceEvent } from '../events/event-types.js';
import type { Attributes, Decided, Span } from './span.js';

/** Most streams, connections, runs of jobs whose begin is remembered; further ones have no spans of their phases. */
const MOST = 10_000;
/** Most phases of one stream that are open at a time: its recordings, relays, stalled tracks and players. */
const MOST_PHASES = 1000;
/** Decisions of one connection that are remembered until its stream begins. */
const MOST_DECISIONS = 4;
/** A connection that was open for longer before it published is not a part of the publish, in ms. */
const MOST_CONNECT_MS = 30_000;

/** What has a life of its own beside its stream, and the member of its events that names it. */
const OWN: Readonly<Record<string, string>> = { play: 'playerId', record: 'recordId', relay: 'relayId' };

/** Reasons of `stream.ended` for which something is wrong. */
const FAULTS: ReadonlySet<string> = new Set([
  ...['dead_peer', 'limit', 'protocol_error', 'node_restart', 'node_lost', 'client_reset'],
]);

/** A phase that has begun and not ended. */
interface Phase {
  readonly name: string;
  readonly startMs: number;
  readonly attributes: Attributes;
}

interface OpenTrace {
  readonly startMs: number;
  readonly attributes: Attributes;
  readonly phases: Map<string, Phase>;
}

/** An event of a job, as far as it is read. */
interface JobEvent {
  readonly type: string;
  readonly time: string;
  readonly traceparent?: string;
  readonly data: {
    readonly jobId: string;
    readonly template: string;
    readonly attempt: number;
    readonly reason?: string;
    readonly exit?: number;
  };
}

type StreamEventOf<V extends 'started' | 'ended' | 'rejected'> = SluiceEvent<`io.sluice.stream.${V}`>;

/**
 * Makes spans of the events of streams and jobs: the whole life of a stream, its phases as children. The ids of trace
 * and root are those of the stream's `traceparent`, so that spans of consumers are in the same trace.
 */
export class StreamSpans {
  readonly #emit: (span: Span) => void;
  readonly #plays: boolean;
  readonly #open = new Map<string, OpenTrace>();
  readonly #decisions = new Map<string, Decided[]>();
  readonly #jobs = new Map<string, Phase>();

  /** @param plays whether plays have spans */
  constructor(emit: (span: Span) => void, plays: boolean) {
    this.#emit = emit;
    this.#plays = plays;
  }

  /** A connect or a publish was decided; its spans follow when the stream has begun, or was refused. */
  decided(decision: Decided): void {
    const { connectionId } = decision;
    const known = this.#decisions.get(connectionId) ?? [];
    if (known.length >= MOST_DECISIONS) known.pop();
    remember(this.#decisions, connectionId, [...known, decision]);
  }

  /** An event of a stream, a play, a recording or a relay; others are ignored. */
  event(event: AnySluiceEvent): void {
    const trace = traceOf(event.traceparent);
    if (trace === undefined) return;
    const atMs = Date.parse(event.time);
    if (event.type === 'io.sluice.stream.started') this.#started(event, trace, atMs);
    else if (event.type === 'io.sluice.stream.ended') this.#ended(event, trace, atMs);
    else if (event.type === 'io.sluice.stream.rejected') this.#rejected(event, trace, atMs);
    else if (event.type === 'io.sluice.stream.ready') {
      const codecs = event.data.tracks.map(({ codec }) => codec).join(' ');
      this.#end(event, 'ready', trace, atMs, { 'sluice.tracks': codecs });
    } else this.#phase(event, trace, atMs);
  }

  /** An event of a job. */
  job({ type, time, traceparent, data }: JobEvent): void {
    const trace = traceOf(traceparent);
    const verb = type.slice('io.sluice.job.'.length);
    const key = `${data.jobId} ${data.attempt}`;
    if (trace === undefined || verb === 'requested' || verb === 'abandoned') return;
    const atMs = Date.parse(time);
    const { jobId, template, attempt, reason, exit } = data;
    const attributes = { 'sluice.job.id': jobId, 'sluice.job.template': template, 'sluice.job.attempt': attempt };
    const phase = this.#jobs.get(key);
    if (verb === 'started') remember(this.#jobs, key, { name: 'job', startMs: atMs, attributes });
    if (phase === undefined || verb === 'started') return;
    this.#jobs.delete(key);
    const more = { 'sluice.job.outcome': verb, 'sluice.job.reason': reason, 'sluice.job.exit_code': exit };
    this.#child(trace, phase, atMs, more, verb === 'failed' ? (reason ?? verb) : undefined);
  }

  #started({ data }: StreamEventOf<'started'>, trace: Trace, atMs: number): void {
    const { streamId, connectionId, peer, transport, encoder, app, name, nodeId } = data;
    const decisions = this.#takeDecisions(connectionId);
    const wonMs = decisions.at(-1)?.endMs ?? atMs;
    const askedMs = decisions.find(({ action }) => action === 'publish')?.startMs ?? wonMs;
    const openedMs = openedAt(connectionId);
    const hasConnect = openedMs !== undefined && openedMs <= askedMs && askedMs - openedMs <= MOST_CONNECT_MS;
    const startMs = hasConnect ? openedMs : Math.min(askedMs, atMs);
    const attributes = {
      ...{ 'sluice.stream.id': streamId, 'sluice.app': app, 'sluice.stream.name': name, 'sluice.node.id': nodeId },
      ...{ 'sluice.connection.id': connectionId, 'sluice.transport': transport, 'sluice.encoder': encoder },
      ...{ 'client.address': peer.address, 'client.port': peer.port },
    };
    if (hasConnect) this.#child(trace, { name: 'connect', startMs: openedMs, attributes: {} }, askedMs);
    this.#tellDecisions(trace, decisions);
    if (wonMs <= atMs) this.#child(trace, { name: 'claim', startMs: wonMs, attributes: {} }, atMs);
    const ready: Phase = { name: 'wait for keyframe', startMs: atMs, attributes: {} };
    if (this.#open.size < MOST) this.#open.set(streamId, { startMs, attributes, phases: new Map([['ready', ready]]) });
  }

  #ended({ data }: StreamEventOf<'ended'>, trace: Trace, atMs: number): void {
    const { streamId, app, name, nodeId, reason, detail, startedAt } = data;
    const known = this.#open.get(streamId);
    this.#open.delete(streamId);
    const error = FAULTS.has(reason) ? (detail ?? reason) : undefined;
    for (const phase of known?.phases.values() ?? []) this.#child(trace, phase, atMs, { 'sluice.unfinished': true });
    this.#emit({
      ...{ traceId: trace.traceId, spanId: trace.rootId, name: 'stream', error },
      startMs: known?.startMs ?? Date.parse(startedAt),
      endMs: atMs,
      attributes: {
        ...(known?.attributes ?? {
          ...{ 'sluice.stream.id': streamId, 'sluice.app': app, 'sluice.stream.name': name, 'sluice.node.id': nodeId },
        }),
        ...{ 'sluice.end.reason': reason, 'sluice.bytes': data.bytes, 'sluice.drops': data.drops },
        ...{ 'sluice.video.frames': data.videoFrames, 'sluice.audio.frames': data.audioFrames },
      },
    });
  }

  #rejected({ data }: StreamEventOf<'rejected'>, trace: Trace, atMs: number): void {
    const { app, name, nodeId, connectionId, attemptId, peer, code, reason, latencyMs } = data;
    this.#tellDecisions(trace, this.#takeDecisions(connectionId));
    this.#emit({
      ...{ traceId: trace.traceId, spanId: trace.rootId, name: 'publish refused', error: code },
      ...{ startMs: atMs - latencyMs, endMs: atMs },
      attributes: {
        ...{ 'sluice.attempt.id': attemptId, 'sluice.app': app, 'sluice.stream.name': name, 'sluice.node.id': nodeId },
        ...{ 'sluice.connection.id': connectionId, 'client.address': peer.address, 'client.port': peer.port },
        ...{ 'sluice.code': code, 'sluice.reason': reason },
      },
    });
  }

  /** Phases that other events begin and end. */
  #phase(event: AnySluiceEvent, trace: Trace, atMs: number): void {
    const data = event.data as unknown as Phased;
    const [entity, verb] = event.type.slice('io.sluice.'.length).split('.') as [string, string];
    const name = `${data['kind']} ${data['trackId']}`;
    if (verb === 'suspended') this.#begin(event, verb, verb, atMs, { 'sluice.cause': data['cause'] });
    else if (verb === 'resumed') this.#end(event, 'suspended', trace, atMs);
    else if (verb === 'stalled')
      this.#begin(event, `stalled ${name}`, verb, atMs - Number(data['gapMs']), { 'sluice.track': name });
    else if (verb === 'recovered') this.#end(event, `stalled ${name}`, trace, atMs);
    const idName = OWN[entity];
    if (idName === undefined || (entity === 'play' && !this.#plays)) return;
    const id = data[idName];
    const key = `${entity} ${id}`;
    const { direction, file, reason, bytes } = data;
    if (verb === 'started')
      this.#begin(event, key, entity, atMs, {
        ...{ [`sluice.${entity}.id`]: id, 'sluice.direction': direction, 'sluice.file': file },
      });
    else if (verb === 'ended')
      this.#end(event, key, trace, atMs, { 'sluice.end.reason': reason, 'sluice.bytes': bytes });
  }

  #begin(event: AnySluiceEvent, key: string, name: string, startMs: number, attributes: Attributes): void {
    const phases = this.#open.get(event.streamid)?.phases;
    if (phases !== undefined && phases.size < MOST_PHASES) phases.set(key, { name, startMs, attributes });
  }

  #end(event: AnySluiceEvent, key: string, trace: Trace, endMs: number, more: Attributes = {}): void {
    const phases = this.#open.get(event.streamid)?.phases;
    const phase = phases?.get(key);
    if (phase === undefined) return;
    phases?.delete(key);
    this.#child(trace, phase, endMs, more);
  }

  #child(
    trace: Trace,
    { name, startMs, attributes }: Phase,
    endMs: number,
    more: Attributes = {},
    error?: string,
  ): void {
    const { traceId, rootId: parentId } = trace;
    this.#emit({ traceId, parentId, name, startMs, endMs, attributes: { ...attributes, ...more }, error });
  }

  #takeDecisions(connectionId: string): readonly Decided[] {
    const known = this.#decisions.get(connectionId) ?? [];
    this.#decisions.delete(connectionId);
    return known;
  }

  #tellDecisions(trace: Trace, decisions: readonly Decided[]): void {
    for (const { action, startMs, endMs, decision, code, responder } of decisions) {
      const attributes = { 'sluice.decision': decision, 'sluice.code': code, 'sluice.responder': responder };
      this.#child(trace, { name: `decide ${action}`, startMs, attributes }, endMs, {}, code);
    }
  }
}

/** Members of events that begin and end phases. */
interface Phased {
  readonly [member: string]: string | number | undefined;
  readonly direction?: string;
  readonly file?: string;
  readonly reason?: string;
  readonly bytes?: number;
}

interface Trace {
  readonly traceId: string;
  readonly rootId: string;
}

function traceOf(traceparent: string | undefined): Trace | undefined {
  const [, traceId, rootId] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(traceparent ?? '') ?? [];
  return traceId === undefined || rootId === undefined ? undefined : { traceId, rootId };
}

/** When a connection was accepted: its id tells. @returns undefined for an id that tells no time */
function openedAt(connectionId: string): number | undefined {
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(connectionId) ? timeOfId(connectionId) : undefined;
}

/** Keeps a value; past {@link MOST} the oldest goes. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MOST) map.delete(map.keys().next().value!);
}
