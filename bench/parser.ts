import { chunkedMedia } from './lib/chunked-media.js';
import { readOptions } from './lib/options.js';
import {
  type Contestant,
  copyContestant,
  javascriptContestant,
  nodeMediaServerContestant,
  type ParserWork,
  wasmContestant,
} from './lib/parser-contestants.js';
import { machine, publish } from './lib/report.js';
import { format, formatSummary, pairedRatios, type Summary, summarise } from './lib/stats.js';
import { atLeast, type Verdict } from './lib/targets.js';
import { nodeMediaServerVersion } from './peers/node-media-server.js';

const CHUNK_SIZES = [128, 4096, 60000];
const MESSAGE_KB = [0.4, 4, 40, 400];
const INPUT_BYTES = 4 << 20;
/**
 * How many times the JavaScript parser's speed WASM should reach, by chunk size, where parsing is what takes the time.
 */
const WANTED: Readonly<Record<number, number>> = { 128: 3, 4096: 2 };
const WANTED_ELSEWHERE = 1;
/** From these sizes on each byte is copied once and little else is done: memory bounds the rate, not the parser. */
const COPY_BOUND_CHUNK = 4096;
const COPY_BOUND_KB = 4;
/** What is wanted there: of the rate of a bare copy, and of JavaScript's. */
const WANTED_OF_COPY = 0.85;
const WANTED_COPY_BOUND = 1.05;
const COPY = 'bare copy';

interface ParserCase {
  readonly work: ParserWork;
  readonly chunkSize: number;
  readonly messageKB: number;
  /** MB of socket bytes per second. */
  readonly megabytesPerSecond: Readonly<Record<string, Summary>>;
  /** Speed of WASM divided by the opponent's, round by round, with the copy that feeds each its input. */
  readonly grossRatios: Readonly<Record<string, Summary>>;
  /** The same without the feeding copy: the parser's own work. */
  readonly ratios: Readonly<Record<string, Summary>>;
}

const options = readOptions(
  'npm run bench:parser -- [options]',
  'Chunk parsers side by side on the same bytes: Sluice (WASM), the best JavaScript parser we could write (bench/js-parser), and ' +
    "Node-Media-Server's. All are fed by one copy of 64 KiB pieces, as the kernel would fill their buffer, and keep the newest 8 MiB they made.",
  {
    rounds: { kind: 'number', fallback: 7, says: 'interleaved rounds per case' },
    'round-ms': { kind: 'number', fallback: 40, says: 'time of one contestant in one round, ms' },
    'chunk-size': { kind: 'list', fallback: CHUNK_SIZES.map(String), says: 'chunk sizes' },
    'message-kb': { kind: 'list', fallback: MESSAGE_KB.map(String), says: 'message sizes, KB' },
    work: {
      kind: 'list',
      fallback: ['batch', 'messages'],
      says: 'batch (framed batch and records) and messages (whole messages)',
    },
    'no-nms': { kind: 'flag', says: 'leave out Node-Media-Server (it is installed on demand)' },
  },
);

const contestants: Record<string, (work: ParserWork, pieceBytes: number) => Contestant> = {
  wasm: (work) => wasmContestant(work),
  javascript: (work) => javascriptContestant(work),
  [COPY]: (_work, pieceBytes) => copyContestant(pieceBytes),
};
if (!options.flag('no-nms')) contestants['node-media-server'] = (work) => nodeMediaServerContestant(work);

const cases: ParserCase[] = [];
const targets: Verdict[] = [];
for (const work of options.list('work') as ParserWork[]) {
  for (const chunkSize of options.list('chunk-size').map(Number)) {
    for (const messageKB of options.list('message-kb').map(Number)) {
      const measured = measure(work, chunkSize, messageKB);
      cases.push(measured);
      targets.push(...judge(measured));
    }
  }
}

