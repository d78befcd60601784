import { SluiceError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import { TroubleLog } from '../../core/trouble-log.js';
import { textOf } from '../../events/consume/delivery.js';
import { readItems } from '../../events/consume/ordered-reader.js';
import { streamFacts } from '../../events/consume/stream-info.js';
import type { AnswerTimeout } from '../../nats/answer-timeout.js';
import { isAway, type NatsConnection } from '../../nats/connection.js';
import { KvBucket, type KvEntry, type KvWrite } from '../../nats/kv-bucket.js';
import type { Table } from '../table.js';

/** How a mirrored bucket is made. */
interface MirrorOptions<T> {
  readonly bucket: string;
  /** What it holds, for the one who lists buckets. */
  readonly description: string;
  readonly replicas: number;
  /** Whether a value is one that this version understands. Others are as if they were not there. */
  readonly isValue: (value: unknown) => value is T;
}

const AWAY = 'there is no connection';
/** First and longest pause before a bucket that cannot be read is tried again, in ms. */
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 5000;

/**
 * A bucket, and a copy of it in memory that one consumer keeps up to date. The copy may be behind; every write says
 * which revision it replaces, so that a decision made on an old value comes to nothing.
 */
export class BucketMirror<T> implements Table<T> {
  readonly #connection: NatsConnection;
  readonly #o: MirrorOptions<T>;
  readonly #log: Logger;
  readonly #bucket: KvBucket<T>;
  readonly #answerTimeout: AnswerTimeout;
  readonly #entries = new Map<string, KvEntry<T>>();
  /** Revisions of keys that hold nothing any more: an older value that comes late is not the newest. */
  readonly #removed = new Map<string, number>();
  readonly #listeners = new Set<(key: string, entry: KvEntry<T> | undefined) => void>();
  #isComplete = false;

  constructor(connection: NatsConnection, o: MirrorOptions<T>, answerTimeout: AnswerTimeout, log: Logger) {
    this.#connection = connection;
    this.#o = o;
    this.#log = log;
    this.#answerTimeout = answerTimeout;
    this.#bucket = new KvBucket<T>(o.bucket, answerTimeout);
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  entries(): ReadonlyMap<string, KvEntry<T>> {
    return this.#entries;
  }

  onChange(listener: (key: string, entry: KvEntry<T> | undefined) => void): void {
    this.#listeners.add(listener);
  }

  /**
   * Makes the bucket when it is missing.
   *
   * @throws SluiceError ERR_JOB_STORE when it can be neither found nor made
   */
  async ensure(): Promise<void> {
    const check = await this.#bucket.ensure(this.#connection, this.#o.replicas, this.#o.description);
    if (check.kind !== 'ok') throw new SluiceError('ERR_JOB_STORE', `${this.#o.bucket}: ${check.code} ${check.text}`);
  }

  /** Follows the bucket until the signal aborts. It never rejects. */
  async follow(signal: AbortSignal): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    const trouble = new TroubleLog(this.#log, `jobs: the bucket ${this.#o.bucket} cannot be read`);
    while (!signal.aborted && !this.#connection.isClosed()) {
      try {
        await this.ensure();
        trouble.over();
        await this.#followOnce(signal);
        pauseMs = FIRST_PAUSE_MS;
      } catch (error) {
        if (signal.aborted || this.#connection.isClosed()) return;
        trouble.failed(error);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS);
      }
    }
  }

  async read(key: string): Promise<KvEntry<T> | undefined> {
    if (isAway(this.#connection)) throw new SluiceError('ERR_JOB_STORE', AWAY);
    const before = this.#entries.get(key);
    const held = await this.#bucket.get(this.#connection, key);
    if (!held.ok) throw new SluiceError('ERR_JOB_STORE', `${this.#o.bucket}: ${held.code} ${held.text}`);
    const { value, revision } = held.value;
    if (value === undefined || !this.#o.isValue(value)) {
      this.#take(key, revision, undefined);
      if (revision === 0) this.#drop(key, before);
      return undefined;
    }
    this.#take(key, revision, value);
    return { value, revision };
  }

  async write(key: string, value: T, revision: number, isOurs: (value: T) => boolean): Promise<KvWrite> {
    // What is tried again and again is not kept by the client until the server is back.
    if (isAway(this.#connection)) return { kind: 'no_answer', text: AWAY };
    const expected = revision === 0 ? (this.#removed.get(key) ?? 0) : revision;
    const written = await this.#bucket.put(this.#connection, key, value, expected);
    if (written.kind === 'ok') {
      this.#take(key, written.revision, value);
      return written;
    }
    if (written.kind === 'denied' || written.kind === 'missing' || written.kind === 'refused') return written;
    // The write may have been carried out: a repeated one is then refused with its own revision.
    const before = this.#entries.get(key);
    const held = await this.#bucket.get(this.#connection, key);
    if (!held.ok) return written.kind === 'conflict' ? written : { kind: 'no_answer', text: written.text };
    const { value: now, revision: newest } = held.value;
    const isValue = now !== undefined && this.#o.isValue(now);
    this.#take(key, newest, isValue ? now : undefined);
    if (newest === 0) this.#drop(key, before);
    if (isValue && isOurs(now)) return { kind: 'ok', revision: newest };
    if (!isValue && isOfLaterVersion(now)) return { kind: 'refused', text: 'a value of a later version stands there' };
    if (revision === 0 && !isValue && written.kind === 'conflict' && newest !== expected) {
      // Only a mark of a removed value stands there.
      return this.write(key, value, 0, isOurs);
    }
    return newest === expected && written.kind !== 'conflict' ? written : { kind: 'conflict' };
  }

  async purge(key: string, revision: number): Promise<void> {
    if (await this.#bucket.purge(this.#connection, key, revision)) this.#take(key, revision, undefined, true);
  }

  async #followOnce(signal: AbortSignal): Promise<void> {
    const stream = `KV_${this.#o.bucket}`;
    const facts = await streamFacts(this.#connection, stream, this.#answerTimeout);
    if (facts.ok && facts.value.messages === 0) this.#complete();
    const prefix = `$KV.${this.#o.bucket}.`;
    const read = { stream, filter: `${prefix}>`, from: 'all', signal } as const;
    for await (const item of readItems(this.#connection, read)) {
      if (item.kind === 'remade') {
        for (const key of [...this.#entries.keys()]) this.#take(key, Number.MAX_SAFE_INTEGER, undefined, true);
        this.#removed.clear();
        continue;
      }
      const { subject, position, pending } = item.delivery;
      this.#take(subject.slice(prefix.length), position, this.#valueOf(textOf(item.delivery)));
      // What was written while this was read may make the server count too many that are to come.
      if (pending === 0 || (facts.ok && position >= facts.value.last)) this.#complete();
    }
  }

  #complete(): void {
    this.#isComplete = true;
  }

  #valueOf(text: string): T | undefined {
    if (text === '') return undefined;
    try {
      const value: unknown = JSON.parse(text);
      return this.#o.isValue(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }

  /** Another process has removed every trace of a value, which the consumer is not told. */
  #drop(key: string, before: KvEntry<T> | undefined): void {
    // What has come since the value was read is newer.
    if (before !== undefined && this.#entries.get(key) === before) this.#take(key, before.revision, undefined, true);
  }

  /** @param isGone whether not even a mark is left */
  #take(key: string, revision: number, value: T | undefined, isGone = false): void {
    const known = Math.max(this.#entries.get(key)?.revision ?? 0, this.#removed.get(key) ?? 0);
    if (revision < known || (revision === known && this.#entries.has(key) === (value !== undefined))) return;
    if (value === undefined) {
      this.#entries.delete(key);
      if (isGone || revision === 0) this.#removed.delete(key);
      else this.#removed.set(key, revision);
    } else {
      this.#removed.delete(key);
      this.#entries.set(key, { value, revision });
    }
    const entry = this.#entries.get(key);
    for (const listener of this.#listeners) listener(key, entry);
  }
}

/** Whether a value is one that a later version of Sluice has written, which this one must leave alone. */
function isOfLaterVersion(value: unknown): boolean {
  const v = (value as { readonly v?: unknown } | null | undefined)?.v;
  return typeof v === 'number' && v > 1;
}
