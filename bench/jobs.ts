import { JobStage, until } from './jobs/stage.js';
import { readOptions } from './lib/options.js';
import { type BenchProcess, cpuSeconds, pause, residentBytes } from './lib/process.js';
import { machine, publish } from './lib/report.js';
import { format, quantile } from './lib/stats.js';
import { atMost } from './lib/targets.js';

const MiB = 1 << 20;

const options = readOptions(
  'npm run bench:jobs -- [options]',
  'How soon a program runs after its stream is ready, one stream at a time and a thousand at once; how soon jobs of a killed ' +
    'runner run elsewhere; what an idle runner costs, and one that knows ten thousand open jobs.',
  {
    streams: { kind: 'number', fallback: 100, says: 'streams one after the other' },
    burst: { kind: 'number', fallback: 1000, says: 'streams within ten seconds' },
    takeovers: { kind: 'number', fallback: 5, says: 'runners that are killed' },
    records: { kind: 'number', fallback: 10_000, says: 'open jobs that nobody may take' },
    'idle-seconds': { kind: 'number', fallback: 20, says: 'how long an idle runner is watched' },
    server: { kind: 'text', fallback: 'nats-server', says: 'the nats-server to use' },
  },
);
const say = (text: string): void => void process.stderr.write(`${text}\n`);
/** Of the settings: `jobs.leaseMs`, and four heartbeats in it. */
const LEASE_MS = 10_000;
const BEAT_MS = LEASE_MS / 4;

const stage = await JobStage.start(options.text('server') ?? 'nats-server');
try {
  const runner = await stage.runner(options.number('burst') + 10);
  say('idle');
  // What a start leaves behind is compiled and collected first.
  await pause(5000);
  const plainBytes = residentBytes(runner.pid);
  const idle = await idleShare(runner);
  say('one stream at a time');
  const single = await delays('single', options.number('streams'), 2);
  say('streams at once');
  const burst = await delays('burst', options.number('burst'), options.number('burst') / 10);
  await runner.stop();
  say('runners that are killed');
  const takeovers = await takeOver(options.number('takeovers'));
  say('open jobs');
  const many = await manyRecords(options.number('records'));
  report({ idle, plainBytes, single, burst, takeovers, many });
} finally {
  await stage.stop();
}

/** Share of a core that a runner takes that has nothing to do. */
async function idleShare(runner: BenchProcess): Promise<number> {
  const seconds = options.number('idle-seconds');
  const before = cpuSeconds(runner.pid);
  const beganMs = performance.now();
  await pause(seconds * 1000);
  return (cpuSeconds(runner.pid) - before) / ((performance.now() - beganMs) / 1000);
}

/** Times from ready to the running program, and how long after the last ready stream all of them ran, in ms. */
async function delays(
  name: string,
  count: number,
  rate: number,
): Promise<{ readonly ms: number[]; readonly allMs: number }> {
  const before = new Set(stage.runsMs.keys());
  const publishers = stage.publish(name, count, rate);
  const fresh = (): string[] => [...stage.runsMs.keys()].filter((id) => !before.has(id));
  await until(
    () => fresh().length === count,
    () => `${count} jobs to run; ${fresh().length} do`,
  );
  const ids = fresh();
  const ms = ids.map((id) => stage.runsMs.get(id)! - (stage.readyMs.get(id) ?? Number.NaN));
  const lastReady = Math.max(...ids.map((id) => stage.readyMs.get(id)!));
  const allMs = Math.max(...ids.map((id) => stage.runsMs.get(id)!)) - lastReady;
  await publishers.stop();
  await until(
    () => ids.every((id) => stage.ended.has(id)),
    () => 'all jobs to end',
  );
  return { ms, allMs };
}

/** Times from the kill of a runner to the moment at which each of its jobs runs elsewhere, in ms. */
async function takeOver(rounds: number): Promise<number[]> {
  const all: number[] = [];
  const publishers = stage.publish('taken', 10, 10);
  await publishers.steady();
  let current = await stage.runner(20);
  await until(
    () => [...stage.runsMs.keys()].length >= 10 && running(10),
    () => 'ten jobs to run',
  );
  for (let round = 0; round < rounds; round++) {
    const other = await stage.runner(20);
    const ids = [...stage.runsMs.keys()].filter((id) => !stage.ended.has(id) || isAlive(id));
    const killedMs = Date.now();
    current.signal('SIGKILL');
    await until(
      () => ids.filter((id) => stage.runsMs.get(id)! > killedMs).length >= 10,
      () => 'the jobs to run elsewhere',
    );
    for (const id of ids) if (stage.runsMs.get(id)! > killedMs) all.push(stage.runsMs.get(id)! - killedMs);
    current = other;
  }
  await publishers.stop();
  await current.stop();
  return all;
}

