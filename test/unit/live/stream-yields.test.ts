import { describe, expect, it } from 'vitest';
import { type SluiceEvent, sequenceOf } from '../../../src/events/event-types.js';
import { validateEvent } from '../../../src/events/validate.js';
import { ADMIT_ALL, type Admission } from '../../../src/live/admission.js';
import type { MovedStream } from '../../../src/live/moved-stream.js';
import type { Ownership } from '../../../src/live/ownership.js';
import type { YieldWish } from '../../../src/live/stream-yields.js';
import type { Conflict } from '../../../src/model/grant.js';
import { ManualClock } from '../../support/events-parts.js';
import { ListSink, lifecycleOn } from '../../support/every-event.js';
import { AAC, LiveStreamsHarness } from '../../support/live/live-streams-harness.js';

const epoch = { registry: '2026-01-02T03:00:00Z', revision: 4 };

/** Lets in who has a key, as the principal that is the key. */
function keyed(conflict: Conflict): Admission {
  return {
    ...ADMIT_ALL,
    decide: ({ query }) => {
      const who = query === '' ? { isAnonymous: true } : { principal: query };
      return { decision: 'allow', grant: { labels: { by: query }, conflict, limits: { kbps: 9000 }, ...who } };
    },
  };
}

/** A node: its live streams, and its events as they were appended. */
function node(conflict: Conflict = 'resume', resumeWindowMs = 10_000) {
  const sink = new ListSink();
  const { lifecycle } = lifecycleOn(sink, new ManualClock());
  const wins: { next: MovedStream | undefined; given: string[] } = { next: undefined, given: [] };
  const ownership: Ownership = {
    win: async ({ streamId }) => {
      const stream = wins.next;
      if (stream === undefined) return { kind: 'won', epoch };
      wins.next = undefined;
      expect(streamId).not.toBe(stream.facts.streamId);
      await lifecycle.moves.announce(stream.facts);
      return { kind: 'moved', epoch, stream };
    },
    giveUp: (streamId) => void wins.given.push(streamId),
  };
  const harness = new LiveStreamsHarness({ resumeWindowMs }, keyed(conflict), undefined, { lifecycle, ownership });
  const wish = (streamId: string, more: Partial<YieldWish> = {}): YieldWish => ({
    ...{ streamId, byNode: 'n2', byStreamId: '01ARZ3NDEKTSV4RRFFQ69G5FA0', isPrincipal: (p) => p === 'alice' },
    ...{ address: '192.0.2.1', conflict, isAnonymous: false, isUnauthenticated: false, ...more },
  });
  const told = (streamId: string) => sink.events.filter(({ streamid }) => streamid === streamId);
  return { harness, sink, lifecycle, wins, wish, told, yields: harness.registry.yields };
}

const names = (events: readonly SluiceEvent[]) => events.map((e) => `${e.type.slice(10)} ${sequenceOf(e)}`);

/** What a yield must have given. */
function moved(answer: Awaited<ReturnType<ReturnType<typeof node>['yields']['yield']>>): MovedStream {
  if (answer.kind !== 'moved') throw new Error(answer.kind);
  // Over the network it is JSON.
  return JSON.parse(JSON.stringify(answer.stream)) as MovedStream;
}

