import { describe, expect, it } from 'vitest';
import { ADMIT_ALL } from '../../../../src/live/admission.js';
import { writeAmf0 } from '../../../../src/protocol/messages/amf0-writer.js';
import { CopiesHarness, owner } from '../../../support/copies.js';
import type { Crossing } from '../../../support/doors/both-sides.js';
import { message } from '../../../support/hub/media.js';

const HEADER = message('videoHeader', 0);

for (const crossing of ['at once', 'cloned, in a later turn'] satisfies Crossing[]) {
  describe(`a name that another node has, ${crossing}`, () => {
    it('is fetched once for all who play it, and their plays are answered when it is here', async () => {
      const harness = new CopiesHarness({}, {}, crossing);
      harness.found = owner(7);
      const plays = [harness.ask(), harness.ask(), harness.ask()];
      await harness.settle();
      expect(harness.attempts).toHaveLength(1);
      expect(plays.map(({ decision }) => decision)).toEqual([undefined, undefined, undefined]);
      const { target, hello } = harness.attempt;
      expect(target).toMatchObject({
        host: '192.0.2.9',
        port: 1935,
        app: 'live',
        name: 'cam',
        tcUrl: 'rtmp://192.0.2.9:1935/live',
      });
      expect(hello).toEqual({ nodeId: 'n1', bootId: 'boot-n1', ticket: 'n2 live/cam 7', path: ['n1'] });
      harness.attempt.ready();
      await harness.settle();
      const late = await harness.play();
      expect(late.run.isLive).toBe(true);
      for (const { decision } of plays) expect(decision).toMatchObject({ accept: true, run: { isLive: true } });
      harness.attempt.media(HEADER, message('key', 1));
      await harness.pass(20);
      expect(late.sink.messages().map(({ type }) => type)).toEqual([9, 9]);
      expect(harness.attempts).toHaveLength(1);
      expect(harness.copies).toMatchObject({ started: 1, reconnects: 0, states: { running: 1 } });
      expect(harness.copies.firstMediaCounts[0]).toBe(1);
    });
  });
}

describe('a play of a name that is not here', () => {
  it('is refused when nobody has the name and players may not wait, and then nothing is kept of it', async () => {
    const harness = new CopiesHarness({}, { waitForPublisher: false });
    const { decision } = await harness.decided(harness.ask());
    expect(decision).toMatchObject({ accept: false, refusal: { status: 'NetStream.Play.StreamNotFound' } });
    // What was remembered may be 2 s old, so the registry itself was asked.
    expect(harness.asked).toEqual([false, true]);
    await harness.pass(250);
    expect([harness.copies.running, harness.listeners.size]).toEqual([0, 0]);
  });

  it('waits when it may: it hears of the publish, and the name is read again at times', async () => {
    const harness = new CopiesHarness();
    const { run } = await harness.play();
    expect(run.isLive).toBe(false);
    for (let n = 0; n < 20; n++) await harness.pass(250);
    expect(harness.asked.length).toBeGreaterThanOrEqual(3);
    await harness.changes(owner(8));
    harness.attempt.ready();
    await harness.settle();
    expect(run.player.publication?.streamId).toBe('stream8');
  });

  it('waits when nobody can say who has it, and when the node does not answer in time', async () => {
    const harness = new CopiesHarness({}, { waitForPublisher: false });
    harness.found = 'unknown';
    const first = await harness.decided(harness.ask());
    expect(first.decision).toMatchObject({ accept: true, run: { isLive: false } });
    await harness.changes(owner(8));
    const second = harness.ask();
    await harness.pass(2900);
    expect(second.decision).toBeUndefined();
    await harness.pass(200);
    expect(second.decision).toMatchObject({ accept: true, run: { isLive: false } });
    harness.attempt.ready();
    await harness.settle();
    expect(harness.hub.playersOf('live', 'cam').map(({ publication }) => publication?.streamId)).toEqual([
      'stream8',
      'stream8',
    ]);
  });

  it('does not begin when its client is banned while it is fetched', async () => {
    let isBanned = false;
    const harness = new CopiesHarness({}, { admission: { ...ADMIT_ALL, isBanned: () => isBanned } });
    harness.found = owner(7);
    const asked = harness.ask();
    await harness.settle();
    isBanned = true;
    harness.attempt.ready();
    await harness.decided(asked);
    expect(asked.decision).toMatchObject({ accept: false, refusal: { code: 'ERR_AUTH_BANNED' } });
  });

  it('is not fetched from this node itself, nor where no address may be connected to', async () => {
    const harness = new CopiesHarness();
    harness.found = owner(7, { nodeId: 'n1' });
    await harness.play();
    await harness.pass(6000);
    expect(harness.attempts).toEqual([]);
    harness.address = 'unknown';
    await harness.changes(owner(8));
    await harness.pass(6000);
    expect(harness.attempts).toEqual([]);
    harness.address = { host: '::1', port: 1, isSecure: true, serverName: 'n2.example' };
    await harness.pass(5000);
    expect(harness.attempt.target.tcUrl).toBe('rtmps://[::1]:1/live');
  });
});

