import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { files, importsOf, isText, read } from '../support/policy/sources.js';

const all = files();
const texts = all.filter((path) => isText(path) && path !== 'package-lock.json');
const code = texts.filter((path) => /\.(?:tsx?|mjs)$/.test(path));
const tests = code.filter((path) => /^test\/.*\.(?:test|fault|interop)\.ts$/.test(path));

/** Lines that match, as `path:line`. */
function hits(paths: readonly string[], pattern: RegExp): string[] {
  return paths.flatMap((path) =>
    read(path)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])),
  );
}

// Written in two parts, so that this file does not find itself.
const word = (...parts: string[]) => parts.join('');

describe('files', () => {
  it('stand at the top level only where it is fixed', () => {
    const top = new Set(all.map((path) => path.split('/')[0]));
    const fixed = [
      ...[
        '.ci',
        '.editorconfig',
        '.github',
        '.gitignore',
        '.npmrc',
        'ARCHITECTURE.md',
        'CHANGELOG.md',
        'CONTRIBUTING.md',
        'LICENSE',
        'README.md',
        'SECURITY.md',
      ],
      ...[
        '.dockerignore',
        'Dockerfile',
        'asconfig.json',
        'assembly',
        'bench',
        'biome.json',
        'changes',
        'docs',
        'examples',
        'package-lock.json',
        'package.json',
        'scripts',
        'sluice.example.yaml',
        'src',
        'test',
      ],
      ...['tsconfig.check.json', 'tsconfig.json', 'vitest.config.ts'],
    ];
    expect([...top].filter((name) => !fixed.includes(name!))).toEqual([]);
  });

  it('of code have at most 400 lines', () => {
    const long = code.filter((path) => read(path).split('\n').length > 401);
    expect(long).toEqual([]);
  });

  it('of code are named in kebab-case', () => {
    expect(code.filter((path) => !/^[a-z0-9.-]+$/.test(path.split('/').at(-1)!))).toEqual([]);
  });

  it('hold no leftover notes', () => {
    const marks = new RegExp(
      `\\b(?:${[word('TO', 'DO'), word('FIX', 'ME'), word('XX', 'X'), word('HA', 'CK')].join('|')})\\b`,
    );
    expect(hits(texts, marks)).toEqual([]);
  });

  it('name no machine, no private folder and no package registry', () => {
    const traces = new RegExp(
      [
        word('/ho', 'me/\\w'),
        word('/ro', 'ot/'),
        word('/wo', 'rk/'),
        word('/tm', 'p/\\w'),
        word('registry', '\\.npm'),
        word('regis', 'try='),
      ].join('|'),
    );
    expect(hits(texts, traces)).toEqual([]);
  });

  it('are no build output, media or archive', () => {
    expect(
      all.filter((path) => /\.(?:wasm|wat|tgz|map|mp4|log|tsbuildinfo)$|^(?:dist|node_modules|data)\//.test(path)),
    ).toEqual([]);
  });

  it('are not too big to read: at most 512 KiB', () => {
    expect(all.filter((path) => read(path).length > 512 * 1024)).toEqual([]);
  });
});

describe('tests', () => {
  it('are never left out or run alone', () => {
    expect(hits(tests, /\b(?:it|test|describe)\.(?:skip|only|todo|skipIf|runIf|fails)\b|\bx(?:it|describe)\(/)).toEqual(
      [],
    );
  });

  it('assert something in every file', () => {
    const asserts = (path: string) => /\bexpect\(|\bassert[.(]/.test(read(path));
    // Vectors are run by a helper beside them, which asserts for all of them.
    const helpers = (path: string) =>
      importsOf(read(path))
        .filter((target) => target.startsWith('.'))
        .map((target) => posix.join(posix.dirname(path), target).replace(/\.js$/, '.ts'))
        .filter((target) => target.startsWith('test/'));
    expect(tests.filter((path) => ![path, ...helpers(path)].some(asserts))).toEqual([]);
  });

  it('have names of their own within a file', () => {
    const doubled = tests.flatMap((path) => {
      const seen = new Set<string>();
      let group = '';
      return read(path)
        .split('\n')
        .flatMap((line) => {
          const [, kind, , name] = /^\s*(describe|it|test)(\.each)?\((?:'|`)(.*?)(?:'|`),/.exec(line) ?? [];
          if (name === undefined) return [];
          if (kind === 'describe') group = name;
          const full = kind === 'describe' ? `describe ${name}` : `${group} > ${name}`;
          if (seen.has(full)) return [`${path}: ${full}`];
          seen.add(full);
          return [];
        });
    });
    expect(doubled).toEqual([]);
  });

  it('of units, conformance and properties do not wait for time to pass', () => {
    const quick = tests.filter((path) => /^test\/(?:unit|conformance|property)\//.test(path));
    expect(hits(quick, /\bsetTimeout\(|timers\/promises|\bsleep\(/)).toEqual([]);
  });
});

describe('formatting and types', () => {
  it('know no any and no ignored error', () => {
    // Not in comment lines, where it is a word.
    const holes = /^(?!\s*(?:\/\/|\/?\*)).*(?:@ts-ignore|@ts-nocheck|\bas any\b|: any\b|<any>)/;
    expect(
      hits(
        code.filter((path) => /^(?:src|test|bench)\//.test(path) && path !== 'test/policy/files.test.ts'),
        holes,
      ),
    ).toEqual([]);
  });
});
