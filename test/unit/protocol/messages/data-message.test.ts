import { describe, expect, it } from 'vitest';
import { writeAmf0 } from '../../../../src/protocol/messages/amf0-writer.js';
import { readDataMessage } from '../../../../src/protocol/messages/data-message.js';
import { AmfScanner } from '../../../../src/wasm/amf-scanner.js';

function text(value: string): string {
  return `${value.length.toString(16).padStart(4, '0')}${Buffer.from(value).toString('hex')}`;
}

/**
 * An object without its end whose members hold the one before twice each: 2 to the power of `levels` when written out.
 */
function doubling(levels: number): Buffer {
  let hex = `02${text('onX')}03${text('k')}0a00000000`;
  for (let level = 1; level <= levels; level++) {
    const reference = `07${level.toString(16).padStart(4, '0')}`;
    hex += `${text('k')}0a00000002${reference}${reference}`;
  }
  return Buffer.from(hex, 'hex');
}

describe('a data message', () => {
  it('is refused with a code when its references stand for more than a message can hold', () => {
    const payload = doubling(40);
    const { values } = new AmfScanner().scan(payload);
    expect(values).toHaveLength(2);
    expect(readDataMessage(18, payload, values)).toBe('ERR_AMF_UNWRITABLE');
  });

  it('gets the end that its object lacks', () => {
    const payload = Buffer.from(`02${text('onX')}03${text('a')}05`, 'hex');
    const { values } = new AmfScanner().scan(payload);
    const message = readDataMessage(18, payload, values);
    expect(message).toMatchObject({ kind: 'set', name: 'onX' });
    if (typeof message !== 'object' || message.kind !== 'set') return;
    expect(new AmfScanner().scan(message.payload).values).toEqual(values);
  });

  it.each([
    ['without the @', ['setDataFrame', 'onMetaData', { width: 320 }]],
    ['after two numbers', [0, 0, '@setDataFrame', 'onMetaData', { width: 320 }]],
    ['after null', [null, '@setDataFrame', 'onMetaData', { width: 320 }]],
    ['twice', ['@setDataFrame', '@setDataFrame', 'onMetaData', { width: 320 }]],
    ['as usual', ['@setDataFrame', 'onMetaData', { width: 320 }]],
  ])('reaches players in its usual form when @setDataFrame comes %s', (how, sent) => {
    const payload = writeAmf0(...sent);
    const message = readDataMessage(18, payload, new AmfScanner().scan(payload).values);
    expect(message).toMatchObject({ kind: 'set', name: 'onMetaData', values: [{ width: 320 }] });
    if (typeof message !== 'object' || message.kind !== 'set') return;
    expect(message.isMended).toBe(how === 'as usual' ? undefined : true);
    expect(new AmfScanner().scan(message.payload).values).toEqual(['onMetaData', { width: 320 }]);
  });

  it.each([[[null]], [[undefined]], [[]], [[{}]]])('says nothing as onMetaData with %j', (rest) => {
    const payload = writeAmf0('@setDataFrame', 'onMetaData', ...rest);
    expect(readDataMessage(18, payload, new AmfScanner().scan(payload).values)).toEqual({ kind: 'empty' });
  });

  it('has no name when plain values come before any other text', () => {
    const payload = writeAmf0(0, 'onX', { a: 1 });
    expect(readDataMessage(18, payload, new AmfScanner().scan(payload).values)).toBeUndefined();
  });
});
