import { readOptions } from './lib/options.js';
import { machine, publish } from './lib/report.js';
import { format, formatSummary, summarise } from './lib/stats.js';
import { atMost } from './lib/targets.js';
import { PEER_NAMES, readContestants, startPeer } from './peers/index.js';
import type { Peer } from './peers/peer.js';

const START_LIMIT_MS = 400;

const options = readOptions(
  'npm run bench:start -- [options]',
  'Time from starting the process to its port accepting a connection.',
  {
    rounds: { kind: 'number', fallback: 7, says: 'starts of each server, interleaved' },
    peer: { kind: 'list', fallback: [], says: `servers beside Sluice: ${PEER_NAMES.join(', ')}` },
  },
);

const { peers, leftOut } = await readContestants(options);
const times = new Map<Peer, number[]>(peers.map((peer) => [peer, []]));
for (let round = 0; round < options.number('rounds'); round++) {
  for (const peer of peers) {
    const running = await startPeer(peer);
    times.get(peer)!.push(running.startedMs);
    await running.stop();
  }
}
const cases = peers.map((peer) => ({ server: peer.name, milliseconds: summarise(times.get(peer)!) }));
publish(
  {
    bench: 'start',
    date: new Date().toISOString(),
    machine: machine(),
    parameters: options.all(),
    cases,
    targets: [atMost('process start to listening', cases[0].milliseconds.median, START_LIMIT_MS, 'ms')],
    notes: leftOut,
  },
  [
    ['server', 'ms to listening', 'median'],
    ...cases.map((c) => [c.server, formatSummary(c.milliseconds), format(c.milliseconds.median)]),
  ],
  options.text('json'),
);
