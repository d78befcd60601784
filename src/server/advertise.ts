import { networkInterfaces } from 'node:os';
import { formatHostPort, type HostPort, parseAdvertised } from '../config/listen.js';
import type { StreamUrls } from '../model/stream-urls.js';

/** An address of this machine, as the system lists it. */
export interface MachineAddress {
  readonly address: string;
  readonly family: string;
  /** Whether it is a loopback address. */
  readonly internal: boolean;
}

const EVERY_IPV4 = '0.0.0.0';
const EVERY_IPV6 = '::';

/**
 * Where others reach a listener: as the setting says, else where it listens. A wildcard means the first address of the
 * machine that others can reach, or loopback when there is none.
 *
 * @param setting HOST, HOST:PORT, or empty
 * @param listening address in use; the port is a real one
 * @param addresses of this machine; default: those that it has now
 */
export function advertisedAddress(
  setting: string,
  listening: HostPort,
  addresses: () => readonly MachineAddress[] = machineAddresses,
): HostPort {
  if (setting !== '') return parseAdvertised(setting, listening.port);
  const { host, port } = listening;
  if (host !== EVERY_IPV4 && host !== EVERY_IPV6) return listening;
  const external = addresses().filter(({ internal }) => !internal);
  const ofFamily = (family: string): string | undefined => {
    const found = external.filter((candidate) => candidate.family === family).map(({ address }) => address);
    // A link-local address is valid on one link only, and one of IPv6 is useless without the name of that link.
    return found.find((address) => !isLinkLocal(address)) ?? (family === 'IPv4' ? found[0] : undefined);
  };
  // A listener for every IPv6 address takes IPv4 as well.
  const reachable = ofFamily('IPv4') ?? (host === EVERY_IPV6 ? ofFamily('IPv6') : undefined);
  return { host: reachable ?? (host === EVERY_IPV6 ? '::1' : '127.0.0.1'), port };
}

/**
 * Where a stream can be fetched: a URL for each of the addresses. They hold no secret: a player that needs a key adds
 * its own.
 */
export function streamUrls(
  { rtmp, rtmps }: { readonly rtmp: HostPort; readonly rtmps?: HostPort },
  { app, name }: { readonly app: string; readonly name: string },
): StreamUrls {
  const path = [...(app === '' ? [] : app.split('/')), ...name.split('/')].map(segmentOfUrl).join('/');
  return {
    rtmp: `rtmp://${formatHostPort(rtmp)}/${path}`,
    ...(rtmps === undefined ? {} : { rtmps: `rtmps://${formatHostPort(rtmps)}/${path}` }),
  };
}

/** Writes one segment of a path: characters that RFC 3986 allows there (pchar) stay, every other byte becomes `%HH`. */
function segmentOfUrl(text: string): string {
  return encodeURIComponent(text).replace(/%(?:24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent);
}

function isLinkLocal(address: string): boolean {
  return address.startsWith('169.254.') || /^fe[89ab]/i.test(address);
}

function machineAddresses(): MachineAddress[] {
  try {
    return Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  } catch {
    // Some sandboxes do not let a process ask.
    return [];
  }
}
