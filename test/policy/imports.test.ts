import { builtinModules } from 'node:module';
import { join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { files, importsOf, read, root, sourceOf } from '../support/policy/sources.js';

interface House {
  readonly FLOORS: readonly { readonly floor: number; readonly name: string }[];
  readonly FOLDERS: Readonly<Record<string, { readonly floor: number; readonly imports: readonly string[] }>>;
}

/** The table of folders and of the arrows between them; ARCHITECTURE.md is made from the same one. */
const { FLOORS, FOLDERS } = (await import(pathToFileURL(join(root, 'scripts/house.mjs')).href)) as House;
const WINGS = 8;

const sources = files().filter((path) => path.startsWith('src/') && /\.tsx?$/.test(path));

/** `src/hub/player.ts` → `hub`; `src/index.ts` → `index`; `src/cli.ts` → `cli`. */
function folderOf(path: string): string {
  const parts = path.split('/');
  return parts.length > 2 ? parts[1]! : parts[1]!.replace(/\.[jt]sx?$/, '');
}

const edges = sources.flatMap((from) =>
  importsOf(read(from))
    .filter((target) => target.startsWith('.'))
    .map((target) => ({ from, to: posix.normalize(posix.join(posix.dirname(from), target)) })),
);

/** Imports that leave their folder. */
const crossings = edges.filter(({ from, to }) => to.startsWith('src/') && folderOf(from) !== folderOf(to));

function targetsOf(path: string): string[] {
  return edges.filter(({ from, to }) => from === path && to.startsWith('src/')).map(({ to }) => sourceOf(to));
}

/** Groups of files that reach each other, each as its names in order (Tarjan's strongly connected components). */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[] = [];
  const visit = (node: string): void => {
    index.set(node, index.size);
    low.set(node, index.get(node)!);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node)!, low.get(next)!));
    }
    if (low.get(node) !== index.get(node)) return;
    const group = stack.splice(stack.indexOf(node));
    if (group.length > 1) found.push(group.sort().join(', '));
  };
  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return found.sort();
}

describe('imports inside src', () => {
  it('are found: the reader of import lines sees every form', () => {
    const text = [
      `import a from './a.js';`,
      `import type { B } from './b.js';`,
      `export { c } from './c.js';`,
      `import {\n  d,\n} from './d.js';`,
      `import './e.js';`,
      `const f = await import('./f.js');`,
      `createRequire(import.meta.url)('g');`,
      `x = load('h'); // import 'i'`,
    ].join('\n');
    expect(importsOf(text).sort()).toEqual(['./a.js', './b.js', './c.js', './d.js', './e.js', './f.js', 'g']);
    expect(edges.length).toBeGreaterThan(50);
  });

  it('come from folders that the table knows, and it knows no others', () => {
    expect([...new Set(sources.map(folderOf))].sort()).toEqual(Object.keys(FOLDERS).sort());
  });

  it('are in the table of allowed arrows', () => {
    const wrong = crossings.filter(({ from, to }) => FOLDERS[folderOf(from)]?.imports.includes(folderOf(to)) !== true);
    expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it('use every arrow of the table', () => {
    const used = new Set(crossings.map(({ from, to }) => `${folderOf(from)} → ${folderOf(to)}`));
    const allowed = Object.entries(FOLDERS).flatMap(([from, { imports }]) => imports.map((to) => `${from} → ${to}`));
    expect(allowed.filter((arrow) => !used.has(arrow))).toEqual([]);
  });

  it('point down: to a lower floor only, so that no wing knows another', () => {
    const floors = new Set(FLOORS.map(({ floor }) => floor));
    expect(Object.keys(FOLDERS).filter((folder) => !floors.has(FOLDERS[folder]!.floor))).toEqual([]);
    const upwards = Object.entries(FOLDERS).flatMap(([from, { floor, imports }]) =>
      imports.filter((to) => FOLDERS[to]!.floor >= floor).map((to) => `${from} → ${to}`),
    );
    expect(upwards).toEqual([]);
    expect(Object.values(FOLDERS).some(({ floor }) => floor === WINGS)).toBe(true);
  });

  it('make no circle of files, types included', () => {
    expect(circles(new Map(sources.map((path) => [path, targetsOf(path)])))).toEqual([]);
    const two = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['b', 'd']],
      ['d', []],
    ]);
    expect(circles(two)).toEqual(['b, c']);
  });

  it('leave src only for the constants that both compilers share', () => {
    const outside = edges.filter(({ to }) => !to.startsWith('src/')).map(({ to }) => to);
    expect(new Set(outside)).toEqual(new Set(outside.length > 0 ? ['assembly/constants.js'] : []));
  });

  it('carry the ending .js and name files that exist', () => {
    const all = new Set(files());
    const broken = edges.filter(({ to }) => !all.has(sourceOf(to))).map(({ from, to }) => `${from} → ${to}`);
    expect(broken).toEqual([]);
  });
});