describe('a stream whose publisher goes to another node', () => {
  it('goes there and back with one gapless sequence, one end, exact totals, and its tickets', async () => {
    const [a, b] = [node(), node()];
    const run = await a.harness.run('cam', 'alice');
    const { streamId } = run;
    run.carry({ payloadBytes: 100, bytes: 110, audioFrames: 5, videoFrames: 10 });
    run.ready();
    const player = a.harness.play('cam');
    a.harness.registry.jobs.issue({ streamId, template: 'record', token: 7 });
    b.wins.next = moved(await a.yields.yield(a.wish(streamId)));
    expect(a.harness.closed).toEqual(['replaced']);
    const there = await b.harness.run('cam', 'alice');
    a.yields.gone(streamId);
    expect(there.streamId).toBe(streamId);
    expect(b.harness.orders).toContainEqual(
      expect.objectContaining({ kind: 'nameWon', streamId, resumeTimestamp: 4000 }),
    );
    expect([a.harness.registry.live, a.lifecycle.moves.undecided.length, player.accept]).toEqual([0, 0, true]);
    const jobs = b.harness.registry.jobs;
    expect(jobs.issue({ streamId, template: 'record', token: 6 })).toBe('fenced');
    there.carry({ payloadBytes: 1000, bytes: 1100, audioFrames: 50, videoFrames: 100, drops: 1 });
    there.ready();
    expect(b.harness.registry.totalsOf(streamId)).toMatchObject({ payloadBytes: 100 });
    a.wins.next = moved(await b.yields.yield(b.wish(streamId)));
    const back = await a.harness.run('cam', 'alice');
    b.yields.gone(streamId);
    back.carry({ payloadBytes: 20, bytes: 22, audioFrames: 1, videoFrames: 2 });
    back.end('client_unpublish');
    const events = [...a.told(streamId), ...b.told(streamId)].sort((x, y) => sequenceOf(x) - sequenceOf(y));
    expect(names(events)).toEqual([
      ...['stream.started 1', 'stream.ready 2', 'stream.active 3', 'play.started 4', 'play.ended 5', 'stream.idle 6'],
      ...['stream.resumed 7', 'stream.resumed 8', 'stream.active 9', 'play.started 10', 'play.ended 11'],
      'stream.ended 12',
    ]);
    for (const event of events) expect(validateEvent(event)).toEqual([]);
    expect(events.at(-1)!.data).toMatchObject({
      ...{ totals: 'exact', bytes: 1120, payloadBytes: 1120, audioFrames: 56, videoFrames: 112, drops: 1 },
      ...{ labels: { by: 'alice' }, reason: 'client_unpublish' },
    });
  });

  it('goes there while it is held, and is told its gap', async () => {
    const [a, b] = [node('reject'), node('reject')];
    const run = await a.harness.run('cam', 'alice');
    run.end('client_reset');
    a.harness.pass(1500);
    b.wins.next = moved(await a.yields.yield(a.wish(run.streamId)));
    (await b.harness.run('cam', 'alice')).end('client_unpublish');
    expect(names(b.told(run.streamId))).toEqual(['stream.resumed 3', 'stream.ended 4']);
    const [resumed, ended] = b.told(run.streamId);
    expect(resumed!.data).toMatchObject({ cause: 'moved', gapMs: 1500, epoch: 4 });
    expect(ended!.data).toMatchObject({ heldMs: 1500 });
  });

  it('stays where its policy says so: for others, for who is nobody in particular, and as it moves', async () => {
    const a = node();
    const run = await a.harness.run('cam', 'alice');
    const { streamId } = run;
    const ask = async (more: Partial<YieldWish>) => (await a.yields.yield(a.wish(streamId, more))).kind;
    expect(await ask({ isPrincipal: () => false })).toBe('busy');
    expect(await ask({ conflict: 'reject' })).toBe('busy');
    expect(await ask({ isAnonymous: true })).toBe('busy');
    expect(await ask({ isUnauthenticated: true })).toBe('busy');
    expect(await ask({ streamId: 'other' })).toBe('unknown');
    expect(await Promise.all([ask({}), ask({})])).toEqual(['moved', 'busy']);
    expect(await ask({})).toBe('busy');
    expect(await a.harness.publish('cam', 'alice')).toMatchObject({ accept: false, code: 'ERR_PUBLISH_BUSY' });
  });

  it('goes with who has proven to be its publisher while its node drains, whatever the policy is', async () => {
    const a = node('reject');
    const run = await a.harness.run('cam', 'alice');
    const ask = async (more: Partial<YieldWish> = {}) => (await a.yields.yield(a.wish(run.streamId, more))).kind;
    expect(await ask()).toBe('busy');
    a.harness.closedFor = 'draining';
    expect(await ask({ isPrincipal: () => false })).toBe('busy');
    expect(await ask({ isAnonymous: true })).toBe('busy');
    expect(await ask()).toBe('moved');
  });

  it('is replaced three times a minute at most, over all nodes', async () => {
    const nodes = [node(), node()];
    const { streamId } = await nodes[0]!.harness.run('cam', 'alice');
    for (let n = 0; n < 3; n++) {
      const [from, to] = [nodes[n % 2]!, nodes[(n + 1) % 2]!];
      to.wins.next = moved(await from.yields.yield(from.wish(streamId)));
      await to.harness.run('cam', 'alice');
      from.yields.gone(streamId);
    }
    const last = nodes[1]!;
    expect(await last.yields.yield(last.wish(streamId))).toEqual({ kind: 'busy' });
    last.harness.nowMs += 60_000;
    expect(await last.yields.yield(last.wish(streamId))).toMatchObject({ kind: 'moved' });
  });

  it('ends where the newcomer takes over, and where the end of its old connection shows', async () => {
    const [a, b] = [node('takeover'), node('resume', 0)];
    const { streamId } = await a.harness.run('cam', 'alice');
    expect(await a.yields.yield(a.wish(streamId, { isPrincipal: () => false }))).toEqual({ kind: 'ended' });
    expect(names(a.told(streamId))).toEqual(['stream.started 1', 'stream.taken_over 2', 'stream.ended 3']);
    const run = await b.harness.run('cam', 'alice');
    b.harness.readNow = () => Promise.resolve(run.end('client_closed'));
    expect(await b.yields.yield(b.wish(run.streamId))).toEqual({ kind: 'ended' });
  });

  it('is not disturbed where NATS does not take its events', async () => {
    const a = node();
    const run = await a.harness.run('cam', 'alice');
    a.lifecycle.moves.whenAcked = () => Promise.resolve(false);
    expect(await a.yields.yield(a.wish(run.streamId))).toEqual({ kind: 'unacked' });
    expect([run.isCurrent, a.harness.closed.length, a.told(run.streamId).length]).toEqual([true, 0, 1]);
  });

  it('waits for its publisher where its last events are not taken, or the journal cannot keep that it leaves', async () => {
    for (const fault of ['acks', 'journal'] as const) {
      const a = node();
      const run = await a.harness.run('cam', 'alice');
      a.harness.play('cam');
      let asked = 0;
      if (fault === 'acks') a.lifecycle.moves.whenAcked = () => Promise.resolve(asked++ === 0);
      else a.sink.sync = () => Promise.reject(new Error('EIO'));
      expect(await a.yields.yield(a.wish(run.streamId))).toEqual({ kind: 'unacked' });
      const verbs = names(a.told(run.streamId)).map((name) => name.split(' ')[0]);
      expect(verbs.slice(3)).toEqual([
        'play.ended',
        'stream.idle',
        'stream.suspended',
        'stream.active',
        'play.started',
      ]);
      const again = await a.harness.run('cam', 'alice');
      expect(again.streamId).toBe(run.streamId);
      again.end('client_unpublish');
      expect(a.told(run.streamId).map(sequenceOf)).toEqual(a.told(run.streamId).map((_, i) => i + 1));
    }
  });

  it('waits for its publisher when nobody has taken it, and ends with its window', async () => {
    const a = node();
    const run = await a.harness.run('cam', 'alice');
    await a.yields.yield(a.wish(run.streamId));
    a.harness.pass(3000);
    a.yields.takeBack(run.streamId, epoch);
    a.harness.pass(10_000);
    expect(names(a.told(run.streamId))).toEqual(['stream.started 1', 'stream.suspended 2', 'stream.ended 3']);
    a.yields.gone(run.streamId);
    a.yields.takeBack(run.streamId, epoch);
    expect(a.lifecycle.openStreams.size).toBe(0);
  });

  it('ends once when it was kicked on its way and nobody has taken it', async () => {
    const a = node();
    const run = await a.harness.run('cam', 'alice');
    await a.yields.yield(a.wish(run.streamId));
    expect(await a.harness.registry.commands.kickStream(run.streamId, 'out')).toBe('done');
    expect(names(a.told(run.streamId))).toEqual(['stream.started 1']);
    a.yields.takeBack(run.streamId, epoch);
    expect(names(a.told(run.streamId))).toEqual(['stream.started 1', 'stream.ended 2']);
  });
});

