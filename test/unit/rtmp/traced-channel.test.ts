import { describe, expect, it } from 'vitest';
import { RTMP_TRACE } from '../../../src/core/trace.js';
import { tracedChannel } from '../../../src/rtmp/traced-channel.js';
import type { ByteChannel, ChannelOwner } from '../../../src/transport/byte-channel.js';

/** A channel that only remembers what was sent on it, and who reads. */
function fakeChannel(): { channel: ByteChannel; sent: string[]; owner: () => ChannelOwner } {
  const sent: string[] = [];
  let owner: ChannelOwner | undefined;
  const channel = {
    remoteAddress: '192.0.2.1',
    remotePort: 5000,
    open: (reader: ChannelOwner) => {
      owner = reader;
    },
    send: (bytes: Buffer) => sent.push(bytes.toString()) > 0,
    write: (bytes: Buffer) => sent.push(bytes.toString()) > 0,
  } as unknown as ByteChannel;
  return { channel, sent, owner: () => owner! };
}

describe('a traced channel', () => {
  it('is the channel itself while nobody follows the trace', () => {
    const { channel } = fakeChannel();
    expect(tracedChannel(channel, 'id')).toBe(channel);
  });

  it('publishes what passes through it, each way, and passes it on', () => {
    const told: string[] = [];
    const subscriber = (message: unknown): void => {
      const { kind, bytes } = message as { kind: string; bytes?: Buffer };
      told.push(`${kind} ${bytes?.toString() ?? ''}`.trim());
    };
    RTMP_TRACE.subscribe(subscriber);
    try {
      const { channel, sent, owner } = fakeChannel();
      const traced = tracedChannel(channel, 'id');
      const read: string[] = [];
      traced.open({
        buffer: () => Buffer.alloc(8),
        read: (count, into) => read.push(into.toString('utf8', 0, count)) > 0,
        closed: () => read.push('closed'),
      });
      owner().read(2, Buffer.from('in-and-more'));
      traced.send(Buffer.from('answer'));
      traced.write(Buffer.from('media'), { drained: () => {} });
      owner().closed(undefined);
      expect(read).toEqual(['in', 'closed']);
      expect(sent).toEqual(['answer', 'media']);
      expect(told).toEqual(['opened', 'received in', 'sent answer', 'sent media', 'closed']);
    } finally {
      RTMP_TRACE.unsubscribe(subscriber);
    }
  });
});
