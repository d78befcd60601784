import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/main.js';
import { ROWS } from '../../src/config/table.js';
import { ERRORS } from '../../src/core/errors.js';
import { EVENT_TYPES, JOB_EVENT_TYPES } from '../../src/events/schemas/index.js';
import { METRIC_GROUPS, METRICS } from '../../src/model/metrics.js';
import { TestIo } from '../support/cli/test-io.js';
import { files, read, root } from '../support/policy/sources.js';

interface Renderers {
  renderConfig(rows: unknown): string;
  renderErrors(errors: unknown): string;
  renderMetrics(document: string, groups: unknown): string;
  withFloors(document: string): string;
}

const { renderCommands } = (await import(pathToFileURL(join(root, 'scripts/commands.mjs')).href)) as {
  renderCommands(program: unknown): string;
};
const { renderConfig, renderErrors, renderMetrics, withFloors } = (await import(
  pathToFileURL(join(root, 'scripts/docs.mjs')).href
)) as Renderers;

describe('docs/cli.md', () => {
  it('is what npm run docs makes of the commands, each with an example', () => {
    const program = buildProgram(new TestIo(), () => {});
    expect(read('docs/cli.md')).toBe(renderCommands(program));
    for (const command of program.commands)
      expect(read('docs/cli.md')).toMatch(new RegExp(`^ *sluice ${command.name()}`, 'm'));
  });
});

describe('docs/config.md', () => {
  it('is what npm run docs makes of the table', () => {
    expect(read('docs/config.md')).toBe(renderConfig(ROWS));
  });

  it('has a key, an environment variable and a meaning for each setting, each once', () => {
    const unique = (list: readonly string[]) => expect(new Set(list).size).toBe(list.length);
    unique(ROWS.map(({ key }) => key));
    unique(ROWS.map(({ env }) => env));
    unique(ROWS.flatMap(({ setting }) => setting.flag ?? []));
    for (const { key, setting } of ROWS) {
      expect([key, setting.doc.length >= 10]).toEqual([key, true]);
      expect([key, /(?:Ms|PerSecond)$/.test(key) || !setting.expects.startsWith('milliseconds')]).toEqual([key, true]);
      expect([key, /[bB]ytes|Size/.test(key) || !setting.expects.startsWith('bytes')]).toEqual([key, true]);
    }
  });

  it('has no setting that nothing reads', () => {
    const readers = files()
      .filter((path) => /^src\/(?!config\/).*\.ts$/.test(path))
      .map(read)
      .join('\n');
    const unread = ROWS.map(({ key }) => key).filter(
      (key) => !new RegExp(`\\b${key.split('.').at(-1)}\\b`).test(readers),
    );
    expect(unread).toEqual([]);
  });
});

describe('ARCHITECTURE.md', () => {
  it('shows the floors as npm run docs makes them of the table of folders', () => {
    const document = read('ARCHITECTURE.md');
    expect(document).toContain('| `src/hub/` |');
    expect(document).toBe(withFloors(document));
  });
});

describe('docs/errors.md', () => {
  it('is what npm run docs makes of the registry', () => {
    expect(read('docs/errors.md')).toBe(renderErrors(ERRORS));
  });

  it('lists every code that src or the docs mention, and no code that nothing uses', () => {
    const sources = files().filter(
      (path) => /^src\/.*\.ts$/.test(path) && !/^src\/core\/errors?-?[a-z]*\.ts$/.test(path),
    );
    const mentioned = new Set(sources.flatMap((path) => read(path).match(/\bERR_[A-Z0-9_]+[A-Z0-9]\b/g) ?? []));
    const fromWasm = (code: string) => new RegExp(`\\b${code}\\b`).test(read('assembly/constants.ts'));
    const known = new Set(Object.keys(ERRORS));
    expect([...mentioned].filter((code) => !known.has(code) && !fromWasm(code))).toEqual([]);
    expect([...known].filter((code) => !mentioned.has(code))).toEqual([]);
    const documents = files().filter((path) => /\.md$/.test(path) && path !== 'docs/errors.md');
    const inDocuments = documents.flatMap((path) => read(path).match(/\bERR_[A-Z0-9_]+[A-Z0-9]\b/g) ?? []);
    expect(inDocuments.filter((code) => !known.has(code) && !fromWasm(code))).toEqual([]);
  });

  it('says for each code what happened and what to do, without a final stop', () => {
    for (const [code, { says, hint }] of Object.entries(ERRORS)) {
      expect([code, /[^.\s]$/.test(says), /[^.\s]$/.test(hint)]).toEqual([code, true, true]);
      expect(code).toMatch(/^ERR(?:_[A-Z0-9]+)+$/);
    }
  });
});