describe('a name that players wait for', () => {
  it('is looked up for a play that comes later, whatever was heard of it', async () => {
    const harness = new CopiesHarness();
    await harness.play();
    await harness.pass(2500);
    // The news of it was lost.
    harness.found = owner(8);
    const late = harness.ask();
    await harness.settle();
    harness.attempt.ready();
    await harness.decided(late);
    expect(late.decision).toMatchObject({ accept: true, run: { isLive: true } });
  });

  it('counts as wished for from the play that waits for its media only, not from those that wait for a publish', async () => {
    const harness = new CopiesHarness();
    await harness.play();
    await harness.play();
    await harness.pass(4000);
    await harness.changes(owner(8));
    harness.attempt.ready();
    await harness.settle();
    harness.attempt.media(HEADER, message('key', 1));
    expect(harness.copies.firstMediaSumMs).toBe(0);
  });
});

describe('a copy that runs', () => {
  it('costs the registry about one question a minute', async () => {
    const harness = new CopiesHarness();
    await harness.playing();
    const before = harness.asked.length;
    for (let n = 0; n < 120; n++) await harness.pass(1000);
    expect(harness.asked.length - before).toBeGreaterThan(0);
    expect(harness.asked.length - before).toBeLessThanOrEqual(3);
  });

  it('is kept while its stream is handed to another node, also when the owner has told its end', async () => {
    const harness = new CopiesHarness();
    await harness.playing();
    harness.found = { ...owner(7), state: 'moving' };
    harness.attempt.unpublished();
    await harness.settle();
    await harness.changes(owner(9, { nodeId: 'n3', streamId: 'stream7' }));
    harness.attempt.ready();
    await harness.settle();
    expect(harness.names).not.toContain('copy.ended');
  });

  it('carries the data of the stream, and not what its owner tells each player', async () => {
    const harness = new CopiesHarness();
    const { run } = await harness.playing();
    const told = (name: string) => {
      const payload = writeAmf0(name, 1);
      harness.attempt.events.news({ kind: 'data', name, payload, timestamp: 0, values: [1] });
    };
    const { log } = run.player.publication!;
    const before = log.head;
    told('|RtmpSampleAccess');
    expect(log.head).toBe(before);
    told('onCuePoint');
    expect(log.head).toBeGreaterThan(before);
  });
});

describe('connections that fail', () => {
  it('are made again later each time, and at once at the node that the registry names now', async () => {
    const harness = new CopiesHarness();
    harness.found = owner(7);
    void harness.ask();
    await harness.settle();
    const waits: number[] = [];
    for (let n = 1; n <= 7; n++) {
      const atMs = harness.nowMs;
      harness.attempt.ends('ERR_CLIENT_CONNECT');
      while (harness.attempts.length === n) await harness.pass(50);
      waits.push(harness.nowMs - atMs);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1600, 2500, 2500]);
    harness.found = owner(9, { nodeId: 'n3' });
    harness.attempt.ends('ERR_CLIENT_REJECTED', { peerCode: 'ERR_RELAY_TICKET' });
    await harness.settle();
    expect(harness.attempt.hello.ticket).toBe('n3 live/cam 9');
  });

  it('are made again later each time too when each is lost as soon as the stream has come', async () => {
    const harness = new CopiesHarness();
    await harness.playing();
    for (let n = 0; n < 80; n++) {
      if (!harness.attempt.isOver) {
        harness.attempt.ready();
        await harness.settle();
        harness.attempt.ends('ERR_CLIENT_LOST');
      }
      await harness.pass(100);
    }
    expect(harness.attempts.length).toBeLessThan(9);
    while (harness.attempt.isOver) await harness.pass(100);
    harness.attempt.ready();
    await harness.pass(3000);
    const before = harness.attempts.length;
    harness.attempt.ends('ERR_CLIENT_LOST');
    await harness.settle();
    expect(harness.attempts).toHaveLength(before + 1);
  });
});

