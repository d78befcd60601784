import { parseBlock } from '../core/cidr.js';
import { z } from '../core/zod.js';
import { advertisedAddress, count, milliseconds, oneOf, pattern, text, toggle, words } from './setting.js';

const MINUTE = 60_000;
/** Loopback, and the blocks that are private (RFC 1918, RFC 4193, RFC 6598). */
const PRIVATE_BLOCKS = [
  '127.0.0.0/8',
  '::1/128',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
];

const block = z.string().refine((value) => parseBlock(value) !== undefined, 'an address or a CIDR block was expected');

/** Settings of several nodes on one NATS: the group `cluster` of the table. */
export const CLUSTER_SETTINGS = {
  enabled: toggle(
    false,
    'Whether the nodes on this NATS are one cluster: docs/cluster.md. A name has one publisher over all of them then, and what is published on one node can be played on every other. It needs nats.url and cluster.secret.',
  ),
  secret: text(
    1024,
    '',
    'What the nodes of a cluster know and nobody else: with it they let each other fetch streams. The same on all nodes, at least 16 bytes.',
    { secret: true, env: 'SLUICE_CLUSTER_SECRET' },
  ),
  advertise: advertisedAddress(
    'Where other nodes reach rtmp.listen: HOST, or HOST:PORT where the port is another one. Empty: as rtmp.advertise says for players.',
  ),
  zone: pattern(
    /^[A-Za-z0-9_-]{0,64}$/,
    'at most 64 letters, digits, _ and -',
    '',
    'Where this node is, such as a data centre; told in its heartbeat.',
  ),
  peers: words(
    block,
    'a list of addresses and CIDR blocks',
    PRIVATE_BLOCKS,
    'Addresses at which other nodes may be connected to, whatever they advertise. Link-local ones never are.',
  ),
  role: oneOf(
    ['any', 'origin', 'edge'],
    'any',
    '`origin`: this node fetches no streams of others; `edge`: it takes no publishers; `any`: both.',
  ),
  claimTimeoutMs: milliseconds(
    500,
    MINUTE,
    8000,
    'How long a publisher waits for the registry of names before cluster.onRegistryDown decides. An election of a leader in a cluster of NATS servers takes about 5 s.',
  ),
  suspectMs: milliseconds(
    500,
    MINUTE,
    3000,
    'How long the owner of a name must answer neither over NATS nor on its RTMP port before another node takes the name over from it.',
  ),
  onRegistryDown: oneOf(
    ['refuse', 'local'],
    'refuse',
    'What becomes of a new publish while the registry of names cannot be asked. `refuse`: the encoder is told to try again; `local`: it is accepted as by a single node, and when the registry is back, the older claim of a name wins.',
  ),
  onIsolated: oneOf(
    ['keep', 'stop'],
    'keep',
    'What becomes of the streams of a node that has had no answer of NATS for 80 % of its lease, when others may take their names over. `keep`: they go on for the players that it reaches; `stop`: they end.',
  ),
  maxDelayMs: milliseconds(
    0,
    1000,
    5,
    'The longest time that media waits for more of it before it is sent to another node; players wait by fanout.maxDelayMs.',
    { reload: 'live' },
  ),
  maxHops: count(
    1,
    4,
    4,
    'Over how many nodes a stream is handed on at most, counted from the one that has its publisher.',
  ),
  idleMs: milliseconds(
    0,
    60 * MINUTE,
    10_000,
    'How long a stream of another node stays here after its last player has gone.',
  ),
  lingerMs: milliseconds(
    0,
    10 * MINUTE,
    30_000,
    'How long players of a stream of another node wait for it when that node is lost, until somebody publishes the name again.',
  ),
  stallMs: milliseconds(
    500,
    MINUTE,
    3000,
    'How long nothing may come from another node, not even the answer to a ping, before its connection is given up.',
  ),
  connectTimeoutMs: milliseconds(
    200,
    MINUTE,
    3000,
    'How long another node may take from the first packet until the stream is played.',
  ),
  tls: oneOf(
    ['off', 'on'],
    'off',
    '`on`: this node tells others to fetch its streams over TLS, on rtmps.listen, or on rtmp.listen where rtmp.sniff is on.',
  ),
} as const;
