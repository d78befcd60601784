import type { TemplateCode } from '../../../src/jobs/template/problems.js';
import { MALFORMED_RUNS } from './malformed-runs.js';

/** A file that is refused. */
export interface Malformed {
  readonly code: TemplateCode;
  /** The file, with `¦` in the place that is named. */
  readonly marked: string;
}

/** Rows of a table: the end of the code, then texts with `¦` in the place that is named. */
export type Rows = readonly (readonly [code: string, ...marked: string[]])[];

/** Whole files. */
const FILES: Rows = [
  [
    'SYNTAX',
    ...['¦', '# nothing', '¦just text', '¦[1, 2]', '¦5', '¦null', '¦"version: 1"'],
    'version: 1\ntemplates: [¦',
    'version: 1\ntemplates: [\n  { name: a, run: { exec: [x] } }\n¦',
    'version: 1\n¦version: 1\ntemplates: []',
    'version: 1\ntemplates: []\n¦templates: []',
    'version: 1\ntemplates:\n¦\t- name: a',
    'version: 1\ntemplates: ¦*all',
    'version: 1\ntemplates: &all [¦*all]',
    'version: 1\ntemplates: ¦!list []',
    'version: 1\ntemplates: []\n¦---\nversion: 1',
    'version: 1\ntemplates:\n  - { name: "¦\\q" }',
    'version: 1\n? ¦[a]\n: 1\ntemplates: []',
    'version: 1\ntemplates:\n  - name: a\n    ¦name: b\n    run: { exec: [x] }',
    'version: 1\ntemplates:\n  - name: ¦@a\n    run: { exec: [x] }',
    `¦${'# '.repeat(600_000)}`,
    `version: 1\ntemplates: ${'['.repeat(32)}¦[${']'.repeat(33)}`,
  ],
  [
    'KEY',
    ...['¦{}', '¦templates: []', '¦version: 1', 'version: 1\n¦template: []\ntemplates: []'],
    'version: 1\ntemplates: []\n¦Version: 1',
    'version: 1\ntemplates: []\n¦<<: {}',
    'version: 1\ntemplates: []\n¦jobs: []',
    'version: 1\ntemplates:\n  - ¦{}',
    'version: 1\ntemplates:\n  - ¦name: a',
    'version: 1\ntemplates:\n  - ¦run: { exec: [x] }',
    'version: 1\ntemplates:\n  - { name: a, run: { exec: [x] }, ¦__proto__: 1 }',
    'version: 1\ntemplates:\n  - { name: a, run: { exec: [x] }, ¦constructor: 1 }',
    'version: 1\ntemplates:\n  - { name: a, run: { exec: [x] }, ¦command: sh }',
    'version: 1\ntemplates:\n  - { name: a, run: { exec: [x] }, ¦Name: b }',
    'version: 1\ntemplates:\n  - { name: a, run: { exec: [x] }, ¦1: b }',
    'version: 1\ntemplates:\n  - { name: a, run: { exec: [x] }, ¦null: b }',
  ],
  [
    'VALUE',
    ...['version: ¦2\ntemplates: []', 'version: ¦"1"\ntemplates: []', 'version: ¦true\ntemplates: []'],
    'version: ¦1.1\ntemplates: []',
    'version:¦\ntemplates: []',
    ...['version: 1\ntemplates: ¦{}', 'version: 1\ntemplates: ¦text', 'version: 1\ntemplates:¦'],
    'version: 1\ntemplates: [¦text]',
    'version: 1\ntemplates: [¦[]]',
    'version: 1\ntemplates: [¦~]',
    `version: 1\ntemplates: ¦[${'{}, '.repeat(257)}]`,
    ...['""', '~', 'A', 'a b', 'a/b', 'a.b', 'ü', '../a', '"{name}"', '[a]', '{ a: b }', 'a_b', 'a'.repeat(49)].map(
      (name) => `version: 1\ntemplates:\n  - name: ¦${name}\n    run: { exec: [x] }`,
    ),
  ],
  [
    'DUPLICATE',
    'version: 1\ntemplates:\n  - { name: a, run: { exec: [x] } }\n  - { name: ¦a, run: { exec: [y] } }',
    'version: 1\ntemplates:\n  - { name: a }\n  - { name: b, run: { exec: [y] } }\n  - name: ¦a',
  ],
];

