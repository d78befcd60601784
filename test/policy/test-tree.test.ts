import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { files, importsOf, read } from '../support/policy/sources.js';

const all = files();
const known = new Set(all);
const ofTests = all.filter((path) => path.startsWith('test/'));
const tests = ofTests.filter((path) => /\.(?:test|fault|interop|churn|soak)\.ts$/.test(path));

/**
 * Where a unit test may find its source: `test/unit/a/b.test.ts` is for `src/a/b.ts`, `bench/…`, `scripts/…` or
 * `test/…`.
 */
const ROOTS = ['src/', '', 'test/'];

/** Sources that a unit test may be for: `a/b-c.test.ts` is for `a/b-c.ts`, or for an aspect `c` of `a/b.ts`. */
function sourcesOf(test: string): string[] {
  const words = test.slice('test/unit/'.length, -'.test.ts'.length).split('-');
  const stems = words.map((_, index) => words.slice(0, words.length - index).join('-'));
  const paths = stems.flatMap((stem) => ROOTS.flatMap((folder) => [`${folder}${stem}.ts`, `${folder}${stem}.mjs`]));
  return paths.filter((path) => path.includes('/') && known.has(path));
}

/** Every file that a test reaches by its imports: those of the test tree are followed, and those of `folder`. */
function reachedFrom(test: string, folder = 'test'): Set<string> {
  const reached = new Set<string>();
  const open = [test];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    for (const target of importsOf(read(path)).filter((name) => name.startsWith('.'))) {
      const file = posix.join(posix.dirname(path), target).replace(/\.js$/, '.ts');
      if (reached.has(file)) continue;
      reached.add(file);
      const isFollowed = file.startsWith('test/') || posix.dirname(file) === folder;
      if (isFollowed && known.has(file)) open.push(file);
    }
  }
  return reached;
}

describe('a unit test file', () => {
  const units = tests.filter((path) => path.startsWith('test/unit/'));

  it('is named after the source file that it tests, or after that and an aspect of it', () => {
    expect(units.filter((path) => sourcesOf(path).length === 0)).toEqual([]);
  });

  it('reaches the file that it is named after: by an import, a harness, or another file of that folder', () => {
    const strangers = units.filter((path) => {
      const [source] = sourcesOf(path);
      return source !== undefined && !reachedFrom(path, posix.dirname(source)).has(source);
    });
    expect(strangers).toEqual([]);
  });

  it('is found to be for the longest name that there is', () => {
    expect(sourcesOf('test/unit/hub/stream-log.test.ts')).toEqual(['src/hub/stream-log.ts']);
    expect(sourcesOf('test/unit/hub/hub-of-tomorrow.test.ts')).toEqual(['src/hub/hub.ts']);
    expect(sourcesOf('test/unit/bench/lib/stats.test.ts')).toEqual(['bench/lib/stats.ts']);
    expect(sourcesOf('test/unit/hub/parts.test.ts')).toEqual([]);
  });
});

describe('the test tree', () => {
  it('has in it tests, what they share in test/support, second implementations, and the search of test/fuzz', () => {
    const others = ofTests.filter(
      (path) =>
        !tests.includes(path) && !/^test\/(?:support|reference|fuzz)\/|^test\/soak\/vitest\.config\.ts$/.test(path),
    );
    expect(others).toEqual([]);
  });

  it('has nothing in test/support and test/reference that no test reaches', () => {
    const reached = new Set(tests.flatMap((path) => [...reachedFrom(path)]));
    const shared = ofTests.filter((path) => /^test\/(?:support|reference)\/.*\.ts$/.test(path) && !reached.has(path));
    // Programs of their own are started by their path.
    expect(shared.filter((path) => !/\.d\.mts$/.test(path) && !path.endsWith('/node-main.ts'))).toEqual([]);
  });

  it('explains test/support in a README of twelve lines', () => {
    expect(read('test/support/README.md').trimEnd().split('\n')).toHaveLength(12);
  });
});

/** The names that a test file gives its tests, those of tables included. */
function namesOf(text: string): string[] {
  const names = /(?:\bit|\bit\.each\([\s\S]*?\]\)|\bit\.each\(\w+\))\(\s*(?:'((?:[^'\\\n]|\\.)*)'|`([^`]*)`),/g;
  return [...text.matchAll(names)].map((match) => (match[1] ?? match[2])!);
}

/** Whether a name tells nothing: `works`, a `should`, a single word, or a sentence with its full stop. */
function tellsNothing(name: string): boolean {
  const isOfTable = /[%$]/.test(name);
  return /^(?:works?|should|tests?|checks? that)\b/i.test(name) || /\.$/.test(name) || (!isOfTable && !/\s/.test(name));
}

describe('the name of a test', () => {
  it('is a sentence about behaviour when it is read after that of its group', () => {
    const poor = tests.flatMap((path) =>
      namesOf(read(path))
        .filter(tellsNothing)
        .map((name) => `${path}: ${name}`),
    );
    expect(poor).toEqual([]);
  });

  it('is read in every form', () => {
    const text = `it('a b', () => {}); it.each([\n[1],\n])('c %i', (x) => {}); it.each(ROWS)(\n'd $e',\n); it(\`f\`, x);`;
    expect(namesOf(text)).toEqual(['a b', 'c %i', 'd $e', 'f']);
    for (const poor of ['works', 'should go on', 'tests the log', 'resumes', 'goes on.'])
      expect(tellsNothing(poor)).toBe(true);
    for (const good of ['goes on', '$name', 'refuses %s']) expect(tellsNothing(good)).toBe(false);
  });
});
