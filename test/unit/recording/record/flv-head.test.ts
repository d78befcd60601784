import { describe, expect, it } from 'vitest';
import { FlvReader } from '../../../../src/flv/flv-reader.js';
import { AmfEcmaArray, writeAmf0 } from '../../../../src/protocol/messages/amf0-writer.js';
import { isMetadata, metadataProperties } from '../../../../src/recording/record/amf-properties.js';
import { FlvHead } from '../../../../src/recording/record/flv-head.js';
import { readAmf } from '../../../support/amf.js';

const facts = {
  ...{ bytes: 12_345, lastMs: 9500, lastKeyframeMs: 8000 },
  ...{ hasAudio: false, hasVideo: true, canSeekToEnd: false },
};
const given = new AmfEcmaArray({ duration: 0, width: 640, encoder: 'Lavf', nested: { a: [1, null, new Date(0)] } });
const metadata = writeAmf0('onMetaData', given);

/** The values of the head's only tag. */
function valuesOf(head: Buffer): unknown[] {
  const reader = new FlvReader();
  const tags = reader.push(head);
  expect([tags.length, reader.pendingBytes, reader.wrongBackPointers]).toEqual([1, 0, 0]);
  return readAmf(Buffer.from(tags[0]!.payload)) as unknown[];
}

describe('the head of a recorded file', () => {
  it('says what the file holds, and keeps what the encoder said', () => {
    const head = FlvHead.of(metadata, 3);
    const [name, values] = valuesOf(head.write(facts, { timesMs: [0, 4000], positions: [500, 900] }));
    expect(name).toBe('onMetaData');
    expect(values).toMatchObject({
      ...{ duration: 9.5, filesize: 12_345, lasttimestamp: 9.5, lastkeyframetimestamp: 8 },
      ...{ hasVideo: true, hasAudio: false, hasKeyframes: true, hasMetadata: true, canSeekToEnd: false },
      ...{ width: 640, encoder: 'Lavf' },
      keyframes: { times: [0, 4], filepositions: [500, 900] },
    });
  });

  it('announces the kinds that it holds, and both at first', () => {
    const head = FlvHead.of(metadata, 3);
    expect(head.begin()[4]).toBe(5);
    expect(head.write(facts, { timesMs: [], positions: [] })[4]).toBe(1);
  });

  it('has the same size with any number of keyframes, and is read back', () => {
    const head = FlvHead.of(metadata, 3);
    for (let n = 0; n <= 3; n++) {
      const bytes = head.write(facts, { timesMs: Array(n).fill(7), positions: Array(n).fill(8) });
      expect(bytes).toHaveLength(head.bytes);
      const read = FlvHead.read(Buffer.concat([bytes, Buffer.alloc(100)]));
      expect([read?.bytes, read?.capacity]).toEqual([head.bytes, 3]);
      expect(read?.begin()).toEqual(head.begin());
    }
  });

  it('is not read where another program wrote it', () => {
    const reader = (payload: Buffer) =>
      FlvHead.read(Buffer.concat([FlvHead.of(undefined, 2).begin().subarray(0, 13), payload]));
    expect(reader(Buffer.alloc(0))).toBeUndefined();
    expect(reader(Buffer.from([8, 0, 0, 0]))).toBeUndefined();
    expect(FlvHead.read(Buffer.alloc(0))).toBeUndefined();
    const own = FlvHead.of(metadata, 3).begin();
    for (let cut = 0; cut < own.length - 4; cut++) expect(FlvHead.read(own.subarray(0, cut))).toBeUndefined();
  });

  it.each([undefined, Buffer.from('x'), metadata.subarray(0, 20), writeAmf0('onMetaData', 'text')])(
    'does without metadata that cannot be read: %#',
    (payload) => {
      expect(valuesOf(FlvHead.of(payload, 2).begin())[1]).toMatchObject({ duration: 0 });
    },
  );

  it('keeps 16 KiB of what the encoder said at most', () => {
    const long = (length: number) => FlvHead.of(writeAmf0('onMetaData', { a: 'x'.repeat(length), b: 1 }), 2);
    // Name and marker take six bytes.
    expect(valuesOf(long(16_384 - 6 - 12).begin())[1]).toMatchObject({ b: 1 });
    expect(valuesOf(long(16_384 - 6 + 1).begin())[1]).not.toHaveProperty('a');
  });
});

describe('the properties of metadata', () => {
  it('are found with their bytes, whatever is nested in them', () => {
    const found = metadataProperties(metadata)!;
    expect(found.map(({ name }) => name)).toEqual(['duration', 'width', 'encoder', 'nested']);
    expect(Buffer.concat(found.map(({ bytes }) => bytes))).toEqual(metadata.subarray(18, -3));
  });

  it('are none where the values are cut, nested too deep or of an unknown kind', () => {
    for (let cut = 0; cut < metadata.length; cut++)
      expect(metadataProperties(metadata.subarray(0, cut))).toBeUndefined();
    const name = Buffer.from('02000a6f6e4d65746144617461', 'hex');
    expect(isMetadata(name)).toBe(false);
    const deep = Buffer.concat([
      name,
      Buffer.from([3]),
      Buffer.from('000161 03'.replace(' ', '').repeat(20_000), 'hex'),
    ]);
    expect(metadataProperties(deep)).toBeUndefined();
    expect(
      metadataProperties(Buffer.concat([name, Buffer.from('03 000161 11 000009'.replaceAll(' ', ''), 'hex')])),
    ).toBeUndefined();
    const huge = Buffer.concat([name, Buffer.from('030001610affffffff05', 'hex')]);
    expect(metadataProperties(huge)).toBeUndefined();
  });
});
