import { describe, expect, it } from 'vitest';
import { frameMessage } from '../../../src/hub/framing.js';
import { playChannel } from '../../../src/rtmp/aggregate-channel.js';
import type { OpenChannel } from '../../../src/transport/byte-channel.js';

const drainable = { drained: () => {} };

function channelFor(query: string, aggregate?: boolean) {
  const written: Buffer[] = [];
  const channel = {
    write: (bytes: Buffer) => written.push(bytes) > 0,
    isBehind: (bytes: number) => bytes < 5,
  } as unknown as OpenChannel;
  return { channel, written, made: playChannel(channel, query, { aggregate, chunkSize: 128 }) };
}

describe('the channel of a play', () => {
  it('is that of the connection, unless the play asks for aggregates and the setting allows them', () => {
    for (const [query, aggregate] of [
      ['aggregate=1', undefined],
      ['aggregate=1', false],
      ['', true],
      ['aggregate=0', true],
      ['token=x', true],
    ] as const) {
      const { channel, made } = channelFor(query, aggregate);
      expect(made).toBe(channel);
    }
  });

  it('makes aggregates of each write where both hold', () => {
    const { made, written } = channelFor('token=x&aggregate=1', true);
    const message = frameMessage(4, 8, 5, Buffer.from([0xaf, 1]), 128);
    expect(made.write(Buffer.concat([message, message]), drainable)).toBe(true);
    expect(written[0]![7]).toBe(22);
    expect([made.isBehind(4), made.isBehind(6)]).toEqual([true, false]);
  });
});
