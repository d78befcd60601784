import { newId } from '../../src/core/ids.js';
import { type Envelope, nodeEvent } from '../../src/events/envelope.js';
import type { SluiceEvent } from '../../src/events/event-types.js';
import type { NotedKind } from '../../src/events/journal/entry.js';
import { type EventSink, Lifecycle } from '../../src/events/lifecycle.js';
import type { EventPriority } from '../../src/events/priority.js';
import { emitter, type ManualClock } from './events-parts.js';

/** A sink that takes everything and keeps it parsed. */
export class ListSink implements EventSink {
  readonly envelopes: Envelope[] = [];
  open = true;
  /** Whether there is room for optional events. */
  roomy = true;
  startError: Error | undefined;
  released = 0;
  /** Records that are no events. */
  readonly notes: { kind: NotedKind; json: unknown }[] = [];

  /** The events so far. */
  get events(): SluiceEvent[] {
    return this.envelopes.map((envelope) => JSON.parse(envelope.json.toString('utf8')) as SluiceEvent);
  }

  admits(priority: EventPriority): boolean {
    return priority === 'end' || (this.open && (priority === 'stream' || this.roomy));
  }

  append(event: Envelope): number {
    return this.envelopes.push(event);
  }

  appendStart(event: Envelope): Promise<number> {
    if (this.startError !== undefined) return Promise.reject(this.startError);
    return Promise.resolve(this.append(event));
  }

  releaseStream(): void {
    this.released++;
  }

  sync(): Promise<void> {
    return Promise.resolve();
  }

  note(kind: NotedKind, json: Buffer): number {
    this.notes.push({ kind, json: JSON.parse(json.toString('utf8')) as unknown });
    return this.envelopes.length;
  }

  adoptStreams(count: number): void {
    this.released -= count;
  }

  whenCommitted(): Promise<void> {
    return Promise.resolve();
  }
}

/** A lifecycle over a list, with the signals it sent. */
export function lifecycleOn(sink: EventSink, clock: ManualClock, o: { plays?: boolean } = {}) {
  const signals: { tokens: readonly string[]; data: object }[] = [];
  const lifecycle = new Lifecycle(emitter, {
    sink,
    signals: { send: (tokens, data) => void signals.push({ tokens, data }) },
    clock,
    bus: true,
    plays: o.plays ?? true,
    refuseStart: () => undefined,
  });
  return { lifecycle, signals };
}

