import { LoadGenerator } from './lib/load.js';
import { GENERATOR_CORE, SERVER_CORE } from './lib/load-point.js';
import { readOptions } from './lib/options.js';
import { sourcePath } from './lib/paths.js';
import { BenchProcess, canPin, cpuSeconds, freePort, pause } from './lib/process.js';
import { machine, publish } from './lib/report.js';
import { formatSummary, type Summary, summarise } from './lib/stats.js';
import { atMost } from './lib/targets.js';
import { startPeer } from './peers/index.js';
import { nodeMediaServer, nodeMediaServerVersion } from './peers/node-media-server.js';
import type { Peer } from './peers/peer.js';
import { sluice } from './peers/sluice.js';

const options = readOptions(
  'npm run bench:flv -- [options]',
  'What a player of FLV over HTTP costs: one 720p publisher by RTMP and players over HTTP, on Sluice and on Node-Media-Server, in ' +
    'interleaved rounds. Server on core 0, players on core 1.',
  {
    players: { kind: 'number', fallback: 500, says: 'players' },
    seconds: { kind: 'number', fallback: 6, says: 'measured time of one point' },
    rounds: { kind: 'number', fallback: 3, says: 'interleaved rounds' },
  },
);

/** At most this part of the CPU of Node-Media-Server for a gigabyte. */
const MOST = 0.6;
const START_TIMEOUT_MS = 60_000;

const players = options.number('players');
const seconds = options.number('seconds');

interface Progress {
  readonly playing: number;
  readonly bytes: number;
}

/** The last whole line that it has printed. */
function progress({ output }: BenchProcess): Progress {
  return JSON.parse(output.split('\n').at(-2) ?? '{"playing":0,"bytes":0}') as Progress;
}

/** CPU seconds of the server for a gigabyte that players received. */
async function fanout(peer: Peer): Promise<number> {
  const ownPort = await freePort();
  const env = { SLUICE_HTTP_FLV_LISTEN: `127.0.0.1:${ownPort}`, SLUICE_HTTP_FLV_MAX_PLAYERS: String(players) };
  const server = await startPeer(peer, { core: SERVER_CORE, env });
  const publisher = new LoadGenerator({
    ...{ mode: 'publish', url: `${server.url}/stream`, count: 1, core: GENERATOR_CORE, args: [] },
  });
  let generator: BenchProcess | undefined;
  try {
    await publisher.steady();
    const path = `${new URL(server.url).pathname}/stream.flv`;
    const args = [
      sourcePath('dist/bench/lib/flv-players-main.js'),
      peer === sluice ? ownPort : server.httpPort!,
      path,
      players,
    ];
    generator = new BenchProcess({ command: process.execPath, args: args.map(String), core: GENERATOR_CORE });
    for (const until = Date.now() + START_TIMEOUT_MS; progress(generator).playing < players; await pause(100)) {
      if (!generator.running || Date.now() > until) throw new Error(`${peer.name}: ${generator.output.slice(-500)}`);
    }
    await pause(1000);
    const [bytesBefore, cpuBefore] = [progress(generator).bytes, cpuSeconds(server.pid!)];
    await pause(seconds * 1000);
    const [bytes, cpu] = [progress(generator).bytes - bytesBefore, cpuSeconds(server.pid!) - cpuBefore];
    return cpu / (bytes / 1e9);
  } finally {
    await generator?.stop();
    await publisher.stop();
    await server.stop();
  }
}

const own: number[] = [];
const other: number[] = [];
for (let round = 0; round < options.number('rounds'); round++) {
  own.push(await fanout(sluice));
  other.push(await fanout(nodeMediaServer));
}
const ratio: Summary = summarise(own.map((cpu, round) => cpu / other[round]));
const cases = [
  { case: 'Sluice', cpuPerGB: summarise(own), ratio },
  { case: `Node-Media-Server ${nodeMediaServerVersion()}`, cpuPerGB: summarise(other) },
];
publish(
  {
    bench: 'flv',
    date: new Date().toISOString(),
    machine: machine(),
    parameters: { ...options.all(), pinned: canPin() },
    cases,
    targets: [atMost('FLV over HTTP, CPU per GB against Node-Media-Server', ratio.median, MOST)],
  },
  [
    ['case', 'CPU-s per GB', 'Sluice / Node-Media-Server'],
    ...cases.map((row) => [
      row.case,
      formatSummary(row.cpuPerGB),
      row.ratio === undefined ? '–' : formatSummary(row.ratio),
    ]),
  ],
  options.text('json'),
);
