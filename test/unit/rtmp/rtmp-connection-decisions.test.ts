import { afterEach, describe, expect, it } from 'vitest';
import { ListenerHarness } from '../../support/rtmp/listener-harness.js';
import type { RawRtmp, Received } from '../../support/rtmp-client.js';

let harness: ListenerHarness;

afterEach(async () => {
  await harness.close();
});

function frame(number: number, bytes: number): Buffer {
  const payload = Buffer.alloc(bytes, number);
  payload.set([0x17, 1, 0, 0, 0]);
  payload.writeUInt32BE(number, 5);
  return payload;
}

/** Video received. */
function frames(client: RawRtmp): Received[] {
  return client.media().filter(({ type }) => type === 9);
}

for (const directReads of [true, false]) {
  describe(`while a publish is being decided, a connection that reads ${directReads ? 'into the WASM memory' : 'through data events'}`, () => {
    it('holds what comes after the request was read, too, where the codec moves to its larger memory', async () => {
      harness = await ListenerHarness.open({ directReads });
      harness.holdPublishes = true;
      const player = await harness.client();
      await player.play('cam');
      const publisher = await harness.client();
      const id = await publisher.createStream();
      publisher.command(id, 'publish', 0, null, 'cam', 'live');
      await harness.until(() => harness.undecided === 1, 'the publish to be asked for');
      const connection = [...harness.listener.connections].at(-1)!;
      const { bytesIn } = connection;
      for (let n = 0; n < 10; n++) publisher.message(9, frame(n, 30_000), { messageStreamId: id });
      await harness.until(() => connection.bytesIn > bytesIn, 'a read');
      harness.decide('accept');
      await harness.until(() => frames(player).length === 10, 'all frames');
      expect(frames(player).map(({ payload }) => payload.readUInt32BE(5))).toEqual(
        Array.from({ length: 10 }, (_, n) => n),
      );
    });

    it('sees that a client goes while its publish is being decided', async () => {
      harness = await ListenerHarness.open({ directReads });
      harness.holdPublishes = true;
      for (const [n, leave] of [
        (client: RawRtmp) => client.socket.end(),
        (client: RawRtmp) => client.socket.resetAndDestroy(),
      ].entries()) {
        const publisher = await harness.client();
        const id = await publisher.createStream();
        publisher.command(id, 'publish', 0, null, `cam${n}`, 'live');
        await harness.until(() => harness.undecided === n + 1, 'the publish to be asked for');
        leave(publisher);
        await harness.until(() => harness.withdrawn.length === n + 1, 'the request to be withdrawn');
      }
      expect(harness.withdrawn).toEqual(['client_closed', 'client_reset']);
    });
  });
}