describe('a stream that comes from another node', () => {
  it('ends with its next number where its journal takes nothing, and where its publisher has gone', async () => {
    for (const fault of ['journal', 'gone'] as const) {
      const [a, b] = [node(), node()];
      const run = await a.harness.run('cam', 'alice');
      run.carry({ payloadBytes: 7 });
      b.wins.next = moved(await a.yields.yield(a.wish(run.streamId)));
      if (fault === 'journal') b.sink.startError = new Error('full');
      const asked = b.harness.publish('cam', 'alice');
      if (fault === 'gone') b.harness.withdraw('client_closed');
      expect(await asked).toMatchObject({ accept: false });
      const last = b.told(run.streamId).at(-1)!;
      expect(names([last])).toEqual([fault === 'journal' ? 'stream.ended 2' : 'stream.ended 3']);
      expect(last.data).toMatchObject({
        payloadBytes: 7,
        reason: fault === 'journal' ? 'protocol_error' : 'client_closed',
      });
      expect(b.wins.given).toEqual(fault === 'journal' ? [run.streamId] : []);
      expect([b.harness.registry.live, b.lifecycle.openStreams.size]).toEqual([0, 0]);
    }
  });

  it('tells what its media shows anew as a change, and keeps the time at which it was ready', async () => {
    const [a, b] = [node(), node()];
    const run = await a.harness.run('cam', 'alice');
    run.ready();
    b.wins.next = moved(await a.yields.yield(a.wish(run.streamId)));
    const there = await b.harness.run('cam', 'alice');
    there.ready();
    expect(names(b.told(run.streamId))).toEqual(['stream.resumed 3']);
    there.ready([AAC]);
    expect(b.told(run.streamId).at(-1)).toMatchObject({ data: { after: { tracks: [AAC] } } });
    expect(b.harness.registry.streams()[0]).toMatchObject({ state: 'ready', principal: 'alice' });
  });
});
