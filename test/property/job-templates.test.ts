import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../src/core/errors.js';
import { expandDir, expandExec, expandHttp, type JobValues } from '../../src/jobs/template/expand.js';
import { compileTemplate } from '../../src/jobs/template/match.js';
import { parseTemplates, templateFromJson } from '../../src/jobs/template/parse.js';
import type { JobTemplate } from '../../src/jobs/template/template.js';
import { readWhere } from '../../src/jobs/template/where.js';
import { jobFacts } from '../support/jobs/facts.js';
import { templateOf } from '../support/jobs/template-text.js';

const WORDS = [
  ...['version: 1', 'templates:', '- name: a', 'run:', 'exec:', '[x]', '{', '}', '[', ']', '"', "'", ',', ': ', '\n'],
  ...[
    '\n  ',
    '\n    ',
    '- ',
    '&a ',
    '*a',
    '!!map',
    '|',
    '>',
    '? ',
    '#',
    '---',
    '%YAML 1.1',
    '<<',
    '\t',
    '{name}',
    '{{',
  ],
  ...['match', 'where', 'width > 1', 'on: wanted', 'until', 'out', 'dir', '/srv/{app}', 'http', 'url', 'null', '1e999'],
  ...['retry', 'backoffMs', 'labels', '\u0000', '\ud800', '\u2028', '\ufeff', 'ж', '__proto__', '- - - '],
];
const yaml = fc
  .array(fc.oneof(fc.constantFrom(...WORDS), fc.string({ maxLength: 8 })), { maxLength: 60 })
  .map((parts) => parts.join(''));

const MEMBERS = [
  ...[
    'name',
    'match',
    'app',
    'labels',
    'where',
    'on',
    'until',
    'run',
    'kind',
    'exec',
    'argv',
    'env',
    'passEnv',
    'http',
  ],
  ...['start', 'stop', 'url', 'method', 'headers', 'body', 'queue', 'subject', 'out', 'dir', 'keepFailed', 'graceMs'],
  ...['retry', 'max', 'backoffMs', 'never', 'limits', 'runners', '__proto__', 'constructor', ''],
];
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom(
      null,
      true,
      -1,
      0,
      1e308,
      'ready',
      'wanted',
      'exec',
      '/srv/{app}',
      '{name}',
      '{',
      'http://h/{name}',
    ),
    fc.double(),
    fc.string({ maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...MEMBERS), tie('value'), { maxKeys: 8 }),
  ),
})).value;

/** Whatever a template is that was accepted, it can be compiled and matched. */
function use(template: JobTemplate): void {
  expect(typeof compileTemplate(template).matches(jobFacts())).toBe('boolean');
}

/** Runs what may refuse with an error of this program, and with nothing else. */
function refusing<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof SluiceError) return undefined;
    throw error;
  }
}

describe('a text that somebody gives as templates', () => {
  it('is read, or refused with places, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(yaml, fc.string({ maxLength: 200 }), fc.json()), (text) => {
        const templates = refusing(() => parseTemplates([{ name: 'a.yaml', text }]));
        templates?.forEach(use);
      }),
      { numRuns: 3000 },
    );
  });

  it('is read as a file of templates with members that are anything, or refused', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = JSON.stringify({ version: 1, templates: [value, { ...(value as object), name: 'b' }] });
        refusing(() => parseTemplates([{ name: 'a.json', text }]))?.forEach(use);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a stored value that somebody gives as a template', () => {
  it('is a template that is stored as it was, or has problems; nothing is thrown', () => {
    const base = fc.record({
      name: fc.constant('a'),
      run: fc.oneof(fc.constant({ kind: 'exec', argv: ['x'] }), json),
    });
    fc.assert(
      fc.property(fc.oneof(json, base), json, (value, more) => {
        const given = typeof more === 'object' && !Array.isArray(more) ? { ...more, ...(value as object) } : value;
        const { template, problems } = templateFromJson(given);
        if (template === undefined) {
          expect(problems!.length).toBeGreaterThan(0);
          return;
        }
        use(template);
        expect(templateFromJson(JSON.parse(JSON.stringify(template)))).toEqual({ template });
      }),
      { numRuns: 3000 },
    );
  });
});

