import { GENERATOR_CORE, SERVER_CORE } from './lib/load-point.js';
import { readOptions } from './lib/options.js';
import { canPin } from './lib/process.js';
import { measurePublished, type PublishedCost, type PublishedPlan } from './lib/published.js';
import { machine, publish } from './lib/report.js';
import { format, formatSummary, type Summary, summarise } from './lib/stats.js';
import { atMost } from './lib/targets.js';
import { startPeer } from './peers/index.js';
import { sluice } from './peers/sluice.js';

/** At most so many times the CPU that receiving a gigabyte takes. */
const MOST = 1.2;

const options = readOptions(
  'npm run bench:relay -- [options]',
  'What a copy on another server costs: 720p publishers (2.68 Mbit/s each) without players, received alone, received and pushed to a ' +
    'second Sluice, and pulled by a second Sluice, in interleaved rounds. The server that is measured on core 0, all others on core 1.',
  {
    publishers: { kind: 'number', fallback: 100, says: 'publishers, each on a stream of its own; at most 256' },
    seconds: { kind: 'number', fallback: 10, says: 'measured time of one point' },
    rounds: { kind: 'number', fallback: 3, says: 'interleaved rounds' },
  },
);

const publishers = options.number('publishers');
const plan = { publishers, seconds: options.number('seconds') };
const connected = (direction: 'push' | 'pull'): string => `sluice_relays{direction="${direction}",state="connected"}`;

/** CPU of a server that receives and pushes; the other end of the pushes runs beside the publishers. */
async function pushed(): Promise<PublishedCost> {
  const far = await startPeer(sluice, { core: GENERATOR_CORE });
  try {
    const env = { SLUICE_RELAY_PUSH: JSON.stringify([{ match: 'live/*', url: far.url }]) };
    return await measurePublished({ ...plan, env, ready: connected('push') });
  } finally {
    await far.stop();
  }
}

/** CPU of a server that pulls every stream of another. */
function pulled(): Promise<PublishedCost> {
  const names = Array.from({ length: publishers }, (_, i) => (publishers === 1 ? 'bench' : `bench-${i + 1}`));
  const behind: PublishedPlan['behind'] = ({ url }) => {
    const pull = names.map((name) => ({ name: `live/${name}`, url: `${url}/${name}`, when: 'always' }));
    return startPeer(sluice, { core: SERVER_CORE, env: { SLUICE_RELAY_PULL: JSON.stringify(pull) } });
  };
  return measurePublished({ ...plan, behind, ready: connected('pull') });
}

const received: PublishedCost[] = [];
const pushes: PublishedCost[] = [];
const pulls: PublishedCost[] = [];
for (let round = 0; round < options.number('rounds'); round++) {
  received.push(await measurePublished({ ...plan, ready: 'sluice_streams' }));
  pushes.push(await pushed());
  pulls.push(await pulled());
}
const cost = (points: readonly PublishedCost[]): Summary => summarise(points.map(({ cpuPerGB }) => cpuPerGB));
const cores = (points: readonly PublishedCost[]): number => summarise(points.map((point) => point.cores)).median;
const ingest = (round: number): number => received[round].cpuPerGB;
const push = summarise(pushes.map(({ cpuPerGB }, round) => (cpuPerGB - ingest(round)) / ingest(round)));
const pull = summarise(pulls.map(({ cpuPerGB }, round) => cpuPerGB / ingest(round)));
const cases = [
  { case: 'received', cpuPerGB: cost(received), cores: cores(received) },
  { case: 'received and pushed', cpuPerGB: cost(pushes), cores: cores(pushes), ratio: push },
  { case: 'pulled', cpuPerGB: cost(pulls), cores: cores(pulls), ratio: pull },
];
publish(
  {
    bench: 'relay',
    date: new Date().toISOString(),
    machine: machine(),
    parameters: { ...options.all(), pinned: canPin() },
    cases,
    targets: [
      atMost('a pushed copy, CPU per GB above receiving, against receiving', push.median, MOST),
      atMost('a pulled copy, CPU per GB against receiving', pull.median, MOST),
    ],
  },
  [
    ['case', 'CPU-s per GB', 'of its core', 'copy / receiving'],
    ...cases.map((row) => [
      row.case,
      formatSummary(row.cpuPerGB),
      `${format(row.cores * 100)} %`,
      row.ratio === undefined ? '–' : formatSummary(row.ratio),
    ]),
  ],
  options.text('json'),
);