describe('docs/metrics.md', () => {
  it('is what npm run docs makes of the table, with a heading to link to for each metric', () => {
    const document = read('docs/metrics.md');
    expect(document).toBe(renderMetrics(document, METRIC_GROUPS));
    for (const name of Object.keys(METRICS)) expect(document).toContain(`\n### ${name}\n`);
  });

  it('has every metric that another document names', () => {
    const known = new Set<string>([...METRIC_GROUPS.flatMap(([, rows]) => Object.keys(rows))]);
    const documents = files().filter((path) => /^(?:README|docs\/.*)\.md$/.test(path));
    const named = documents.flatMap((path) =>
      [...read(path).matchAll(/`(sluice_[a-z_]+)(?:\{[^}]*\})?`/g)].map(([, name]) => ({ path, name: name! })),
    );
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(({ name }) => !known.has(name))).toEqual([]);
  });
});

describe('docs/events.md', () => {
  it.each([
    ['Types', EVENT_TYPES],
    ['Events of jobs', JOB_EVENT_TYPES],
  ])('has a row for each event type, and none for an event that there is not: %s', (title, types) => {
    const section = read('docs/events.md')
      .split(/^## /m)
      .find((each) => each.startsWith(`${title}\n`))!;
    const heads = [...section.matchAll(/^\| (`(?:stream|play|node|job|record|relay)\.[^|]+) \|/gm)].map(
      (match) => match[1]!,
    );
    const named = heads.flatMap((head) => [...head.matchAll(/`([\w.]+)`/g)].map((match) => `io.sluice.${match[1]}`));
    expect(named.sort()).toEqual([...types].sort());
  });
});

describe('documents', () => {
  const documents = files().filter((path) => path.endsWith('.md'));

  it('link only to files that exist', () => {
    const all = files();
    const known = new Set([
      ...all,
      ...all.flatMap((path) => path.split('/').map((_, i, parts) => parts.slice(0, i).join('/'))),
    ]);
    const broken = documents.flatMap((path) =>
      [...read(path).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map((match) => join(path, '..', match[1]!).replace(/\/$/, ''))
        .filter((target) => !known.has(target))
        .map((target) => `${path} → ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('link only to headings that there are', () => {
    const broken = documents.flatMap((path) =>
      [...read(path).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)#([^)\s]+)\)/g)]
        .map(([, file, anchor]) => ({ target: file === '' ? path : join(path, '..', file!), anchor: anchor! }))
        .filter(({ target, anchor }) => !anchorsOf(read(target)).has(anchor))
        .map(({ target, anchor }) => `${path} → ${target}#${anchor}`),
    );
    expect(broken).toEqual([]);
  });

  it('for who changes the code name only files that exist', () => {
    const known = new Set(files());
    const forContributors = documents.filter((path) =>
      /^(?:docs\/(?:decisions|internals)\/.*|ARCHITECTURE\.md|CONTRIBUTING\.md)$/.test(path),
    );
    const named = forContributors.flatMap((path) =>
      // Pictures name files without their ending. A name that stands for many, such as `src/NAME.ts`, has capitals.
      [...read(path).matchAll(/(?<![\w./-])(?:src|test|assembly|scripts|bench|docs|examples|changes)\/[\w./-]*[\w/]/g)]
        .map(([target]) => ({ path, target }))
        .filter(({ target }) => !/[A-Z]{2}/.test(target.replace(/README/g, ''))),
    );
    expect(named.length).toBeGreaterThan(50);
    const folders = new Set(
      [...known].flatMap((path) => path.split('/').map((_, i, all) => all.slice(0, i).join('/'))),
    );
    const isFile = (target: string) => known.has(target) || known.has(`${target}.ts`);
    const missing = named.filter(({ target }) => !isFile(target) && !folders.has(target.replace(/\/$/, '')));
    expect(missing.map(({ path, target }) => `${path} → ${target}`)).toEqual([]);
  });

  it('name only npm scripts that there are', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = documents.flatMap((path) =>
      [...read(path).matchAll(/npm run ([a-z:0-9-]+)/g)].map((match) => match[1]!.replace(/[:-]$/, '')),
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

/** Names by which the headings of a document are linked to, as GitHub makes them. */
function anchorsOf(document: string): Set<string> {
  const headings = [...document.matchAll(/^#{1,6} (.+)$/gm)].map((match) => match[1]!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
}
