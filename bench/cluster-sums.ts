import { connect, type NatsConnection } from 'nats';
import { NameRegistry } from '../src/cluster/name-registry.js';
import { OwnerCache } from '../src/cluster/owner-cache.js';
import { systemClock } from '../src/core/clock.js';
import { newId } from '../src/core/ids.js';
import { silentLogger } from '../src/core/log.js';
import { NodeLease } from '../src/events/bus/node-lease.js';
import { OtherNodes } from '../src/events/bus/other-nodes.js';
import type { NodeState, StreamState } from '../src/events/event-types.js';
import { AnswerTimeout } from '../src/nats/answer-timeout.js';
import { NatsLink } from '../src/nats/connection.js';
import { KvBucket } from '../src/nats/kv-bucket.js';
import { LinkRequests } from '../src/nats/link-requests.js';
import { startBroker } from './lib/bare-jetstream.js';
import { readOptions } from './lib/options.js';
import { cpuSeconds, pause } from './lib/process.js';
import { machine, publish } from './lib/report.js';
import { format } from './lib/stats.js';
import { atMost, type Verdict } from './lib/targets.js';

const LEASE_MS = 15_000;
const HEARTBEAT_MS = 5000;
const PREFIX = 'sluice.v1';
/** A stream of an hour is asked for by the first player of three nodes. */
const LOOKUPS_PER_STREAM_AND_SECOND = 3 / 3600;

const options = readOptions(
  'npm run bench:cluster-sums -- [options]',
  'Messages on NATS of many nodes that carry nothing: heartbeats, the ring, the list of nodes, look-ups of owners. Their classes are the real ones, in one process.',
  {
    nodes: { kind: 'number', fallback: 100, says: 'nodes' },
    names: { kind: 'number', fallback: 10_000, says: 'names with an owner' },
    seconds: { kind: 'number', fallback: 60, says: 'length of the measurement' },
    server: { kind: 'text', fallback: 'nats-server', says: 'the nats-server to use' },
  },
);
const [nodes, names, seconds] = [options.number('nodes'), options.number('names'), options.number('seconds')];

/** Requests by their kind. */
const counts = new Map<string, number>();

function kindOf(subject: string): string {
  if (subject.startsWith('$KV.SLUICE_NODES.')) return 'heartbeats';
  if (subject === '$JS.API.STREAM.MSG.GET.KV_SLUICE_NODES') return 'ring';
  if (subject === '$JS.API.STREAM.INFO.KV_SLUICE_NODES') return 'lists';
  if (subject === '$JS.API.STREAM.MSG.GET.KV_SLUICE_OWNERS') return 'look-ups';
  return 'other';
}

/** The same connection, whose requests are counted. */
function counted(connection: NatsConnection): NatsConnection {
  return new Proxy(connection, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function') return value;
      if (key !== 'request') return value.bind(target) as unknown;
      return (subject: string, ...rest: unknown[]) => {
        counts.set(kindOf(subject), (counts.get(kindOf(subject)) ?? 0) + 1);
        return (value as (...all: unknown[]) => unknown).call(target, subject, ...rest);
      };
    },
  });
}

/** One node: lease, ring and look-ups. @returns how it stops */
async function startNode(url: string, nodeId: string): Promise<() => Promise<void>> {
  const link = new NatsLink({ urls: [url], name: nodeId }, silentLogger);
  const requests = new LinkRequests(link);
  link.start();
  while (link.connection === undefined) await pause(5);
  const shown = counted(link.connection);
  const connection = () => (link.connection === undefined ? undefined : shown);
  const bootId = newId();
  const answerTimeout = new AnswerTimeout(2000, LEASE_MS / 3);
  const bucket = new KvBucket<NodeState>('SLUICE_NODES', answerTimeout);
  const common = { clock: systemClock, log: silentLogger, leaseMs: LEASE_MS, connection };
  const lease = new NodeLease({
    ...{ ...common, bucket, nodeId, bootId, heartbeatMs: HEARTBEAT_MS },
    ensure: (with_) => bucket.ensure(with_, 1, ''),
    describe: () => ({
      ...{
        streams: names / nodes,
        stateLagMs: 0,
        draining: false,
        version: '1',
        zone: 'a',
        caps: ['publish', 'fetch'],
      },
      ...{ relay: { host: '10.0.0.1', port: 1935, tls: false } },
      load: { plays: 1000, kbpsIn: 268_000, kbpsOut: 2_680_000, busy: 0.5 },
    }),
    onReturned: async () => true,
    ...{ onHeld: () => undefined, onLapsed: () => undefined, onHeartbeat: () => undefined },
  });
  const others = new OtherNodes({
    ...{ ...common, nodes: bucket, requests, answerTimeout, reap: true, stream: 'SLUICE_EVENTS' },
    streams: new KvBucket<StreamState>('SLUICE_STREAMS', answerTimeout),
    emitter: { prefix: PREFIX, nodeId, bootId },
    signal: (tokens, data) => link.connection?.publish([PREFIX, ...tokens].join('.'), JSON.stringify(data)),
    joined: () => lease.joined ?? 1,
    onOlderTwin: () => undefined,
  });
  await bucket.ensure(shown, 1, '');
  await lease.start(true);
  others.announce('joined');
  others.start();
  const registry = new NameRegistry({ replicas: 1, answerTimeout, connection, writable: connection });
  const cache = new OwnerCache({ registry, requests, clock: systemClock, prefix: PREFIX });
  const everyMs = 1000 / ((names * LOOKUPS_PER_STREAM_AND_SECOND) / nodes);
  const lookUp = () => void cache.find({ app: 'live', name: `cam${Math.floor(Math.random() * names)}` });
  const timer = setInterval(lookUp, everyMs);
  return async () => {
    clearInterval(timer);
    others.close();
    await lease.close(false);
    await link.close();
  };
}

