import { describe, expect, it } from 'vitest';
import { type Placed, type PlacedMap, readPlacedYaml } from '../../../src/config/placed-yaml.js';

function at(root: Placed | undefined, ...path: readonly (string | number)[]): Placed | undefined {
  return path.reduce<Placed | undefined>((value, step) => {
    if (value?.kind === 'list') return value.items[step as number];
    return value?.kind === 'map' ? value.entries.get(step as string)?.value : undefined;
  }, root);
}

describe('readPlacedYaml', () => {
  it('gives values, keys and lists their places', () => {
    const { root, problems } = readPlacedYaml('a: 1\nb:\n  - x\n  - { c: "y z", on: ~ }\n');
    expect(problems).toEqual([]);
    expect(at(root, 'a')).toMatchObject({ value: 1, source: '1', place: { line: 1, column: 4 } });
    expect(at(root, 'b')).toMatchObject({ kind: 'list', place: { line: 3, column: 3 } });
    expect(at(root, 'b', 1, 'c')).toMatchObject({ value: 'y z', place: { line: 4, column: 10 }, textColumn: 11 });
    expect(at(root, 'b', 1, 'on')).toMatchObject({ value: null });
    expect((at(root, 'b', 1) as PlacedMap).entries.get('on')?.place).toEqual({ line: 4, column: 17 });
  });

  it.each([
    ['a: plain text', 4],
    ["a: 'single'", 5],
    ['a: "double"', 5],
    ["a: 'it''s'", undefined],
    ['a: "b\\tc"', undefined],
    ['a: |\n  block', undefined],
    ['a: over\n  two lines', undefined],
  ])('says of %j where its text begins, if it stands there as it is', (text, column) => {
    expect(at(readPlacedYaml(text).root, 'a')).toMatchObject({ textColumn: column });
  });

  it('takes numbers, booleans and keys as they are written, whatever version a directive names', () => {
    const { root } = readPlacedYaml('%YAML 1.1\n---\non: yes\n010: 2026-01-31\n1e3: 0x10\n');
    expect([...(root as PlacedMap).entries.keys()]).toEqual(['on', '010', '1e3']);
    expect(at(root, '010')).toMatchObject({ value: '2026-01-31' });
    expect(at(root, '1e3')).toMatchObject({ value: 16, source: '0x10' });
  });

  it('reads what an alias names once, however often it is named', () => {
    const { root, problems } = readPlacedYaml('a: &x { b: 1 }\nc: *x\nd: [*x, *x]\n');
    expect(problems).toEqual([]);
    expect(at(root, 'c')).toBe(at(root, 'a'));
    expect(at(root, 'd', 1)).toBe(at(root, 'a'));
  });

  it('reads thirty levels of aliases that would be a thousand million values', () => {
    const levels = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`);
    const { root, problems } = readPlacedYaml(['a0: &a0 x', ...levels].join('\n'));
    expect(problems).toEqual([]);
    expect(at(root, 'a30', 0)).toBe(at(root, 'a29'));
  });

  it.each([
    ['a: "1', 1, 6, 'a character is missing'],
    ['a: 1\na: 2', 2, 1, 'a key stands twice'],
    ['a: &x [*x]', 1, 8, 'a group holds itself'],
    ['a: *x', 1, 4, 'an alias'],
    ['? [a]\n: 1', 1, 3, 'a key is no plain text'],
    ['a: !what 1', 1, 4, 'a tag (!name) is not known'],
    ['a: 1\n---\nb: 2', 2, 1, 'more than one document'],
    ['a:\n\tb: 1', 2, 1, 'a tab'],
    [`a: ${'['.repeat(40)}${']'.repeat(40)}`, 1, 36, 'nested more than 32 deep'],
    [`[${','.repeat(200_000)}]`, 1, 1, 'more than 150000 words'],
  ])('tells what is wrong with %j and where', (text, line, column, says) => {
    const { problems } = readPlacedYaml(text);
    expect(problems.length).toBeLessThanOrEqual(100);
    expect(problems[0]).toMatchObject({ place: { line, column }, says: expect.stringContaining(says) });
  });

  it('takes no text that is nested deeper than the parser can follow', () => {
    const { problems } = readPlacedYaml(`a: ${'['.repeat(5000)}`);
    expect(problems[0]).toMatchObject({ place: { line: 1 }, says: 'groups are nested too deeply' });
  });

  it('finds nothing in an empty text', () => {
    expect([readPlacedYaml(''), readPlacedYaml('# only\n')]).toEqual([{ problems: [] }, { problems: [] }]);
  });
});
