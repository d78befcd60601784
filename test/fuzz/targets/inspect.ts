import fc from 'fast-check';
import { maskedBytes } from '../../../src/inspect/mask.js';
import { inspectLine } from '../../../src/inspect/render.js';
import { StreamWalker } from '../../../src/inspect/stream-walker.js';
import { DEFAULT_CODEC_LIMITS } from '../../../src/wasm/limits.js';
import { encode, peer } from '../../support/protocol/chunk-streams.js';
import { type FuzzTarget, hashOf, same } from '../target.js';

/** What `sluice inspect` shows of captured bytes, and what masking leaves of them. */
export const inspect: FuzzTarget = {
  name: 'inspect',
  what: 'captured bytes as sluice inspect shows them: no control character; masking keeps length, faults and messages',
  sources: ['/src/inspect/'],
  maxBytes: 9000,
  samples: (seed) => fc.sample(peer, { seed, numRuns: 12 }).map(encode),
  run: (input) => {
    const bytes = Buffer.from(input);
    const handshake = hashOf(input) % 4 === 0;
    const items = (from: Buffer) => [...new StreamWalker(DEFAULT_CODEC_LIMITS, { handshake }).push(from)];
    const places = (from: Buffer): string =>
      items(from)
        .map(({ kind, at }) => `${kind} ${at}`)
        .join();
    for (const line of items(bytes).map(inspectLine)) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
      if (/[\u0000-\u001f\u007f-\u009f]/.test(line)) throw new Error(`a control character in ${JSON.stringify(line)}`);
    }
    const masked = maskedBytes(bytes, DEFAULT_CODEC_LIMITS, { handshake });
    if (masked.length !== bytes.length) throw new Error(`${masked.length} bytes of ${bytes.length}`);
    same(places(masked), places(bytes), 'masked and captured bytes');
  },
};
