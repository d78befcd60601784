import { describe, expect, it } from 'vitest';
import {
  readSharedObject,
  type SharedObjectEvent,
  writeSharedObject,
} from '../../../../src/protocol/shared-objects/message.js';
import { amf } from '../../../support/amf.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const HEAD = '0004 63686174 00000007 00000000 00000000';

/** Every event, with its bytes behind the head (RTMP 1.0 §7.1.5). */
const EVENTS: readonly (readonly [SharedObjectEvent, string])[] = [
  [{ kind: 'use' }, '01 00000000'],
  [{ kind: 'release' }, '02 00000000'],
  [{ kind: 'requestChange', slots: [{ name: 'x', value: amf(1) }] }, '03 0000000C 0001 78 00 3FF0000000000000'],
  [
    {
      kind: 'change',
      slots: [
        { name: 'x', value: amf(true) },
        { name: 'yy', value: amf('a') },
      ],
    },
    '04 0000000D 0001 78 01 01 0002 7979 02 0001 61',
  ],
  [{ kind: 'success', name: 'x' }, '05 00000003 0001 78'],
  [{ kind: 'send', values: amf('say', 'hi') }, '06 0000000B 02 0003 736179 02 0002 6869'],
  [{ kind: 'status', code: 'No', level: 'error' }, '07 0000000B 0002 4E6F 0005 6572726F72'],
  [{ kind: 'clear' }, '08 00000000'],
  [{ kind: 'remove', name: 'x' }, '09 00000003 0001 78'],
  [{ kind: 'requestRemove', name: 'x' }, '0A 00000003 0001 78'],
  [{ kind: 'useSuccess' }, '0B 00000000'],
  [{ kind: 'requestClear' }, '0E 00000000'],
];

const message = (events: readonly SharedObjectEvent[]) => ({ name: 'chat', version: 7, isPersistent: false, events });

