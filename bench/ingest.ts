import { readOptions } from './lib/options.js';
import { canPin } from './lib/process.js';
import { machine, publish } from './lib/report.js';
import { allDelivered, cpuRatio, resultOf, runRounds } from './lib/rounds.js';
import { format, formatSummary } from './lib/stats.js';
import { atMost, type Verdict } from './lib/targets.js';
import { PEER_NAMES, readContestants } from './peers/index.js';

/** CPU per GB against each peer. */
const AGAINST: readonly [string, number][] = [
  ['node-media-server', 0.28],
  ['nginx-rtmp', 1.8],
  ['srs', 1],
  ['srs-low-latency', 1],
];

const options = readOptions(
  'npm run bench:ingest -- [options]',
  'Many 720p publishers (2.68 Mbit/s each) and no players: what receiving costs. CPU-seconds per GB received.',
  {
    publishers: { kind: 'number', fallback: 300, says: 'publishers, each on a stream of its own' },
    seconds: { kind: 'number', fallback: 10, says: 'measured time of one point' },
    rounds: { kind: 'number', fallback: 3, says: 'interleaved rounds' },
    peer: { kind: 'list', fallback: [], says: `servers beside Sluice: ${PEER_NAMES.join(', ')}, rtmp://host/app` },
  },
);

const { peers: all, leftOut } = await readContestants(options);
const peers = all.filter((p) => !p.feedsItself);
const publishers = options.number('publishers');
const name = `${publishers} publishers`;
const plan = { publishers, players: 0, seconds: options.number('seconds') };
const results = await runRounds([{ name, plan }], peers, options.number('rounds'));
const own = resultOf(results, name, 'sluice');
const targets: Verdict[] = [
  atMost(`${name}: publishers lost or held up, share of rounds`, own !== undefined && allDelivered(own) ? 0 : 1, 0, ''),
];
for (const [peer, limit] of AGAINST) {
  const other = resultOf(results, name, peer);
  if (other === undefined) continue;
  const value = own === undefined ? Number.NaN : cpuRatio(own, other).median;
  targets.push(atMost(`${name}: CPU per GB against ${peer}`, value, limit));
}
publish(
  {
    bench: 'ingest',
    date: new Date().toISOString(),
    machine: machine(),
    parameters: { ...options.all(), pinned: canPin() },
    cases: results,
    targets,
    notes: leftOut,
  },
  [
    ['server', 'CPU-s per GB', 'of its core', 'MB/s in', 'RSS MB', 'sluice / it'],
    ...results.map((r) => [
      r.peer,
      formatSummary(r.cpuPerGB),
      `${format(r.serverCores.median * 100)} %`,
      format(r.rounds[0]?.megabytesPerSecond),
      format(r.residentMB.median),
      own === undefined || own === r ? '–' : formatSummary(cpuRatio(own, r)),
    ]),
  ],
  options.text('json'),
);