const names = Object.keys(contestants);
publish(
  {
    bench: 'parser',
    date: new Date().toISOString(),
    machine: machine(),
    parameters: { ...options.all(), nodeMediaServer: options.flag('no-nms') ? undefined : nodeMediaServerVersion() },
    cases,
    targets,
    notes: [
      'MB of socket bytes per second with the feeding copy, one core; ratios are medians (least–greatest) over interleaved rounds of ' +
        'this run, of the parsers’ own work: without the copy that fills their input, which is the kernel’s. See bench/README.md.',
    ],
  },
  [
    [
      'work',
      'chunk',
      'message KB',
      ...names.map((n) => `${n} MB/s`),
      ...names.slice(1).map((n) => `wasm / ${n}`),
      'with feed / javascript',
    ],
    ...cases.map((c) => [
      c.work,
      String(c.chunkSize),
      String(c.messageKB),
      ...names.map((n) => format(c.megabytesPerSecond[n].median)),
      ...names.slice(1).map((n) => formatSummary(c.ratios[n])),
      formatSummary(c.grossRatios['javascript']),
    ]),
  ],
  options.text('json'),
);

function measure(work: ParserWork, chunkSize: number, messageKB: number): ParserCase {
  const messageBytes = Math.round(messageKB * 1000);
  const media = chunkedMedia({ chunkSize, messageBytes, totalBytes: INPUT_BYTES });
  const runners = Object.entries(contestants).map(([name, create]) => ({
    name,
    run: create(work, Math.min(chunkSize, messageBytes)),
    passes: 1,
    speeds: [] as number[],
    /** Milliseconds per pass of the parser alone. */
    own: [] as number[],
  }));
  for (const runner of runners) {
    for (const _ of [1, 2, 3]) {
      const { messages } = runner.run(media.bytes);
      if (runner.name !== COPY) check(runner.name, messages, media.messages);
    }
    const passMs = Math.max(0.01, timed(runner.run, media.bytes, 3).ms / 3);
    runner.passes = Math.max(1, Math.round(options.number('round-ms') / passMs));
    timed(runner.run, media.bytes, runner.passes);
  }
  for (let round = 0; round < options.number('rounds'); round++) {
    // Each round begins with another contestant, so that none always runs on the caches another one left.
    for (let i = 0; i < runners.length; i++) {
      const runner = runners[(i + round) % runners.length];
      const { ms, ownMs } = timed(runner.run, media.bytes, runner.passes);
      runner.speeds.push((media.bytes.length * runner.passes) / 1000 / ms);
      runner.own.push(ownMs / runner.passes);
    }
  }
  const [wasm, ...others] = runners;
  return {
    work,
    chunkSize,
    messageKB,
    megabytesPerSecond: Object.fromEntries(runners.map((r) => [r.name, summarise(r.speeds)])),
    grossRatios: Object.fromEntries(others.map((r) => [r.name, pairedRatios(wasm.speeds, r.speeds)])),
    ratios: Object.fromEntries(others.map((r) => [r.name, pairedRatios(r.own, wasm.own)])),
  };
}

function judge({ work, chunkSize, messageKB, ratios }: ParserCase): Verdict[] {
  const label = `parser, ${work}, chunk ${chunkSize}, message ${messageKB} KB: WASM /`;
  const against = (opponent: string, wanted: number): Verdict =>
    atLeast(`${label} ${opponent}`, ratios[opponent].median, wanted);
  if (chunkSize >= COPY_BOUND_CHUNK && messageKB >= COPY_BOUND_KB)
    return [against(COPY, WANTED_OF_COPY), against('javascript', WANTED_COPY_BOUND)];
  return [against('javascript', WANTED[chunkSize] ?? WANTED_ELSEWHERE)];
}

function timed(run: Contestant, bytes: Buffer, passes: number): { ms: number; ownMs: number } {
  const start = performance.now();
  let ownMs = 0;
  for (let i = 0; i < passes; i++) ownMs += run(bytes).ownMs;
  return { ms: performance.now() - start, ownMs };
}

function check(name: string, found: number, messages: number): void {
  if (found !== messages) throw new Error(`${name} found ${found} messages of ${messages}`);
}
