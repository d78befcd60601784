import { readOptions } from './lib/options.js';
import { canPin } from './lib/process.js';
import { machine, publish } from './lib/report.js';
import { allDelivered, cpuRatio, resultOf, runRounds } from './lib/rounds.js';
import { format, formatSummary } from './lib/stats.js';
import { atMost, type Verdict } from './lib/targets.js';
import { nginxOverTls, rawNodeOverTls, sluiceOverTls } from './peers/over-tls.js';

/** At most this part of nginx's CPU for a gigabyte. */
const MOST = 0.8;

const options = readOptions(
  'npm run bench:rtmps -- [options]',
  'What TLS for each player costs: one 720p publisher (2.68 Mbit/s) and many players by RTMPS, on Sluice and on nginx-rtmp with the ' +
    'stream module before it, and beside them a bare Node TLS writer, in interleaved rounds. Server on core 0, load generators on core 1.',
  {
    players: { kind: 'number', fallback: 300, says: 'players' },
    seconds: { kind: 'number', fallback: 6, says: 'measured time of one point' },
    rounds: { kind: 'number', fallback: 3, says: 'interleaved rounds' },
  },
);

const left = nginxOverTls.leftOut?.();
const peers = [sluiceOverTls, rawNodeOverTls, ...(left === undefined ? [nginxOverTls] : [])];
const players = options.number('players');
const name = `${players} players`;
const plan = { publishers: 1, players, seconds: options.number('seconds') };
const results = await runRounds([{ name, plan }], peers, options.number('rounds'));
const own = resultOf(results, name, sluiceOverTls.name);
const nginx = resultOf(results, name, nginxOverTls.name);
const ratio = own === undefined || nginx === undefined ? Number.NaN : cpuRatio(own, nginx).median;
const delivered = own !== undefined && allDelivered(own);
const targets: Verdict[] = [
  atMost(`${name}: players lost or short of bytes, share of rounds`, delivered ? 0 : 1, 0, ''),
  atMost(`${name} by RTMPS: CPU per GB against nginx with TLS before nginx-rtmp`, ratio, MOST),
];
publish(
  {
    bench: 'rtmps',
    date: new Date().toISOString(),
    machine: machine(),
    parameters: { ...options.all(), pinned: canPin() },
    cases: results,
    targets,
    notes: left === undefined ? [] : [left],
  },
  [
    ['server', 'CPU-s per GB', 'of its core', 'MB/s', 'RSS MB', 'delivered', 'sluice / it'],
    ...results.map((r) => [
      r.peer,
      formatSummary(r.cpuPerGB),
      `${format(r.serverCores.median * 100)} %`,
      format(r.rounds[0]?.megabytesPerSecond),
      format(r.residentMB.median),
      allDelivered(r) ? 'all' : 'NO',
      own === undefined || own === r ? '–' : formatSummary(cpuRatio(own, r)),
    ]),
  ],
  options.text('json'),
);
