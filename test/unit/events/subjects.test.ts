import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newId } from '../../../src/core/ids.js';
import type { EventType } from '../../../src/events/event-types.js';
import { EVENT_TYPES } from '../../../src/events/schemas/index.js';
import {
  allEvents,
  eventFilter,
  eventName,
  eventSubject,
  formatSubject,
  type NodeSubject,
  nodeKey,
  parseStreamSubject,
  parseSubject,
  type StreamSubject,
  sequenceIn,
  signalSubject,
  streamKey,
  subjectTemplate,
} from '../../../src/events/subjects.js';

const id = newId(1_700_000_000_000);
const stream = { kind: 'stream', prefix: 'sluice.v1', app: 'live', name: 'cam', streamId: id } as const;
const node = { kind: 'node', prefix: 'sluice.v1', nodeId: 'n1', bootId: id, verb: 'draining' } as const;

const SUBJECTS: readonly (readonly [string, StreamSubject | NodeSubject])[] = [
  [`sluice.v1.evt.live.cam.${id}.stream.started.1`, { ...stream, entity: 'stream', verb: 'started', last: '1' }],
  [`sluice.v1.evt.live.cam.${id}.stream.ended.end`, { ...stream, entity: 'stream', verb: 'ended', last: 'end' }],
  [`sluice.v1.evt.live.cam.${id}.play.ended.17`, { ...stream, entity: 'play', verb: 'ended', last: '17' }],
  [`x.evt.live.cam.${id}.stream.ready.2`, { ...stream, prefix: 'x', entity: 'stream', verb: 'ready', last: '2' }],
  [
    `sluice.v1.evt.a=2Fb.cam=2E1=2F=2A.${id}.stream.idle.3`,
    { ...stream, app: 'a/b', name: 'cam.1/*', entity: 'stream', verb: 'idle', last: '3' },
  ],
  [
    `sluice.v1.evt.=.=.${id}.stream.idle.3`,
    { ...stream, app: '', name: '', entity: 'stream', verb: 'idle', last: '3' },
  ],
  [`sluice.v1.node.n1.${id}.draining`, { ...node, ordinal: 1 }],
  [`sluice.v1.node.n1.${id}.draining.2`, { ...node, ordinal: 2 }],
  [`sluice.v1.node.n=2E1.${id}.draining`, { ...node, nodeId: 'n.1', ordinal: 1 }],
];

const NO_SUBJECTS = [
  '',
  'sluice.v1',
  'sluice.v1.tel.live.cam.S',
  `evt.live.cam.${id}.stream.started.1`,
  `sluice.v1.evt.live.cam.stream.started.1`,
  `sluice.v1.evt.live.a/b.${id}.stream.started.1`,
  `sluice.v1.evt.live.*.${id}.stream.started.1`,
  `sluice.v1.evt.live..${id}.stream.started.1`,
  `sluice.v1.evt.live.cam=2e1.${id}.stream.started.1`,
  'sluice.v1.node.n1.draining',
  `sluice.v1.node.n.1.${id}.draining`,
];

/** Lone surrogates cannot be written as UTF-8. */
const wellFormed = (text: string) => Buffer.from(text, 'utf8').toString('utf8');

describe('the subject of an event', () => {
  it.each(SUBJECTS)('%s is written from its parts and read back into them', (text, parts) => {
    expect(formatSubject(parts)).toBe(text);
    expect(parseSubject(text)).toEqual(parts);
    expect(parseStreamSubject(text)).toEqual(parts.kind === 'stream' ? parts : undefined);
  });

  it.each(NO_SUBJECTS)('is not %j', (text) => {
    expect(parseSubject(text)).toBeUndefined();
  });

  it('has exactly seven tokens behind the prefix whatever the names are, and gives the names back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (first, second) => {
        const [app, name] = [wellFormed(first), wellFormed(second)];
        const subject = eventSubject('p', { streamId: id, app, name }, 'io.sluice.stream.ready', 2);
        const parts = parseStreamSubject(subject);
        return /^p(?:\.[A-Za-z0-9_=-]+){7}$/.test(subject) && parts?.app === app && parts.name === name;
      }),
      { seed: 11, numRuns: 200 },
    );
  });

  it('ends in the number of the event; an end has one subject whatever its number is', () => {
    expect(eventSubject('p', stream, 'io.sluice.stream.started', 1)).toBe(`p.evt.live.cam.${id}.stream.started.1`);
    expect(eventSubject('p', stream, 'io.sluice.stream.ended', 7)).toBe(`p.evt.live.cam.${id}.stream.ended.end`);
  });

  it.each([
    ['1', 1],
    ['0017', 17],
    ['end', undefined],
    ['01ABC-2', undefined],
  ])('with the last token %s has the number %s', (last, sequence) => {
    expect(sequenceIn({ ...stream, entity: 'play', verb: 'ended', last })).toBe(sequence);
  });

  it('is what AsyncAPI says of its type once the parts are filled in', () => {
    const values: Record<string, string> = {
      app: 'live',
      name: 'cam',
      streamId: 'S',
      seq: '4',
      nodeId: 'n',
      bootId: 'b',
      n: '1',
    };
    for (const type of EVENT_TYPES) {
      const filled = subjectTemplate(type).replace(/\{(\w+)\}/g, (_, key: string) => values[key]!);
      const parts = parseSubject(filled)!;
      expect(formatSubject(parts)).toBe(filled);
      const name = parts.kind === 'node' ? `node.${parts.verb}` : `${parts.entity}.${parts.verb}`;
      expect(name).toBe(eventName(type));
    }
  });
});

describe('filters of events', () => {
  const FILTERS: readonly (readonly [string, Parameters<typeof eventFilter>[1]])[] = [
    ['p.evt.*.*.>', {}],
    ['p.evt.live.*.>', { app: 'live' }],
    ['p.evt.live.cam=2E1.>', { app: 'live', name: 'cam.1' }],
    [`p.evt.*.*.${id}.>`, { streamId: id }],
    ['p.evt.*.*.*.stream.started.*', { type: 'io.sluice.stream.started' }],
    ['p.evt.*.*.*.stream.ended.end', { type: 'io.sluice.stream.ended' }],
    [`p.evt.live.cam.${id}.stream.ready.*`, { app: 'live', name: 'cam', streamId: id, type: 'io.sluice.stream.ready' }],
  ];

  it.each(FILTERS)('%s takes what was asked for', (text, of) => {
    expect(eventFilter('p', of)).toBe(text);
  });

  it('for everything are two', () => {
    expect(allEvents('sluice.v1')).toEqual(['sluice.v1.evt.>', 'sluice.v1.node.>']);
  });
});

describe('other names on the bus', () => {
  it('are escaped token by token', () => {
    expect(signalSubject('sluice.v1', ['tel', 'a/b', 'cam.1', 'S'])).toBe('sluice.v1.tel.a=2Fb.cam=2E1.S');
    expect(streamKey({ app: 'a/b', name: 'cam.1' })).toBe('a=2Fb.cam=2E1');
    expect(nodeKey('n.1', 'b')).toBe('n=2E1.b');
  });

  it.each([
    ['io.sluice.stream.started', 'stream.started'],
    ['io.sluice.node.lost', 'node.lost'],
    ['org.example.other', 'org.example.other'],
  ])('%s is called %s', (type, name) => {
    expect(eventName(type as EventType)).toBe(name);
  });
});
