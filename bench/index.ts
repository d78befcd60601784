import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions } from './lib/options.js';
import { sourcePath } from './lib/paths.js';
import { machine, publish, type Report } from './lib/report.js';
import { format } from './lib/stats.js';

/** A bench of the tour with arguments that keep it short. */
interface Stop {
  readonly bench: string;
  readonly args: readonly string[];
  readonly peers: boolean;
}

const STOPS: readonly Stop[] = [
  { bench: 'parser', args: ['--rounds', '3', '--round-ms', '15'], peers: false },
  { bench: 'amf0', args: ['--rounds', '5', '--round-ms', '15'], peers: false },
  { bench: 'start', args: ['--rounds', '5'], peers: false },
  { bench: 'fanout', args: ['--players', '1000', '--seconds', '5', '--rounds', '1', '--peer', 'raw-c'], peers: true },
  { bench: 'latency', args: ['--players', '50', '--seconds', '4', '--rounds', '1'], peers: false },
  { bench: 'ingest', args: ['--seconds', '4', '--rounds', '1'], peers: true },
  { bench: 'accept', args: ['--idle', '2000', '--players', '500', '--publishers', '50'], peers: false },
];

const options = readOptions(
  'npm run bench -- [options]',
  'A tour of about two minutes through all benches, each with few rounds, and a verdict per target. The single benches measure longer ' +
    'and take more parameters: npm run bench:parser, bench:amf0, bench:fanout, bench:ingest, bench:accept, bench:latency -- --help.',
  {
    only: { kind: 'list', fallback: STOPS.map((s) => s.bench), says: 'benches to run' },
    peer: { kind: 'list', fallback: ['nginx-rtmp'], says: 'servers that fan-out and ingest are compared with' },
  },
);

const directory = mkdtempSync(join(tmpdir(), 'sluice-tour-'));
const reports: Report[] = [];
const failed: string[] = [];
for (const stop of STOPS.filter((s) => options.list('only').includes(s.bench))) {
  process.stderr.write(`\n── ${stop.bench} ${stop.args.join(' ')}\n`);
  const file = join(directory, `${stop.bench}.json`);
  const peers = stop.peers ? options.list('peer').flatMap((name) => ['--peer', name]) : [];
  const child = spawn(
    process.execPath,
    [sourcePath(`dist/bench/${stop.bench}.js`), ...stop.args, ...peers, '--json', file],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code === 0) reports.push(JSON.parse(readFileSync(file, 'utf8')) as Report);
  else failed.push(`${stop.bench} ended with code ${code}`);
}
rmSync(directory, { recursive: true, force: true });

const targets = reports.flatMap((r) => r.targets);
publish(
  {
    bench: 'the tour',
    date: new Date().toISOString(),
    machine: machine(),
    parameters: options.all(),
    cases: reports,
    targets,
    notes: [
      ...failed,
      `${targets.filter((t) => t.pass).length} of ${targets.length} targets are met; what misses is explained in bench/README.md`,
    ],
  },
  [
    ['bench', 'targets met', 'first miss'],
    ...reports.map((r) => {
      const missed = r.targets.filter((t) => !t.pass);
      return [
        r.bench,
        `${r.targets.length - missed.length} of ${r.targets.length}`,
        missed.map((t) => `${format(t.value)} ${t.unit}`)[0] ?? '–',
      ];
    }),
  ],
  options.text('json'),
);
process.exitCode = failed.length > 0 ? 1 : 0;
