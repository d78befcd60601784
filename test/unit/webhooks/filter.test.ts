import { describe, expect, it } from 'vitest';
import { checkTypes, eventFilter } from '../../../src/webhooks/filter.js';

const passes = (types: readonly string[], match: string, name: string, subject: string): boolean => {
  const filter = eventFilter({ types, match });
  const type = `io.sluice.${name}`;
  return filter.type(type) && filter.entry({ type, event: { subject } });
};

describe('what a webhook is about', () => {
  it.each([
    [['**'], '**', 'stream.started', 'live/cam', true],
    [['*'], '*', 'node.ready', 'n1', true],
    [['stream.*'], '**', 'stream.ended', 'live/cam', true],
    [['io.sluice.stream.*'], '**', 'stream.ended', 'live/cam', true],
    [['stream.started', 'stream.ended'], '**', 'stream.ready', 'live/cam', false],
    [['*.ended'], '**', 'play.ended', 'live/cam', true],
    [['**'], 'live/*', 'stream.started', 'live/cam', true],
    [['**'], 'live/*', 'stream.started', 'live/a/b', false],
    [['**'], 'live/**', 'stream.started', 'live/a/b', true],
    [['**'], 'live/*', 'stream.started', 'test/cam', false],
    [['**'], 'live/*', 'node.ready', 'n1', false],
    [['**'], '**/*', 'node.command', 'n1', false],
  ])('types %j and match %s: %s of %s → %s', (types, match, name, subject, expected) => {
    expect(passes(types, match, name, subject)).toBe(expected);
  });

  it('is refused where no event has such a type, and says where events of jobs are', () => {
    checkTypes('a', ['stream.*', 'io.sluice.play.started', '*']);
    expect(() => checkTypes('a', ['stream.strated'])).toThrow(
      /stream\.strated, which no event has; expected a glob of/,
    );
    expect(() => checkTypes('a', ['job.*'])).toThrow(/over NATS/);
  });
});
