import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AmfInput, writeAmf0 } from '../../../../src/protocol/messages/amf0-writer.js';
import { COMMANDS } from '../../../../src/protocol/server/commands/index.js';
import type { Action } from '../../../../src/protocol/server/session.js';
import { inbound } from '../../../support/protocol/messages.js';
import { ServerPeer } from '../../../support/protocol/server-peer.js';
import { Transcript } from '../../../support/protocol/transcript.js';

const NAMES = ['connect', ...COMMANDS.keys(), 'whatever', '__proto__', 'constructor', ''];
const SEED = 20260;

/** One value of every AMF0 type, and the odd ones of each. */
const VALUES: readonly (readonly [string, AmfInput])[] = [
  ['zero', 0],
  ['minus one', -1],
  ['a fraction', 1.5],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['a huge number', 1e308],
  ['true', true],
  ['false', false],
  ['an empty string', ''],
  ['a string', 'cam'],
  ['a long string', 'x'.repeat(70_000)],
  ['__proto__', '__proto__'],
  ['an object', { ['__proto__']: { polluted: true }, app: 'x', level: 1 }],
  ['null', null],
  ['undefined', undefined],
  ['a strict array', [1, 'a', null]],
  ['a date', new Date(0)],
];

/** What must hold after any input: `close` comes last, everything sent can be read back. */
function check(actions: readonly Action[]): void {
  const closing = actions.findIndex((action) => action.kind === 'close');
  expect(closing === -1 || closing === actions.length - 1).toBe(true);
}

function peers(): ServerPeer[] {
  const waiting = new ServerPeer().connect();
  waiting.call(1, 'publish', 0, null, 'cam');
  return [new ServerPeer(), new ServerPeer().connect(), waiting, new ServerPeer().publish(), new ServerPeer().play()];
}

describe('every command with every AMF type in every place', () => {
  for (const name of NAMES) {
    it(`${name === '' ? 'the empty name' : name} never throws, in any state of the session`, () => {
      for (const [, odd] of VALUES) {
        for (let place = 0; place < 5; place++) {
          const values: AmfInput[] = [name, 5, null, 'cam', 'live'];
          values[place] = odd;
          for (const messageStreamId of [0, 1, 0xffffffff]) {
            for (const peer of peers()) {
              peer.call(messageStreamId, ...values);
              check(peer.actions);
            }
          }
        }
      }
      expect((Object.prototype as Record<string, unknown>)['polluted']).toBeUndefined();
    });
  }
});

describe('random traffic', () => {
  const amf: fc.Arbitrary<AmfInput> = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.double(),
      fc.boolean(),
      fc.string({ maxLength: 20 }),
      fc.constantFrom(null, undefined, 'cam', '@setDataFrame', 'onMetaData', 1, 2),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.string({ maxLength: 8 }), tie('value'), { maxKeys: 3 }),
    ),
  })).value as fc.Arbitrary<AmfInput>;
  const messageStreamId = fc.constantFrom(0, 1, 2, 9);
  const commandStep = fc.record({
    type: fc.constantFrom(20, 17),
    messageStreamId,
    payload: fc
      .tuple(fc.constantFrom(...NAMES), amf, amf, fc.array(amf, { maxLength: 3 }))
      .map(([a, b, c, rest]) => writeAmf0(a, b, c, ...rest)),
  });
  const dataStep = fc.record({
    type: fc.constantFrom(18, 15),
    messageStreamId,
    payload: fc.array(amf, { maxLength: 3 }).map((values) => writeAmf0(...values)),
  });
  const rawStep = fc.record({
    type: fc.integer({ min: 0, max: 255 }),
    messageStreamId,
    payload: fc.uint8Array({ maxLength: 40 }),
  });

  it('of commands, data, raw bytes and answers never throws, and nothing follows a close', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(commandStep, dataStep, rawStep), { maxLength: 30 }),
        fc.infiniteStream(fc.nat({ max: 9 })),
        (steps, choices) => {
          const peer = new ServerPeer({ maxCommandsPerSecond: 1000 }).connect();
          const transcript = new Transcript();
          transcript.lines(peer.actions);
          let isClosed = false;
          const take = (actions: readonly Action[]) => {
            check(actions);
            if (isClosed) expect(actions).toEqual([]);
            isClosed ||= actions.some((action) => action.kind === 'close');
            transcript.messages(actions);
            for (const action of actions) if ('requestId' in action) peer.requestId = action.requestId;
          };
          for (const step of steps) {
            take(peer.session.message(inbound(step.type, step.messageStreamId, step.payload), peer.nowMs));
            const choice = choices.next().value as number;
            if (choice === 0) take(peer.session.answerPublish(peer.requestId, { accept: true }, peer.nowMs));
            if (choice === 1) take(peer.session.answerPlay(peer.requestId, { accept: true }, peer.nowMs));
            if (choice === 2) take(peer.session.publisherGone(1, { stays: peer.nowMs % 2 === 0 }));
            if (choice === 3) take(peer.session.publisherCame(2));
            peer.nowMs += choice * 100;
            take(peer.session.tick(peer.nowMs));
          }
          if (isClosed) expect(peer.session.isPublishing(1)).toBe(false);
        },
      ),
      { seed: SEED, numRuns: 400 },
    );
  });
});
