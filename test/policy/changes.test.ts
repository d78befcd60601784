import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { files, read, root } from '../support/policy/sources.js';

interface Change {
  readonly kind: string;
  readonly sentence: string;
}

interface Changelog {
  readonly KINDS: readonly string[];
  readChange(text: string): Change | undefined;
  renderChanges(changes: readonly Change[], before?: string): string;
  released(changelog: string, changes: readonly Change[], version: string, date: string): string;
}

const { KINDS, readChange, renderChanges, released } = (await import(
  pathToFileURL(join(root, 'scripts/changelog.mjs')).href
)) as Changelog;

const MOST_CHARACTERS = 500;

describe('files of changes/', () => {
  const paths = files().filter((path) => path.startsWith('changes/') && path !== 'changes/README.md');

  it('are named in kebab-case', () => {
    expect(paths.filter((path) => !/^changes\/[a-z0-9]+(?:-[a-z0-9]+)*\.md$/.test(path))).toEqual([]);
  });

  it('hold a kind and full sentences, few enough to be read in a list', () => {
    for (const path of paths) {
      const change = readChange(read(path));
      expect([path, change !== undefined]).toEqual([path, true]);
      expect([path, change?.sentence]).toEqual([path, expect.stringMatching(/^[^a-z][\s\S]*[.)]$/)]);
      expect([path, change!.sentence.length <= MOST_CHARACTERS]).toEqual([path, true]);
    }
  });
});

describe('the reader of changes', () => {
  it('takes a kind, a colon and one paragraph, and joins its lines', () => {
    expect(readChange('Fixed: One thing\nis mended.\n')).toEqual({ kind: 'Fixed', sentence: 'One thing is mended.' });
    for (const text of ['', 'Fixed:', 'Mended: One.', 'fixed: One.', 'One.', 'Fixed: One.\n\nTwo.']) {
      expect([text, readChange(text)]).toEqual([text, undefined]);
    }
  });
});

describe('the changelog', () => {
  it('has today’s unreleased changes where a release finds them', () => {
    const changelog = read('CHANGELOG.md');
    expect(changelog).toMatch(/^## Unreleased$/m);
    const after = released(changelog, [{ kind: 'Added', sentence: 'One thing more.' }], '9.8.7', '2026-01-31');
    expect(after).toMatch(/^## Unreleased\n\n.+\n\n## 9\.8\.7 - 2026-01-31\n\n### Added\n\n- /m);
    expect(after.length).toBeGreaterThan(changelog.length);
    for (const line of changelog.split('\n').filter((each) => /^(?:- | {2})/.test(each))) expect(after).toContain(line);
  });

  it('puts new changes behind those of the same kind, in the order of kinds, with lines that can be read', () => {
    const sentence = `A sentence that is ${'very '.repeat(30)}long.`;
    const changes = [
      { kind: 'Security', sentence: 'Two.' },
      { kind: 'Added', sentence },
    ];
    const text = renderChanges(changes, '### Added\n\n- One\n  of two lines.\n\n### Fixed\n\n- Three.\n');
    const lines = text.split('\n');
    expect(text).toMatch(
      /^### Added\n\n- One\n {2}of two lines\.\n- A sentence .*\n {2}very [\s\S]*long\.\n\n### Fixed\n\n- Three\.\n\n### Security\n\n- Two\.\n$/,
    );
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(120);
    expect(KINDS).toContain('Removed');
  });

  it('keeps earlier releases as they are', () => {
    const before =
      '# Changelog\n\n## Unreleased\n\n### Fixed\n\n- One.\n\n## 0.1.0 - 2026-01-01\n\n### Added\n\n- All.\n';
    expect(released(before, [], '0.2.0', '2026-01-31')).toMatch(
      /\n## 0\.2\.0 - 2026-01-31\n\n### Fixed\n\n- One\.\n\n## 0\.1\.0 - 2026-01-01\n\n### Added\n\n- All\.\n$/,
    );
  });
});
