import { describe, expect, it } from 'vitest';
import { readDataMessage } from '../../../src/protocol/data-message.js';
import { AmfScanner } from '../../../src/wasm/amf-scanner.js';

function text(value: string): string {
  return `${value.length.toString(16).padStart(4, '0')}${Buffer.from(value).toString('hex')}`;
}

/** An object without its end whose members hold the one before twice each: 2 to the power of `levels` when written out. */
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
});
