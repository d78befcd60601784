import { constants, setPriority } from 'node:os';
import { Cluster } from './control/cluster.js';
import { type FrozenLists, measureFrozen, measureKicks, measureRepeated, type Repeated } from './control/commands.js';
import { BackEnd, type BannedTries, ENDS_ENV, measureBannedTries, measureEnds, type Times } from './control/ends.js';
import { readOptions } from './lib/options.js';
import { raiseGroupPriority } from './lib/process.js';
import { machine, publish } from './lib/report.js';
import { format, quantile } from './lib/stats.js';
import { atLeast, atMost, type Verdict } from './lib/targets.js';

const options = readOptions(
  'npm run bench:control -- [options]',
  'How soon an encoder’s socket is closed after a denial, an order or a ban on another node; whether a ban holds for its whole time on ' +
    'both nodes; lists of ten nodes while one is frozen; and what the same request comes to when it is sent again and again.',
  {
    rounds: { kind: 'number', fallback: 50, says: 'streams that are ended by each cause' },
    kicks: { kind: 'number', fallback: 300, says: 'kicks by each way' },
    tries: { kind: 'number', fallback: 100, says: 'tries of a banned key on each node' },
    'ban-seconds': { kind: 'number', fallback: 10, says: 'time of that ban' },
    nodes: { kind: 'number', fallback: 10, says: 'nodes of which one is frozen; 0: that is left out' },
    freezes: { kind: 'number', fallback: 18, says: 'how often one of them is frozen' },
    repeats: { kind: 'number', fallback: 100, says: 'how often one request is sent' },
    priority: { kind: 'flag', says: 'run all of it before everything else on the machine (as root)' },
    server: { kind: 'text', fallback: 'nats-server', says: 'the nats-server to use' },
  },
);
const binary = options.text('server') ?? 'nats-server';
const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** What two nodes showed. */
interface OfTwo {
  readonly ends: readonly Times[];
  readonly tries: readonly BannedTries[];
  readonly kicks: readonly Times[];
  readonly repeated: readonly Repeated[];
}

if (options.flag('priority')) {
  raiseGroupPriority();
  // All that is started from here on has it, too.
  setPriority(constants.priority.PRIORITY_HIGHEST);
}
const ofTwo = await measureTwo();
report(ofTwo, options.number('nodes') > 0 ? await measureMany() : undefined);

async function measureTwo(): Promise<OfTwo> {
  say('two nodes');
  const cluster = await Cluster.start(2, binary, ENDS_ENV);
  const backEnd = await BackEnd.start(cluster.broker.url);
  try {
    say('kicks');
    const kicks = await measureKicks(cluster, options.number('kicks'));
    say('the same request again and again');
    const repeated = await measureRepeated(cluster, options.number('repeats'));
    say('ends by each cause');
    const ends = await measureEnds(cluster, backEnd, options.number('rounds'));
    say('tries of a banned key');
    const tries = await measureBannedTries(cluster, options.number('tries'), options.number('ban-seconds') * 1000);
    return { ends, tries, kicks, repeated };
  } finally {
    await backEnd.close();
    await cluster.stop();
  }
}

async function measureMany(): Promise<FrozenLists> {
  say(`${options.number('nodes')} nodes`);
  const cluster = await Cluster.start(options.number('nodes'), binary);
  try {
    return await measureFrozen(cluster, options.number('freezes'));
  } finally {
    await cluster.stop();
  }
}

function verdicts({ ends, tries, kicks, repeated }: OfTwo, frozen: FrozenLists | undefined): Verdict[] {
  return [
    ...ends.map(({ name, ms }) => atMost(`socket closed, ${name}, longest`, Math.max(...ms), 1000, 'ms')),
    ...tries.map(({ nodeId, refused, tries: all }) =>
      atLeast(`tries of a banned key that ${nodeId} refused, of ${all}`, refused, all, ''),
    ),
    ...kicks.map(({ name, ms }) => atMost(`socket closed, ${name}, p99`, at(ms, 0.99), 100, 'ms')),
    ...repeated.map(({ name, acted }) => ({
      ...atMost(`the same request, ${name}: acted`, acted, 1, ''),
      pass: acted === 1,
    })),
    ...(frozen === undefined
      ? []
      : [
          ...frozen.times.map(({ name, ms }) => atMost(`${name}, one frozen, longest`, Math.max(...ms), 1100, 'ms')),
          atMost('lists that did not name the frozen node, or lacked another', frozen.wrong.length, 0, ''),
        ]),
  ];
}

function report(ofTwo: OfTwo, frozen: FrozenLists | undefined): void {
  const times = [...ofTwo.ends, ...ofTwo.kicks, ...(frozen?.times ?? [])];
  const cases = times.map(({ name, ms }) => ({
    ...{ name, rounds: ms.length, p50: at(ms, 0.5), p99: at(ms, 0.99), max: Math.max(...ms) },
  }));
  const again = ofTwo.tries.map(({ nodeId, acceptedAfterMs }) => `${nodeId} after ${Math.round(acceptedAfterMs)} ms`);
  publish(
    {
      bench: 'control',
      date: new Date().toISOString(),
      machine: machine(),
      parameters: options.all(),
      cases: [...cases, ...ofTwo.tries, ...ofTwo.repeated],
      targets: verdicts(ofTwo, frozen),
      notes: [
        `The ban was over, and its key accepted: ${again.join(', ')}.`,
        ...(frozen?.wrong ?? []),
        'Nodes, nats-server and encoders share the machine.',
      ],
    },
    [
      ['', 'rounds', 'p50 ms', 'p99 ms', 'longest ms'],
      ...cases.map(({ name, rounds, p50, p99, max }) => [name, String(rounds), format(p50), format(p99), format(max)]),
    ],
    options.text('json'),
  );
}

function at(ms: readonly number[], q: number): number {
  return quantile(
    [...ms].sort((a, b) => a - b),
    q,
  );
}
