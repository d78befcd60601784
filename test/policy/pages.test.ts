import { statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load.js';
import { ROWS } from '../../src/config/table.js';
import { openApi } from '../../src/control/openapi.js';
import { asyncApi } from '../../src/events/schemas/asyncapi.js';
import { EVENT_TYPES, JOB_EVENT_TYPES } from '../../src/events/schemas/index.js';
import { files, read, root } from '../support/policy/sources.js';

interface Group {
  readonly text: string;
  readonly pages: readonly { readonly text: string; readonly path: string }[];
}
interface Example {
  renderExample(rows: unknown): string;
  withLimits(document: string, rows: unknown): string;
}
const load = async <T>(path: string): Promise<T> => (await import(pathToFileURL(join(root, path)).href)) as T;
const { renderExample, withLimits } = await load<Example>('scripts/settings-pages.mjs');
const { readMap } = await load<{ readMap(markdown: string): Group[] }>('docs/site/map.mjs');
const { renderHttp } = await load<{ renderHttp(document: unknown): string }>('docs/site/http-page.mjs');
const { renderEvents } = await load<{ renderEvents(document: unknown): string }>('docs/site/events-page.mjs');
const { slugOf } = await load<{ slugOf(heading: string): string }>('docs/site/slug.mjs');

describe('sluice.example.yaml', () => {
  const text = read('sluice.example.yaml');

  it('is what npm run docs makes of the table', () => {
    expect(text).toBe(renderExample(ROWS));
  });

  it('sets nothing as it is', () => {
    const { sources } = loadConfig({ content: parse(text) as Record<string, unknown>, file: 'sluice.example.yaml' });
    expect(Object.values(sources).filter(({ kind }) => kind !== 'default')).toEqual([]);
  });

  it('sets every setting to its default when each # is taken away', () => {
    const content = parse(text.replace(/^( *)# /gm, '$1')) as Record<string, unknown>;
    const { config, sources } = loadConfig({ content, file: 'sluice.example.yaml' });
    expect(config).toEqual(loadConfig().config);
    expect(Object.values(sources).filter(({ kind }) => kind !== 'file')).toEqual([]);
  });

  it('is in the package', () => {
    expect((JSON.parse(read('package.json')) as { files: string[] }).files).toContain('sluice.example.yaml');
  });
});

describe('docs/limits.md', () => {
  it('is what npm run docs makes of the table', () => {
    const document = read('docs/limits.md');
    expect(document).toContain('| `limits.maxConnections` |');
    expect(document).toBe(withLimits(document, ROWS));
  });
});

describe('docs/README.md', () => {
  const groups = readMap(read('docs/README.md'));
  const pages = groups.flatMap((group) => group.pages.map(({ path }) => posix.join('docs', path)));

  it('has its parts in the order in which a reader needs them', () => {
    const order = ['Start', 'Guides', 'Recipes', 'Reference', 'Operate', 'Internals', 'Decisions'];
    expect(groups.map(({ text }) => text)).toEqual(order);
  });

  it('leads to every page, each once', () => {
    // Those of a folder with a first page of its own are listed there.
    const own = files().filter(
      (path) =>
        /^docs\/.*\.md$/.test(path) && !/^docs\/(?:README|(?:decisions|internals)\/(?!README).*)\.md$/.test(path),
    );
    expect(own.length).toBeGreaterThan(30);
    expect(
      own.filter((path) => !pages.includes(path)),
      'pages that docs/README.md does not list',
    ).toEqual([]);
    expect(
      pages.filter((path, at) => pages.indexOf(path) !== at),
      'pages that it lists twice',
    ).toEqual([]);
  });

  it.each(['decisions', 'internals'])('is followed by a list of all pages of docs/%s', (folder) => {
    const list = read(`docs/${folder}/README.md`);
    const own = files().filter((path) => path.startsWith(`docs/${folder}/`) && !path.endsWith('README.md'));
    expect(own.filter((path) => !list.includes(`](${posix.basename(path)}`))).toEqual([]);
  });
});

describe('documents', () => {
  it('have no words in angle brackets outside of code, which nobody would see', () => {
    const hidden = files()
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) => {
        const text = read(path).replace(/^```[\s\S]*?^```$|`[^`\n]*`|<!--[\s\S]*?-->/gm, '');
        return [...text.matchAll(/(?<!\\)<(?!br>|https?:)\/?[A-Za-z][^>\n]*>/g)].map(([tag]) => `${path}: ${tag}`);
      });
    expect(hidden).toEqual([]);
  });
});

describe('the site of the documents', () => {
  it('takes nothing from another host', () => {
    const sources = files().filter((path) => /^docs\/site\/.*\.(?:mjs|css)$/.test(path));
    expect(sources.length).toBeGreaterThan(5);
    expect(sources.filter((path) => /https?:\/\/|@import/.test(read(path)))).toEqual([]);
    expect(read('docs/site/.vitepress/theme/index.mjs')).toContain("from 'vitepress/theme-without-fonts'");
    expect(read('docs/site/.vitepress/config.mjs')).toContain("provider: 'local'");
  });

  it('names no registry host in its lock file, and exact versions only', () => {
    expect(read('docs/site/package-lock.json')).not.toContain('"resolved"');
    const { devDependencies } = JSON.parse(read('docs/site/package.json')) as {
      devDependencies: Record<string, string>;
    };
    expect(Object.values(devDependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('names headings as GitHub does', () => {
    expect(slugOf('What an `io.sluice.x` is, and <b>why</b>: 2 ways')).toBe('what-an-iosluicex-is-and-why-2-ways');
  });
});

describe('pictures in the documents', () => {
  const pictures = files().filter((path) => path.startsWith('docs/images/'));

  it('are at most 120 KiB each', () => {
    expect(pictures.length).toBeGreaterThan(0);
    expect(pictures.filter((path) => statSync(join(root, path)).size > 120 * 1024)).toEqual([]);
  });

  it('are shown, each with words for who does not see it', () => {
    const documents = files()
      .filter((path) => path.endsWith('.md'))
      .map(read)
      .join('\n');
    const shown = (path: string) => new RegExp(`!\\[[^\\]]{10,}\\]\\([^)]*${posix.basename(path)}\\)`).test(documents);
    expect(pictures.filter((path) => !shown(path))).toEqual([]);
  });
});

describe('pages that are made from the product', () => {
  it('have every path of HTTP, with its scope', () => {
    const document = openApi() as { paths: Record<string, Record<string, { summary?: string }>> };
    const page = renderHttp(document);
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `### ${method.toUpperCase()} ${path}`),
    );
    const shown = page.replaceAll('&#123;', '{').replaceAll('&#125;', '}').split('\n');
    expect(routes.length).toBeGreaterThan(40);
    expect(routes.filter((route) => !shown.includes(route))).toEqual([]);
    expect(page).toContain('Scope: `admin`.');
    expect(page).not.toContain('undefined');
  });

  it('have every type of event, with the members of its data', () => {
    const page = renderEvents(asyncApi());
    expect([...EVENT_TYPES, ...JOB_EVENT_TYPES].filter((type) => !page.includes(`### ${type}\n`))).toEqual([]);
    const ended = page.slice(
      page.indexOf('### io.sluice.stream.ended\n'),
      page.indexOf('### io.sluice.stream.rejected\n'),
    );
    for (const member of ['reason', 'durationMs', 'heldMs', 'tracks[].codec'])
      expect(ended).toContain(`| \`${member}\``);
    expect(page).not.toContain('undefined');
  });
});
