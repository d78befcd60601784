import { describe, expect, it } from 'vitest';
import { partFor, partsOf } from '../../../src/recording/media-path.js';

const refused = expect.objectContaining({ code: 'ERR_MEDIA_PATH' });

describe('a path below the root', () => {
  it.each([
    ['a.flv', ['a.flv']],
    ['live/cam1/2026-11-26.flv', ['live', 'cam1', '2026-11-26.flv']],
    ['Küche/ヒ.mp4', ['Küche', 'ヒ.mp4']],
    // It is the name of a file, and nothing decodes it.
    ['%2e%2e/a', ['%2e%2e', 'a']],
  ])('has parts: %j', (path, parts) => {
    expect(partsOf(path)).toEqual(parts);
  });

  it.each([
    '',
    '/',
    '/etc/passwd',
    'a/',
    'a//b',
    '.',
    '..',
    '../a',
    'a/../b',
    'a/..',
    '.hidden',
    'a/.b',
    'a\0b',
    'a\nb',
    'a\u0085b',
    'a\u2028b',
    '..\\a',
    'a\\b',
    '\ud800.flv',
  ])('is refused: %j', (path) => {
    expect(() => partsOf(path)).toThrow(refused);
  });

  it('has 240 bytes in a part at most, 32 parts, and 2048 bytes', () => {
    expect(partsOf('x'.repeat(240))).toHaveLength(1);
    expect(() => partsOf('x'.repeat(241))).toThrow(refused);
    expect(() => partsOf('ü'.repeat(121))).toThrow(refused);
    expect(partsOf(Array(32).fill('x').join('/'))).toHaveLength(32);
    expect(() => partsOf(Array(33).fill('x').join('/'))).toThrow(refused);
    const long = [...Array<string>(8).fill('x'.repeat(240)), 'x'.repeat(120)].join('/');
    expect(Buffer.byteLength(long)).toBe(2048);
    expect(partsOf(long)).toHaveLength(9);
    expect(() => partsOf(`${long}x`)).toThrow(refused);
  });
});

describe('the part for a name', () => {
  it.each([
    ['cam1', 'cam1'],
    ['', '='],
    ['..', '=2E=2E'],
    ['a/b', 'a=2Fb'],
    ['a=h', 'a=3Dh'],
    ['\0', '=00'],
  ])('of %j is %s', (name, part) => {
    expect(partFor(name)).toBe(part);
    expect(partsOf(part)).toEqual([part]);
  });

  it('differs for long names that differ, and fits', () => {
    expect(partFor('x'.repeat(240))).toBe('x'.repeat(240));
    const parts = ['x'.repeat(241), 'x'.repeat(242), '/'.repeat(512), `${'/'.repeat(511)}.`].map(partFor);
    expect(new Set(parts).size).toBe(4);
    for (const part of parts) expect(partsOf(part)).toEqual([part]);
    expect(parts[0]).toMatch(/^x{120}=h[0-9a-f]{24}$/);
  });
});
