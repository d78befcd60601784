import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { read, root } from '../support/policy/sources.js';

interface Proof {
  readonly client: string;
  readonly file: string;
  readonly test: string;
  readonly none?: string;
}
interface Seen {
  readonly file: string;
  readonly fullName: string;
  readonly passed: boolean;
}
const { renderConformance, resultOf } = (await import(pathToFileURL(join(root, 'scripts/conformance.mjs')).href)) as {
  renderConformance(result: (proof: Proof) => string, version: (client: string) => string): string;
  resultOf(proof: Proof, tests: readonly Seen[]): string;
};
const { proofs } = (await import(pathToFileURL(join(root, 'scripts/conformance/rows.mjs')).href)) as {
  proofs(): Proof[];
};

/** The table without versions and results, which are those of the machine where it was made. */
const withoutResults = (document: string) =>
  document.replaceAll(/^\| (.*) \| ([^|]*) \| (?:passed|failed|not run) \| (`.*`) \|$/gm, (_, what, client, file) =>
    ['', what, client.replace(/ [\d.]+$/, ''), file, ''].join('|'),
  );

describe('docs/conformance.md', () => {
  it('has the rows of scripts/conformance', () => {
    const rows = renderConformance(
      () => 'passed',
      () => '',
    );
    expect(withoutResults(read('docs/conformance.md'))).toBe(withoutResults(rows));
  });

  it('shows results of tests that exist, and nothing that failed', () => {
    expect(proofs().filter(({ file }) => !existsSync(join(root, file)))).toEqual([]);
    expect(read('docs/conformance.md')).not.toContain('| failed |');
  });
});

describe('the result of a proof', () => {
  const proof = { client: 'bytes', file: 'test/integration/a.test.ts', test: 'reads' };
  const seen = (fullName: string, passed = true, file = proof.file) => ({ fullName, passed, file });

  it('is passed when each of its tests has passed', () => {
    expect(resultOf(proof, [seen('it reads 1'), seen('it reads 2'), seen('another', false)])).toBe('passed');
    expect(resultOf(proof, [seen('it reads 1'), seen('it reads 2', false)])).toBe('failed');
  });

  it('is failed when it has no test, unless its interop file was left out', () => {
    expect(resultOf(proof, [seen('another')])).toBe('failed');
    expect(resultOf(proof, [])).toBe('failed');
    expect(resultOf({ ...proof, file: 'test/interop/a.interop.ts' }, [])).toBe('not run');
    expect(
      resultOf({ ...proof, file: 'test/interop/a.interop.ts' }, [seen('b', true, 'test/interop/a.interop.ts')]),
    ).toBe('failed');
  });
});
