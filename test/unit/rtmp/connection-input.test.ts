import { afterEach, describe, expect, it } from 'vitest';
import { ListenerHarness } from '../../support/rtmp/listener-harness.js';

/** A beat that does not come while a test runs. */
const NEVER_MS = 3_600_000;
/** A beat that comes soon. */
const BEAT_MS = 100;
/** Audio specific config of AAC, then a frame of it: with both a stream is known. */
const HEADER = Buffer.from([0xaf, 0, 0x12, 0x10]);
const FRAME = Buffer.from([0xaf, 1, 1, 2, 3]);

let harness: ListenerHarness | undefined;

afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

for (const directReads of [true, false]) {
  describe(`a publisher that nobody plays, read ${directReads ? 'into the WASM memory' : 'through data events'}`, () => {
    /** A publisher whose reads wait for the beat. */
    const paced = async (harness: ListenerHarness, name = 'cam') => {
      const publisher = await harness.client();
      const id = await publisher.publish(name);
      const send = (timestamp: number): void => publisher.message(8, FRAME, { timestamp, messageStreamId: id });
      publisher.message(8, HEADER, { messageStreamId: id });
      const publication = harness.publications.get(name)!;
      for (let n = 1; publication.readyMs === undefined; n++) {
        const frames = publication.bytes;
        send(n * 20);
        await harness.until(() => publication.bytes > frames, `frame ${n}`);
        harness.pass(1000);
      }
      // The read that brings this one is the last until the beat.
      send(4000);
      await harness.until(() => publication.newestTimestamp === 4000, 'the last frame');
      return { publisher, publication, send };
    };
    const listener = async (unwatchedReadMs: number) => {
      harness = await ListenerHarness.open({ directReads, unwatchedReadMs });
      return harness;
    };

    for (const [how, reason] of [
      ['end', 'client_closed'],
      ['resetAndDestroy', 'client_reset'],
    ] as const) {
      it(`is known to be gone after its socket was read (${how}), though its beat has not come`, async () => {
        const harness = await listener(NEVER_MS);
        const { publisher, send } = await paced(harness);
        // A reset that comes behind bytes looks like an orderly close to libuv.
        if (how === 'end') send(5000);
        publisher.socket[how]();
        await new Promise<void>((closed) =>
          publisher.socket.destroyed ? closed() : publisher.socket.once(how === 'end' ? 'finish' : 'close', closed),
        );
        await harness.readPublisher('cam');
        expect(harness.publishEnds).toEqual([`cam:${reason}`]);
      });
    }

    it('has been read, and goes on, when it is still there', async () => {
      const harness = await listener(NEVER_MS);
      const { publication, send } = await paced(harness);
      send(5000);
      await harness.readPublisher('cam');
      expect(harness.publishEnds).toEqual([]);
      await harness.until(() => publication.newestTimestamp === 5000, 'the frame that waited');
      send(5020);
      await harness.until(() => publication.newestTimestamp === 5020, 'the frame');
    });

    it('does not go on with its beat while a request of it is being decided', async () => {
      const harness = await listener(BEAT_MS);
      const [first, second] = [await paced(harness, 'one'), await paced(harness, 'two')];
      const ids = [await first.publisher.createStream(), await first.publisher.createStream()];
      first.send(5000);
      await harness.until(() => first.publication.newestTimestamp === 5000, 'the read before its beat');
      harness.holdPublishes = true;
      first.publisher.command(ids[0]!, 'publish', 0, null, 'three', 'live');
      await harness.readPublisher('one');
      await harness.until(() => harness.undecided === 1, 'the request');
      first.publisher.command(ids[1]!, 'publish', 0, null, 'four', 'live');
      // Both wait for the same timer, the second behind the first.
      for (const timestamp of [5000, 6000, 7000]) {
        second.send(timestamp);
        await harness.until(() => second.publication.newestTimestamp === timestamp, 'a beat');
      }
      expect(harness.undecided).toBe(1);
      harness.decide('accept');
      await harness.until(() => harness.undecided === 1, 'the request behind it');
    });
  });
}
