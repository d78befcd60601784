import { describe, expect, it } from 'vitest';
import { newId } from '../../../src/core/ids.js';
import { traceparentOf } from '../../../src/events/envelope.js';
import type { Span } from '../../../src/traces/span.js';
import { StreamSpans } from '../../../src/traces/stream-spans.js';

const T = Date.UTC(2026, 0, 1);
const connectionId = newId(T);
const streamId = newId(T + 120);
const [, TRACE, ROOT] = /^00-(\w{32})-(\w{16})-01$/.exec(traceparentOf(streamId)!)!;
const PEER = { address: '192.0.2.7', port: 5000 };

function begin(plays = false) {
  const spans: Span[] = [];
  const made = new StreamSpans((span) => spans.push(span), plays);
  const tell = (verb: string, atMs: number, data: object, id = streamId) =>
    made.event({
      ...{ type: `io.sluice.${verb}`, time: new Date(T + atMs).toISOString(), traceparent: traceparentOf(id) },
      streamid: id,
      data: { streamId: id, app: 'live', name: 'cam', nodeId: 'n1', connectionId, ...data },
    } as never);
  const brief = () =>
    spans.map(({ name, startMs, endMs, error }) => [name, startMs - T, endMs - T, ...(error ? [error] : [])]);
  return { spans, made, tell, brief };
}

const STARTED = { peer: PEER, transport: 'rtmp', encoder: 'OBS 30' };
const ENDED = { reason: 'client_unpublish', startedAt: new Date(T + 130).toISOString(), bytes: 900, drops: 0 };

describe('spans of a stream', () => {
  it('are its life and its phases, in the trace of its traceparent', () => {
    const { spans, made, tell, brief } = begin();
    made.decided({ connectionId, action: 'connect', startMs: T + 20, endMs: T + 30, decision: 'allow' });
    made.decided({ connectionId, action: 'publish', startMs: T + 60, endMs: T + 110, decision: 'allow' });
    tell('stream.started', 130, STARTED);
    tell('stream.ready', 700, { tracks: [{ codec: 'avc1.640028' }, { codec: 'mp4a.40.2' }] });
    tell('stream.stalled', 5000, { kind: 'video', trackId: 0, gapMs: 2000 });
    tell('stream.recovered', 6000, { kind: 'video', trackId: 0, gapMs: 3000 });
    tell('stream.suspended', 7000, { cause: 'client_closed' });
    tell('stream.resumed', 7500, {});
    tell('record.started', 8000, { recordId: 'r1', file: 'live/cam.flv' });
    tell('stream.ended', 9000, ENDED);
    expect(brief()).toEqual([
      ['connect', 0, 60],
      ['decide connect', 20, 30],
      ['decide publish', 60, 110],
      ['claim', 110, 130],
      ['wait for keyframe', 130, 700],
      ['stalled', 3000, 6000],
      ['suspended', 7000, 7500],
      ['record', 8000, 9000],
      ['stream', 0, 9000],
    ]);
    const root = spans.at(-1)!;
    expect(root).toMatchObject({ traceId: TRACE, spanId: ROOT });
    expect(root.parentId).toBeUndefined();
    expect(root.attributes).toMatchObject({ 'sluice.stream.name': 'cam', 'client.address': '192.0.2.7' });
    expect(root.attributes).toMatchObject({ 'sluice.end.reason': 'client_unpublish', 'sluice.bytes': 900 });
    for (const child of spans.slice(0, -1)) expect(child).toMatchObject({ traceId: TRACE, parentId: ROOT });
    expect(spans[4]!.attributes['sluice.tracks']).toBe('avc1.640028 mp4a.40.2');
    expect(spans[7]!.attributes['sluice.unfinished']).toBe(true);
  });

  it('have an error when the end is none that a client chose', () => {
    const { tell, brief } = begin();
    tell('stream.started', 130, STARTED);
    tell('stream.ended', 900, { ...ENDED, reason: 'limit', detail: 'ERR_LIMIT_BITRATE' });
    expect(brief().at(-1)).toEqual(['stream', 0, 900, 'ERR_LIMIT_BITRATE']);
  });

  it('leave a connection out that was open for long before', () => {
    const { tell, brief } = begin();
    tell('stream.started', 60_000, STARTED);
    expect(brief().map(([name]) => name)).toEqual(['claim']);
  });

  it('are one for a stream whose start nobody saw', () => {
    const { tell, brief } = begin();
    tell('stream.ended', 900, ENDED);
    expect(brief()).toEqual([['stream', 130, 900]]);
  });

  it('show who refused a publish, and when', () => {
    const { made, tell, brief, spans } = begin();
    const [code, attemptId] = ['ERR_AUTH_DENIED', newId(T)];
    const decision = { connectionId, action: 'publish', startMs: T + 50, endMs: T + 90, decision: 'deny' } as const;
    made.decided({ ...decision, code, responder: 'rules' });
    tell('stream.rejected', 100, { attemptId, peer: PEER, code, reason: 'auth', latencyMs: 60 }, attemptId);
    expect(brief()).toEqual([
      ['decide publish', 50, 90, code],
      ['publish refused', 40, 100, code],
    ]);
    expect(spans[0]!.attributes['sluice.responder']).toBe('rules');
    expect(spans[0]!.parentId).toBe(spans[1]!.spanId);
  });

  it('have plays when they are wanted', () => {
    for (const isWanted of [false, true]) {
      const { tell, brief } = begin(isWanted);
      tell('stream.started', 130, STARTED);
      tell('play.started', 200, { playerId: 'p1' });
      tell('play.ended', 300, { playerId: 'p1', reason: 'client_closed', bytes: 5 });
      expect(brief().some(([name]) => name === 'play')).toBe(isWanted);
    }
  });

  it('hold a bounded number of phases', () => {
    const { tell, brief } = begin(true);
    tell('stream.started', 130, STARTED);
    for (let i = 0; i < 1100; i++) tell('play.started', 200, { playerId: `p${i}` });
    tell('stream.ended', 900, ENDED);
    expect(brief().filter(([name]) => name === 'play').length).toBe(999);
  });
});

describe('spans of jobs', () => {
  const job = (verb: string, atMs: number, data: object) => ({
    ...{ type: `io.sluice.job.${verb}`, time: new Date(T + atMs).toISOString(), traceparent: traceparentOf(streamId)! },
    data: { jobId: 'hls/1', template: 'hls', attempt: 1, ...data },
  });

  it('are children of the stream, from the start of an attempt to its end', () => {
    const { made, brief, spans } = begin();
    made.job(job('requested', 0, { attempt: 0 }));
    made.job(job('started', 10, {}));
    made.job(job('failed', 500, { reason: 'exit', exit: 3 }));
    made.job(job('failed', 500, { reason: 'exit', exit: 3 }));
    expect(brief()).toEqual([['job', 10, 500, 'exit']]);
    expect(spans[0]).toMatchObject({ traceId: TRACE, parentId: ROOT });
    expect(spans[0]!.attributes).toMatchObject({ 'sluice.job.template': 'hls', 'sluice.job.exit_code': 3 });
  });

  it('are none for a job of no stream', () => {
    const { made, brief } = begin();
    const { traceparent: _, ...without } = job('started', 10, {});
    made.job(without);
    made.job({ ...without, type: 'io.sluice.job.succeeded' });
    expect(brief()).toEqual([]);
  });
});
