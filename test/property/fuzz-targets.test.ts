import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Mutator } from '../fuzz/mutate.js';
import { pieces } from '../fuzz/target.js';
import { TARGETS } from '../fuzz/targets/index.js';
import { root } from '../support/policy/sources.js';
import { seeded } from '../support/random.js';

const FOLDER = join(root, 'test/fuzz/corpus');
const SEED = 20_261_126;
/** Changed inputs of each target that are run besides the corpus. */
const CHANGED = 150;

function corpusOf(name: string): Buffer[] {
  const lines = readFileSync(join(FOLDER, `${name}.hex`), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => Buffer.from(line, 'hex'));
}

describe(`targets of the search for inputs that break something (seed ${SEED})`, () => {
  it.each(TARGETS)('$name: every input that has shown new code still holds, and so do changed ones', async (target) => {
    const inputs = [...corpusOf(target.name), ...target.samples(SEED)];
    expect(inputs.length).toBeGreaterThan(2);
    const random = seeded(SEED);
    const mutator = new Mutator(random, target.tokens ?? [], target.maxBytes);
    const pick = () => inputs[Math.floor(random() * inputs.length)]!;
    for (const input of inputs) await target.run(input);
    for (let i = 0; i < CHANGED; i++) {
      const input = mutator.mutate(pick(), pick());
      expect(input.length).toBeLessThanOrEqual(target.maxBytes);
      await target.run(input);
    }
  });

  it('has a corpus for each target and no other', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(TARGETS.map(({ name }) => `${name}.hex`).sort());
  });

  it('cuts an input at the same places each time, and loses none of it', () => {
    for (const { name } of TARGETS) {
      for (const input of corpusOf(name)) {
        expect(Buffer.concat(pieces(input)).equals(input)).toBe(true);
        expect(pieces(input).map(({ length }) => length)).toEqual(pieces(input).map(({ length }) => length));
      }
    }
  });
});
