import { describe, expect, it } from 'vitest';
import { Amf0Decoder, Amf0Refused } from '../../../../bench/js-parser/amf0-decoder.js';
import { hostileCount, hostileKeys, hostileNesting, realMessages } from '../../../../bench/lib/amf-messages.js';

describe('the JavaScript AMF0 decoder', () => {
  it('reads what ffmpeg and OBS send', () => {
    const decoder = new Amf0Decoder();
    const [connect, metadata, , obs] = realMessages().map((m) => decoder.decode(m.bytes));
    expect(connect).toEqual(['connect', 1, expect.objectContaining({ app: 'live', type: 'nonprivate' })]);
    expect(metadata[2]).toEqual(
      expect.objectContaining({ width: 1280, height: 720, stereo: false, encoder: 'Lavf59.27.100' }),
    );
    expect(obs[2]).toEqual(expect.objectContaining({ stereo: true, '7.1': false, framerate: 60 }));
  });

  it.each([hostileNesting(), hostileCount(), hostileKeys()])('refuses $name', ({ bytes }) => {
    expect(() => new Amf0Decoder().decode(bytes)).toThrow(Amf0Refused);
  });

  it('refuses a value that is cut off', () => {
    expect(() => new Amf0Decoder().decode(Buffer.from('00 3f f0'.replaceAll(' ', ''), 'hex'))).toThrow(Amf0Refused);
  });
});
