import { readOptions } from './lib/options.js';
import { machine, publish } from './lib/report.js';
import { format, formatSummary, summarise } from './lib/stats.js';
import { atMost } from './lib/targets.js';
import { findPeer, PEER_NAMES, startPeer } from './peers/index.js';

const START_LIMIT_MS = 400;

const options = readOptions(
  'npm run bench:start -- [options]',
  'Time from starting the process to its port accepting a connection.',
  {
    rounds: { kind: 'number', fallback: 7, says: 'starts of each server, interleaved' },
    peer: { kind: 'list', fallback: [], says: `servers beside Sluice: ${PEER_NAMES.join(', ')}` },
  },
);

const names = [...new Set(['sluice', ...options.list('peer')])];
const times = new Map<string, number[]>(names.map((name) => [name, []]));
for (let round = 0; round < options.number('rounds'); round++) {
  for (const name of names) {
    const running = await startPeer(findPeer(name));
    times.get(name)!.push(running.startedMs);
    await running.stop();
  }
}
const cases = names.map((server) => ({ server, milliseconds: summarise(times.get(server)!) }));
publish(
  {
    bench: 'start',
    date: new Date().toISOString(),
    machine: machine(),
    parameters: options.all(),
    cases,
    targets: [atMost('process start to listening', cases[0].milliseconds.median, START_LIMIT_MS, 'ms')],
  },
  [
    ['server', 'ms to listening', 'median'],
    ...cases.map((c) => [c.server, formatSummary(c.milliseconds), format(c.milliseconds.median)]),
  ],
  options.text('json'),
);
