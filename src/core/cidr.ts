import { isIP } from 'node:net';

/** An IP address as a number. */
interface AddressBits {
  /** 32 for IPv4, 128 for IPv6. */
  readonly width: 32 | 128;
  readonly value: bigint;
}

/** A block of addresses: those whose first `length` bits are those of `value`. */
export interface AddressBlock extends AddressBits {
  readonly length: number;
}

/**
 * Reads an IP address. An IPv4 address that is written as IPv6 (`::ffff:192.0.2.7`) is the IPv4 address.
 *
 * @returns undefined when the text is none
 */
export function parseAddress(text: string): AddressBits | undefined {
  const version = isIP(text);
  if (version === 4) return { width: 32, value: ipv4Value(text) };
  if (version !== 6) return undefined;
  const value = ipv6Value(text.replace(/%.*$/, ''));
  return value >> 32n === 0xffffn ? { width: 32, value: value & 0xffff_ffffn } : { width: 128, value };
}

/**
 * Reads an address or a CIDR block such as `192.0.2.0/24` (RFC 4632 §3.1). Bits past the length are ignored.
 *
 * @returns undefined when the text is neither
 */
export function parseBlock(text: string): AddressBlock | undefined {
  const [host = '', given, ...rest] = text.split('/');
  const address = parseAddress(host);
  if (address === undefined || rest.length > 0) return undefined;
  if (given === undefined) return { ...address, length: address.width };
  if (!/^[0-9]{1,3}$/.test(given)) return undefined;
  // `::ffff:192.0.2.0/120` counts the bits of IPv6.
  const length = Number(given) - (address.width === 32 && host.includes(':') ? 96 : 0);
  if (length < 0 || length > address.width) return undefined;
  return { width: address.width, value: firstBits(address, length), length };
}

/** Bits of an IPv6 address that one client cannot choose (RFC 6177 §2: a site has at least a /64). */
const CLIENT_BITS = 64;

/**
 * What limits of an address count as one client: an IPv4 address alone, in one spelling, and the /64 of an IPv6
 * address: whoever has one address of it may have all 2^64. A text that is no address stays as it is.
 */
export function clientBlock(address: string): string {
  if (!address.includes(':')) return address;
  const parsed = parseAddress(address);
  if (parsed === undefined) return address;
  const length = Math.min(parsed.width, CLIENT_BITS);
  return formatBlock({ ...parsed, value: firstBits(parsed, length), length });
}

/** The address with all bits after the first `length` cleared. */
export function firstBits({ width, value }: AddressBits, length: number): bigint {
  const rest = BigInt(width - length);
  return (value >> rest) << rest;
}

/** Whether a block holds an address. */
export function holds(block: AddressBlock, address: AddressBits): boolean {
  return block.width === address.width && firstBits(address, block.length) === block.value;
}

/** The block as text, in one form for each: `192.0.2.0/24`, or the address alone when it holds only one. */
export function formatBlock({ width, value, length }: AddressBlock): string {
  const host = width === 32 ? ipv4Text(value) : ipv6Text(value);
  return length === width ? host : `${host}/${length}`;
}

function ipv4Value(text: string): bigint {
  return text.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

function ipv6Value(text: string): bigint {
  const dotted = /^(.*:)([0-9]+(?:\.[0-9]+){3})$/.exec(text);
  const plain = dotted === null ? text : `${dotted[1]!}${hexOf(ipv4Value(dotted[2]!))}`;
  const [head = '', tail] = plain.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const zeros = tail === undefined ? [] : new Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

function hexOf(ipv4: bigint): string {
  return `${(ipv4 >> 16n).toString(16)}:${(ipv4 & 0xffffn).toString(16)}`;
}

function ipv4Text(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');
}

/** As RFC 5952 §4 writes it, which is what Node writes for a peer's address. */
function ipv6Text(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
