import { lookup } from 'node:dns/promises';
import { type AddressBlock, holds, parseAddress, parseBlock } from '../core/cidr.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Directory } from '../events/directory.js';
import type { PeerAddress, Peers } from '../live/peers.js';

/** For how long an answer holds, in ms. */
const FRESH_MS = 2000;
/** For how long an address is gone by while NATS cannot be asked, in ms: as long as a name's owner is. */
const AWAY_MS = 60_000;
/** Most answers that are kept: far more nodes than are in one cluster. */
const MOST_KEPT = 4096;

/** Addresses that nobody else is meant by: link-local ones (RFC 3927, RFC 4291 §2.5.6), and none at all. */
const NEVER = ['169.254.0.0/16', 'fe80::/10', '0.0.0.0/8', '::/128'].map((block) => parseBlock(block)!);

/** What {@link NodePeers} is made with. */
interface NodePeersDeps {
  readonly directory: Pick<Directory, 'node'>;
  /** `cluster.peers`: CIDR blocks. */
  readonly peers: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  /** Addresses of a host name; for tests. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

type Answer = PeerAddress | 'gone' | 'unknown';

interface Kept {
  readonly atMs: number;
  readonly answer: Promise<Answer>;
}

interface Known {
  readonly atMs: number;
  readonly address: PeerAddress;
}

/**
 * Other nodes by their heartbeats. Whoever can write a heartbeat says where others connect to, so only addresses of
 * `cluster.peers` are, and a name is resolved here: what is dialled is what was checked.
 */
export class NodePeers implements Peers {
  readonly #deps: NodePeersDeps;
  readonly #blocks: readonly AddressBlock[];
  readonly #kept = new Map<string, Kept>();
  /** The newest address of each process. */
  readonly #known = new Map<string, Known>();
  /** Nodes whose address was refused, and which: each is logged once. */
  readonly #refused = new Map<string, string>();

  constructor(deps: NodePeersDeps) {
    this.#deps = deps;
    this.#blocks = deps.peers.flatMap((text) => parseBlock(text) ?? []);
  }

  /** As the port says. An answer holds for 2 s, and for a minute while NATS cannot be asked. */
  addressOf(nodeId: string, bootId: string): Promise<Answer> {
    const key = `${nodeId} ${bootId}`;
    const nowMs = this.#deps.clock.monotonicMs();
    const kept = this.#kept.get(key);
    if (kept !== undefined && nowMs - kept.atMs < FRESH_MS) return kept.answer;
    const answer = this.#find(key, nodeId, bootId);
    bounded(this.#kept);
    this.#kept.set(key, { atMs: nowMs, answer });
    return answer;
  }

  async #find(key: string, nodeId: string, bootId: string): Promise<Answer> {
    const known = await this.#deps.directory.node(nodeId, bootId);
    if ('trouble' in known) return this.#lastKnown(key);
    if (known.value === undefined) {
      this.#known.delete(key);
      return 'gone';
    }
    const { relay } = known.value;
    if (typeof relay !== 'object' || relay === null)
      return this.#refuse(nodeId, 'none', 'it tells no address: it is in no cluster');
    const { host: serverName, port, tls } = relay;
    if (typeof serverName !== 'string') return this.#refuse(nodeId, 'no text', 'no address');
    if (!Number.isInteger(port) || port < 1 || port > 65_535) return this.#refuse(nodeId, String(port), 'no port');
    const addresses = await (this.#deps.resolve ?? resolveHost)(serverName).catch(() => []);
    const host = addresses.find((address) => this.#mayDial(address));
    if (host !== undefined) {
      const address = { host, port, isSecure: tls, serverName };
      bounded(this.#known);
      this.#known.set(key, { atMs: this.#deps.clock.monotonicMs(), address });
      return address;
    }
    // A name that does not resolve now may do so in a moment.
    if (addresses.length === 0) return 'unknown';
    return this.#refuse(nodeId, addresses.join(', '), 'no address of it is in cluster.peers, or it is link-local');
  }

  #lastKnown(key: string): Answer {
    const known = this.#known.get(key);
    return known !== undefined && this.#deps.clock.monotonicMs() - known.atMs < AWAY_MS ? known.address : 'unknown';
  }

  #mayDial(text: string): boolean {
    const address = parseAddress(text);
    if (address === undefined) return false;
    return !NEVER.some((block) => holds(block, address)) && this.#blocks.some((block) => holds(block, address));
  }

  #refuse(nodeId: string, address: string, cause: string): 'unknown' {
    if (this.#refused.get(nodeId) !== address) {
      bounded(this.#refused);
      this.#refused.set(nodeId, address);
      this.#deps.log.warn({ node: nodeId, address, cause }, 'a node is not connected to');
    }
    return 'unknown';
  }
}

/** Makes room for one more. What was put in first goes first. */
function bounded(map: Map<string, unknown>): void {
  if (map.size < MOST_KEPT) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}

async function resolveHost(host: string): Promise<readonly string[]> {
  if (parseAddress(host) !== undefined) return [host];
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
