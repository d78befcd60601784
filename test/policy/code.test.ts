import { describe, expect, it } from 'vitest';
import { files, read } from '../support/policy/sources.js';
import { exportsOf, functionsOf, longCommentLines, namedBy, parse, syntaxOf } from '../support/policy/syntax.js';

const code = files().filter((path) => /\.(?:tsx?|mjs)$/.test(path) && !path.endsWith('.d.ts'));
const under = (...folders: readonly string[]): string[] =>
  code.filter((path) => folders.some((folder) => path.startsWith(`${folder}/`)));

const MAX_LINES = 70;
/** Functions that are longer, each with the reason. An entry goes with its function. */
const LONG_FUNCTIONS: Readonly<Record<string, string>> = {
  'assembly/amf0.ts scanAmf0': 'one loop over its own stack: a call per value costs more than the value',
  'assembly/amf3.ts scanAmf3': 'one loop over its own stack, as scanAmf0',
  'assembly/fast-run.ts frameFastRun': 'the loop over whole messages of one read; its locals are the state',
  'assembly/reader.ts read': 'the loop over chunks; its locals are the state',
  'bench/js-parser/chunk-parser.ts JsChunkParser.#run': 'the opponent of the benches is to be as fast as it can be',
};

describe('functions', () => {
  const long = under('src', 'assembly', 'bench', 'scripts', 'test/support').flatMap((path) =>
    functionsOf(syntaxOf(path))
      .filter(({ lines }) => lines > MAX_LINES)
      .map(({ name, lines }) => ({ name: `${path} ${name}`, lines })),
  );

  it(`have at most ${MAX_LINES} lines, but for the listed ones`, () => {
    const tooLong = long.filter(({ name }) => !(name in LONG_FUNCTIONS));
    expect(tooLong.map(({ name, lines }) => `${name}: ${lines} lines`)).toEqual([]);
  });

  it('are listed as long only while they are', () => {
    const names = long.map(({ name }) => name);
    expect(Object.keys(LONG_FUNCTIONS).filter((name) => !names.includes(name))).toEqual([]);
  });

  it('are measured in every form, from the name to the closing brace', () => {
    const text = [
      'function a() {\n}',
      'const b = () => {\n\n};',
      'class C {\n  #d() {\n  }\n  constructor() {\n\n\n  }\n}',
      'const e = { f: () => 1, g() {} };',
      'h(() => {});',
    ].join('\n');
    expect(functionsOf(parse('x.ts', text)).map(({ name, lines }) => `${name} ${lines}`)).toEqual([
      'a 2',
      'b 3',
      'C.#d 2',
      'C.constructor 4',
      'f 1',
      'g 1',
      'line 15 1',
    ]);
  });
});

/** Where the public API is exported: everything there is for users. */
const PUBLIC = ['src/index.ts', 'src/client/index.ts'];

describe('exports of src', () => {
  /** What other files of the product, the benches, the scripts and the examples name. */
  const named = new Set(
    under('src', 'assembly', 'bench', 'scripts', 'examples').flatMap((path) => namedBy(syntaxOf(path))),
  );
  const ofProduct = under('src').filter((path) => !PUBLIC.includes(path));
  const unnamed = ofProduct.flatMap((path) =>
    exportsOf(syntaxOf(path))
      .filter((name) => name !== '*' && !named.has(`${path}#${name}`) && !named.has(`${path}#*`))
      .map((name) => ({ path, name })),
  );

  it('are named by another file, be it a test: nothing is exported for nobody', () => {
    const tested = new Set(under('test').flatMap((path) => namedBy(syntaxOf(path))));
    const forNobody = unnamed.filter(({ path, name }) => !tested.has(`${path}#${name}`) && !tested.has(`${path}#*`));
    expect(forNobody.map(({ path, name }) => `${path} ${name}`)).toEqual([]);
  });

  it('are found in every form, and so is what names them', () => {
    const text = [
      'export const a = 1, { b } = c;',
      'export function d() {}',
      'export interface E {}',
      'export default class F {}',
      'const g = 1;',
      `export { g as h, type I } from './other.js';`,
      `export * from './third.js';`,
    ].join('\n');
    expect(exportsOf(parse('src/x/y.ts', text))).toEqual(['a', 'b', 'd', 'E', 'F', 'h', 'I', '*']);
    const names = [
      `import { a as b, type C } from './other.js';`,
      `import * as D from '../d.js';`,
      `import * as E from '../e.js';`,
      `export { f as g } from './f.js';`,
      `export * from './h.js';`,
      `let i: import('./i.js').I = await import('./j.js');`,
      `D.one; let x: D.Two; use(E);`,
      `import k from 'package';`,
    ].join('\n');
    expect(namedBy(parse('src/x/y.ts', names))).toEqual([
      'src/x/other.ts#a',
      'src/x/other.ts#C',
      'src/d.ts#one',
      'src/d.ts#Two',
      'src/e.ts#*',
      'src/x/f.ts#f',
      'src/x/h.ts#*',
      'src/x/i.ts#I',
      'src/x/j.ts#*',
    ]);
  });
});

const MAX_COLUMNS = 120;

describe('comments', () => {
  it(`have at most ${MAX_COLUMNS} columns`, () => {
    const long = under('src', 'assembly', 'test', 'bench', 'scripts', 'examples').flatMap((path) =>
      longCommentLines(read(path), MAX_COLUMNS).map((line) => `${path}:${line}`),
    );
    expect(long).toEqual([]);
  });

  it('are measured in every form', () => {
    const text = ['// long', '/** long */', ' * long', 'code long', '  // x', '* long'].join('\n');
    expect(longCommentLines(text, 6)).toEqual([1, 2, 3]);
    expect(longCommentLines(text, 5)).toEqual([1, 2, 3, 5, 6]);
  });
});
