import { createReadStream } from 'node:fs';

/** The two ends of a connection, as the kernel lists them. */
interface SocketAddresses {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

const FILES = { 4: '/proc/self/net/tcp', 6: '/proc/self/net/tcp6' } as const;
const IPV4_IN_IPV6 = '::ffff:';

/**
 * Asks the kernel how many bytes of each socket the peer has not acknowledged yet. Linux lists that for all sockets of
 * the machine in one text, so it is asked only for sockets that are about to be closed for a stall. The text is read in
 * pieces, with turns of the event loop between them.
 *
 * @returns bytes in the send queue by the index of the socket; a socket that is not listed is missing, as are all on
 *   other systems
 */
export async function unacknowledgedBytes(sockets: readonly SocketAddresses[]): Promise<Map<number, number>> {
  const wanted = new Map<string, number>();
  const families = new Set<4 | 6>();
  for (const [index, socket] of sockets.entries()) {
    const key = keyOf(socket);
    if (key === undefined) continue;
    wanted.set(key, index);
    families.add(key.length > SHORT_KEY ? 6 : 4);
  }
  const found = new Map<number, number>();
  for (const family of families) {
    let rest = '';
    try {
      for await (const piece of createReadStream(FILES[family], 'latin1')) {
        const lines = (rest + (piece as string)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) readLine(line, wanted, found);
      }
    } catch {
      // The system is not Linux, or has no /proc here: nothing is known.
    }
  }
  return found;
}

/** Two IPv4 addresses with ports: `0100007F:078F 0100007F:CC52`. */
const SHORT_KEY = 27;

/**
 * `  12: 0100007F:078F 0100007F:CC52 01 00027A10:00000000 …`: number, local end, far end, state, send and receive
 * queue.
 */
function readLine(line: string, wanted: ReadonlyMap<string, number>, found: Map<number, number>): void {
  const from = line.indexOf(': ') + 2;
  const first = line.indexOf(' ', from);
  const second = line.indexOf(' ', first + 1);
  if (from < 2 || first < 0 || second < 0) return;
  const index = wanted.get(line.slice(from, second));
  if (index !== undefined) found.set(index, Number.parseInt(line.slice(second + 4, second + 12), 16));
}

/** The two ends as the kernel writes them. */
function keyOf({ localAddress, localPort, remoteAddress, remotePort }: SocketAddresses): string | undefined {
  const local = hexOf(localAddress);
  const remote = hexOf(remoteAddress);
  if (local === undefined || remote === undefined) return undefined;
  return `${local}:${hexPort(localPort)} ${remote}:${hexPort(remotePort)}`;
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

/** An address in words of 32 bits, each in the byte order of the machine (little-endian wherever Node runs). */
function hexOf(address: string): string | undefined {
  const bytes = address.includes(':') ? bytesOfIpv6(address) : bytesOfIpv4(address);
  if (bytes === undefined) return undefined;
  let hex = '';
  for (let word = 0; word < bytes.length; word += 4) {
    for (let at = word + 3; at >= word; at--) hex += bytes[at].toString(16).padStart(2, '0');
  }
  return hex.toUpperCase();
}

function bytesOfIpv4(address: string): number[] | undefined {
  const bytes = address.split('.').map(Number);
  return bytes.length === 4 && bytes.every((byte) => byte >= 0 && byte <= 255) ? bytes : undefined;
}

function bytesOfIpv6(address: string): number[] | undefined {
  const plain = address.split('%')[0].toLowerCase();
  if (plain.startsWith(IPV4_IN_IPV6) && plain.includes('.')) {
    const last = bytesOfIpv4(plain.slice(IPV4_IN_IPV6.length));
    return last === undefined ? undefined : [...new Array<number>(10).fill(0), 0xff, 0xff, ...last];
  }
  const [head, tail] = plain.split('::');
  const groupsOf = (text: string | undefined): number[] =>
    text === undefined || text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const before = groupsOf(head);
  const after = groupsOf(tail);
  const gap = 8 - before.length - after.length;
  if (gap < 0 || (tail === undefined && gap !== 0)) return undefined;
  const groups = [...before, ...new Array<number>(gap).fill(0), ...after];
  return groups.some(Number.isNaN) ? undefined : groups.flatMap((group) => [group >> 8, group & 0xff]);
}
