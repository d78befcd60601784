import type { RtmpUrl } from '../../client/rtmp-url.js';
import type { PeerAddress } from '../../live/peers.js';
import type { StreamName } from '../target.js';

/** Where another node plays a stream. Its host was checked by whoever found the address. */
export interface NodeTarget extends RtmpUrl {
  /** For what its certificate is. */
  readonly serverName: string;
}

/** The place at which a node plays a stream to others. */
export function nodeTarget({ host, port, isSecure, serverName }: PeerAddress, { app, name }: StreamName): NodeTarget {
  const shown = host.includes(':') ? `[${host}]` : host;
  const tcUrl = `${isSecure ? 'rtmps' : 'rtmp'}://${shown}:${port}/${app}`;
  return { host, port, isSecure, serverName, app, name, tcUrl, display: `${tcUrl}/${name}` };
}
