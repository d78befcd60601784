import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { files, read } from '../support/policy/sources.js';

interface Form {
  readonly name: string;
  readonly description: string;
  readonly body: readonly {
    readonly type: string;
    readonly id?: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
}

/** A form that GitHub cannot read is left out of its list without a word. */
describe('issue forms', () => {
  const paths = files().filter((path) => /^\.github\/ISSUE_TEMPLATE\/(?!config\.yml$)/.test(path));

  it.each(paths)('have what GitHub wants of a form: %s', (path) => {
    const { name, description, body } = parse(read(path)) as Form;
    expect([typeof name, typeof description]).toEqual(['string', 'string']);
    const asked = body.filter(({ type }) => type !== 'markdown');
    expect(asked.length).toBeGreaterThan(0);
    for (const { type, id, attributes } of asked) {
      expect(type).toMatch(/^(?:input|textarea|dropdown|checkboxes)$/);
      expect(id).toMatch(/^[a-z][a-z0-9_-]*$/);
      expect(typeof attributes['label']).toBe('string');
    }
    expect(new Set(asked.map(({ id }) => id)).size).toBe(asked.length);
  });

  it('ask for what a first answer needs: version, settings, trace and capture', () => {
    const { body } = parse(read('.github/ISSUE_TEMPLATE/bug.yml')) as Form;
    expect(body.map(({ id }) => id)).toEqual(expect.arrayContaining(['version', 'settings', 'trace', 'capture']));
  });
});
