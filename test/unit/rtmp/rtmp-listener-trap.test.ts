import { afterEach, expect, it } from 'vitest';
import { STASH_LENGTH } from '../../../assembly/constants.js';
import type { ChunkCodec } from '../../../src/wasm/chunk-codec.js';
import { ListenerHarness } from '../../support/rtmp/listener-harness.js';
import type { RawRtmp } from '../../support/rtmp-client.js';

let harness: ListenerHarness;

afterEach(async () => {
  await harness.close();
});

const frame = (n: number): Buffer => Buffer.from([0x17, 1, 0, 0, 0, n]);
const isFrame = (n: number) => (message: { type: number; payload: Uint8Array }) =>
  message.type === 9 && message.payload[5] === n;

it('a trap in the module of one connection ends it with its code, and touches no other publisher and no player', async () => {
  harness = await ListenerHarness.open();
  const codecs: ChunkCodec[] = [];
  const acquire = harness.codecs.acquire.bind(harness.codecs);
  harness.codecs.acquire = () => {
    const codec = acquire();
    codecs.push(codec);
    return codec;
  };
  const publishers: { client: RawRtmp; id: number }[] = [];
  const players: RawRtmp[] = [];
  for (const name of ['one', 'two', 'three']) {
    const client = await harness.client();
    publishers.push({ client, id: await client.publish(name) });
    const player = await harness.client();
    await player.play(name);
    players.push(player);
  }
  const send = (n: number): void => {
    for (const { client, id } of publishers) client.message(9, frame(n), { messageStreamId: id, timestamp: 40 * n });
  };
  send(1);
  for (const player of players) await player.expect(isFrame(1), 'the first frame');

  // A length that the module trusts: what a defect of its own would look like.
  codecs[2]!.header[STASH_LENGTH] = 0x7fffffff;
  send(2);
  await publishers[1]!.client.gone();
  await harness.until(() => harness.closes.includes('ERR_WASM_TRAP'), 'the close to be told');
  expect(harness.publishEnds.map((end) => end.split(':')[0])).toEqual(['two']);
  expect(codecs[2]!.reusable).toBe(false);

  publishers.splice(1, 1);
  send(3);
  await players[0]!.expect(isFrame(3), 'a frame after the trap');
  await players[2]!.expect(isFrame(3), 'a frame after the trap');
  const again = await harness.client();
  await again.publish('two');
  expect(codecs.at(-1)).not.toBe(codecs[2]);
  expect(harness.closes.filter((code) => code === 'ERR_WASM_TRAP')).toHaveLength(1);
});
