import { describe, expect, it } from 'vitest';
import type { NodeHello, NodeWelcome } from '../../../../src/model/node-link.js';
import { type AmfInput, writeAmf0 } from '../../../../src/protocol/messages/amf0-writer.js';
import {
  audienceReport,
  helloObject,
  readAudience,
  readHello,
  readWelcome,
  welcomeObject,
} from '../../../../src/protocol/messages/node-link.js';
import { readAmf } from '../../../support/amf.js';

const HELLO: NodeHello = {
  ...{ nodeId: 'edge-1', bootId: '01JZ8Z3K6YQ4Q0V5N7W2T9B1CD', ticket: 'payload.signature' },
  path: ['edge-1', 'edge-2'],
};
const WELCOME: NodeWelcome = {
  ...{ nodeId: 'origin-1', bootId: '01JZ8Z3K6YQ4Q0V5N7W2T9B1CD', streamId: '01JZ8Z3K6YQ4Q0V5N7W2T9B1CE', hops: 1 },
  epoch: { registry: '2026-11-27T02:00:00.123456789Z', revision: 4711 },
};

/** A value as the other end reads it from the wire. */
function overWire(value: AmfInput) {
  return readAmf(writeAmf0(value))[0];
}

function helloWith(member: string, value: AmfInput) {
  return readHello(overWire({ ...(helloObject(HELLO) as object), [member]: value } as AmfInput));
}

function welcomeWith(member: string, value: AmfInput) {
  return readWelcome(overWire({ ...(welcomeObject(WELCOME) as object), [member]: value } as AmfInput));
}

describe('the object of a connect', () => {
  it('is read as it was written', () => {
    expect(readHello(overWire(helloObject(HELLO)))).toEqual(HELLO);
  });

  it('may have members of a later time', () => {
    expect(helloWith('later', 'x')).toEqual(HELLO);
  });

  it.each<[string, AmfInput]>([
    ['v', 2],
    ['v', '1'],
    ['v', undefined],
    ['nodeId', ''],
    ['nodeId', 'a'.repeat(65)],
    ['nodeId', 'a.b'],
    ['nodeId', 'a\nb'],
    ['nodeId', 7],
    ['bootId', '01JZ8Z3K6YQ4Q0V5N7W2T9B1C'],
    ['bootId', '01JZ8Z3K6YQ4Q0V5N7W2T9B1CU'],
    ['ticket', ''],
    ['ticket', 'x'.repeat(3073)],
    ['ticket', null],
    ['path', []],
    ['path', 'edge-1'],
    ['path', Array.from({ length: 17 }, () => 'edge-1')],
    ['path', ['edge-1', 7]],
    ['path', ['edge-1', '']],
    ['window', 'player'],
    ['window', undefined],
  ])('with %s = %j is that of an ordinary client', (member, value) => {
    expect(helloWith(member, value)).toBeUndefined();
  });

  it.each<[AmfInput]>([[undefined], [null], [1], ['relay'], [[]], [{}]])('is none when it is %j', (value) => {
    expect(readHello(overWire(value))).toBeUndefined();
  });
});

describe('the object of the answer', () => {
  it('is read as it was written', () => {
    expect(readWelcome(overWire(welcomeObject(WELCOME)))).toEqual(WELCOME);
  });

  it.each<[string, AmfInput]>([
    ['v', 0],
    ['nodeId', 'a b'],
    ['bootId', 'boot'],
    ['streamId', ''],
    ['epoch', -1],
    ['epoch', 1.5],
    ['epoch', Number.NaN],
    ['epoch', 2 ** 53],
    ['epoch', '1'],
    ['registry', ''],
    ['registry', '2026-11-27'],
    ['registry', `2026-11-27T02:00:00.${'1'.repeat(10)}Z`],
    ['hops', 0],
    ['hops', 17],
  ])('with %s = %j is none of a node', (member, value) => {
    expect(welcomeWith(member, value)).toBeUndefined();
  });
});

describe('the report of an audience', () => {
  const read = (payload: Buffer) => readAudience(readAmf(payload).slice(1));

  it.each([0, 1, 1_000_000])('tells %i players', (players) => {
    expect(read(audienceReport(players))).toBe(players);
  });

  it.each([-1, 0.5, 1_000_001, Number.NaN, Number.POSITIVE_INFINITY])('does not tell %d players', (players) => {
    expect(read(audienceReport(players))).toBeUndefined();
  });

  it.each<[readonly AmfInput[]]>([[[]], [[7]], [['7']], [[{}]], [[{ players: '7' }]], [[[7]]], [[null]]])(
    'is none in %j',
    (values) => {
      expect(read(writeAmf0('sluiceAudience', ...values))).toBeUndefined();
    },
  );
});
