import { describe, expect, it } from 'vitest';
import { showsColours } from '../../../src/core/colours.js';

describe('text is painted', () => {
  it.each([
    ['in a terminal', { isTTY: true }, { TERM: 'xterm-256color' }, true],
    ['not in a pipe', {}, { TERM: 'xterm-256color' }, false],
    ['not where NO_COLOR is set', { isTTY: true }, { TERM: 'xterm', NO_COLOR: '1' }, false],
    ['where NO_COLOR is empty', { isTTY: true }, { TERM: 'xterm', NO_COLOR: '' }, true],
    ['not in a terminal that cannot', { isTTY: true }, { TERM: 'dumb' }, false],
  ])('%s', (_, stream, env, expected) => {
    expect(showsColours(stream, env)).toBe(expected);
  });
});
