import { afterEach, describe, expect, it } from 'vitest';
import { ListenerHarness } from '../../support/rtmp/listener-harness.js';

/** A beat that does not come while a test runs. */
const NEVER_MS = 3_600_000;
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
    const paced = async () => {
      harness = await ListenerHarness.open({ directReads, unwatchedReadMs: NEVER_MS });
      const publisher = await harness.client();
      const id = await publisher.publish('cam');
      const send = (timestamp: number): void => publisher.message(8, FRAME, { timestamp, messageStreamId: id });
      publisher.message(8, HEADER, { messageStreamId: id });
      const publication = harness.publications.get('cam')!;
      for (let n = 1; publication.readyMs === undefined; n++) {
        const frames = publication.bytes;
        send(n * 20);
        await harness.until(() => publication.bytes > frames, `frame ${n}`);
        harness.pass(1000);
      }
      // The read that brings this one is the last until the beat.
      send(4000);
      await harness.until(() => publication.newestTimestamp === 4000, 'the last frame');
      return { harness, publisher, publication, send };
    };

    for (const [how, reason] of [
      ['end', 'client_closed'],
      ['resetAndDestroy', 'client_reset'],
    ] as const) {
      it(`is known to be gone after its socket was read (${how}), though its beat has not come`, async () => {
        const { harness, publisher, send } = await paced();
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
      const { harness, publication, send } = await paced();
      send(5000);
      await harness.readPublisher('cam');
      expect(harness.publishEnds).toEqual([]);
      await harness.until(() => publication.newestTimestamp === 5000, 'the frame that waited');
      send(5020);
      await harness.until(() => publication.newestTimestamp === 5020, 'the frame');
    });
  });
}