async function makeOwners(url: string): Promise<void> {
  const connection = await connect({ servers: url });
  const owners = new KvBucket<object>('SLUICE_OWNERS', new AnswerTimeout(5000, 5000));
  await owners.ensure(connection, 1, '');
  for (let from = 0; from < names; from += 200) {
    await Promise.all(
      Array.from({ length: Math.min(200, names - from) }, (_, i) => {
        const ids = { nodeId: `n${(from + i) % nodes}`, bootId: newId(), streamId: newId(), nonce: newId() };
        const value = { state: 'live', ...ids, principalHash: '', claimedAt: new Date().toISOString() };
        return owners.put(connection, `live.cam${from + i}`, value, 0);
      }),
    );
  }
  await connection.close();
}

/** Consumers of every bucket: watchers are consumers. */
async function watchers(url: string): Promise<number> {
  const connection = await connect({ servers: url });
  const manager = await connection.jetstreamManager();
  let found = 0;
  for await (const { state } of manager.streams.list()) found += state.consumer_count;
  await connection.close();
  return found;
}

/** The claim that a rate is within 20 % of what is computed. */
function near(kind: string, rate: number, sum: number): Verdict {
  const off = Math.abs(rate / sum - 1);
  return { ...atMost(`${kind}, off from ${format(sum)}/s`, Math.round(100 * off), 20, '%') };
}

const broker = await startBroker(options.text('server') ?? 'nats-server');
try {
  await makeOwners(broker.url);
  const stops: (() => Promise<void>)[] = [];
  for (let i = 0; i < nodes; i++) {
    stops.push(await startNode(broker.url, `n${i}`));
    // Spread over one heartbeat, as nodes that were started by hand.
    await pause(HEARTBEAT_MS / nodes);
  }
  await pause(HEARTBEAT_MS);
  counts.clear();
  const [beganCpu, beganMs] = [cpuSeconds(broker.pid), performance.now()];
  await pause(seconds * 1000);
  const elapsed = (performance.now() - beganMs) / 1000;
  const cores = (cpuSeconds(broker.pid) - beganCpu) / elapsed;
  const rates = new Map([...counts].map(([kind, count]) => [kind, count / elapsed]));
  const sums = new Map([
    ['heartbeats', nodes / (HEARTBEAT_MS / 1000)],
    ['ring', (3 * nodes) / 5],
    ['look-ups', names * LOOKUPS_PER_STREAM_AND_SECOND],
  ]);
  const consumers = await watchers(broker.url);
  for (const stop of stops) await stop();
  publish(
    {
      bench: 'bench:cluster-sums',
      date: new Date().toISOString(),
      machine: machine(),
      parameters: options.all(),
      cases: [{ rates: Object.fromEntries(rates), cores, consumers }],
      targets: [
        ...[...sums].map(([kind, sum]) => near(kind, rates.get(kind) ?? 0, sum)),
        atMost('CPU of the NATS server', Math.round(1000 * cores) / 1000, 0.5, 'cores'),
        atMost('consumers of all buckets', consumers, 0, 'watchers'),
      ],
      notes: [
        `${nodes} nodes that each read all, three times in a lease: ${format((nodes * nodes) / 5)} reads a second`,
      ],
    },
    [
      ['messages a second', 'measured', 'computed'],
      ...['heartbeats', 'ring', 'lists', 'look-ups', 'other'].map((kind) => [
        kind,
        format(rates.get(kind) ?? 0),
        sums.has(kind) ? format(sums.get(kind)!) : '–',
      ]),
      ['CPU of the server, cores', format(cores), '≤ 0.5'],
    ],
    options.text('json'),
  );
} finally {
  await broker.stop();
}
