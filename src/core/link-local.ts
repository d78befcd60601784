import { BlockList, isIP } from 'node:net';

const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet('169.254.0.0', 16, 'ipv4');
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6');
// 169.254.0.0/16 as translators and tunnels write it: IPv4-compatible, IPv4-translated, NAT64, 6to4.
for (const prefix of ['::a9fe:0', '::ffff:0:a9fe:0', '64:ff9b::a9fe:0']) LINK_LOCAL.addSubnet(prefix, 112, 'ipv6');
LINK_LOCAL.addSubnet('2002:a9fe::', 32, 'ipv6');

/**
 * Whether a host is written as a link-local address, where clouds keep credentials of the machine; IPv4 in IPv6
 * included.
 *
 * @param host an address, also in brackets as URLs have it, or a name, which is none
 */
export function isLinkLocal(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  const family = isIP(address);
  return family !== 0 && LINK_LOCAL.check(address, family === 4 ? 'ipv4' : 'ipv6');
}
