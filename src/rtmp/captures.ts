import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.js';
import { ERRORS, type ErrorCode } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import { cleanText } from '../core/log-fields.js';
import { MAKE_NEW, openOwn, ownFolder } from '../core/own-files.js';
import { tellProgram, tellRefusedName } from '../core/tell.js';
import { TokenBucket } from '../core/token-bucket.js';
import { VERSION } from '../core/version.js';
import { type CaptureHeader, writeCapture } from '../inspect/capture-file.js';
import { LastBytes } from '../inspect/last-bytes.js';
import { maskedBytes } from '../inspect/mask.js';
import type { ConnectionFacts } from '../live/access.js';
import type { ByteChannel } from '../transport/byte-channel.js';
import { TappedChannel } from '../transport/tapped-channel.js';
import { type CodecLimits, normaliseLimits } from '../wasm/limits.js';

/** Where captures go, and how much of them is kept; every one is a configuration key. */
export interface CaptureOptions {
  /** Folder, made when it is missing. */
  readonly dir: string;
  /** Most capture files in the folder; the oldest go. */
  readonly maxFiles: number;
  /** Most bytes that are kept of what one connection sends. */
  readonly connectionBytes: number;
  /** The limits of the codec, for those that differ from the defaults. */
  readonly limits: Partial<CodecLimits>;
  /** Whether names of apps and streams are overwritten now, too; default: they are not. */
  readonly hidesNames?: () => boolean;
}

/** A connection whose last bytes are kept. */
export interface CapturedConnection {
  /** The channel that the connection reads from and writes to. */
  readonly channel: ByteChannel;
  /** The connection is closed. To be called once; then nothing more is kept. */
  readonly ended: (facts: ConnectionFacts, code: ErrorCode, detail: string) => void;
}

interface Failed {
  readonly last: LastBytes;
  readonly about: Pick<CaptureHeader, 'time' | 'code' | 'detail' | 'connection'>;
}

/** Captures that may wait to be written. */
const MAX_WAITING = 8;
/** How many captures are written, however many clients fail. A capture of 64 KiB is masked in about 2 ms. */
const RATE = { burst: MAX_WAITING, perSecond: 2 };
/** Names of capture files, which sort by time. No other file in the folder is ever removed. */
const FILE = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z-[0-9A-Za-z]+\.capture$/;

/**
 * Writes what clients sent last before the server closed them for a fault of theirs: one file each, with stream keys,
 * tokens and passwords overwritten, which `sluice inspect` reads. It is there only when `capture.dir` is set.
 */
export class Captures {
  readonly #options: CaptureOptions;
  readonly #limits: CodecLimits;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #bucket = new TokenBucket(RATE);
  readonly #waiting: Failed[] = [];
  /** Captures that were left out since the last log line. */
  #missed = 0;
  #heldBytes = 0;
  #writing: Promise<void> | undefined;

  private constructor(options: CaptureOptions, { log, clock }: { readonly log: Logger; readonly clock: Clock }) {
    this.#options = options;
    this.#limits = normaliseLimits(options.limits);
    this.#log = log;
    this.#clock = clock;
  }

  /** Makes the folder, or takes it. @throws SluiceError ERR_DATA_FOLDER_NOT_OURS, or the system's error */
  static async open(options: CaptureOptions, deps: { readonly log: Logger; readonly clock: Clock }): Promise<Captures> {
    await ownFolder(options.dir);
    return new Captures(options, deps);
  }

  /**
   * Bytes that are kept of open connections and of those that wait to be written. They give way to nothing: captures
   * are on only while somebody looks for a fault, and each connection has its bound.
   */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Begins to keep what a connection sends. @param channel not opened yet */
  watch(channel: ByteChannel): CapturedConnection {
    const last = new LastBytes(this.#limits, this.#options.connectionBytes);
    const received = (bytes: Buffer): void => {
      const before = last.heldBytes;
      last.add(bytes);
      this.#heldBytes += last.heldBytes - before;
    };
    return {
      channel: new TappedChannel(channel, { received, sent: () => {}, closed: () => {} }),
      ended: (facts, code, detail) => this.#ended(last, facts, code, detail),
    };
  }

  /** Resolves when everything that waits is written. */
  async done(): Promise<void> {
    await this.#writing;
  }

  #ended(last: LastBytes, facts: ConnectionFacts, code: ErrorCode, detail: string): void {
    const { blame, usual } = ERRORS[code];
    const isFault = blame === 'peer' && !usual && last.received > 0;
    const isWritten = isFault && this.#waiting.length < MAX_WAITING && this.#bucket.take(this.#clock.monotonicMs());
    if (isFault && !isWritten) this.#missed++;
    if (!isWritten) {
      this.#heldBytes -= last.heldBytes;
      return;
    }
    const time = new Date(this.#clock.wallMs()).toISOString();
    const { connectionId: id, peer, transport, info } = facts;
    const connection = {
      id,
      peer: `${peer.address}:${peer.port}`,
      transport,
      app: this.#options.hidesNames?.() === true ? '' : tellRefusedName(info?.app ?? ''),
      client: tellProgram(info?.flashVer ?? ''),
    };
    this.#waiting.push({ last, about: { time, code, detail: cleanText(detail), connection } });
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const { code, connection } = next.about;
      const missed = this.#missed;
      this.#missed = 0;
      const fields = { connectionId: connection.id, code, ...(missed === 0 ? {} : { missed }) };
      try {
        const path = await this.#write(next);
        this.#log.info({ ...fields, path }, 'a capture was written; sluice inspect reads it');
      } catch (error) {
        this.#log.warn({ ...fields, err: error }, 'a capture could not be written');
      }
      this.#heldBytes -= next.last.heldBytes;
    }
    this.#writing = undefined;
  }

  /** Writes one capture. @returns where the file is @throws what the system says, or {@link openOwn} */
  async #write({ last, about }: Failed): Promise<string> {
    const { dir, hidesNames } = this.#options;
    await this.#makeRoom();
    const { start, bytes } = last.kept;
    const limits = this.#limits;
    const header: CaptureHeader = {
      sluiceCapture: 1,
      version: VERSION,
      ...about,
      received: last.received,
      at: start.at,
      publishing: start.publishing,
      ...(start.from === undefined ? {} : { from: start.from }),
      limits,
    };
    const content = writeCapture(
      header,
      maskedBytes(bytes, limits, { ...start, ...(hidesNames === undefined ? {} : { hidesNames }) }),
    );
    const path = join(dir, `${about.time.replaceAll(':', '-')}-${about.connection.id}.capture`);
    const file = await openOwn(path, MAKE_NEW);
    try {
      await file.writeFile(content);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    return path;
  }

  /** Removes the oldest captures, until there is room for one more. */
  async #makeRoom(): Promise<void> {
    const { dir, maxFiles } = this.#options;
    const found = (await readdir(dir)).filter((name) => FILE.test(name)).sort();
    for (const name of found.slice(0, Math.max(0, found.length - maxFiles + 1)))
      await rm(join(dir, name), { force: true });
  }
}