/** One event of every type, as a lifecycle tells them; `node.lost`, which another node tells, is added. */
export async function everyEvent(clock: ManualClock): Promise<SluiceEvent[]> {
  const sink = new ListSink();
  const { lifecycle } = lifecycleOn(sink, clock);
  const [streamId, playerId, connectionId] = [newId(), newId(), newId()];
  const peer = { address: '2001:db8::1', port: 65535 };
  const labels = { team: 'blue' };
  const track = {
    id: 1,
    kind: 'video' as const,
    codec: 'hvc1.1.6.L93.B0',
    width: 1920,
    height: 1080,
    fps: 29.97,
    kbps: 2500,
  };
  await lifecycle.nodeStarted({ version: '1.0.0' });
  await lifecycle.nodeReady();
  await lifecycle.streamStarted({
    ...{ streamId, app: 'live', name: 'cam1', connectionId, peer, transport: 'rtmps', encoder: 'FMLE/3.0', labels },
    ...{ tcUrl: 'rtmp://host/live', principal: 'alice', keyFingerprint: '0123abcd' },
    urls: { rtmp: 'rtmp://[2001:db8::1]:1935/live/cam1' },
  });
  lifecycle.streamReady(streamId, { tracks: [track], gopMs: 2000, timeToReadyMs: 123.4 });
  lifecycle.playStarted(streamId, {
    playerId,
    connectionId: newId(),
    peer,
    transport: 'rtmp',
    client: 'LNX 9,0,124,2',
    job: { template: 'record', token: 7 },
  });
  lifecycle.streamActive(streamId, { players: 1 });
  lifecycle.streamUpdated(streamId, { before: { tracks: [track] }, after: { tracks: [{ ...track, width: 1280 }] } });
  lifecycle.streamStalled(streamId, { trackId: 1, kind: 'video', gapMs: 3000, cause: 'no frames' });
  lifecycle.streamRecovered(streamId, { trackId: 1, kind: 'video', gapMs: 4000 });
  lifecycle.streamData(streamId, {
    handler: 'onCuePoint',
    timestamp: 40,
    values: [{ name: 'x', at: new Date(0), n: Number.NaN }],
  });
  lifecycle.streamSuspended(streamId, { resumeWindowMs: 10_000, cause: 'client_reset' });
  lifecycle.streamResumed(streamId, { connectionId: newId(), peer, gapMs: 900 });
  await tellRecordingAndRelay(lifecycle, connectionId);
  lifecycle.playEnded(streamId, { playerId, bytes: 1, drops: 0, reason: 'client_closed' });
  lifecycle.streamIdle(streamId, { players: 0 });
  lifecycle.streamTakenOver(streamId, { byStreamId: newId() });
  clock.pass(5000);
  lifecycle.streamEnded(streamId, {
    reason: 'takeover',
    detail: 'a newer one',
    bytes: 9,
    audioFrames: 8,
    videoFrames: 7,
    drops: 0,
    timestampJumps: 2,
  });
  lifecycle.streamRejected({
    ...{ attemptId: newId(), app: 'live', name: 'cam1', connectionId, peer },
    ...{ reason: 'busy', code: 'NetStream.Publish.BadName', latencyMs: 1.5 },
  });
  lifecycle.nodeCommand({
    ...{ verb: 'kick', actor: 'ops', requestId: newId(), result: 'done', latencyMs: 3 },
    target: { streamId },
  });
  await lifecycle.nodeDraining();
  await lifecycle.nodeStopped();
  const lost = { nodeId: 'gone', bootId: newId() };
  const last = nodeEvent(emitter, lost, 'io.sluice.node.lost', 1, 1, clock.wallMs(), { ...lost, detail: 'silent' });
  return [...sink.events, JSON.parse(last.json.toString('utf8')) as SluiceEvent];
}

/** Tells a relay, which counts on its own. */
function tellRelay(lifecycle: Lifecycle, connectionId: string): void {
  const relay = { relayId: newId(), direction: 'push', url: 'rtmp://other:1935/live/cam1' } as const;
  const stream = { streamId: newId(), app: 'live', name: 'cam1', connectionId };
  const failure = { code: 'ERR_CLIENT_LOST', detail: 'closed by the server', retryInMs: 1000 };
  lifecycle.relays.started(stream, 1, { ...relay, peer: { address: '192.0.2.7', port: 1935 }, attempts: 1 });
  lifecycle.relays.failed(stream, 2, { ...relay, attempts: 1, ...failure });
  const times = { startedAt: new Date(0).toISOString(), endedAt: new Date(9000).toISOString() };
  lifecycle.relays.ended(stream, 3, { ...relay, attempts: 1, reason: 'stream_ended', ...times, bytes: 9, drops: 0 });
}

/** Tells a recording and a relay, which count on their own. */
async function tellRecordingAndRelay(lifecycle: Lifecycle, connectionId: string): Promise<void> {
  tellRelay(lifecycle, connectionId);
  const record = { recordId: newId(), file: 'live/cam1/2026.flv', part: 1 };
  const stream = { streamId: newId(), app: 'live', name: 'cam1', connectionId };
  lifecycle.records.started(stream, record);
  await lifecycle.records.ended(stream, {
    ...{ ...record, startedAt: new Date(0).toISOString(), endedAt: new Date(9000).toISOString() },
    ...{ bytes: 1_000_000, durationMs: 9000, gaps: 1, reason: 'disk_error', detail: 'EIO' },
  });
}