/** Keys of a template, on lines of their own; it has a run that is right. */
const KEYS: Rows = [
  [
    'VALUE',
    ...['on: ¦redy', 'on: ¦Ready', 'on: ¦[ready]', 'on: ¦true', 'on: ¦ended', 'on: ¦""', 'on: ¦{}'],
    ...['until: ¦end', 'until: ¦ready', 'until: ¦5', 'until: ¦[ended, idle]'],
    ...['graceMs: ¦-1', 'graceMs: ¦1.5', 'graceMs: ¦ten', 'graceMs: ¦"10"', 'graceMs: ¦11m', 'graceMs: ¦[1]'],
    ...['graceMs: ¦10 s s', 'graceMs: ¦.inf', 'graceMs: ¦true', 'graceMs: ¦.nan'],
    ...['stallMs: ¦-1s', 'stallMs: ¦25d', 'stallMs: ¦1w', 'timeLimitMs: ¦2073600001', 'timeLimitMs: ¦{}'],
    ...['retry: ¦5', 'retry: ¦[]', 'retry: { max: ¦-1 }', 'retry: { max: ¦1001 }', 'retry: { max: ¦many }'],
    ...['retry: { ¦backoffMs: [1s] }', 'retry: { ¦backoffMs: [2s, 1s] }', 'retry: { backoffMs: ¦[1, 2, 3] }'],
    ...['retry: { backoffMs: [¦1, 1000] }', 'retry: { backoffMs: ¦1s }', 'retry: { backoffMs: [1s, ¦2d] }'],
    ...['retry: { ¦backoffMs: [] }', 'retry: { stableMs: ¦"" }', 'retry: { never: ¦64 }', 'retry: { never: [¦256] }'],
    ...['retry: { never: [¦0] }', 'retry: { never: [64, ¦"78"] }', `retry: { never: ¦[${'1, '.repeat(65)}] }`],
    ...['limits: ¦8', 'limits: { perRunner: ¦0 }', 'limits: { perRunner: ¦1.5 }', 'limits: { memoryBytes: ¦1GB }'],
    ...['limits: { memoryBytes: ¦1024 }', 'limits: { nice: ¦20 }', 'limits: { nice: ¦-21 }', 'limits: { ionice: ¦1 }'],
    ...['runners: ¦gpu', 'runners: { labels: ¦[gpu] }', 'runners: { labels: { gpu: ¦[yes] } }'],
    ...['match: ¦live', 'match: ¦[]', 'match: { app: ¦"" }', 'match: { name: ¦[a] }', 'match: { app: ¦"a\\nb" }'],
    ...['match: { labels: ¦a }', 'match: { labels: { a: ¦~ } }', 'match: { labels: { a: ¦"\\u0007" } }'],
    ...[
      `match: { name: ¦${'a'.repeat(513)} }`,
      `match: { labels: { a: ¦${'b'.repeat(257)} } }`,
      'match: { where: ¦[] }',
    ],
    `match: { labels: ¦{ ${Array.from({ length: 17 }, (_, i) => `k${i}: a`).join(', ')} } }`,
    ...['out: ¦/srv', 'out: { dir: ¦rec }', 'out: { dir: ¦./rec }', 'out: { dir: ¦/ }', 'out: { dir: ¦"" }'],
    ...[
      'out: { dir: ¦"/{app}" }',
      'out: { dir: ¦"/{app}/rec" }',
      'out: { dir: ¦"{app}" }',
      'out: { dir: ¦/srv/../etc }',
    ],
    ...[
      'out: { dir: ¦"/srv/./{app}" }',
      'out: { dir: ¦"/srv//{app}" }',
      'out: { dir: ¦/srv/ }',
      'out: { dir: ¦~/rec }',
    ],
    ...['out: { dir: ¦"/srv{app}/x" }', 'out: { dir: ¦"/srv\\n/x" }', 'out: { dir: ¦"/srv/{app}/.." }'],
    ...['out: { dir: /srv/x, keepFailed: ¦"yes" }', 'out: { dir: /srv/x, keepFailed: ¦1 }', 'out: { dir: ¦[a] }'],
    `out: { dir: ¦/${'a'.repeat(1024)} }`,
  ],
  [
    'KEY',
    ...['¦grace: 10s', '¦stallms: 1', '¦when: ready', '¦match_: {}', '¦env: {}', '¦exec: [x]', '¦"": 1'],
    ...['match: { ¦nmae: a }', 'match: { ¦Where: a }', 'match: { labels: { ¦A: b } }', 'match: { labels: { ¦"": b } }'],
    ...[
      'match: { labels: { ¦"a b": c } }',
      'out: ¦{}',
      'out: ¦{ keepFailed: true }',
      'out: { dir: /srv/x, ¦keep: true }',
    ],
    ...['retry: { ¦backOff: [1, 2] }', 'limits: { ¦perrunner: 5 }', 'limits: { ¦cpu: 1 }', 'runners: { ¦label: {} }'],
    'runners: { labels: { ¦GPU: "yes" } }',
  ],
  [
    'WHERE',
    ...[
      'match: { where: "¦widht > 1" }',
      'match: { where: "width ¦= 1" }',
      "match: { where: 'width > 1 ¦and fps > 1' }",
    ],
    ...['match: { where: width > ¦fast }', "match: { where: ¦'it''s' }", 'match: { where: "width == ¦\'a\'" }'],
    ...[
      'match: { where: "(width > 1¦" }',
      'match: { where: "width >¦" }',
      'match: { where: "¦" }',
      'match:\n  where: ¦|\n    widht > 1',
    ],
    ...[
      'match: { where: "app == ¦\'a" }',
      'match: { where: "¦label == 1" }',
      `match: { where: "¦${' '.repeat(513)}" }`,
    ],
    ...[
      'match: { where: "name ~ ¦name" }',
      'match: { where: "¦width ~ \'1\'" }',
      'match: { where: "width > 1 ¦; rm" }',
    ],
    ...['match: { where: "¦width.x > 1" }', 'match: { where: "¦$(x)" }', 'match: { where: ¦5 == 5 }'],
    'match: { where: ¦"\\u0077idht > 1" }',
  ],
  [
    'CONFLICT',
    ...['¦until: unwanted', 'on: ready\n¦until: unwanted', 'on: wanted\n¦until: ended'],
    ...[
      'on: wanted\n¦until: idle',
      'on: wanted\nmatch: { ¦labels: { a: b } }',
      'on: wanted\nmatch: { ¦where: "width > 1" }',
    ],
    ...[
      "on: wanted\nmatch: { ¦where: \"app == 'a' && label.x == 'b'\" }",
      'on: wanted\nmatch: { ¦where: "encoder ~ \'OBS\'" }',
    ],
  ],
  [
    'PLACEHOLDER',
    ...[
      'out: { dir: "/srv/¦{nam}" }',
      'out: { dir: "/srv/¦{url}" }',
      'out: { dir: "/srv/¦{out}" }',
      'out: { dir: "/srv/¦{" }',
    ],
    ...[
      'out: { dir: "/srv/¦{secret}" }',
      'on: started\nout: { dir: "/srv/¦{width}" }',
      'on: wanted\nout: { dir: "/srv/¦{streamId}" }',
    ],
  ],
];

const codeOf = (end: string): TemplateCode => `ERR_JOB_TEMPLATE_${end}` as TemplateCode;

function rows(table: Rows, around: (marked: string) => string): Malformed[] {
  return table.flatMap(([code, ...texts]) => texts.map((marked) => ({ code: codeOf(code), marked: around(marked) })));
}

const inTemplate = (lines: string): string => `version: 1\ntemplates:\n  - name: a\n${lines.replace(/^/gm, '    ')}\n`;

/** Files that are refused, each with its code and the place that is named. */
export const MALFORMED: readonly Malformed[] = [
  ...rows(FILES, (text) => text),
  ...rows(KEYS, (text) => inTemplate(`${text}\nrun: { exec: [x] }`)),
  ...rows(MALFORMED_RUNS, inTemplate),
];
