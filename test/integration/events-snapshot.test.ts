import type { NatsConnection } from 'nats';
import { expect, it } from 'vitest';
import { streamPattern } from '../../src/events/consume/pattern.js';
import { takeSnapshot } from '../../src/events/consume/snapshot.js';
import { consumerTimeout } from '../../src/events/consume/stream-info.js';
import { client, publish, setUp } from '../support/event-layer.js';
import { seeded } from '../support/random.js';
import { waitFor } from '../support/wait.js';

const STREAMS = 30;
const SNAPSHOTS = 100;
const places = {
  prefix: 'sluice.v1',
  stream: 'SLUICE_EVENTS',
  streamsBucket: 'SLUICE_STREAMS',
  nodesBucket: 'SLUICE_NODES',
};

it('the live streams are all found while their states are written anew, as after the event stream was made anew', async () => {
  const { server, eventLayer } = await setUp();
  const connection = (await client(server)).connection as NatsConnection;
  const ids: string[] = [];
  for (let i = 0; i < STREAMS; i++) ids.push(await publish(eventLayer, 'live', `cam${i}`));
  const bucket = await connection.jetstream().views.kv('SLUICE_STREAMS', { bindOnly: true });
  const states = await waitFor(async () => {
    const entries = await Promise.all(ids.map((_, i) => bucket.get(`live.cam${i}`)));
    return eventLayer.stats().pending === 0 && entries.every((entry) => entry !== null) ? entries : undefined;
  });
  // Only the bucket knows of them any more.
  await (await connection.jetstreamManager()).streams.purge('SLUICE_EVENTS');
  const random = seeded(5);
  let isWriting = true;
  const writing = (async () => {
    const writer = (await client(server)).connection as NatsConnection;
    while (isWriting) {
      const { key, value } = states[Math.floor(random() * STREAMS)]!;
      // A stream that has just begun, and one that was there.
      writer.publish(`$KV.SLUICE_STREAMS.live.new${Math.floor(random() * 1000)}`, new Uint8Array());
      writer.publish(`$KV.SLUICE_STREAMS.${key}`, value);
      await writer.flush();
    }
  })();
  const missing: number[] = [];
  for (let i = 0; i < SNAPSHOTS; i++) {
    const found = await takeSnapshot(connection, streamPattern('live/*', 'sluice.v1'), places, consumerTimeout());
    const seen = new Set(found.states.map(({ streamId }) => streamId));
    missing.push(ids.filter((id) => !seen.has(id)).length);
  }
  isWriting = false;
  await writing;
  expect(missing).toEqual(missing.map(() => 0));
});
