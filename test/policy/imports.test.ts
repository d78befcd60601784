import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { files, importsOf, read } from './repository.js';

/**
 * Folders of `src`, and which others each may import. ARCHITECTURE.md shows the same table. An arrow that no file uses is taken out.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
};

const sources = files().filter((path) => path.startsWith('src/') && path.endsWith('.ts'));

/** `src/hub/player.ts` → `hub`; `src/server/server.ts` and `src/index.ts` → `server`; `src/cli.ts` → `cli`. */
function layerOf(path: string): string {
  const parts = path.split('/');
  if (parts.length > 2) return parts[1]!;
  const name = parts[1]!.replace(/\.[jt]s$/, '');
  return name === 'index' ? 'server' : name;
}

function mayImport(from: string, to: string): boolean {
  if (from === to) return true;
  if (from in BESIDE) return BESIDE[from]!.includes(to);
  if (to === 'config') return MAY_READ_CONFIG.includes(from);
  if (to === 'client') return MAY_USE_CLIENT.includes(from);
  if (to === 'load') return from === 'cli';
  return LAYERS.indexOf(to) !== -1 && LAYERS.indexOf(to) < LAYERS.indexOf(from);
}

const edges = sources.flatMap((from) =>
  importsOf(read(from))
    .filter((target) => target.startsWith('.'))
    .map((target) => ({ from, to: posix.normalize(posix.join(posix.dirname(from), target)) })),
);

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

  it('only use layers that are known', () => {
    const known = new Set([...LAYERS, ...Object.keys(BESIDE)]);
    expect(sources.filter((path) => !known.has(layerOf(path)))).toEqual([]);
  });

  it('point one way', () => {
    const wrong = edges
      .filter(({ to }) => to.startsWith('src/'))
      .filter(({ from, to }) => !mayImport(layerOf(from), layerOf(to)))
      .map(({ from, to }) => `${from} → ${to}`);
    expect(wrong).toEqual([]);
  });

  it('leave src only for the constants that both compilers share', () => {
    const outside = edges.filter(({ to }) => !to.startsWith('src/')).map(({ to }) => to);
    expect(new Set(outside)).toEqual(new Set(outside.length > 0 ? ['assembly/constants.js'] : []));
  });

  it('carry the ending .js and name files that exist', () => {
    const all = new Set(files());
    const broken = edges
      .filter(({ to }) => !all.has(to.replace(/\.js$/, '.ts')))
      .map(({ from, to }) => `${from} → ${to}`);
    expect(broken).toEqual([]);
  });
});

describe('third-party packages', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
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

  it('have exactly one importing file each in src', () => {
    const wrong = [...users].filter(([, paths]) => new Set(paths).size !== 1);
    expect(wrong).toEqual([]);
  });

  // fastify asks for any light-my-request 6; the newest of those needs Node 22. A version of ours beside it is taken for both.
  const PINNED_FOR_OTHERS = ['light-my-request'];

  it('are all declared, and everything declared is used', () => {
    expect([...users.keys(), ...PINNED_FOR_OTHERS].sort()).toEqual(Object.keys(dependencies!).sort());
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
