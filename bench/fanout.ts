import { writeFanoutChart } from './lib/fanout-chart.js';
import { fanoutTargets } from './lib/fanout-targets.js';
import { readOptions } from './lib/options.js';
import { canPin } from './lib/process.js';
import { machine, publish } from './lib/report.js';
import { allDelivered, cpuRatio, type LoadCase, medianOf, resultOf, runRounds } from './lib/rounds.js';
import { format, formatSummary } from './lib/stats.js';
import { PEER_NAMES, readContestants } from './peers/index.js';

const DELAY_SETTING = 'SLUICE_FANOUT_MAX_DELAY_MS';

const options = readOptions(
  'npm run bench:fanout -- [options]',
  'One 720p publisher (2.68 Mbit/s) and many players on each server in turn: server on core 0, load generators on core 1, several ' +
    'interleaved rounds. CPU is read from the operating system, delivery is checked for each player.',
  {
    players: { kind: 'list', fallback: ['1000'], says: 'players; several values make several cases' },
    streams: { kind: 'list', fallback: ['1'], says: 'streams that the players are spread over' },
    'max-delay': { kind: 'list', fallback: [], says: 'more cases for Sluice: values of fanout.maxDelayMs' },
    seconds: { kind: 'number', fallback: 10, says: 'measured time of one point' },
    rounds: { kind: 'number', fallback: 3, says: 'interleaved rounds' },
    peer: { kind: 'list', fallback: [], says: `servers beside Sluice: ${PEER_NAMES.join(', ')}, rtmp://host/app` },
    'no-delay': { kind: 'flag', says: 'do not measure the delay from publisher to player' },
    chart: { kind: 'text', says: 'also draw the first case as an SVG file' },
  },
);

const { peers, leftOut } = await readContestants(options);
const seconds = options.number('seconds');
const cases: LoadCase[] = [];
for (const players of options.list('players').map(Number)) {
  for (const streams of options.list('streams').map(Number)) {
    const plan = { publishers: streams, players, seconds, delay: !options.flag('no-delay') };
    const name = `${players} players${streams > 1 ? ` on ${streams} streams` : ''}`;
    cases.push({ name, plan });
    for (const ms of options.list('max-delay')) {
      cases.push({
        name: `${name}, maxDelayMs ${ms}`,
        plan: { ...plan, env: { [DELAY_SETTING]: ms } },
        only: ['sluice'],
      });
    }
  }
}

const results = await runRounds(cases, peers, options.number('rounds'));
const report = {
  bench: 'fanout',
  date: new Date().toISOString(),
  machine: machine(),
  parameters: { ...options.all(), pinned: canPin() },
  cases: results,
  targets: fanoutTargets(cases, results),
  notes: [
    'Ratios are medians of the ratios of each round; only ratios inside one run mean anything on a shared machine.',
    ...leftOut,
  ],
};
publish(
  report,
  [
    ['case', 'server', 'CPU-s per GB', 'of its core', 'RSS MB', 'delivered', 'delay p50 / p99 ms', 'sluice / it'],
    ...results.map((r) => {
      const own = resultOf(results, r.case.replace(/, maxDelayMs .*/, ''), 'sluice');
      return [
        r.case,
        r.peer,
        formatSummary(r.cpuPerGB),
        `${format(r.serverCores.median * 100)} %`,
        format(r.residentMB.median),
        allDelivered(r) ? 'all' : 'NO',
        `${format(medianOf(r, (p) => p.delayP50Ms))} / ${format(medianOf(r, (p) => p.delayP99Ms))}`,
        own === undefined || own === r ? '–' : formatSummary(cpuRatio(own, r)),
      ];
    }),
  ],
  options.text('json'),
);
const chart = options.text('chart');
if (chart !== undefined) writeFanoutChart(chart, cases[0].name, report.machine, results);
