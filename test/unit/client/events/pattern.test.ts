import { describe, expect, it } from 'vitest';
import { countedSequence } from '../../../../src/client/events/counted.js';
import { handlersOf } from '../../../../src/client/events/handlers.js';
import type { SluiceEvent } from '../../../../src/client/events/index.js';
import { streamPattern } from '../../../../src/client/events/pattern.js';
import { SeenIds } from '../../../../src/client/events/seen-ids.js';
import { deliveryOf } from '../../../../src/events/consume/delivery.js';
import type { Msg } from '../../../../src/nats/connection.js';

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

describe('the sequence that a subject names', () => {
  it.each([
    ['sluice.v1.evt.live.cam.ID.stream.started.1', 1],
    ['sluice.v1.evt.live.cam.ID.play.ended.17', 17],
    ['sluice.v1.evt.live.cam.ID.stream.ended.end', Number.POSITIVE_INFINITY],
    ['sluice.v1.evt.live.cam.ID.stream.rejected.1', undefined],
    ['sluice.v1.evt.live.cam.ID.play.ended.01ABC-end', undefined],
    ['sluice.v1.evt.live.cam.ID.record.closed.01ABC-2', undefined],
  ])('of %s is %s', (subject, expected) => {
    expect(countedSequence(subject)).toBe(expected);
  });
});

describe('the handlers of an event', () => {
  const all = () => undefined;
  const started = () => undefined;
  const event = (type: string) => ({ type }) as unknown as SluiceEvent;

  it('are the one for all and the one for its kind', () => {
    expect(handlersOf({ event: all, started }, event('io.sluice.stream.started'))).toEqual([all, started]);
    expect(handlersOf({ started }, event('io.sluice.stream.ended'))).toEqual([]);
  });

  it('are the one for all when the type is not known here, whatever its name is', () => {
    for (const type of ['io.sluice.stream.recorded', 'io.sluice.stream.toString', 'io.sluice.stream.event', 'other'])
      expect(handlersOf({ event: all, started }, event(type))).toEqual([all]);
    expect(handlersOf({ event: all, started }, event('io.sluice.play.started'))).toEqual([all]);
  });
});

describe('a delivery', () => {
  const message = (reply: string) => ({ subject: 's', data: new Uint8Array(), reply }) as unknown as Msg;

  it('says where it stands in the stream and among what its consumer sent, in the short and the long form', () => {
    const expected = { position: 41, ordinal: 7, pending: 3 };
    expect(deliveryOf(message('$JS.ACK.EVENTS.c.1.41.7.1700000000.3'))).toMatchObject(expected);
    expect(deliveryOf(message('$JS.ACK._.hash.EVENTS.c.1.41.7.1700000000.3'))).toMatchObject(expected);
    expect(deliveryOf(message('$JS.ACK.hub.hash.EVENTS.c.1.41.7.1700000000.3.random'))).toMatchObject(expected);
  });

  it('is none without the reply subject of a consumer', () => {
    for (const reply of ['', '_INBOX.x', '$JS.ACK.EVENTS.c.1', '$JS.ACK.EVENTS.c.1.x.y.1700000000.3'])
      expect(deliveryOf(message(reply))).toBeUndefined();
  });
});

describe('the memory of ids', () => {
  it('knows the newest of them and is bounded', () => {
    const seen = new SeenIds(10);
    for (let i = 0; i < 100; i++) seen.add(String(i));
    for (let i = 91; i < 100; i++) expect(seen.has(String(i))).toBe(true);
    expect(seen.has('79')).toBe(false);
  });
});