describe('a shared object message', () => {
  it.each(EVENTS.map(([event, bytes]) => [event.kind, event, bytes] as const))('holds %s', (_kind, event, bytes) => {
    expect(writeSharedObject(message([event]))).toEqual(hex(`${HEAD} ${bytes}`));
    expect(readSharedObject(19, hex(`${HEAD} ${bytes}`))).toEqual(message([event]));
    expect(readSharedObject(16, hex(`00 ${HEAD} ${bytes}`))).toEqual(message([event]));
  });

  it('holds several events, and flags for a persistent object in the ways of Red5 and AMS', () => {
    const all = hex(`${HEAD} ${EVENTS.map(([, bytes]) => bytes).join(' ')}`);
    expect(readSharedObject(19, all)).toEqual(message(EVENTS.map(([event]) => event)));
    for (const flags of [2, 16, 32, 48]) {
      const bytes = hex(HEAD);
      bytes.writeUInt32BE(flags, 10);
      expect(readSharedObject(19, bytes)).toEqual({ ...message([]), isPersistent: true });
    }
    const written = writeSharedObject({ ...message([]), isPersistent: true });
    expect(written).toEqual(hex('0004 63686174 00000007 00000002 00000000'));
  });

  it('may hold events that are not known, and the slot behind a success, as AMS has it', () => {
    expect(readSharedObject(19, hex(`${HEAD} 0C 00000001 FF`))?.events).toEqual([{ kind: 'other' }]);
    expect(readSharedObject(19, hex(`${HEAD} 0D 00000004 0001 78 05`))?.events).toEqual([
      { kind: 'success', name: 'x' },
    ]);
  });

  it('may hold AMF3 behind marker 11, which becomes AMF0', () => {
    // An AMF3 object { a: 1, b: [true] }: dynamic, without a class.
    const value = '11 0A 0B 01 03 61 04 01 03 62 09 03 01 03 01';
    const slot = (length: string): Buffer => hex(`${HEAD} 03 ${length} 0001 78 ${value}`);
    expect(readSharedObject(16, Buffer.concat([Buffer.of(0), slot('00000012')]))?.events).toEqual([
      { kind: 'requestChange', slots: [{ name: 'x', value: amf({ a: 1, b: [true] }) }] },
    ]);
    expect(readSharedObject(19, hex(`${HEAD} 06 00000009 11 06 07 736179 11 04 02`))?.events).toEqual([
      { kind: 'send', values: amf('say', 2) },
    ]);
    // A byte array, for which AMF0 has no marker; two values for one slot; half a value.
    expect(readSharedObject(19, hex(`${HEAD} 03 00000007 0001 78 11 0C 03 FF`))).toBeUndefined();
    expect(readSharedObject(19, hex(`${HEAD} 03 00000007 0001 78 11 01 11 01`))).toBeUndefined();
    expect(readSharedObject(19, hex(`${HEAD} 03 00000005 0001 78 11 0A`))).toBeUndefined();
  });

  it('keeps copies of the bytes', () => {
    const bytes = hex(`${HEAD} 03 0000000C 0001 78 00 3FF0000000000000`);
    const read = readSharedObject(19, bytes);
    bytes.fill(0xff);
    expect(read?.events).toEqual([{ kind: 'requestChange', slots: [{ name: 'x', value: amf(1) }] }]);
  });

  it.each([
    ['nothing', ''],
    ['no name', '0000 00000007 00000000 00000000'],
    ['a name that is cut off', '0004 6368'],
    ['a head that is cut off', '0004 63686174 00000007 00000000 0000'],
    ['an event header that is cut off', `${HEAD} 01 000000`],
    ['an event longer than the message', `${HEAD} 01 00000001`],
    ['a slot without a value', `${HEAD} 03 00000003 0001 78`],
    ['a slot with half a value', `${HEAD} 03 00000005 0001 78 00 3F`],
    ['a slot without a name', `${HEAD} 03 00000003 0000 05`],
    ['a removal with more than a name', `${HEAD} 0A 00000004 0001 78 05`],
    ['a message that does not begin with text', `${HEAD} 06 00000001 05`],
    ['a message with a cut value', `${HEAD} 06 00000007 02 0003 736179 00`],
    ['a status without a level', `${HEAD} 07 00000004 0002 4E6F`],
  ])('cannot be read with %s', (_name, bytes) => {
    expect(readSharedObject(19, hex(bytes))).toBeUndefined();
  });

  it('has names whose bytes are no UTF-8 only if they can be written again within the bound', () => {
    const slot = (bytes: number): Buffer => {
      const written = writeSharedObject(message([{ kind: 'remove', name: 's'.repeat(bytes) }]));
      // One byte becomes the three of U+FFFD.
      written[written.length - 1] = 0xff;
      return written;
    };
    const read = readSharedObject(19, slot(254))!;
    expect(readSharedObject(19, writeSharedObject(read))).toEqual(read);
    expect(readSharedObject(19, slot(255))).toBeUndefined();
  });

  it('is bounded in the lengths of names, in events and in slots', () => {
    const named = (bytes: number): Buffer => writeSharedObject({ ...message([]), name: 'n'.repeat(bytes) });
    expect(readSharedObject(19, named(256))?.name).toHaveLength(256);
    expect(readSharedObject(19, named(257))).toBeUndefined();
    const slot = (bytes: number): Buffer => writeSharedObject(message([{ kind: 'remove', name: 's'.repeat(bytes) }]));
    expect(readSharedObject(19, slot(256))?.events).toHaveLength(1);
    expect(readSharedObject(19, slot(257))).toBeUndefined();
    const events = (count: number): Buffer =>
      writeSharedObject(message(Array.from({ length: count }, () => ({ kind: 'use' }) as const)));
    expect(readSharedObject(19, events(1024))?.events).toHaveLength(1024);
    expect(readSharedObject(19, events(1025))).toBeUndefined();
    const slots = (count: number): Buffer =>
      writeSharedObject(
        message([
          { kind: 'change', slots: Array.from({ length: count }, (_, i) => ({ name: `${i}`, value: amf(null) })) },
        ]),
      );
    expect(readSharedObject(19, slots(256))?.events).toHaveLength(1);
    expect(readSharedObject(19, slots(257))).toBeUndefined();
  });
});
