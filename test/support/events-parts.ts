import type { Clock } from '../../src/core/clock.js';
import { newId } from '../../src/core/ids.js';
import type { Logger, LogMethod } from '../../src/core/log.js';
import type { Emitter, Envelope } from '../../src/events/envelope.js';
import { streamEvent } from '../../src/events/envelope.js';
import { MemoryStorage } from '../../src/events/journal/storage.js';

/** A clock that moves only when told, wall and monotonic time apart. */
export class ManualClock implements Clock {
  wall = Date.parse('2026-01-02T03:04:05.000Z');
  mono = 1000;

  wallMs(): number {
    return this.wall;
  }

  monotonicMs(): number {
    return this.mono;
  }

  /** Moves both on, milliseconds. */
  pass(ms: number): void {
    this.wall += ms;
    this.mono += ms;
  }
}

/** A logger that keeps its lines; its children keep theirs in the same list. */
export class RecordingLog implements Logger {
  readonly lines: { level: string; message: string; fields: object }[] = [];
  readonly debug = this.#method('debug');
  readonly info = this.#method('info');
  readonly warn = this.#method('warn');
  readonly error = this.#method('error');

  child(): Logger {
    return this;
  }

  #method(level: string): LogMethod {
    return (fields: object | string, message?: string): void => {
      if (typeof fields === 'string') this.lines.push({ level, message: fields, fields: {} });
      else this.lines.push({ level, message: message ?? '', fields });
    };
  }
}

/** Segments in memory that fail on demand: `ENOSPC` past a size, and writes or syncs that are refused. */
export class FaultyStorage extends MemoryStorage {
  /** Bytes that all segments and the space held back may take together. */
  capacity = Number.POSITIVE_INFINITY;
  syncError: NodeJS.ErrnoException | undefined;
  syncs = 0;
  readonly #lengths = new Map<string, number>();
  #open = '';

  override async open(name: string): Promise<void> {
    this.#open = name;
    if (!this.#lengths.has(name)) this.#lengths.set(name, 0);
    await super.open(name);
  }

  override async write(bytes: Buffer, position: number): Promise<void> {
    const grown =
      Math.max(this.#lengths.get(this.#open) ?? 0, position + bytes.length) - (this.#lengths.get(this.#open) ?? 0);
    if (this.used + grown > this.capacity) {
      // A real file system takes what fits before it says no.
      const fits = Math.max(0, this.capacity - this.used);
      await super.write(bytes.subarray(0, Math.min(fits, bytes.length)), position);
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    }
    await super.write(bytes, position);
    this.#lengths.set(this.#open, Math.max(this.#lengths.get(this.#open) ?? 0, position + bytes.length));
  }

  override async truncate(length: number): Promise<void> {
    this.#lengths.set(this.#open, length);
    await super.truncate(length);
  }

  override sync(): Promise<void> {
    this.syncs++;
    return this.syncError === undefined ? Promise.resolve() : Promise.reject(this.syncError);
  }

  override async remove(name: string): Promise<void> {
    this.#lengths.delete(name);
    await super.remove(name);
  }

  override reserve(bytes: number): Promise<void> {
    if (this.used - this.reserved + bytes > this.capacity) {
      return Promise.reject(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }));
    }
    this.reserved = bytes;
    return Promise.resolve();
  }

  /** Bytes taken. */
  get used(): number {
    let sum = this.reserved;
    for (const length of this.#lengths.values()) sum += length;
    return sum;
  }
}

export const emitter: Emitter = { prefix: 'sluice.v1', nodeId: 'n1', bootId: newId(1) };

/** A `stream.data` event of about `bytes` bytes. */
export function someEvent(streamId: string, sequence: number, bytes = 300, value?: object): Envelope {
  const stream = { streamId, app: 'live', name: 'cam' };
  return streamEvent(emitter, stream, 'io.sluice.stream.data', sequence, 0, {
    ...stream,
    connectionId: 'c',
    nodeId: emitter.nodeId,
    bootId: emitter.bootId,
    handler: 'onTextData',
    timestamp: 0,
    values: [value ?? 'x'.repeat(Math.max(0, bytes - 300))],
  });
}