describe('the players of a copy', () => {
  it('are counted for its owner at once when the first comes or the last leaves, and every 5 s', async () => {
    const harness = new CopiesHarness();
    const { run } = await harness.playing();
    const [first] = harness.attempts;
    await harness.pass(250);
    const more = [await harness.play(), await harness.play()];
    await harness.pass(250);
    expect(first!.players.at(-1)).toBe(1);
    await harness.pass(5000);
    expect(first!.players.at(-1)).toBe(3);
    for (const each of [run, ...more.map((play) => play.run)]) each.end('client_closed');
    await harness.pass(250);
    expect(first!.players.at(-1)).toBe(0);
  });

  it('may all leave and come back while it is kept; after that it ends, and a play begins it anew', async () => {
    const harness = new CopiesHarness({ idleMs: 2000 });
    const { run } = await harness.playing();
    run.end('client_closed');
    await harness.pass(1900);
    const back = await harness.play();
    expect(back.run.isLive).toBe(true);
    await harness.pass(5000);
    expect(harness.state).toBe('running');
    back.run.end('client_closed');
    await harness.pass(100);
    await harness.pass(2000);
    expect([harness.state, harness.attempt.isOver, harness.listeners.size]).toEqual(['none', true, 0]);
    expect(harness.told.at(-1)).toEqual(['copy.ended', 'idle', expect.anything()]);
    await harness.playing();
    expect(harness.attempts).toHaveLength(2);
  });

  it('are told as after any publish when its owner ends it, and play on when it is published again', async () => {
    const harness = new CopiesHarness();
    const { sink, run } = await harness.playing();
    harness.attempt.media(HEADER, message('key', 1, 32, 1000));
    // The registry says so only later.
    harness.attempt.unpublished();
    await harness.settle();
    expect(harness.told.at(-1)).toEqual(['copy.ended', 'stream_ended', expect.anything()]);
    await harness.pass(300);
    expect(harness.attempts).toHaveLength(1);
    await harness.changes('none');
    await harness.changes(owner(8, { nodeId: 'n3' }));
    harness.attempt.ready();
    await harness.settle();
    expect(run.player.publication?.streamId).toBe('stream8');
    expect(harness.attempt.timelines).toEqual([1040]);
    harness.attempt.unpublished();
    await harness.changes('none');
    await harness.pass(4900);
    expect(sink.notices).toEqual([]);
    await harness.pass(200);
    expect(sink.notices).toEqual(['gone']);
  });

  it('are held when its owner is lost, and play on with the same stream from there', async () => {
    const harness = new CopiesHarness();
    const { run } = await harness.playing();
    harness.attempt.media(HEADER, message('key', 1, 32, 1000));
    const { publication } = run.player;
    harness.attempt.ends('ERR_CLIENT_LOST');
    await harness.settle();
    expect(harness.attempts).toHaveLength(2);
    harness.attempt.ends('ERR_CLIENT_CONNECT');
    await harness.pass(10_000);
    expect(harness.state).toBe('lost');
    // It was handed to another node.
    await harness.changes(owner(8, { nodeId: 'n3', streamId: 'stream7' }));
    harness.attempt.ready();
    await harness.settle();
    expect(harness.attempt.hello.ticket).toBe('n3 live/cam 8');
    expect(run.player.publication).toBe(publication);
    expect(harness.attempt.timelines).toEqual([1040]);
    expect(harness.copies).toMatchObject({ started: 1, reconnects: 1 });
    expect(harness.names.filter((name) => name === 'copy.started')).toHaveLength(2);
    expect(harness.names).not.toContain('copy.ended');
  });

  it('play on with another stream of the name when its owner is lost, and are told after a while without one', async () => {
    const harness = new CopiesHarness({ lingerMs: 30_000 }, { lingerMs: 0 });
    const { run, sink } = await harness.playing();
    harness.attempt.media(HEADER, message('key', 1, 32, 1000));
    harness.address = 'gone';
    harness.attempt.ends('ERR_RELAY_STALLED');
    await harness.pass(20_000);
    harness.address = { host: '192.0.2.7', port: 1935, isSecure: false, serverName: 'n3' };
    await harness.changes(owner(9, { nodeId: 'n3' }));
    harness.attempt.ready();
    await harness.settle();
    expect(run.player.publication?.streamId).toBe('stream9');
    expect(harness.attempt.timelines).toEqual([1040]);
    harness.address = 'gone';
    harness.attempt.ends('ERR_CLIENT_LOST');
    await harness.pass(29_900);
    expect(sink.notices).toEqual([]);
    await harness.pass(200);
    expect(sink.notices).toEqual(['gone']);
    expect(harness.told.at(-1)).toEqual(['copy.ended', 'lost', expect.anything()]);
    expect(harness.state).not.toBe('none');
  });

  it('stay when a publish of this node takes the name', async () => {
    const harness = new CopiesHarness();
    const { run } = await harness.playing();
    harness.found = owner(8, { nodeId: 'n1' });
    const own = await harness.run();
    await harness.settle();
    expect(run.player.publication).toBe(own.publication);
    expect(harness.attempt.isOver).toBe(true);
    await harness.pass(6000);
    expect([harness.attempts.length, harness.live.live, harness.copies.running]).toEqual([1, 1, 0]);
    expect(harness.told).toContainEqual(['copy.ended', 'ended_here', expect.anything()]);
  });

  it('are let go when the server ends', async () => {
    const harness = new CopiesHarness();
    await harness.playing();
    harness.copies.close();
    await harness.settle();
    expect([harness.copies.running, harness.attempt.isOver]).toEqual([0, true]);
    expect(harness.told).toContainEqual(['copy.ended', 'shutdown', expect.anything()]);
    expect(harness.copies.arrival({ app: 'live', name: 'cam' })).toBeUndefined();
  });
});