describe('an expression', () => {
  const word = fc.constantFrom(
    ...['width', 'fps', 'app', 'label.a', 'codec', '1', '29.97', "'a*'", '"b"', '&&', '||', '!', '(', ')', '==', '!='],
    ...['<', '<=', '>', '>=', '~', 'true', 'false', ' ', '=', 'widht', '-', "'"],
  );

  it('holds or does not, or has one problem within its text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(word, { maxLength: 40 }).map((words) => words.join(' ')),
          fc.string(),
        ),
        (text) => {
          const { where, problem } = readWhere(text);
          if (where !== undefined) expect(typeof where.holds(jobFacts({ labels: { a: 'a' } }))).toBe('boolean');
          else expect(problem.offset >= 0 && problem.offset <= text.length).toBe(true);
        },
      ),
      { numRuns: 5000 },
    );
  });
});

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 128 }),
  fc.constantFrom(
    '-i',
    '$(x)',
    '../..',
    '..',
    '.',
    '',
    '/',
    '\\',
    '{url}',
    '{{',
    '"',
    "'",
    '\r\n',
    '\u0000',
    '\ud800',
    '=',
    '-',
  ),
);
const values: fc.Arbitrary<JobValues> = fc
  .record({ app: text, name: text, label: text, url: text })
  .map(({ app, name, label, url }) => ({
    facts: jobFacts({ app, name, labels: { a: label } }),
    ...{ jobId: `s/${name}`, attempt: 1, token: 2, out: '/srv/x', url },
  }));
const pieces = fc.array(
  fc.oneof(
    fc.constantFrom('{app}', '{name}', '{label.a}', '{label.b?}', '{url}', '{width}', '{{', '}', '-', ' '),
    fc.stringMatching(/^[a-z]{1,3}$/),
  ),
  { maxLength: 6 },
);

describe('values of a stream', () => {
  it('never change how many arguments there are, the program, or which of them are options', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), values, (texts, of) => {
        const argv = ['ffmpeg', ...texts.map((parts) => parts.join(''))] as [string, ...string[]];
        const command = refusing(() => expandExec({ argv, env: {} }, of));
        if (command === undefined) return;
        expect(command.argv).toHaveLength(argv.length);
        expect(command.argv[0]).toBe('ffmpeg');
        command.argv.forEach((argument, index) => {
          // Before a - of the template itself there may be values that are empty.
          if (argument.startsWith('-')) expect(argv[index]).toMatch(/^(?:\{[a-z.?]+\})*-/);
          expect(argument).not.toMatch(/\p{Cc}|\p{Surrogate}/u);
        });
      }),
      { numRuns: 3000 },
    );
  });

  it('never lead out of the fixed part of a folder, and lead to folders as deep as the template', () => {
    const dirs = fc.constantFrom(
      '/srv/rec/{app}/{name}',
      '/srv/rec/x{name}.{label.a}',
      '/srv/rec/.{label.a}/{url?}{app}',
    );
    fc.assert(
      fc.property(dirs, values, (dir, of) => {
        const path = refusing(() => expandDir(dir, of));
        if (path === undefined) return;
        const parts = path.split('/');
        expect(parts.slice(0, 3)).toEqual(['', 'srv', 'rec']);
        expect(parts).toHaveLength(dir.split('/').length);
        for (const part of parts.slice(1)) {
          expect(part).toMatch(/^[A-Za-z0-9_.=-]{1,255}$/);
          expect(part).not.toMatch(/^\.{1,2}$/);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('never move a request to another host, path or member', () => {
    const template = templateOf(
      `run: { http: { start: { url: "http://h:1/a/{app}/{name}/z?l={label.a}", body: '{{"n": "{name}", "w": {width}}' } } }`,
    );
    if (template.run.kind !== 'http') throw new Error('an http run was expected');
    const { start } = template.run;
    fc.assert(
      fc.property(values, (of) => {
        const call = refusing(() => expandHttp(start, of));
        if (call === undefined) return;
        const url = new URL(call.url);
        expect([url.origin, url.hash, url.username]).toEqual(['http://h:1', '', '']);
        const parts = url.pathname.split('/').map(decodeURIComponent);
        expect(parts).toEqual(['', 'a', of.facts.app, of.facts.name, 'z']);
        expect([...url.searchParams]).toEqual([['l', of.facts.labels['a']]]);
        expect(JSON.parse(call.body!)).toEqual({ n: of.facts.name, w: 1920 });
      }),
      { numRuns: 3000 },
    );
  });
});
