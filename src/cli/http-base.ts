import { formatHostPort, parseListen } from '../config/listen.js';
import { SluiceError } from '../core/errors.js';

/**
 * The server that an address of HTTP names.
 *
 * @param address `HOST:PORT` or a URL, or the setting `http.listen`
 * @returns a base without a slash at the end
 * @throws SluiceError ERR_CLI_USAGE when HTTP is off, ERR_CONFIG_* when it is no address
 */
export function httpBase(address: string): string {
  if (/^https?:\/\//.test(address)) return address.replace(/\/+$/, '');
  if (address === 'off')
    throw new SluiceError('ERR_CLI_USAGE', 'http.listen is off here; say where to read with --http or --nats');
  const { host, port } = parseListen(address);
  return `http://${formatHostPort({ host: host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host, port })}`;
}
