import { LoadGenerator } from './lib/load.js';
import { GENERATOR_CORE, SERVER_CORE } from './lib/load-point.js';
import { readOptions } from './lib/options.js';
import { sourcePath } from './lib/paths.js';
import { BenchProcess, canPin, cpuSeconds, pause } from './lib/process.js';
import { machine, publish } from './lib/report.js';
import { formatSummary, type Summary, summarise } from './lib/stats.js';
import { atMost } from './lib/targets.js';
import { startPeer } from './peers/index.js';
import { sluice } from './peers/sluice.js';

const options = readOptions(
  'npm run bench:rtmpe -- [options]',
  'What encryption for each player costs: one 720p publisher (2.68 Mbit/s) and players by RTMP, then by RTMPE, and beside them RC4 of ' +
    'OpenSSL alone on as many bytes, in interleaved rounds. Server on core 0, players on core 1.',
  {
    players: { kind: 'number', fallback: 300, says: 'players' },
    seconds: { kind: 'number', fallback: 6, says: 'measured time of one point' },
    rounds: { kind: 'number', fallback: 3, says: 'interleaved rounds' },
  },
);

/** At most this many times the CPU of plain fan-out and bare RC4 together. */
const MOST = 1.5;
/** A merge window of the stream: what the fan-out hands to a player at once. */
const PIECE_BYTES = 32_768;
const START_TIMEOUT_MS = 60_000;

const players = options.number('players');
const seconds = options.number('seconds');

interface Progress {
  readonly playing: number;
  readonly bytes: number;
}

/** A child of this bench that prints. */
function child(file: string, args: readonly (string | number)[], core: number): BenchProcess {
  const legacy = '--openssl-legacy-provider';
  const script = sourcePath(`dist/bench/lib/${file}.js`);
  return new BenchProcess({ command: process.execPath, args: [legacy, script, ...args.map(String)], core });
}

/** The last whole line that it has printed. */
function lastLine({ output }: BenchProcess): string {
  return output.split('\n').at(-2) ?? '';
}

/** CPU seconds of the server for a gigabyte that players received. */
async function fanout(scheme: 'rtmp' | 'rtmpe'): Promise<number> {
  const server = await startPeer(sluice, { core: SERVER_CORE });
  const { port } = new URL(server.url);
  const url = `rtmp://127.0.0.1:${port}/bench/stream`;
  const publisher = new LoadGenerator({ mode: 'publish', url, count: 1, core: GENERATOR_CORE, args: [] });
  let generator: BenchProcess | undefined;
  try {
    await publisher.steady();
    generator = child('rtmpe-players-main', [port, 'bench', 'stream', players, scheme], GENERATOR_CORE);
    const progress = (): Progress => JSON.parse(lastLine(generator!) || '{"playing":0,"bytes":0}') as Progress;
    for (const until = Date.now() + START_TIMEOUT_MS; progress().playing < players; await pause(100)) {
      if (!generator.running || Date.now() > until) throw new Error(`${scheme}: ${generator.output.slice(-500)}`);
    }
    await pause(1000);
    const [bytesBefore, cpuBefore] = [progress().bytes, cpuSeconds(server.pid!)];
    await pause(seconds * 1000);
    const [bytes, cpu] = [progress().bytes - bytesBefore, cpuSeconds(server.pid!) - cpuBefore];
    return cpu / (bytes / 1e9);
  } finally {
    await generator?.stop();
    await publisher.stop();
    await server.stop();
  }
}

async function bareRc4(): Promise<number> {
  const process = child('bare-rc4-main', [players, PIECE_BYTES, Math.min(3, seconds)], SERVER_CORE);
  const code = await process.ended();
  if (code !== 0) throw new Error(`bare RC4: ${process.output}`);
  return Number(process.output);
}

const plain: number[] = [];
const encrypted: number[] = [];
const bare: number[] = [];
for (let round = 0; round < options.number('rounds'); round++) {
  plain.push(await fanout('rtmp'));
  bare.push(await bareRc4());
  encrypted.push(await fanout('rtmpe'));
}
const ratio: Summary = summarise(encrypted.map((cpu, round) => cpu / (plain[round] + bare[round])));
const cases = [
  { case: 'RTMP', cpuPerGB: summarise(plain) },
  { case: 'RC4 of OpenSSL alone', cpuPerGB: summarise(bare) },
  { case: 'RTMPE', cpuPerGB: summarise(encrypted), ratio },
];
publish(
  {
    bench: 'rtmpe',
    date: new Date().toISOString(),
    machine: machine(),
    parameters: { ...options.all(), pinned: canPin() },
    cases,
    targets: [atMost('RTMPE fan-out, CPU per GB against plain fan-out and bare RC4 together', ratio.median, MOST)],
  },
  [
    ['case', 'CPU-s per GB', 'RTMPE / both'],
    ...cases.map((row) => [
      row.case,
      formatSummary(row.cpuPerGB),
      row.ratio === undefined ? '–' : formatSummary(row.ratio),
    ]),
  ],
  options.text('json'),
);
