import { constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fileTarget, type LogTarget, nonBlockingTarget, streamTarget } from '../../../src/core/log-target.js';
import { LogWriter } from '../../../src/core/log-writer.js';
import { run } from '../../support/child.js';
import { tempDir } from '../../support/temp.js';

/** A reader that takes as many bytes as it is told to, or fails with a code. */
class FakeTarget implements LogTarget {
  text = '';
  takes = Number.POSITIVE_INFINITY;
  fails = '';
  writes = 0;

  writeNow(bytes: Buffer): number {
    this.writes++;
    if (this.fails !== '') throw Object.assign(new Error('it fails'), { code: this.fails });
    const count = Math.min(bytes.length, this.takes);
    this.takes -= count;
    this.text += bytes.toString('latin1', 0, count);
    return count;
  }

  write(bytes: Buffer, done: (error: NodeJS.ErrnoException | undefined, written: number) => void): void {
    try {
      done(undefined, this.writeNow(bytes));
    } catch (error) {
      done(error as NodeJS.ErrnoException, 0);
    }
  }
}

function writerTo(target: LogTarget, maxBytes = 10_000): LogWriter {
  const writer = new LogWriter(target, { maxBytes, retryMs: 100 });
  writer.onLost = (lines, cause) => writer.write(`lost ${lines}: ${cause}\n`);
  return writer;
}

describe('LogWriter', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('writes a line at once while its reader takes it', () => {
    const target = new FakeTarget();
    const writer = writerTo(target);
    writer.write('a\n');
    expect(target.text).toBe('a\n');
    expect(writer.heldBytes).toBe(0);
  });

  it('keeps what a stalled reader does not take and writes it in order, without a gap, when the reader is back', () => {
    const target = new FakeTarget();
    const writer = writerTo(target);
    target.takes = 3;
    for (let i = 0; i < 100; i++) writer.write(`line ${i}\n`);
    expect(target.text).toBe('lin');
    target.takes = 10;
    vi.advanceTimersByTime(100);
    target.takes = Number.POSITIVE_INFINITY;
    vi.advanceTimersByTime(100);
    expect(target.text).toBe(Array.from({ length: 100 }, (_, i) => `line ${i}\n`).join(''));
    expect(writer.heldBytes).toBe(0);
    expect(writer.lostLines).toBe(0);
  });

  it.each([
    { bytes: 998, lost: 0 },
    { bytes: 999, lost: 0 },
    { bytes: 1000, lost: 1 },
  ])('with 1 of 1000 bytes held, loses $lost lines of $bytes bytes', ({ bytes, lost }) => {
    const target = new FakeTarget();
    target.takes = 0;
    const writer = writerTo(target, 1000);
    writer.write('x');
    writer.write('y'.repeat(bytes));
    expect(writer.lostLines).toBe(lost);
    expect(writer.heldBytes).toBeLessThanOrEqual(1000);
  });

  it('tells how many lines were lost where they would have stood, once the reader is back', () => {
    const target = new FakeTarget();
    target.takes = 0;
    const writer = writerTo(target, 1000);
    for (let i = 0; i < 300; i++) writer.write(`${i}\n`.padStart(10));
    expect(writer.lostLines).toBe(200);
    target.takes = Number.POSITIVE_INFINITY;
    vi.advanceTimersByTime(100);
    writer.write('after\n');
    const lines = target.text.trim().split('\n');
    expect(lines).toHaveLength(102);
    expect(lines.slice(-2)).toEqual(['lost 200: their reader took nothing', 'after']);
  });

  it.each(['ENOSPC', 'EPIPE', 'EIO'])('survives %s, tries again, and tells the losses with it', (code) => {
    const target = new FakeTarget();
    target.fails = code;
    const writer = writerTo(target, 1000);
    for (let i = 0; i < 101; i++) writer.write('123456789\n');
    vi.advanceTimersByTime(1000);
    expect(target.writes).toBe(11);
    target.fails = '';
    vi.advanceTimersByTime(100);
    expect(target.text).toContain(`lost 1: ${code}\n`);
  });

  it('writes what is left at the end of the process, and gives a reader that takes nothing up', () => {
    const target = new FakeTarget();
    target.takes = 1;
    const writer = writerTo(target);
    writer.write('ab\n');
    writer.write('cd\n');
    writer.flushNow(0);
    expect(target.text).toBe('a');
    target.takes = Number.POSITIVE_INFINITY;
    writer.flushNow(0);
    expect(target.text).toBe('ab\ncd\n');
  });

  it('ends a flush when everything is written, and after its time when it is not', async () => {
    const target = new FakeTarget();
    target.takes = 0;
    const writer = writerTo(target);
    writer.write('ab\n');
    const late = writer.flush(50);
    await vi.advanceTimersByTimeAsync(50);
    expect(await late).toBe(false);
    target.takes = 3;
    const done = writer.flush(10_000);
    await vi.advanceTimersByTimeAsync(100);
    expect(await done).toBe(true);
    expect(await writer.flush(0)).toBe(true);
  });
});

describe('log targets', () => {
  it('a pipe that is full takes nothing instead of waiting, and goes on when it is read', async () => {
    const path = join(tempDir('fifo'), 'pipe');
    await run(['mkfifo', path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const target = nonBlockingTarget(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
    const writer = new LogWriter(target, { maxBytes: 1 << 20, retryMs: 1 });
    for (let i = 0; i < 2000; i++) writer.write(`${'x'.repeat(99)}\n`);
    expect(writer.heldBytes).toBeGreaterThan(0);
    let read = 0;
    const buffer = Buffer.alloc(1 << 16);
    while (read < 200_000) {
      try {
        read += readSync(reader, buffer);
      } catch {
        await new Promise(setImmediate);
      }
    }
    expect(read).toBe(200_000);
    expect(writer.heldBytes).toBe(0);
    target.close();
  });

  it('a full disk is an error of the write, for a device and for a file', async () => {
    const device = nonBlockingTarget(openSync('/dev/full', 'w'));
    expect(() => device.writeNow(Buffer.from('x'))).toThrow(expect.objectContaining({ code: 'ENOSPC' }));
    const file = fileTarget(openSync('/dev/full', 'w'));
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      file.write(Buffer.from('x'), resolve);
    });
    expect(error?.code).toBe('ENOSPC');
  });

  it('a stream that fails tells the write and throws nothing', async () => {
    const { PassThrough } = await import('node:stream');
    const stream = new PassThrough();
    const target = streamTarget(stream);
    stream.destroy(new Error('gone'));
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      target.write(Buffer.from('x'), resolve);
    });
    expect(error).toBeDefined();
    expect(() => target.writeNow(Buffer.from('x'))).toThrow('closed');
  });
});
