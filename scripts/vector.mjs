// node scripts/vector.mjs FILE NAME: writes test/conformance/NAME.test.ts, a vector of what a client sent. FILE is a
// capture, or bytes as they were sent. The vector has them behind the handshake and up to the fault. It expects no
// fault, so it fails as the client did.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail, root, say } from './lib.mjs';

const HANDSHAKE_BYTES = 3073;
/** Bytes behind a fault that are kept, so that the whole header that was refused is there. */
const BEHIND_FAULT = 18;
const LINE_BYTES = 32;

/** The text of a test file with one vector. `items` are what the walker told of `bytes`, which begin at `base`. */
export function renderVector(name, bytes, base, items) {
  const marks = new Map();
  for (const { kind, at, code, fmt, chunkStreamId, type } of items) {
    if (kind === 'chunk') marks.set(at - base, `byte ${at}: fmt ${fmt}, chunk stream ${chunkStreamId}, type ${type}`);
    if (kind === 'fault') marks.set(at - base, `byte ${at}: ${code}`);
  }
  const starts = [...new Set([0, ...marks.keys()])].filter((at) => at < bytes.length).sort((a, b) => a - b);
  const lines = starts.flatMap((at, index) =>
    hexLines(bytes.subarray(at, starts[index + 1] ?? bytes.length), marks.get(at)),
  );
  return `${imported('describe', 'vitest')}
${imported('hex, runVectors', '../support/conformance/vectors.js')}

describe('${name}', () => {
  runVectors([
    {
      name: 'is read as the client meant it',
      bytes: hex(\`
${lines.map((line) => `        ${line}`).join('\n')}\`),
      options: { publishing: true },
      messages: [],
      error: 0,
    },
  ]);
});
`;
}

function imported(names, from) {
  return ['import {', names, '} from', `'${from}';`].join(' ');
}

function hexLines(bytes, mark) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += LINE_BYTES) lines.push(bytes.subarray(at, at + LINE_BYTES).toString('hex'));
  if (mark !== undefined) lines[0] += ` // ${mark}`;
  return lines;
}

/**
 * The vector of a file's bytes: masked, behind the handshake, up to the fault.
 *
 * @throws Error when the file begins later than the connection, or ends or fails within the handshake
 */
export async function vectorOf(file, name) {
  const load = (path) => import(pathToFileURL(join(root, 'dist/src', path)).href);
  const { readCapture } = await load('inspect/capture-file.js');
  const { maskedBytes } = await load('inspect/mask.js');
  const { StreamWalker } = await load('inspect/stream-walker.js');
  const { DEFAULT_CODEC_LIMITS } = await load('wasm/limits.js');
  const capture = readCapture(file);
  if (capture !== undefined && capture.header.at > 0)
    throw new Error('the capture does not hold the beginning of the connection');
  const limits = capture?.header.limits ?? DEFAULT_CODEC_LIMITS;
  const bytes = maskedBytes(capture?.bytes ?? file, limits, {});
  const items = [...new StreamWalker(limits).push(bytes)];
  const fault = items.find(({ kind }) => kind === 'fault');
  if (bytes.length <= HANDSHAKE_BYTES || (fault !== undefined && fault.at < HANDSHAKE_BYTES))
    throw new Error('there is no chunk stream: the connection did not get past the handshake');
  const end = fault === undefined ? bytes.length : fault.at + BEHIND_FAULT;
  return renderVector(name, bytes.subarray(HANDSHAKE_BYTES, end), HANDSHAKE_BYTES, items);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [path, name] = process.argv.slice(2);
  if (name === undefined || !/^[a-z0-9-]+$/.test(name)) fail('node scripts/vector.mjs FILE NAME; NAME in kebab-case');
  const to = join(root, 'test/conformance', `${name}.test.ts`);
  if (existsSync(to)) fail(`${to} is there already`);
  writeFileSync(to, await vectorOf(readFileSync(path), name.replaceAll('-', ' ')));
  say(
    `test/conformance/${name}.test.ts: say which messages are expected, or which code, and run it with npx vitest run ${to}`,
  );
}
