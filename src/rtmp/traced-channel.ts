import { RTMP_TRACE, type RtmpTrace } from '../core/trace.js';
import type { ByteChannel } from '../transport/byte-channel.js';
import { TappedChannel } from '../transport/tapped-channel.js';

/** The channel itself; while somebody follows the RTMP trace, one that publishes what passes through it. */
export function tracedChannel(channel: ByteChannel, connectionId: string): ByteChannel {
  if (!RTMP_TRACE.hasSubscribers) return channel;
  const publish = (trace: RtmpTrace): void => RTMP_TRACE.publish(trace);
  publish({ kind: 'opened', connectionId, peer: `${channel.remoteAddress}:${channel.remotePort}` });
  return new TappedChannel(channel, {
    received: (bytes) => publish({ kind: 'received', connectionId, bytes }),
    sent: (bytes) => publish({ kind: 'sent', connectionId, bytes }),
    closed: () => publish({ kind: 'closed', connectionId }),
  });
}
