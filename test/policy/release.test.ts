import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { read, root } from '../support/policy/sources.js';

interface State {
  readonly version: string;
  readonly changelog: string;
  readonly changes: readonly string[];
  readonly hasNotes: boolean;
  readonly tag?: string;
}

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
}

interface Bom {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

async function script<T>(name: string): Promise<T> {
  return (await import(pathToFileURL(join(root, 'scripts', name)).href)) as T;
}

const { objections } = await script<{ objections(state: State): string[] }>('release.mjs');
const { partsOf, sbom } = await script<{
  partsOf(all: Bom, lock: unknown, bundled: readonly string[]): Bom;
  sbom(): Promise<Bom>;
}>('sbom.mjs');
const { pagePackages } = await script<{ pagePackages(): string[] }>('page.mjs');

describe('a release', () => {
  const ready = { version: '0.2.0', changelog: '# C\n\n## 0.2.0 - 2026-01-31\n', changes: [], hasNotes: true };

  it('is made of a version that the changelog and the notes tell of', () => {
    expect(objections(ready)).toEqual([]);
    expect(objections({ ...ready, tag: 'v0.2.0' })).toEqual([]);
  });

  it('is refused with what is missing and what to do', () => {
    expect(objections({ ...ready, tag: 'v0.3.0' })).toEqual([expect.stringContaining('v0.2.0 was expected')]);
    expect(objections({ ...ready, changelog: '## 0a2.0 - 2026-01-31\n' })).toEqual([
      expect.stringContaining('npm run changelog -- 0.2.0'),
    ]);
    expect(objections({ ...ready, changes: ['changes/a.md'] })).toEqual([expect.stringContaining('changes/a.md')]);
    expect(objections({ ...ready, hasNotes: false })).toEqual([expect.stringContaining('docs/releases/0.2.0.md')]);
  });
});

describe('the parts of a release', () => {
  const part = (name: string): Component => ({ 'bom-ref': `${name}@1.0.0`, name });
  const entry = (dev: boolean) => ({ version: '1.0.0', dev });
  const all: Bom = {
    metadata: { component: { 'bom-ref': 'folder@1.0.0', name: 'folder' } },
    components: [part('runs'), part('@a/inner'), part('bundled'), part('compiler')],
    dependencies: [
      { ref: 'folder@1.0.0', dependsOn: ['runs@1.0.0', 'bundled@1.0.0', 'compiler@1.0.0'] },
      { ref: 'runs@1.0.0', dependsOn: ['@a/inner@1.0.0'] },
      { ref: 'bundled@1.0.0', dependsOn: ['runs@1.0.0', 'compiler@1.0.0'] },
      { ref: 'compiler@1.0.0', dependsOn: ['runs@1.0.0'] },
    ],
  };
  const lock = {
    packages: {
      '': { name: 'sluice', version: '1.0.0' },
      'node_modules/runs': entry(false),
      'node_modules/runs/node_modules/@a/inner': entry(false),
      'node_modules/bundled': entry(true),
      'node_modules/compiler': entry(true),
    },
  };

  it('are what runs, also when a tool needs it as well, and what the page was bundled from', () => {
    const told = partsOf(all, lock, ['bundled']);
    expect(told.metadata.component.name).toBe('sluice');
    expect(told.components.map(({ name }) => name)).toEqual(['runs', '@a/inner', 'bundled']);
    expect(told.dependencies).toEqual([
      { ref: 'folder@1.0.0', dependsOn: ['runs@1.0.0', 'bundled@1.0.0'] },
      { ref: 'runs@1.0.0', dependsOn: ['@a/inner@1.0.0'] },
      { ref: 'bundled@1.0.0', dependsOn: ['runs@1.0.0'] },
    ]);
  });

  it('are none where npm does not list one that runs', () => {
    expect(() => partsOf({ ...all, components: [part('runs')] }, lock, [])).toThrow('@a/inner@1.0.0');
  });

  it('name every dependency and every package of the page, and no tool', async () => {
    const { metadata, components } = await sbom();
    const names = components.map(({ name }) => name);
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
    expect(metadata.component.name).toBe('sluice');
    expect(names).toEqual(expect.arrayContaining([...Object.keys(dependencies), ...pagePackages()]));
    for (const tool of ['typescript', 'vitest', 'esbuild']) expect(names).not.toContain(tool);
  }, 30_000);
});
