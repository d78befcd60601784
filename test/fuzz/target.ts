import { seeded } from '../support/random.js';

/** One thing that reads bytes of others, and what must hold for any bytes. */
export interface FuzzTarget {
  /** In kebab-case; also the name of its corpus. */
  readonly name: string;
  /** What reads, and what it is compared with. */
  readonly what: string;
  /** Sources whose coverage guides the search: parts of their paths. */
  readonly sources: readonly string[];
  /** Byte sequences that mean something to the reader. */
  readonly tokens?: readonly Uint8Array[];
  /** Longest input, in bytes. */
  readonly maxBytes: number;
  /** Well-formed inputs of the structure that the reader expects, another few for each seed. */
  readonly samples: (seed: number) => readonly Uint8Array[];
  /** Reads the input, borrowed until it is done. @throws Error when something does not hold */
  readonly run: (input: Uint8Array) => void | Promise<void>;
}

/** A number that is the same for the same bytes, for choices that belong to an input. */
export function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Cuts the input into pieces, at places that depend on nothing but the input. Some pieces are of one byte. */
export function pieces(input: Uint8Array): Uint8Array[] {
  const random = seeded(hashOf(input));
  const most = random() < 0.3 ? 3 : 1 + input.length;
  const found: Uint8Array[] = [];
  for (let at = 0; at < input.length; ) {
    const end = at + 1 + Math.floor(random() * most);
    found.push(input.subarray(at, end));
    at = end;
  }
  return found;
}

/** @throws Error with both, when they differ as text */
export function same(got: string, expected: string, what: string): void {
  if (got === expected) return;
  let at = 0;
  while (got[at] === expected[at]) at++;
  const around = (text: string): string => text.slice(Math.max(0, at - 80), at + 120);
  throw new Error(`${what} differ at character ${at}:\n  got      …${around(got)}\n  expected …${around(expected)}`);
}