describe('third-party packages', () => {
  const { dependencies, devDependencies, peerDependencies } = JSON.parse(read('package.json')) as Record<
    string,
    Record<string, string>
  >;
  const users = new Map<string, string[]>();
  for (const path of sources) {
    for (const target of new Set(importsOf(read(path)))) {
      if (target.startsWith('.') || target.startsWith('node:')) continue;
      const name = target
        .split('/')
        .slice(0, target.startsWith('@') ? 2 : 1)
        .join('/');
      users.set(name, [...(users.get(name) ?? []), path]);
    }
  }
  users.delete('sluice');
  /** What is in the page comes with it, and is installed for the build only. */
  const isOfPage = (name: string): boolean => users.get(name)!.every((path) => path.startsWith('src/page/'));

  it('have exactly one importing file each in src', () => {
    const wrong = [...users].filter(([, paths]) => new Set(paths).size !== 1);
    expect(wrong).toEqual([]);
  });

  // fastify asks for any light-my-request 6, and the newest of those needs Node 22. A pinned version in package.json is
  // used for both.
  const PINNED_FOR_OTHERS = ['light-my-request'];

  it('are all declared, and everything declared is used', () => {
    const ofServer = [...users.keys()].filter((name) => !isOfPage(name));
    // Who wants traces installs what they need; the tests have it, too.
    const declared = Object.keys({ ...dependencies, ...peerDependencies });
    expect([...ofServer, ...PINNED_FOR_OTHERS].sort()).toEqual(declared.sort());
    expect(Object.keys(peerDependencies!).filter((name) => devDependencies![name] === undefined)).toEqual([]);
    const ofPage = [...users.keys()].filter(isOfPage);
    expect(ofPage.filter((name) => devDependencies![name] === undefined)).toEqual([]);
  });

  it('are pinned to exact versions', () => {
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, range]) => !/^\d+\.\d+\.\d+$/.test(range),
    );
    expect(loose).toEqual([]);
  });

  it('do not hide behind a builtin module without node:', () => {
    const bare = sources.flatMap((path) =>
      importsOf(read(path))
        .filter((target) => builtinModules.includes(target))
        .map((t) => `${path}: ${t}`),
    );
    expect(bare).toEqual([]);
  });
});

describe('the protocol layer', () => {
  it('has no sockets, timers, clock or randomness', () => {
    const forbidden =
      /\bsetTimeout\b|\bsetInterval\b|\bDate\.now\b|\bnew Date\(\)|\bperformance\b|\bMath\.random\b|\brandomBytes\b|'node:(?:net|tls|http|fs|timers)/;
    const wrong = sources.filter(
      (path) => path.startsWith('src/protocol/') && forbidden.test(withoutComments(read(path))),
    );
    expect(wrong).toEqual([]);
  });
});

describe('shells', () => {
  it('are never started from src', () => {
    const wrong = sources.filter((path) =>
      /\bexec(?:Sync)?\(|shell:\s*true/.test(withoutComments(read(path)).replace(/\.exec\(/g, '')),
    );
    expect(wrong).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}
