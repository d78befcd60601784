import { describe, expect, it } from 'vitest';
import { FlvHead } from '../../../../src/recording/record/flv-head.js';
import { KeyframeIndex } from '../../../../src/recording/record/keyframe-index.js';
import { RecordFile } from '../../../../src/recording/record/record-file.js';

const KiB = 1024;
const TAG_BYTES = 15;

interface Write {
  readonly piece: Buffer;
  readonly at: number;
  readonly memory: ArrayBufferLike;
}

/** A file whose writes end when the test says so, and what was written to it. */
function slowFile() {
  const writes: Write[] = [];
  const ends: (() => void)[] = [];
  const write = (bytes: Buffer, from: number, length: number, at: number) => {
    const piece = Buffer.from(bytes.subarray(from, from + length));
    writes.push({ piece, at, memory: bytes.buffer });
    return new Promise((resolve) => ends.push(() => resolve({ bytesWritten: length, buffer: bytes })));
  };
  const handle = { write } as unknown as ConstructorParameters<typeof RecordFile>[0];
  const head = FlvHead.of(undefined, 2);
  const file = new RecordFile(handle, head, RecordFile.begun(head), new KeyframeIndex(2), () => {});
  const finishWrites = async () => {
    for (const end of ends.splice(0)) end();
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const put = (length: number, mark: number) =>
    file.put(
      { type: 9, timeMs: 0, length, isKeyframe: false },
      (target, at) => void target.fill(mark, at, at + length),
      () => 0,
    );
  return { file, head, writes, finishWrites, put };
}

describe('a file that is recorded', () => {
  it('is written in pieces of at most 256 KiB that follow each other, out of two buffers that are used in turn', async () => {
    const { file, head, writes, finishWrites, put } = slowFile();
    const count = 500;
    for (let i = 0; i < count; i++) {
      put(5000, i % 251);
      // Some tags come while the write before is under way.
      if (i % 5 === 4) await finishWrites();
    }
    await finishWrites();
    expect(writes.length).toBeGreaterThan(8);
    let at = head.bytes;
    for (const { piece, at: place } of writes) {
      expect(place).toBe(at);
      expect(piece.length % (5000 + TAG_BYTES)).toBe(0);
      expect(piece.length).toBeLessThanOrEqual(256 * KiB);
      at += piece.length;
    }
    const written = Buffer.concat(writes.map(({ piece }) => piece));
    const marks = Array.from(
      { length: written.length / (5000 + TAG_BYTES) },
      (_, i) => written[i * (5000 + TAG_BYTES) + 11],
    );
    expect(marks.length).toBeGreaterThan(400);
    expect(marks).toEqual(marks.map((_, i) => i % 251));
    expect(new Set(writes.slice(3).map(({ memory }) => memory)).size).toBe(2);
    expect(file.heldBytes).toBe(512 * KiB);
  });

  it('keeps small buffers for a stream of few bytes', async () => {
    const { file, writes, finishWrites, put } = slowFile();
    for (let i = 0; i < 10; i++) {
      put(1000, i);
      file.tick(1000, 1000);
      await finishWrites();
    }
    expect(writes.map(({ piece }) => piece.length)).toEqual(new Array(10).fill(1000 + TAG_BYTES));
    expect(file.heldBytes).toBeLessThanOrEqual(128 * KiB);
  });

  it('takes a tag that is larger than a piece, and lets go of the memory for it', async () => {
    const { file, writes, finishWrites, put } = slowFile();
    put(1000, 1);
    put(1024 * KiB, 2);
    await finishWrites();
    expect(writes.map(({ piece }) => piece.length)).toEqual([1000 + 1024 * KiB + 2 * TAG_BYTES]);
    expect(file.heldBytes).toBe(0);
  });
});
