import { describe, expect, it } from 'vitest';
import { BothSides, type Crossing } from '../../support/doors/both-sides.js';
import { batch, type Message, message } from '../../support/hub/media.js';

const header = (kind: 'videoHeader' | 'audioHeader', hex: string): Message => ({
  kind,
  timestamp: 0,
  payload: Buffer.from(hex.replaceAll(' ', ''), 'hex'),
});

/** The sequence header of H.264 of 320x240, as an encoder sent it. */
const AVC = header(
  'videoHeader',
  '17 00 000000 01 42c00d ff e1 0016 6742c00dd90141fb0110000003001000000303c0f1429920 01 0005 68cb83cb20',
);
/** The sequence header of AAC-LC, 44.1 kHz, stereo. */
const AAC = header('audioHeader', 'af 00 1210');

function data(name: string, payload: Buffer, timestamp: number, values: readonly (string | { width: number })[]) {
  return { name, type: 18, payload, timestamp, values: [...values] };
}

for (const crossing of ['at once', 'cloned, in a later turn'] satisfies Crossing[]) {
  const both = (options?: ConstructorParameters<typeof BothSides>[1]): BothSides => new BothSides(crossing, options);

  describe(`a publish, messages crossing ${crossing}`, () => {
    it('is opened once it is accepted, and ended with exact totals and with what each play was sent', async () => {
      const sides = both();
      const waiting = await sides.play();
      const run = await sides.run();
      expect(sides.hub.isLive('live', 'cam')).toBe(true);
      run.publication.append(batch(message('key', 1), message('audio', 2)), sides.nowMs);
      run.publication.wireBytes += 230;
      waiting.sink.player!.visit();
      const { payloadBytes } = run.publication;
      run.end('client_unpublish');
      run.end('client_reset');
      await sides.settle();
      expect(sides.told.filter(([name]) => name === 'streamEnded')).toHaveLength(1);
      expect(sides.last('streamEnded')).toMatchObject({
        ...{ reason: 'client_unpublish', bytes: payloadBytes, payloadBytes, wireBytes: 230 },
        ...{ videoFrames: 1, audioFrames: 1, drops: 0, heldMs: 0 },
      });
      expect(sides.last('playEnded')).toMatchObject({ reason: 'stream_ended', bytes: waiting.sink.bytes.length });
      expect(sides.hub.isLive('live', 'cam')).toBe(false);
      expect(sides.live.live).toBe(0);
      expect(sides.door.bytesIn).toBe(run.publication.bytes);
      expect(sides.door.bytesOut).toBe(waiting.sink.bytes.length);
    });

    it('is told as stalled once its media stops, at the next tick, and not while its publisher is away', async () => {
      const sides = both({ resumeWindowMs: 60_000 });
      const run = await sides.run();
      const media = () => run.publication.append(batch(message('key', 1), message('audio', 2)), sides.nowMs);
      media();
      await sides.pass(2999);
      expect(sides.count('streamStalled')).toBe(0);
      await sides.pass(1);
      expect(sides.count('streamStalled')).toBe(2);
      expect(sides.last('streamStalled')).toMatchObject({ gapMs: 3000, cause: 'no_media' });
      for (let n = 0; n < 5; n++) {
        media();
        await sides.pass(250);
      }
      expect(sides.count('streamRecovered')).toBe(2);
      run.end('client_reset');
      for (let n = 0; n < 4; n++) await sides.pass(5000);
      await sides.run();
      await sides.pass(2999);
      expect(sides.count('streamStalled')).toBe(2);
      await sides.pass(1);
      expect(sides.count('streamStalled')).toBe(4);
    });

    it('is reported about once a second, however often there is a tick', async () => {
      const sides = both();
      const run = await sides.run();
      const shown = (): number => sides.live.streams()[0].audioFrames;
      await sides.pass(1000);
      run.publication.append(batch(message('audio', 2)), sides.nowMs);
      for (let n = 0; n < 3; n++) await sides.pass(250);
      expect(shown()).toBe(0);
      await sides.pass(250);
      expect(shown()).toBe(1);
    });

    it('of a client that goes while it is decided ends for that reason, and reaches no player', async () => {
      const sides = both();
      const waiting = await sides.play();
      let durable = (): void => {};
      sides.journal = () =>
        new Promise((resolve) => {
          durable = resolve;
        });
      const asked = sides.publish();
      await sides.settle();
      asked.request.withdraw('client_reset', 'client_closed');
      // In clones the answer crosses the withdrawal.
      durable();
      sides.journal = () => Promise.resolve();
      await sides.settle();
      expect([asked.decision, asked.failure]).toEqual([undefined, undefined]);
      expect(sides.last('streamEnded')).toMatchObject({ reason: 'client_reset', payloadBytes: 0 });
      expect(waiting.sink.notices).toEqual([]);
      expect(await sides.decided(sides.publish())).toMatchObject({ decision: { accept: true } });
    });

    it('whose answer has crossed the withdrawal ends all the same, and its name is free', async () => {
      const sides = both();
      const asked = sides.publish();
      // The start is told, and the answer is under way, or there.
      while (sides.count('streamStarted') === 0) await sides.turn();
      if (asked.decision?.accept === true) asked.decision.run.end('client_closed');
      else asked.request.withdraw('client_closed', 'client_closed');
      await sides.settle();
      expect(sides.last('streamEnded')).toMatchObject({ reason: 'client_closed' });
      expect(await sides.decided(sides.publish())).toMatchObject({ decision: { accept: true } });
    });

    it('is refused while another has the name, and gets it when that is found to be gone', async () => {
      const sides = both();
      const run = await sides.run();
      const busy = await sides.decided(sides.publish());
      expect(busy.decision).toMatchObject({ accept: false, refusal: { code: 'ERR_PUBLISH_BUSY' } });
      sides.readNow = () => {
        run.end('client_reset');
        return Promise.resolve();
      };
      expect(await sides.decided(sides.publish())).toMatchObject({ decision: { accept: true } });
    });

    it('is answered also when reading the connection of the other one fails inside', async () => {
      const sides = both();
      await sides.run();
      sides.readNow = () => Promise.reject(new Error('a defect'));
      expect(await sides.decided(sides.publish())).toMatchObject({
        decision: { accept: false, refusal: { code: 'ERR_PUBLISH_BUSY' } },
      });
    });

    it('that another node has ended is over, and its connection is told and closed', async () => {
      const sides = both({ resumeWindowMs: 5000 });
      const asked = await sides.decided(sides.publish());
      if (asked.decision?.accept !== true) throw new Error('refused');
      sides.live.fence(['somebody-elses', asked.decision.run.streamId]);
      await sides.settle();
      expect(asked.closed).toEqual(['node_lost']);
      asked.decision.run.end('client_closed');
      await sides.settle();
      expect(sides.told.filter(([name]) => name === 'streamEnded')).toMatchObject([
        ['streamEnded', asked.decision.run.streamId, { reason: 'node_lost' }],
      ]);
    });

    it('that another node ends in the moment in which it begins is over, too', async () => {
      const sides = both();
      const asked = sides.publish();
      // One step of the queue of promises at a time, so that nothing else has been done when it begins.
      while (sides.live.live === 0) await (crossing === 'at once' ? undefined : sides.turn());
      sides.live.fence(sides.live.streams().map(({ streamId }) => streamId));
      await sides.settle();
      expect(asked.closed).toEqual(['node_lost']);
      expect(sides.last('streamEnded')).toMatchObject({ reason: 'node_lost' });
      expect(sides.live.live).toBe(0);
    });

    it('that another node ends while its start is written does not begin, and its name is free', async () => {
      const sides = both();
      let durable = (): void => {};
      sides.journal = () =>
        new Promise((resolve) => {
          durable = resolve;
        });
      const asked = sides.publish();
      while (sides.count('streamStarted') === 0) await sides.turn();
      const [, start] = sides.told.find(([name]) => name === 'streamStarted')!;
      sides.live.fence(['somebody-elses', (start as { readonly streamId: string }).streamId]);
      durable();
      expect(await sides.decided(asked)).toMatchObject({
        decision: { accept: false, refusal: { code: 'ERR_SESSION_PUBLISH_REFUSED' } },
      });
      expect(sides.last('streamEnded')).toMatchObject({ reason: 'node_lost' });
      sides.journal = () => Promise.resolve();
      expect(await sides.decided(sides.publish())).toMatchObject({ decision: { accept: true } });
    });

    it('goes on when a player that waited for it fails inside us, and so do the other players', async () => {
      const sides = both();
      const [one, two] = [await sides.play(), await sides.play()];
      const defect = new Error('a defect');
      one.sink.publisherCame = () => {
        throw defect;
      };
      const run = await sides.run();
      expect(one.sink.failures).toEqual([defect]);
      run.publication.append(batch(message('key', 1)), sides.nowMs);
      two.sink.player!.visit();
      one.sink.player!.visit();
      expect([one.sink.writes.length, two.sink.writes.length > 0]).toEqual([0, true]);
    });

    it('is told to be over also when a player fails on the way, and its name is free', async () => {
      const sides = both();
      const run = await sides.run();
      const { sink } = await sides.play();
      run.publication.append(batch(message('key', 1)), sides.nowMs);
      sink.write = () => {
        throw new Error('a defect');
      };
      run.end('client_closed');
      await sides.settle();
      expect(sink.failures).toHaveLength(1);
      expect(sides.count('streamEnded')).toBe(1);
      expect(await sides.decided(sides.publish())).toMatchObject({ decision: { accept: true } });
    });

    it('that fails inside us when it is announced, or when it is opened, is told to be over, and its name is free', async () => {
      const sides = both();
      await sides.play();
      sides.fault = 'streamActive';
      const told = await sides.decided(sides.publish());
      expect(told.failure).toMatchObject({ code: 'ERR_INTERNAL' });
      sides.fault = undefined;
      const claim = sides.hub.claim.bind(sides.hub);
      sides.hub.claim = (app, name) => {
        const claimed = claim(app, name)!;
        const open = (): never => {
          throw new Error('a defect');
        };
        return { ...claimed, open };
      };
      const opened = await sides.decided(sides.publish());
      expect(opened.failure).toMatchObject({ message: 'a defect' });
      await sides.settle();
      expect(sides.told.filter(([name]) => name === 'streamEnded').map((call) => call[2])).toMatchObject([
        { reason: 'protocol_error', detail: 'ERR_INTERNAL' },
        { reason: 'protocol_error', detail: 'ERR_INTERNAL' },
      ]);
      sides.hub.claim = claim;
      expect(await sides.decided(sides.publish())).toMatchObject({ decision: { accept: true } });
    });

    it('tells what its media shows: ready, then what changes, and data messages but metadata', async () => {
      const sides = both();
      const run = await sides.run();
      run.data(data('onMetaData', Buffer.from('metadata'), 0, [{ width: 1 }]));
      const { head } = run.publication.log;
      run.data(data('onMetaData', Buffer.from('metadata'), 0, [{ width: 1 }]));
      expect(run.publication.log.head).toBe(head);
      run.publication.append(batch(AVC, message('key', 1)), sides.nowMs);
      await sides.pass(2000);
      expect(sides.last('streamReady')).toMatchObject({ tracks: [{ kind: 'video' }] });
      run.publication.append(batch(AAC), sides.nowMs);
      await sides.pass(250);
      expect(sides.last('streamUpdated')).toMatchObject({ after: { tracks: [{ kind: 'video' }, { kind: 'audio' }] } });
      run.dataCleared('onMetaData');
      run.data(data('onMetaData', Buffer.from('metadata'), 0, [{ width: 1 }]));
      expect(run.publication.log.head).toBeGreaterThan(head);
      run.data(data('onCuePoint', Buffer.from('cue'), 40, ['x']));
      await sides.settle();
      expect(sides.told.filter(([name]) => name === 'streamData')).toHaveLength(1);
      expect(sides.last('streamData')).toEqual({ handler: 'onCuePoint', timestamp: 40, values: ['x'] });
    });

    it('whose timestamps jump counts the jumps, and stamps its data like its media from then on', async () => {
      const sides = both();
      const run = await sides.run();
      run.publication.append(batch(message('key', 100)), sides.nowMs);
      run.data(data('onCuePoint', Buffer.from([2, 0, 1, 0x61]), 77, ['a']));
      run.publication.append(batch({ ...message('inter', 101), rebased: true }), sides.nowMs);
      run.data(data('onCuePoint', Buffer.from([2, 0, 1, 0x61]), 5, ['a']));
      await sides.settle();
      const times = sides.told.filter(([name]) => name === 'streamData').map((call) => call[2]);
      expect(times).toMatchObject([{ timestamp: 77 }, { timestamp: 2020 }]);
      expect(sides.door.timestampJumps).toBe(1);
      run.end('client_unpublish');
      await sides.settle();
      expect(sides.last('streamEnded')).toMatchObject({ timestampJumps: 1 });
      expect(sides.door.timestampJumps).toBe(1);
    });
  });

  describe(`a play, messages crossing ${crossing}`, () => {
    it('waits for its publisher, and may outlast a stream: what it is sent counts for the stream that sent it', async () => {
      const sides = both();
      const { run, sink } = await sides.play();
      expect(run.isLive).toBe(false);
      for (const name of ['one', 'two']) {
        const publish = await sides.run();
        publish.publication.append(batch(message('key', 1)), sides.nowMs);
        const before = sink.bytes.length;
        sink.player!.visit();
        const sent = sink.bytes.length - before;
        expect(sent).toBeGreaterThan(0);
        await sides.pass(1000);
        expect(sides.live.streams(), name).toMatchObject([{ players: 1, bytesOut: sent }]);
        publish.end('client_unpublish');
        await sides.settle();
        expect(sides.last('playEnded'), name).toMatchObject({ reason: 'stream_ended', bytes: sent });
      }
      run.end('client_closed');
      run.end('stalled');
      await sides.settle();
      expect(sides.count('playEnded')).toBe(2);
      expect(sides.hub.size).toBe(0);
      expect(sides.door.bytesOut).toBe(sink.bytes.length);
    });

    it('that leaves a live stream stays in the sums of the stream', async () => {
      const sides = both();
      const publish = await sides.run();
      const { run, sink } = await sides.play();
      expect(run.isLive).toBe(true);
      publish.publication.append(batch(message('key', 1)), sides.nowMs);
      sink.player!.visit();
      run.end('client_stopped');
      await sides.pass(1000);
      expect(sides.last('playEnded')).toMatchObject({ reason: 'client_stopped', bytes: sink.bytes.length });
      expect(sides.live.streams()).toMatchObject([{ players: 0, bytesOut: sink.bytes.length }]);
      expect(sides.door.bytesOut).toBe(sink.bytes.length);
    });

    it('of a client that is gone before it is answered ends at once', async () => {
      const sides = both();
      await sides.run();
      const asked = sides.ask();
      asked.request.withdraw('client_closed', 'client_closed');
      if (asked.decision?.accept === true) asked.decision.run.end('client_closed');
      await sides.settle();
      expect(sides.count('playStarted')).toBe(sides.count('playEnded'));
      expect(sides.live.streams()).toMatchObject([{ players: 0 }]);
      expect(sides.hub.playersOf('live', 'cam')).toHaveLength(0);
    });

    it('fails alone when it cannot be attached', async () => {
      const sides = both();
      sides.hub.subscribe = () => {
        throw new Error('a defect');
      };
      const asked = await sides.decided(sides.ask());
      expect(asked.failure).toMatchObject({ message: 'a defect' });
      await sides.settle();
      expect(sides.names).toEqual(['want', 'want']);
    });
  });
}

describe('a play that may not wait', () => {
  it('is let go when its stream ended before it was attached to it', async () => {
    const sides = new BothSides('cloned, in a later turn', { waitForPublisher: false });
    const publish = await sides.run();
    const asked = sides.ask();
    // The fact side accepts in the next turn, before it hears of the end.
    publish.end('client_unpublish');
    await sides.settle();
    if (asked.decision?.accept === true) expect(asked.sink.notices).toEqual(['gone']);
    else expect(asked.decision).toMatchObject({ accept: false, refusal: { code: 'ERR_PLAY_NOT_FOUND' } });
    expect(sides.count('playStarted')).toBe(sides.count('playEnded'));
  });
});
