import type { RtmpUrl } from '../client/rtmp-url.js';
import { newId } from '../core/ids.js';
import type { Publisher } from '../doors/client.js';
import type { ConnectionFacts } from '../live/access.js';
import type { ByteChannel } from '../transport/byte-channel.js';

/** What the fact side is told of a connection that this server has opened, and on which it gets what it publishes. */
export function factsOfLink(
  app: string,
  { tcUrl, isSecure }: RtmpUrl,
  { remoteAddress: address, remotePort: port }: ByteChannel,
): ConnectionFacts {
  return {
    connectionId: newId(),
    peer: { address, port },
    transport: isSecure ? 'rtmps' : 'rtmp',
    info: {
      ...{ app, tcUrl: tcUrl.replace(/\?.*$/s, ''), flashVer: '', swfUrl: '', pageUrl: '' },
      ...{ objectEncoding: 0, isEnhanced: false, capsEx: 0 },
    },
  };
}

/** The way back to a publisher that is the server itself. @param ended it was ended here; must not throw */
export function ownPublisher(ended: () => void): Publisher {
  return {
    end: ended,
    record: () => {},
    requestReconnect: () => {},
    call: ({ answered }) => answered({ kind: 'gone' }),
    readNow: () => Promise.resolve(),
  };
}
