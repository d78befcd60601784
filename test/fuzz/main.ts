// npm run fuzz: see docs/fuzzing.md.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type FuzzLog, readLog, writeLog } from './log.js';
import type { FuzzTarget } from './target.js';
import { TARGETS } from './targets/index.js';

/** What a worker is given. `about`: executions, length of the input that is being run, and its bytes. */
export interface Task {
  readonly name: string;
  readonly folder: string;
  readonly seed: number;
  readonly milliseconds: number;
  readonly about: SharedArrayBuffer;
}

/** What a worker says at its end. */
export interface WorkerReport {
  readonly executions: number;
  readonly blocks: number;
  readonly corpus: number;
  readonly finding: { readonly hex: string; readonly error: string } | undefined;
}

/** An input that takes longer is a finding. */
const HANG_MS = 20_000;
/** An input that makes the thread take more, in MB, is one, too. */
const MAX_HEAP_MB = 512;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seconds: { type: 'string' },
    target: { type: 'string', multiple: true },
    seed: { type: 'string' },
    replay: { type: 'string' },
    log: { type: 'boolean', default: false },
  },
});
const root = process.cwd();
const folder = join(root, 'test/fuzz/corpus');

function chosen(): readonly FuzzTarget[] {
  const names = values.target?.flatMap((text) => text.split(','));
  if (names === undefined) return TARGETS;
  const unknown = names.find((name) => !TARGETS.some((target) => target.name === name));
  if (unknown !== undefined) {
    process.stderr.write(
      `There is no target '${unknown}'; there are: ${TARGETS.map(({ name }) => name).join(', ')}.\n`,
    );
    process.exit(2);
  }
  return TARGETS.filter(({ name }) => names.includes(name));
}

function search(name: string, milliseconds: number, seed: number): Promise<WorkerReport> {
  const about = new SharedArrayBuffer(8 + 65_536);
  const count = new Int32Array(about, 0, 2);
  const task: Task = { name, folder, seed, milliseconds, about };
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  const broken = (error: string): WorkerReport => {
    const hex = Buffer.from(new Uint8Array(about, 8, count[1])).toString('hex');
    return { executions: count[0]!, blocks: 0, corpus: 0, finding: { hex, error } };
  };
  return new Promise((resolve) => {
    let last = -1;
    const watch = setInterval(() => {
      if (count[0] === last) {
        void worker.terminate();
        done(broken(`It did not end within ${HANG_MS} ms.`));
      }
      last = count[0]!;
    }, HANG_MS);
    const done = (report: WorkerReport): void => {
      clearInterval(watch);
      resolve(report);
    };
    worker.once('message', done);
    worker.once('error', (error) => done(broken(error.stack ?? error.message)));
  });
}

async function fuzz(targets: readonly FuzzTarget[], seconds: number): Promise<boolean> {
  const log: FuzzLog = readLog(root);
  const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
  const each = seconds / targets.length;
  let isClean = true;
  process.stdout.write(`${targets.length} targets, ${each.toFixed(1)} s each, seed ${seed}\n`);
  for (const { name } of targets) {
    const { executions, blocks, corpus, finding } = await search(name, each * 1000, seed);
    const line = `${name.padEnd(18)} ${String(executions).padStart(10)} executions ${String(blocks).padStart(6)} blocks`;
    process.stdout.write(`${line} ${String(corpus).padStart(5)} inputs  ${finding === undefined ? 'ok' : 'BROKEN'}\n`);
    log.add(name, executions, each);
    if (finding === undefined) continue;
    isClean = false;
    const file = join(root, '.cache/fuzz-findings', `${name}-${seed}.hex`);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, `${finding.hex}\n`);
    process.stdout.write(`${finding.error}\nAgain: npm run fuzz -- --replay ${name}:${finding.hex.slice(0, 400)}\n`);
    process.stdout.write(`The whole input is in ${file}\n`);
  }
  if (values.log) writeLog(root, log);
  return isClean;
}

if (values.replay !== undefined) {
  const [name, hex = ''] = values.replay.split(':');
  await TARGETS.find((target) => target.name === name)!.run(Buffer.from(hex, 'hex'));
  process.stdout.write('It holds.\n');
} else {
  const seconds = values.seconds === undefined ? Number(values.minutes ?? 10) * 60 : Number(values.seconds);
  process.exitCode = (await fuzz(chosen(), seconds)) ? 0 : 1;
}
