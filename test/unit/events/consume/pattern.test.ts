import { describe, expect, it } from 'vitest';
import { streamPattern } from '../../../../src/events/consume/pattern.js';

const pattern = (text: string) => streamPattern(text, 'sluice.v1');
const matches = (text: string, subject: string) => {
  const slash = subject.lastIndexOf('/');
  return pattern(text).matches(subject.slice(0, slash), subject.slice(slash + 1));
};

describe('a pattern of streams', () => {
  it.each([
    ['live/cam1', 'live/cam1', true],
    ['live/cam1', 'live/cam12', false],
    ['live/cam*', 'live/cam12', true],
    ['live/*', 'live/cam1', true],
    ['live/*', 'live/x/cam1', true],
    ['live/x/*', 'live/x/cam1', true],
    ['live/x/*', 'live/cam1', false],
    ['live/x/cam1', 'live/x/cam1', true],
    ['live', 'live/cam1', true],
    ['live', 'lively/cam1', false],
    ['*', 'any/app/cam1', true],
    ['*/cam1', 'any/app/cam1', true],
    ['live/a.b', 'live/aXb', false],
    ['live/*', 'vod/live/cam1', false],
  ])('%s and the stream %s: %s', (text, subject, expected) => {
    expect(matches(text, subject)).toBe(expected);
  });

  it('means an app with a slash, wherever app and name part', () => {
    expect(pattern('live/x/cam1').matches('live/x', 'cam1')).toBe(true);
    expect(pattern('live/x/cam1').matches('live', 'x/cam1')).toBe(true);
    expect(pattern('*').matches('', '')).toBe(true);
  });

  it('has a filter that lets through every stream that is meant', () => {
    expect(pattern('live/cam.1').filter).toBe('sluice.v1.evt.live.cam=2E1.>');
    expect(pattern('live/*').filter).toBe('sluice.v1.evt.*.*.>');
    expect(pattern('live/x/cam1').filter).toBe('sluice.v1.evt.*.*.>');
    expect(pattern('live').filter).toBe('sluice.v1.evt.*.*.>');
  });
});
