import { describe, expect, it } from 'vitest';
import {
  answered,
  firstState,
  isQuit,
  keysIn,
  pressed,
  sorted,
  type TopState,
  unanswered,
} from '../../../../src/cli/top/top-state.js';
import { overviewOf, overviewStream } from '../../../support/cli/overviews.js';

const STREAMS = [
  overviewStream('b', { players: 1, kbpsIn: 300, startedAt: '2026-01-31T11:00:00.000Z' }),
  overviewStream('c', { players: 9, kbpsIn: 100, startedAt: '2026-01-31T10:00:00.000Z' }),
  overviewStream('a', { players: 1, kbpsIn: 200, startedAt: '2026-01-31T12:00:00.000Z' }),
];

function state(): TopState {
  return answered(firstState('http://127.0.0.1:8080'), overviewOf(STREAMS));
}

function names(of: TopState): string {
  return sorted(of)
    .map(({ name }) => name)
    .join('');
}

describe('the order of streams', () => {
  it.each([
    ['n', 'cba'],
    ['p', 'cab'],
    ['b', 'bac'],
    ['a', 'cba'],
  ])('after %s is %s', (key, order) => {
    expect(names(pressed(state(), key, 10))).toBe(order);
  });

  it('begins with names, and turns round when a key is pressed again', () => {
    expect(names(state())).toBe('abc');
    const once = pressed(state(), 'p', 10);
    const twice = pressed(once, 'P', 10);
    expect(names(twice)).toBe('bac');
    expect(names(pressed(twice, 'p', 10))).toBe('cab');
  });
});

describe('keys', () => {
  it('are read one by one, sequences whole', () => {
    expect(keysIn('n\x1b[A\x1bOB\x1b[5~qü')).toEqual(['n', '\x1b[A', '\x1bOB', '\x1b[5~', 'q', 'ü']);
  });

  it.each([
    [['\x1b[B'], 1],
    [['\x1b[B', '\x1b[B', '\x1b[B'], 2],
    [['\x1b[B', '\x1b[A', '\x1b[A'], 0],
    [['\x1b[F'], 2],
    [['\x1b[F', '\x1b[H'], 0],
    [['\x1b[6~'], 1],
    [['\x1b[6~', '\x1b[5~'], 0],
    [['j', 'j', 'k'], 1],
    [['x'], 0],
  ])('%j scroll to %i where one of three fits', (keys, first) => {
    expect(keys.reduce((before, key) => pressed(before, key, 1), state()).first).toBe(first);
  });

  it('scroll nowhere where all fits', () => {
    expect(pressed(state(), '\x1b[B', 3).first).toBe(0);
  });

  it('end it: q and Ctrl-C', () => {
    expect(['q', 'Q', '\x03', '\x04', 'n', '\x1b[A'].map(isQuit)).toEqual([true, true, true, true, false, false]);
  });
});

describe('answers', () => {
  it('that do not come leave what was shown, and are counted from the first', () => {
    const away = unanswered(unanswered(state(), 'ECONNREFUSED', 1000), 'no answer in time', 2000);
    expect(away.trouble).toEqual({ text: 'no answer in time', sinceMs: 1000 });
    expect(names(away)).toBe('abc');
    expect(answered(away, overviewOf([])).trouble).toBeUndefined();
  });
});
