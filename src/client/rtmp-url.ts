import { SluiceError } from '../core/errors.js';

/** An RTMP URL taken apart the way ffmpeg does, so that what works there works here. */
export interface RtmpUrl {
  /** Host name or address, IPv6 without brackets. */
  readonly host: string;
  /** 1935 when the URL names none, and 443 for `rtmps://`. */
  readonly port: number;
  /** Whether it is `rtmps://`: RTMP over TLS. */
  readonly isSecure: boolean;
  /**
   * One path segment, or two when the path has three or more (`app/instance`). A query lands here only when there is no
   * name.
   */
  readonly app: string;
  /** The rest of the path, may be empty; query included. Secret: it holds stream keys. */
  readonly name: string;
  /** `rtmp://host:port/app`, with the scheme of the URL, for the connect command. */
  readonly tcUrl: string;
  /** The URL without its query, for people and logs. */
  readonly display: string;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { rtmp: 1935, rtmps: 443 };
const PATTERN =
  /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(?:([^/@]*)@)?(\[[0-9A-Za-z:.%_-]+\]|[^/:?#[\]@]+)(?::(\d{1,5}))?(?:\/([^?#]*))?(?:\?(.*))?$/s;

/**
 * Parses `rtmp://host[:port]/app[/instance…]/name[?query]`, also `rtmps://`. `/a/b/c` becomes app `a/b` and
 * name `c`; `/a/b` app `a` and name `b`; a name may keep further slashes; a container prefix (`mp4:`) starts the name.
 *
 * @throws SluiceError `ERR_CLIENT_URL` when it is no such URL
 */
export function parseRtmpUrl(text: string): RtmpUrl {
  const match = PATTERN.exec(text.trim());
  if (match === null) throw new SluiceError('ERR_CLIENT_URL', 'it cannot be read');
  const [, scheme, user, bracketed, portText, path = '', query] = match;
  const spoken = scheme!.toLowerCase();
  if (spoken !== 'rtmp' && spoken !== 'rtmps')
    throw new SluiceError('ERR_CLIENT_URL', `${scheme}:// is not spoken here`);
  if (user !== undefined)
    throw new SluiceError('ERR_CLIENT_URL', 'it carries a user name, and RTMP user names are not supported');
  const port = portText === undefined ? DEFAULT_PORTS[spoken] : Number(portText);
  if (port < 1 || port > 65535) throw new SluiceError('ERR_CLIENT_URL', `port ${port}`);
  const { app, name } = splitPath(path);
  if (app === '') throw new SluiceError('ERR_CLIENT_URL', 'it has no app after the host');
  const suffix = query === undefined ? '' : `?${query}`;
  const origin = `${spoken}://${bracketed}:${port}`;
  const wireApp = name === '' ? app + suffix : app;
  return {
    host: bracketed!.startsWith('[') ? bracketed!.slice(1, -1) : bracketed!,
    port,
    isSecure: spoken === 'rtmps',
    app: wireApp,
    name: name === '' ? '' : name + suffix,
    tcUrl: `${origin}/${wireApp}`,
    display: `${origin}/${app}${name === '' ? '' : `/${name}`}`,
  };
}

function splitPath(path: string): { app: string; name: string } {
  const trimmed = path.replace(/^\/+/, '');
  const first = trimmed.indexOf('/');
  if (first < 0) return { app: trimmed, name: '' };
  const second = trimmed.indexOf('/', first + 1);
  const colon = trimmed.indexOf(':');
  const cut = second < 0 || (colon >= 0 && colon < second) ? first : second;
  return { app: trimmed.slice(0, cut), name: trimmed.slice(cut + 1) };
}
