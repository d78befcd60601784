import { SluiceError } from '../src/core/errors.js';
import { ChunkCodec } from '../src/wasm/chunk-codec.js';
import { Amf0Decoder, Amf0Refused } from './js-parser/amf0-decoder.js';
import { type AmfMessage, hostileCount, hostileKeys, hostileNesting, realMessages } from './lib/amf-messages.js';
import { readOptions } from './lib/options.js';
import { machine, publish } from './lib/report.js';
import { format, formatSummary, pairedRatios, type Summary, summarise } from './lib/stats.js';
import { atLeast, atMost, type Verdict } from './lib/targets.js';

const CSID = 3;
const TYPE_COMMAND = 20;
const MAX_LENGTH = 65536;

interface AmfCase {
  readonly message: string;
  readonly bytes: number;
  readonly nanoseconds: Readonly<Record<string, Summary>>;
  /** Time of the JavaScript decoder divided by WASM's, round by round. */
  readonly ratio?: Summary;
}

const options = readOptions(
  'npm run bench:amf0 -- [options]',
  'AMF0 of real encoders: scan in WASM and read into values, against a JavaScript decoder that yields the same values; and how long ' +
    'hostile blobs of 1 MB take to be refused.',
  {
    rounds: { kind: 'number', fallback: 11, says: 'interleaved rounds per message' },
    'round-ms': { kind: 'number', fallback: 40, says: 'time of one contestant in one round, ms' },
  },
);

const cases: AmfCase[] = [];
const targets: Verdict[] = [];
for (const message of realMessages()) {
  const measured = compare(message);
  cases.push(measured);
  targets.push(atLeast(`AMF0, ${message.name}: JavaScript time / WASM time`, measured.ratio!.median, 2));
}
for (const message of [hostileNesting(), hostileCount(), hostileKeys()]) {
  const measured = refuse(message);
  cases.push(measured);
  const worst = Math.max(measured.nanoseconds['wasm'].median, measured.nanoseconds['wasm, first 64 KB'].median) / 1e6;
  targets.push(atMost(`AMF0, ${message.name} (1 MB) refused`, worst, 1, 'ms'));
}

publish(
  { bench: 'amf0', date: new Date().toISOString(), machine: machine(), parameters: options.all(), cases, targets },
  [
    ['message', 'bytes', 'wasm ns', 'javascript ns', 'javascript / wasm', 'wasm, first 64 KB ns'],
    ...cases.map((c) => [
      c.message,
      String(c.bytes),
      format(c.nanoseconds['wasm'].median),
      format(c.nanoseconds['javascript'].median),
      c.ratio === undefined ? '–' : formatSummary(c.ratio),
      format(c.nanoseconds['wasm, first 64 KB']?.median),
    ]),
  ],
  options.text('json'),
);

function compare(message: AmfMessage): AmfCase {
  const codec = holding(message.bytes);
  const decoder = new Amf0Decoder();
  const same = JSON.stringify(codec.readAmf0()) === JSON.stringify(decoder.decode(message.bytes));
  if (!same) throw new Error(`the decoders disagree on ${message.name}`);
  const work: Readonly<Record<string, () => unknown>> = {
    wasm: () => codec.readAmf0(),
    javascript: () => decoder.decode(message.bytes),
  };
  const times: Record<string, number[]> = { wasm: [], javascript: [] };
  const repeats: Record<string, number> = {};
  for (const [name, run] of Object.entries(work)) {
    repeat(run, 20_000);
    repeats[name] = Math.max(1, Math.round(options.number('round-ms') / (repeat(run, 20_000) / 20_000)));
  }
  for (let round = 0; round < options.number('rounds'); round++) {
    for (const name of round % 2 === 0 ? ['wasm', 'javascript'] : ['javascript', 'wasm']) {
      times[name].push((repeat(work[name], repeats[name]) / repeats[name]) * 1e6);
    }
  }
  return {
    message: message.name,
    bytes: message.bytes.length,
    nanoseconds: { wasm: summarise(times['wasm']), javascript: summarise(times['javascript']) },
    ratio: pairedRatios(times['javascript'], times['wasm']),
  };
}

/**
 * A megabyte sent as a command, from its first chunk to the refusal; and the longest command that passes the length
 * limit.
 */
function refuse(message: AmfMessage): AmfCase {
  const decoder = new Amf0Decoder();
  const times: Record<string, number[]> = { wasm: [], 'wasm, first 64 KB': [], javascript: [] };
  for (let round = 0; round < options.number('rounds'); round++) {
    const codec = new ChunkCodec();
    const framed = command(message.bytes, 0xffffff);
    times['wasm'].push(elapsed(() => wantRefused(feed(codec, framed))));
    const held = holding(message.bytes.subarray(0, MAX_LENGTH));
    times['wasm, first 64 KB'].push(elapsed(() => refused(() => held.readAmf0())));
    times['javascript'].push(elapsed(() => refused(() => decoder.decode(message.bytes))));
  }
  return {
    message: message.name,
    bytes: message.bytes.length,
    nanoseconds: Object.fromEntries(
      Object.entries(times).map(([name, ms]) => [name, summarise(ms.map((v) => v * 1e6))]),
    ),
  };
}

/** A codec that has `payload` as its pending message. */
function holding(payload: Buffer): ChunkCodec {
  const codec = new ChunkCodec();
  const status = feed(codec, command(payload, 0xffffff));
  if (status !== 1) throw new Error(`the command did not arrive: ${status}`);
  return codec;
}

function feed(codec: ChunkCodec, bytes: Buffer): number {
  let status = 0;
  for (let from = 0; from < bytes.length && status === 0; from += codec.input.length) {
    const to = Math.min(from + codec.input.length, bytes.length);
    bytes.copy(codec.input, 0, from, to);
    status = codec.next(0, to - from);
  }
  return status;
}

/** Set Chunk Size, then one command message in one chunk. */
function command(payload: Buffer, chunkSize: number): Buffer {
  const head = Buffer.alloc(28);
  head.set([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0]);
  head.writeUInt32BE(chunkSize, 12);
  head[16] = CSID;
  head.writeUIntBE(payload.length, 20, 3);
  head[23] = TYPE_COMMAND;
  return Buffer.concat([head, payload]);
}

function repeat(run: () => unknown, times: number): number {
  return elapsed(() => {
    for (let i = 0; i < times; i++) run();
  });
}

function elapsed(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

function wantRefused(status: number): void {
  if (status >= 0) throw new Error('the hostile message was not refused');
}

function refused(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (error instanceof SluiceError || error instanceof Amf0Refused) return;
    throw error;
  }
  throw new Error('the hostile message was not refused');
}