/** Ids of streams whose jobs ran lately: those of the earlier parts have ended for good. */
function isAlive(id: string): boolean {
  return (stage.runsMs.get(id) ?? 0) > Date.now() - 60_000;
}

function running(count: number): boolean {
  return [...stage.runsMs.keys()].filter((id) => !stage.ended.has(id)).length >= count;
}

/** What it costs to know many open jobs: the time of a comparison, memory, and the share of a core. */
async function manyRecords(count: number) {
  await stage.openRecords(count);
  const plain = await stage.runner(10, ['log.level=debug', 'jobs.compareMs=5000']);
  const compared = (): number[] =>
    [...plain.output.matchAll(/"records":(\d+),"tookMs":(\d+)/g)]
      .filter(([, records]) => Number(records) >= count)
      .map(([, , ms]) => Number(ms));
  await until(
    () => compared().length >= 2,
    () => `two comparisons of ${count} jobs`,
  );
  const bytes = residentBytes(plain.pid);
  const share = await idleShare(plain);
  const ms = Math.max(...compared());
  await plain.stop();
  return { ms, bytes, share };
}

interface Figures {
  readonly plainBytes: number;
  readonly idle: number;
  readonly single: { readonly ms: number[] };
  readonly burst: { readonly ms: number[]; readonly allMs: number };
  readonly takeovers: number[];
  readonly many: { readonly ms: number; readonly bytes: number; readonly share: number };
}

function report({ idle, plainBytes, single, burst, takeovers, many }: Figures): void {
  const times = [
    { name: 'ready → running, one at a time', ms: single.ms },
    { name: `ready → running, ${burst.ms.length} within 10 s`, ms: burst.ms },
    { name: 'runner killed → running elsewhere', ms: takeovers },
  ];
  const cases = times.map(({ name, ms }) => ({
    name,
    rounds: ms.length,
    p50: at(ms, 0.5),
    p99: at(ms, 0.99),
    max: Math.max(...ms),
  }));
  const count = options.number('records');
  publish(
    {
      bench: 'jobs',
      date: new Date().toISOString(),
      machine: machine(),
      parameters: options.all(),
      cases: [...cases, { name: 'idle', share: idle }, { name: 'open jobs', ...many }],
      targets: [
        atMost('ready → running, p50', at(single.ms, 0.5), 150, 'ms'),
        atMost('ready → running, p99', at(single.ms, 0.99), 500, 'ms'),
        atMost(`all of ${burst.ms.length} streams run after the last was ready`, burst.allMs, 30_000, 'ms'),
        atMost('take-over, p99', at(takeovers, 0.99), LEASE_MS + BEAT_MS + 1000, 'ms'),
        atMost('idle runner, share of a core', idle * 100, 1, '%'),
        atMost(`comparison with ${count} open jobs`, many.ms, 2000, 'ms'),
        atMost(`memory for ${count} open jobs`, (many.bytes - plainBytes) / MiB, 50, 'MiB'),
        atMost(`idle runner with ${count} open jobs, share of a core, comparing every 5 s`, many.share * 100, 100, '%'),
      ],
      notes: [
        `A runner with ${count} open jobs holds ${format(many.bytes / MiB)} MiB, one without ${format(plainBytes / MiB)} MiB (VmRSS).`,
        'Server, nats-server, publishers and runners share the machine.',
      ],
    },
    [
      ['', 'jobs', 'p50 ms', 'p99 ms', 'longest ms'],
      ...cases.map(({ name, rounds, p50, p99, max }) => [name, String(rounds), format(p50), format(p99), format(max)]),
    ],
    options.text('json'),
  );
}

function at(ms: readonly number[], q: number): number {
  return quantile(
    [...ms].sort((a, b) => a - b),
    q,
  );
}
