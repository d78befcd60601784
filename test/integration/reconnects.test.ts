import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';

/** A name may be started twenty times in a row before its publishers have to wait. */
const [NAMES, TIMES] = [10, 10];
const AAC_HEADER = Buffer.from([0xaf, 0, 0x12, 0x10]);
const AAC_FRAME = Buffer.from([0xaf, 1, 1, 2, 3]);

describe('a publisher that nobody plays and that comes back at once', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await spawnServer({ settings: { 'publish.resumeWindowMs': 10_000 } });
  });
  afterAll(async () => {
    await server.stop();
  });

  for (const how of ['end', 'resetAndDestroy'] as const) {
    it(`is let in again each time (${how})`, async () => {
      const cycle = async (name: string): Promise<void> => {
        let publisher = await RawRtmp.connected({ port: server.rtmpPort });
        let id = await publisher.publish(name);
        publisher.message(8, AAC_HEADER, { messageStreamId: id });
        publisher.message(8, AAC_FRAME, { messageStreamId: id });
        const { streamId } = await server.ready(name);
        for (let n = 1; n <= TIMES; n++) {
          // Several in a row, so that the last of them is read on the beat.
          for (let frame = 0; frame < 5; frame++)
            publisher.message(8, AAC_FRAME, { messageStreamId: id, timestamp: n * 200 + frame * 20 });
          const next = await RawRtmp.connected({ port: server.rtmpPort });
          const stream = await next.createStream();
          const left = new Promise<void>((gone) =>
            publisher.socket.once(how === 'end' ? 'finish' : 'close', () => gone()),
          );
          publisher.socket[how]();
          await left;
          next.command(stream, 'publish', 0, null, name, 'live');
          await next.status('NetStream.Publish.Start');
          [publisher, id] = [next, stream];
        }
        expect((await server.ready(name)).streamId).toBe(streamId);
        publisher.destroy();
      };
      await Promise.all(Array.from({ length: NAMES }, (_, n) => cycle(`${how}-${n}`)));
    });
  }
});
