import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { files, read, root } from '../support/policy/sources.js';
import { definitionsIn, parse, syntaxOf } from '../support/policy/syntax.js';

interface Where {
  readonly WHERE: readonly { readonly question: string; readonly file: string; readonly symbol: string }[];
  renderWhere(): string;
}

const { WHERE, renderWhere } = (await import(pathToFileURL(join(root, 'scripts/where.mjs')).href)) as Where;

/** The files that define a name, each as often as it does. */
const places = new Map<string, string[]>();
for (const path of files().filter((name) => /^(?:src|assembly)\/.*(?<!\.d)\.tsx?$/.test(name))) {
  for (const name of definitionsIn(syntaxOf(path))) places.set(name, [...(places.get(name) ?? []), path]);
}

describe('a stranger’s question', () => {
  it.each(WHERE)('is answered by one file: $question', ({ file, symbol }) => {
    expect(places.get(symbol)).toEqual([file]);
    // A member is where its class is, so the class has one place, too.
    expect(places.get(symbol.split('.')[0]!)).toEqual([file]);
  });

  it('is one of twenty or more, each asked once', () => {
    expect(WHERE.length).toBeGreaterThanOrEqual(20);
    expect(new Set(WHERE.map(({ question }) => question)).size).toBe(WHERE.length);
  });

  it('has its answer printed in docs/internals/where-is-what.md', () => {
    expect(read('docs/internals/where-is-what.md')).toBe(renderWhere());
  });

  it('is not answered by what only looks like a definition', () => {
    const text = `// class A {}\nimport { B } from './b.js';\nexport class C { #d() {} e = 1; }\nfunction f() { const g = 1; }\nconst { h } = i;`;
    expect(definitionsIn(parse('x.ts', text))).toEqual(['C', 'C.#d', 'C.e', 'f', 'h']);
  });
});
