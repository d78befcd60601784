import { type FileHandle, open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { SluiceError } from '../core/errors.js';
import { type FlvTag, FlvTagType } from './flv-format.js';
import { FlvReader, type FlvReaderOptions } from './flv-reader.js';
import { flvFlagsByte, flvHeader, flvTag } from './flv-writer.js';

const READ_BYTES = 256 * 1024;

/**
 * Reads a file tag by tag. At most one 256 KiB block and one unfinished tag are held.
 *
 * @param path file to read
 * @yields each tag; its payload is borrowed until the next tag is asked for
 * @throws SluiceError `ERR_FLV_SIGNATURE`, `ERR_FLV_TAG`, `ERR_FLV_TAG_SIZE` after the tags before the damage;
 *   `ERR_FLV_FILE` when the file cannot be opened or read. A file that is cut inside its last tag, as recorders that
 *   crash leave it, ends after its last whole one; `onCut` gets the number of bytes that were left out
 */
export async function* readFlvFile(
  path: string,
  options: FlvReaderOptions & { readonly onCut?: ((bytes: number) => void) | undefined } = {},
): AsyncGenerator<FlvTag, void, undefined> {
  const file = await opened(path, 'r');
  try {
    const reader = new FlvReader(options);
    for (;;) {
      const block = Buffer.allocUnsafe(READ_BYTES);
      const { bytesRead } = await file.read(block, 0, READ_BYTES).catch((cause: unknown) => {
        throw fileError(path, cause);
      });
      if (bytesRead === 0) break;
      yield* reader.push(block.subarray(0, bytesRead));
      if (reader.failure !== undefined) throw reader.failure;
    }
    if (reader.wholeBytes === 0) throw new SluiceError('ERR_FLV_SIGNATURE', `${path} ends before its file header does`);
    if (reader.pendingBytes > 0) options.onCut?.(reader.pendingBytes);
  } finally {
    await file.close();
  }
}

/** A target for tags. {@link openFlvSink} makes one. */
export interface FlvSink {
  /** Bytes written so far, headers included. */
  readonly bytes: number;
  /**
   * Resolves when there is room for more; rejects with `ERR_FLV_FILE` when the target cannot be written. The payload is
   * borrowed until then.
   */
  write(tag: FlvTag): Promise<void>;
  /**
   * Flushes. The header flags of a file are corrected to what really came. A stream is left open for its owner to end.
   */
  close(): Promise<void>;
}

/**
 * Opens a file (made or overwritten) or wraps a stream to take tags. Timestamps are written as they come.
 *
 * @param output path, or a stream, which the caller still has to end
 * @throws SluiceError `ERR_FLV_FILE` when the file cannot be opened
 */
export async function openFlvSink(output: string | Writable): Promise<FlvSink> {
  return typeof output === 'string' ? new FileSink(output, await opened(output, 'w')) : new StreamSink(output);
}

async function opened(path: string, flags: 'r' | 'w'): Promise<FileHandle> {
  return open(path, flags).catch((cause: unknown) => {
    throw fileError(path, cause);
  });
}

function fileError(path: string, cause: unknown): SluiceError {
  return new SluiceError('ERR_FLV_FILE', `${path}: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
  });
}

/** The header announces both kinds at first, because either may start later in a live stream. */
const BOTH = { audio: true, video: true };
/** Bytes of tags that are gathered before the file is written. */
const FLUSH_BYTES = 256 * 1024;

class FileSink implements FlvSink {
  readonly #path: string;
  readonly #file: FileHandle;
  #gathered: Buffer[] = [flvHeader(BOTH)];
  #gatheredBytes = this.#gathered[0]!.length;
  #written = 0;
  readonly #seen = { audio: false, video: false };

  constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  get bytes(): number {
    return this.#written + this.#gatheredBytes;
  }

  async write(tag: FlvTag): Promise<void> {
    if (tag.type === FlvTagType.Audio) this.#seen.audio = true;
    if (tag.type === FlvTagType.Video) this.#seen.video = true;
    const bytes = flvTag(tag.type, tag.timestamp, tag.payload);
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
    if (this.#gatheredBytes >= FLUSH_BYTES) await this.#flush();
  }

  async close(): Promise<void> {
    try {
      await this.#flush();
      await this.#put(Buffer.from([flvFlagsByte(this.#seen)]), 4);
    } finally {
      await this.#file.close();
    }
  }

  async #flush(): Promise<void> {
    const block = Buffer.concat(this.#gathered, this.#gatheredBytes);
    const at = this.#written;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#written += block.length;
    await this.#put(block, at);
  }

  async #put(block: Buffer, at: number): Promise<void> {
    for (let done = 0; done < block.length; ) {
      const { bytesWritten } = await this.#file
        .write(block, done, block.length - done, at + done)
        .catch((cause: unknown) => {
          throw fileError(this.#path, cause);
        });
      done += bytesWritten;
    }
  }
}

class StreamSink implements FlvSink {
  readonly #stream: Writable;
  #bytes = 0;
  #started = false;
  #failure: SluiceError | undefined;
  readonly #onError = (cause: Error): void => {
    this.#failure = new SluiceError('ERR_FLV_FILE', cause.message, { cause });
  };

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', this.#onError);
  }

  get bytes(): number {
    return this.#bytes;
  }

  async write(tag: FlvTag): Promise<void> {
    if (!this.#started) {
      this.#started = true;
      await this.#put(flvHeader(BOTH));
    }
    await this.#put(flvTag(tag.type, tag.timestamp, tag.payload));
  }

  async close(): Promise<void> {
    if (!this.#started && !this.#stream.destroyed) await this.#put(flvHeader(BOTH));
    this.#stream.off('error', this.#onError);
  }

  async #put(block: Buffer): Promise<void> {
    if (this.#failure === undefined && (this.#stream.destroyed || this.#stream.writableEnded)) {
      this.#failure = new SluiceError('ERR_FLV_FILE', 'the output was closed');
    }
    if (this.#failure !== undefined) throw this.#failure;
    this.#bytes += block.length;
    if (this.#stream.write(block)) return;
    await this.#room();
    if (this.#failure !== undefined) throw this.#failure;
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      const events = ['drain', 'close', 'error'] as const;
      const done = (): void => {
        for (const event of events) this.#stream.off(event, done);
        resolve();
      };
      for (const event of events) this.#stream.on(event, done);
    });
  }
}
