import { isIP } from 'node:net';
import { SluiceError } from '../core/errors.js';
import { isLoopback } from '../core/loopback.js';

/** Where a server binds, or a client dials. */
export interface HostPort {
  /** Name or address; IPv6 without brackets. */
  readonly host: string;
  /** 0 to 65535; 0 lets the system choose. */
  readonly port: number;
}

/**
 * Reads `HOST:PORT`. IPv6 addresses stand in brackets: `[::1]:1935`.
 *
 * @throws SluiceError ERR_CONFIG_INVALID_VALUE
 */
export function parseListen(address: string): HostPort {
  const problem = listenProblem(address);
  if (problem !== undefined) throw new SluiceError('ERR_CONFIG_INVALID_VALUE', `'${address}' ${problem}`);
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon);
  return { host: host.startsWith('[') ? host.slice(1, -1) : host, port: Number(address.slice(colon + 1)) };
}

/**
 * Whether other machines may reach a server that listens there.
 *
 * @param address as {@link parseListen} reads it
 * @throws SluiceError ERR_CONFIG_INVALID_VALUE
 */
export function isPublicBind(address: string): boolean {
  return !isLoopback(parseListen(address).host);
}

/** Writes what {@link parseListen} reads. */
export function formatHostPort({ host, port }: HostPort): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** Says what is wrong with `address` as `HOST:PORT`, or returns `undefined`. */
export function listenProblem(address: string): string | undefined {
  const colon = address.lastIndexOf(':');
  if (colon === -1) return 'has no port; write HOST:PORT';
  const host = address.slice(0, colon);
  const port = address.slice(colon + 1);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) return `has no port from 0 to 65535 after its last ':'`;
  if (host.startsWith('[') && host.endsWith(']')) {
    return isIP(host.slice(1, -1)) === 6 ? undefined : 'has something that is no IPv6 address in brackets';
  }
  if (host.includes(':')) return 'needs brackets around its IPv6 address, as in [::1]:1935';
  if (host === '') return 'has no host; 0.0.0.0 stands for every IPv4 address of this machine';
  if (/^[\d.]+$/.test(host))
    return isIP(host) === 4 ? undefined : 'has something that is no IPv4 address before the port';
  return /^(?!-)[A-Za-z0-9_.-]{1,253}$/.test(host) ? undefined : 'has something that is no host name before the port';
}

/**
 * Says what is wrong with `address` as a place where others reach a listener, HOST or HOST:PORT, or returns
 * `undefined`.
 */
export function advertisedProblem(address: string): string | undefined {
  const whole = /:\d+$/.test(address) && !address.endsWith(']') ? address : `${address}:1`;
  const problem = listenProblem(whole);
  if (problem !== undefined) return problem;
  const { host, port } = parseListen(whole);
  if (port === 0) return 'has port 0, which nobody can dial';
  return host === '0.0.0.0' || host === '::' ? 'stands for every address of this machine; name one' : undefined;
}

/**
 * Reads HOST or HOST:PORT.
 *
 * @param port when the text names none
 * @throws SluiceError ERR_CONFIG_INVALID_VALUE
 */
export function parseAdvertised(address: string, port: number): HostPort {
  const problem = advertisedProblem(address);
  if (problem !== undefined) throw new SluiceError('ERR_CONFIG_INVALID_VALUE', `'${address}' ${problem}`);
  return parseListen(/:\d+$/.test(address) ? address : `${address}:${port}`);
}
