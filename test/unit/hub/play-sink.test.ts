import { expect, it } from 'vitest';
import type { SluiceError } from '../../../src/core/errors.js';
import { PlaySink } from '../../../src/hub/play-sink.js';
import { Player } from '../../../src/hub/player.js';
import type { ByteChannel } from '../../../src/transport/byte-channel.js';

it('a defect when a slow write has gone reaches the connection as ERR_PLAY_DEFECT, and nobody else', () => {
  const told: SluiceError[] = [];
  let drains = 0;
  const sink = new PlaySink({} as ByteChannel, 1000, {
    onPublisher: () => {},
    onDefect: (error) => told.push(error),
    onEvicted: () => {},
    onDrained: () => drains++,
  });
  const player = new Player('p', sink, 1, { maxLagBytes: 1000 });
  const defect = new TypeError('a defect');
  player.drained = () => {
    throw defect;
  };
  sink.drained();
  sink.player = player;
  sink.drained();
  expect(drains).toBe(2);
  expect(told).toMatchObject([{ code: 'ERR_PLAY_DEFECT', cause: defect }]);
});
