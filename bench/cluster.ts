import { type ClaimTimes, measureClaims } from './cluster/claims.js';
import { measureCopies } from './cluster/copies.js';
import { readOptions } from './lib/options.js';
import { canPin } from './lib/process.js';
import { machine, publish } from './lib/report.js';
import { format, summarise } from './lib/stats.js';
import { atMost } from './lib/targets.js';

/** A claim may add so many ms, by the number of replicas of the registry. */
const CLAIM_MS: Readonly<Record<number, number>> = { 1: 2, 3: 6 };
const HOP_MS = { p50: 5, p99: 15 };
/** CPU-seconds of all nodes for a gigabyte of a stream that is copied. */
const COPY_CPU = 1.5;
const FIRST_FRAME_MS = 300;

const options = readOptions(
  'npm run bench:cluster -- [options]',
  'What a cluster costs: how much longer a publisher waits for its name, with one NATS server and with three; how much later players at ' +
    'another node get a frame, how soon they get the first one, and what a copy takes of both nodes’ CPU, against players at the owner in the same round.',
  {
    publishes: { kind: 'number', fallback: 500, says: 'publishes to each node' },
    streams: { kind: 'number', fallback: 50, says: '720p streams (2.68 Mbit/s each), each with one player' },
    seconds: { kind: 'number', fallback: 8, says: 'measured time of one point' },
    rounds: { kind: 'number', fallback: 3, says: 'interleaved rounds' },
    server: { kind: 'text', fallback: 'nats-server', says: 'the nats-server to use; three of 2.10 or later, please' },
  },
);
const binary = options.text('server') ?? 'nats-server';
const say = (text: string): void => void process.stderr.write(`${text}\n`);

say('claims, one NATS server');
const claims: ClaimTimes[] = [await measureClaims(binary, 1, options.number('publishes'))];
say('claims, three NATS servers');
claims.push(await measureClaims(binary, 3, options.number('publishes')));
say('copies');
const copies = await measureCopies(
  binary,
  options.number('streams'),
  options.number('seconds'),
  options.number('rounds'),
);

const { rounds, firstFrame } = copies;
const over = (of: 'delayP50Ms' | 'delayP99Ms' | 'cpuPerGB'): number =>
  summarise(rounds.map(({ atOwner, atEdge }) => atEdge[of] - atOwner[of])).median;
const median = (at: 'atOwner' | 'atEdge', of: 'delayP50Ms' | 'delayP99Ms' | 'cpuPerGB'): number =>
  summarise(rounds.map((round) => round[at][of])).median;
publish(
  {
    bench: 'cluster',
    date: new Date().toISOString(),
    machine: machine(),
    parameters: { ...options.all(), pinned: canPin() },
    cases: [...claims, { ...copies }],
    targets: [
      ...claims.map(({ replicas, alone, cluster }) =>
        atMost(`a claim adds, p99, R${replicas}`, cluster.p99 - alone.p99, CLAIM_MS[replicas]!, 'ms'),
      ),
      atMost('a hop adds, p50', over('delayP50Ms'), HOP_MS.p50, 'ms'),
      atMost('a hop adds, p99', over('delayP99Ms'), HOP_MS.p99, 'ms'),
      atMost('a copy, CPU of both nodes', over('cpuPerGB'), COPY_CPU, 's per GB'),
      atMost('first frame at an edge, p99', firstFrame.p99, FIRST_FRAME_MS, 'ms'),
    ],
  },
  [
    ['', 'alone, at the owner', 'cluster, at an edge', 'more'],
    ...claims.flatMap(({ replicas, alone, cluster }) => [
      row(`publish, R${replicas}, p50 ms`, alone.p50, cluster.p50),
      row(`publish, R${replicas}, p99 ms`, alone.p99, cluster.p99),
    ]),
    row('delay, p50 ms', median('atOwner', 'delayP50Ms'), median('atEdge', 'delayP50Ms'), over('delayP50Ms')),
    row('delay, p99 ms', median('atOwner', 'delayP99Ms'), median('atEdge', 'delayP99Ms'), over('delayP99Ms')),
    row('CPU-s per GB', median('atOwner', 'cpuPerGB'), median('atEdge', 'cpuPerGB'), over('cpuPerGB')),
    ['first frame, p50 ms', '', format(firstFrame.p50), ''],
    ['first frame, p99 ms', '', format(firstFrame.p99), ''],
  ],
  options.text('json'),
);

function row(name: string, before: number, after: number, more = after - before): string[] {
  return [name, format(before), format(after), format(more)];
}
