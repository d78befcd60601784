import { describe, expect, it } from 'vitest';
import { plainOfAmf } from '../../../../src/protocol/messages/plain-of-amf.js';
import { AmfScanner } from '../../../../src/wasm/amf-scanner.js';
import { hex } from '../../../support/protocol/messages.js';

describe('AMF values in events', () => {
  it('are as they are, but for byte arrays, which are told by their length', () => {
    const at = new Date(0);
    expect(plainOfAmf([1, 'a', null, undefined, at, [true, { b: Buffer.alloc(7) }]])).toEqual([
      1,
      'a',
      null,
      undefined,
      at,
      [true, { b: { $amf: 'bytes', length: 7 } }],
    ]);
  });

  it('take no time for what stands in many places', () => {
    // Thirty lists, each of which holds the one before twice: 2^30 when each place is looked at.
    const lists = Array.from({ length: 30 }, (_, i) => `11 09 05 01 09 ${hexOf(i * 2)} 09 ${hexOf(i * 2)}`);
    const { values } = new AmfScanner().scan(hex(`11 09 01 01 ${lists.join('')}`));
    expect(values).toHaveLength(31);
    expect(plainOfAmf(values)).toHaveLength(31);
  });
});

function hexOf(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
