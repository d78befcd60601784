import { fanoutTargets } from './lib/fanout-targets.js';
import { readOptions } from './lib/options.js';
import { canPin } from './lib/process.js';
import { machine, publish } from './lib/report.js';
import { type LoadCase, medianOf, runRounds } from './lib/rounds.js';
import { format } from './lib/stats.js';
import { PEER_NAMES, readContestants } from './peers/index.js';

const options = readOptions(
  'npm run bench:latency -- [options]',
  'Delay from the publisher writing a message to players having its last byte, with few and many players. The generator stamps each ' +
    'frame with its clock; both sides run on this machine.',
  {
    players: { kind: 'list', fallback: ['50', '1000'], says: 'players; several values make several cases' },
    seconds: { kind: 'number', fallback: 8, says: 'measured time of one point' },
    rounds: { kind: 'number', fallback: 3, says: 'interleaved rounds' },
    peer: { kind: 'list', fallback: [], says: `servers beside Sluice: ${PEER_NAMES.join(', ')}, rtmp://host/app` },
  },
);

const { peers: all, leftOut } = await readContestants(options);
const peers = all.filter((p) => !p.feedsItself);
const seconds = options.number('seconds');
const cases: LoadCase[] = options
  .list('players')
  .map(Number)
  .map((players) => ({ name: `${players} players`, plan: { publishers: 1, players, seconds, delay: true } }));
const results = await runRounds(cases, peers, options.number('rounds'));
publish(
  {
    bench: 'latency',
    date: new Date().toISOString(),
    machine: machine(),
    parameters: { ...options.all(), pinned: canPin() },
    cases: results,
    targets: fanoutTargets(cases, results).filter((v) => v.target.includes('delay')),
    notes: leftOut,
  },
  [
    ['case', 'server', 'p50 ms', 'p99 ms', 'of its core'],
    ...results.map((r) => [
      r.case,
      r.peer,
      format(medianOf(r, (p) => p.delayP50Ms)),
      format(medianOf(r, (p) => p.delayP99Ms)),
      `${format(r.serverCores.median * 100)} %`,
    ]),
  ],
  options.text('json'),
);
