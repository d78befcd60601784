import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlvReader } from '../../src/flv/flv-reader.js';
import { frameMessage } from '../../src/hub/framing.js';
import { metadataProperties } from '../../src/recording/record/amf-properties.js';
import { FlvHead } from '../../src/recording/record/flv-head.js';
import { kindOf } from '../../src/recording/record/message-kind.js';
import { scanFile } from '../../src/recording/record/scan-file.js';
import { MemoryFile, RecorderHarness } from '../support/recording/memory-file.js';

interface Message {
  readonly type: number;
  readonly timestamp: number;
  readonly payload: Buffer;
}

const CHUNK_SIZE = 128;
const STARTS: Readonly<Record<number, readonly string[]>> = {
  8: ['af01', '2f', 'af00', '9161', ''],
  9: ['1701000000', '2701000000', '1700000000', '9161766331', 'a361766331', '1702000000', '57'],
  15: ['00020003616263'],
  18: ['0200036162630500'],
};

const message = fc
  .record({
    type: fc.constantFrom(8, 9, 9, 15, 18),
    start: fc.nat(6),
    body: fc.uint8Array({ maxLength: 300 }),
    stepMs: fc.integer({ min: -5, max: 200 }),
  })
  .map(({ type, start, body, stepMs }) => {
    const starts = STARTS[type]!;
    const payload = Buffer.concat([Buffer.from(starts[start % starts.length]!, 'hex'), body]);
    return { type, stepMs, payload };
  });

const stream = fc
  .tuple(fc.array(message, { minLength: 1, maxLength: 40 }), fc.constantFrom(0, 5000, 0xffffff - 500, 0xffffffff - 500))
  .map(([steps, from]) => {
    let timestamp = from;
    return steps.map(({ type, payload, stepMs }): Message => {
      timestamp = (timestamp + stepMs) >>> 0;
      return { type, timestamp, payload };
    });
  });

function isFrame({ type, payload }: Message): boolean {
  return !['config', 'metadata'].includes(kindOf(type, payload).kind);
}

function framed({ type, timestamp, payload }: Message): Buffer {
  return frameMessage(6, type, timestamp, payload, CHUNK_SIZE);
}

/** What a file of the messages holds: headers come before the first frame, the latest of each only. */
function expected(messages: readonly Message[]): Message[] {
  const first = messages.findIndex(isFrame);
  if (first < 0) return [];
  const headers = new Map<string | undefined, Message>();
  for (const header of messages.slice(0, first)) headers.set(kindOf(header.type, header.payload).slot, header);
  const base = messages[first]!.timestamp;
  const time = (timestamp: number): number => Math.max(0, (timestamp - base) | 0);
  return [
    ...[...headers.values()].map((header) => ({ ...header, timestamp: 0 })),
    ...messages.slice(first).map((each) => ({ ...each, timestamp: time(each.timestamp) })),
  ];
}

function read(bytes: Buffer): Message[] {
  const reader = new FlvReader();
  const [, ...tags] = reader.push(bytes);
  expect([reader.failure, reader.pendingBytes, reader.wrongBackPointers]).toEqual([undefined, 0, 0]);
  return tags.map(({ type, timestamp, payload }) => ({ type, timestamp, payload: Buffer.from(payload) }));
}

/** Records the messages, given in pieces. */
async function recorded(messages: readonly Message[], pieces: number): Promise<RecorderHarness> {
  const harness = new RecorderHarness(CHUNK_SIZE);
  for (let at = 0; at < messages.length; at += pieces)
    await harness.play(Buffer.concat(messages.slice(at, at + pieces).map(framed)));
  await harness.recorder.end('stream_ended');
  return harness;
}

describe('the file of a random stream', () => {
  it('read back holds what was sent, however it was given', async () => {
    await fc.assert(
      fc.asyncProperty(stream, fc.integer({ min: 1, max: 41 }), async (messages, pieces) => {
        const { files, ended } = await recorded(messages, pieces);
        const wanted = expected(messages);
        expect(files).toHaveLength(wanted.length === 0 ? 0 : 1);
        if (files.length === 0) return;
        const { bytes } = files[0]!;
        expect(read(bytes)).toEqual(wanted);
        expect(ended).toEqual([
          { reason: 'stream_ended', gaps: 0, state: expect.objectContaining({ bytes: bytes.length }) },
        ]);
        for (const [i, at] of keyframes(bytes).entries())
          expect([i, kindOf(bytes[at]!, bytes.subarray(at + 11, at + 139)).kind]).toEqual([i, 'key']);
      }),
      { seed: 20_261_126, numRuns: 150 },
    );
  });

  it('cut at any byte is found up to its last whole tag, with the index of what is left', async () => {
    await fc.assert(
      fc.asyncProperty(stream, fc.nat(), async (messages, garbage) => {
        const { files } = await recorded(messages, 7);
        if (files.length === 0) return;
        const { bytes } = files[0]!;
        const head = FlvHead.read(bytes)!;
        const ends = [head.bytes];
        for (const { payload } of read(bytes)) ends.push(ends.at(-1)! + 15 + payload.length);
        for (let cut = head.bytes; cut <= bytes.length; cut++) {
          // Zeros, as a power loss leaves them, are no tag.
          const left = Buffer.concat([bytes.subarray(0, cut), Buffer.alloc(garbage % 40)]);
          const found = await scanFile(new MemoryFile(left) as never);
          const whole = ends.findLast((end) => end <= cut)!;
          if (found!.state.bytes !== whole) expect([cut, found!.state.bytes]).toEqual([cut, whole]);
          if (found!.index.positions.some((position) => position >= whole)) throw new Error(`an index past ${whole}`);
        }
        expect(await scanFile(new MemoryFile(bytes.subarray(0, head.bytes - 5)) as never)).toBeUndefined();
      }),
      { seed: 20_261_127, numRuns: 5 },
    );
  });
});

it('properties of random metadata are read or refused, never past the end', () => {
  const name = Buffer.from('02000a6f6e4d65746144617461', 'hex');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom('03', '0800000001'), (bytes, start) => {
      const body = Buffer.concat([name, Buffer.from(start, 'hex'), bytes]);
      const found = metadataProperties(body);
      const sum = (found ?? []).reduce((total, property) => total + property.bytes.length, 0);
      expect(sum).toBeLessThanOrEqual(body.length);
      expect(FlvHead.read(FlvHead.of(body, 2).begin())?.capacity).toBe(2);
    }),
    { seed: 20_261_128, numRuns: 1000 },
  );
});

/** Offsets in the index of a file. */
function keyframes(bytes: Buffer): number[] {
  const index = metadataProperties(bytes.subarray(24))!.find(({ name }) => name === 'keyframes')!;
  const at = index.bytes.indexOf('filepositions') + 'filepositions'.length + 1;
  return Array.from({ length: index.bytes.readUInt32BE(at) }, (_, i) => index.bytes.readDoubleBE(at + 4 + i * 9 + 1));
}
