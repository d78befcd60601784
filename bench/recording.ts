import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SERVER_CORE } from './lib/load-point.js';
import { readOptions } from './lib/options.js';
import { sourcePath } from './lib/paths.js';
import { BenchProcess, canPin } from './lib/process.js';
import { measurePublished, type PublishedCost } from './lib/published.js';
import { machine, publish } from './lib/report.js';
import { format, formatSummary, summarise } from './lib/stats.js';
import { atLeast, atMost } from './lib/targets.js';

/** At most so many CPU seconds for a gigabyte above what receiving it takes. */
const MOST = 0.3;
/** What a recording writes at once. */
const PIECE_BYTES = 262_144;
const PIECES = 20;
/** At least this part of what publishers sent is in files; what is on the way at either end is missing. */
const LEAST_WRITTEN = 0.9;

const options = readOptions(
  'npm run bench:recording -- [options]',
  'What recording costs: 720p publishers (2.68 Mbit/s each) without players, received alone and received and recorded, in interleaved ' +
    'rounds, and beside them the same writes by a process that does nothing else. Server on core 0, publishers on core 1; files go to ' +
    'the temporary directory.',
  {
    publishers: { kind: 'number', fallback: 100, says: 'publishers, each on a stream of its own' },
    seconds: { kind: 'number', fallback: 10, says: 'measured time of one point' },
    rounds: { kind: 'number', fallback: 3, says: 'interleaved rounds' },
  },
);

const publishers = options.number('publishers');
const plan = { publishers, seconds: options.number('seconds') };

async function measureRecorded(): Promise<PublishedCost> {
  const root = mkdtempSync(join(tmpdir(), 'sluice-bench-media-'));
  const env = { SLUICE_RECORDING_MATCH: 'live/*', SLUICE_MEDIA_ROOT: root };
  try {
    return await measurePublished({ ...plan, env, ready: 'sluice_recordings_open', watched: () => bytesUnder(root) });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** CPU seconds of a gigabyte that is written to as many files, in pieces of the same size. */
async function bareWrites(): Promise<number> {
  const args = [sourcePath('dist/bench/lib/bare-writes-main.js'), publishers, PIECE_BYTES, PIECES].map(String);
  const child = new BenchProcess({ command: process.execPath, args, core: SERVER_CORE });
  if ((await child.ended()) !== 0) throw new Error(`bare writes: ${child.output}`);
  return Number(child.output);
}

/** Bytes of all files below a folder. */
function bytesUnder(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

const alone: PublishedCost[] = [];
const recorded: PublishedCost[] = [];
const bare: number[] = [];
for (let round = 0; round < options.number('rounds'); round++) {
  alone.push(await measurePublished({ ...plan, ready: 'sluice_streams' }));
  bare.push(await bareWrites());
  recorded.push(await measureRecorded());
}
const cost = (points: readonly PublishedCost[]): number[] => points.map(({ cpuPerGB }) => cpuPerGB);
const above = summarise(recorded.map(({ cpuPerGB }, round) => cpuPerGB - alone[round].cpuPerGB));
const written = summarise(recorded.map(({ growth, bytes }) => growth / bytes));
const cores = (points: readonly PublishedCost[]): number => summarise(points.map((point) => point.cores)).median;
const cases = [
  { case: 'received', cpuPerGB: summarise(cost(alone)), cores: cores(alone) },
  { case: 'writes alone', cpuPerGB: summarise(bare) },
  { case: 'received and recorded', cpuPerGB: summarise(cost(recorded)), cores: cores(recorded), above, written },
];
publish(
  {
    bench: 'recording',
    date: new Date().toISOString(),
    machine: machine(),
    parameters: { ...options.all(), pinned: canPin() },
    cases,
    targets: [
      atMost(`recording ${publishers} streams, CPU per GB above receiving them`, above.median, MOST, 's'),
      atLeast('bytes in files against bytes published', written.min, LEAST_WRITTEN),
    ],
  },
  [
    ['case', 'CPU-s per GB', 'of its core', 'above receiving'],
    ...cases.map((row) => [
      row.case,
      formatSummary(row.cpuPerGB),
      row.cores === undefined ? '–' : `${format(row.cores * 100)} %`,
      row.above === undefined ? '–' : formatSummary(row.above),
    ]),
  ],
  options.text('json'),
);
