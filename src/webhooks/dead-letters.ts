import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { MAKE_OR_APPEND, openOwn } from '../core/own-files.js';

const NEWLINE = Buffer.from('\n');

/** Why an event was given up, and what is known of it. */
interface DeadLetter {
  /** When it was given up, ms since the epoch. */
  readonly atMs: number;
  /** In words without secrets. */
  readonly why: string;
  /** Journal position. */
  readonly position: number;
  /** The event's JSON; undefined when the journal no longer has it. */
  readonly json: Buffer | undefined;
}

/**
 * The events that one webhook has given up: a file of JSON lines. When it holds half of what is allowed, it becomes the
 * older file and the former older one is removed, so that the newest are kept.
 */
export class DeadLetters {
  readonly #path: string;
  readonly #older: string;
  readonly #mostBytes: number;
  #last: Promise<void> = Promise.resolve();
  /** Whether the last line is known to be whole. A kill, or a disk that is full, may have left a part of it. */
  #endsWell = false;

  /** @param mostBytes of both files */
  constructor(folder: string, name: string, mostBytes: number) {
    this.#path = join(folder, `${name}.dead.jsonl`);
    this.#older = join(folder, `${name}.dead.older.jsonl`);
    this.#mostBytes = mostBytes;
  }

  /** Appends one. Letters are written one after the other. @throws the system's error */
  write(letter: DeadLetter): Promise<void> {
    const written = this.#last.then(() => this.#append(lineOf(letter)));
    this.#last = written.catch(() => undefined);
    return written;
  }

  async #append(line: Buffer): Promise<void> {
    const file = await openOwn(this.#path, MAKE_OR_APPEND);
    try {
      const { size } = await file.stat();
      if (size > 0 && size + line.length > this.#mostBytes / 2) await rename(this.#path, this.#older);
      else {
        const isTorn = size > 0 && !this.#endsWell && !(await endsWithNewline(this.#path, size));
        this.#endsWell = false;
        await file.writeFile(isTorn ? Buffer.concat([NEWLINE, line]) : line);
        this.#endsWell = true;
        return;
      }
    } finally {
      await file.close();
    }
    return this.#append(line);
  }
}

async function endsWithNewline(path: string, size: number): Promise<boolean> {
  const file = await openOwn(path);
  try {
    const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: size - 1 });
    return buffer.equals(NEWLINE);
  } finally {
    await file.close();
  }
}

function lineOf({ atMs, why, position, json }: DeadLetter): Buffer {
  const head = JSON.stringify({ time: new Date(atMs).toISOString(), why, position });
  return Buffer.concat([Buffer.from(`${head.slice(0, -1)},"event":`), json ?? Buffer.from('null'), Buffer.from('}\n')]);
}
