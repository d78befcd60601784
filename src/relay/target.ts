import { parseRtmpUrl, type RtmpUrl } from '../client/rtmp-url.js';
import { SluiceError } from '../core/errors.js';
import { isLinkLocal } from '../core/link-local.js';

/** A stream name. */
export interface StreamName {
  readonly app: string;
  readonly name: string;
}

/**
 * The place to which a stream is pushed.
 *
 * @param template `{app}` and `{name}` stand for those of the stream; a URL without a name gets the stream's
 * @throws SluiceError `ERR_CLIENT_URL` when it is none with these names, `ERR_RELAY_ADDRESS`
 */
export function pushTarget(template: string, { app, name }: StreamName): RtmpUrl {
  const [place = '', query] = template.split(/\?(.*)/s);
  const path = place.replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/^\/+|\/+$/g, '');
  const whole = path.includes('/') || path.includes('{name}') ? place : `${place.replace(/\/+$/, '')}/{name}`;
  const text = query === undefined ? whole : `${whole}?${query}`;
  const target = checked(parseRtmpUrl(text.replaceAll('{app}', () => app).replaceAll('{name}', () => name)));
  // A name that is not the stream's is most often the stream key that the other server has given out.
  return whole.includes('{name}') ? target : { ...target, display: `${target.tcUrl}/***` };
}

/** The place from which a stream is pulled. @throws SluiceError as {@link pushTarget} */
export function pullTarget(url: string): RtmpUrl {
  return checked(parseRtmpUrl(url));
}

/**
 * Refuses an address where clouds keep credentials of the machine: settings may be made by others than those who own
 * it, and a name may lead there.
 *
 * @throws SluiceError `ERR_RELAY_ADDRESS`
 */
export function checkAddress(address: string): void {
  if (isLinkLocal(address)) throw new SluiceError('ERR_RELAY_ADDRESS', 'it is a link-local address');
}

function checked(url: RtmpUrl): RtmpUrl {
  checkAddress(url.host);
  return url;
}
