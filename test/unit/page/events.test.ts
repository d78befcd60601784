import { describe, expect, it } from 'vitest';
import type { ToldEvent } from '../../../src/page/event-words.js';
import { isEnd, merged, readEvent } from '../../../src/page/events.js';

const event = (id: string): ToldEvent => ({
  id,
  type: 'io.sluice.stream.ready',
  subject: 'live/cam1',
  time: '2026-11-27T06:00:00Z',
  data: {},
});
const ids = (events: readonly ToldEvent[]): string[] => events.map(({ id }) => id);

describe('the events of a stream', () => {
  it('are the newest first, each once, however often it is sent', () => {
    const first = merged([], ['1', '2'].map(event));
    expect(ids(first)).toEqual(['2', '1']);
    expect(ids(merged(first, ['2', '3', '3'].map(event)))).toEqual(['3', '2', '1']);
    expect(merged(first, [event('1')])).toBe(first);
  });

  it('are two hundred at most', () => {
    const many = Array.from({ length: 250 }, (_, index) => event(String(index)));
    const kept = merged([event('old')], many);
    expect([kept.length, kept[0]?.id, kept.at(-1)?.id]).toEqual([200, '249', '50']);
  });

  it('are read from JSON, and what is no event is none', () => {
    expect(readEvent(JSON.stringify(event('1')))?.id).toBe('1');
    expect(['', '{}', 'null', '[]', '{"id":1}'].map(readEvent)).toEqual(Array(5).fill(undefined));
    expect(readEvent('{"id":"1","type":"x","data":null}')).toBeUndefined();
  });

  it('say when the stream is over', () => {
    expect([isEnd(event('1')), isEnd({ ...event('2'), type: 'io.sluice.stream.ended' })]).toEqual([false, true]);
  });
});
