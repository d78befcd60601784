import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { SluiceError } from '../core/errors.js';
import { OutgoingLink, type OutgoingNews } from '../link/outgoing-link.js';
import { type AmfInput, writeAmf0 } from '../protocol/messages/amf0-writer.js';
import { type SharedObjectEvent, writeSharedObject } from '../protocol/shared-objects/message.js';
import { ObjectReplica, type ReplicaNews } from '../protocol/shared-objects/replica.js';
import { connectTcp } from '../transport/tcp/connect.js';
import { AmfScanner } from '../wasm/amf-scanner.js';
import type { AmfValue } from '../wasm/amf-value.js';
import { newTagCodec } from './media-reader.js';
import { parseRtmpUrl } from './rtmp-url.js';

const ENTROPY_BYTES = 1528;
const DEFAULT_TIMEOUT_MS = 15_000;
/** Events in one message. The server reads more, and others may not. */
const MAX_EVENTS = 128;
/** Bytes of values in one message: servers take commands of up to 64 KiB. */
const MAX_BYTES = 32_768;

/** Options of {@link SharedObject.use}. */
export interface SharedObjectOptions {
  /** Whether the object is kept in a file of the server; default: false. */
  readonly isPersistent?: boolean;
  /** From connecting until the object is in use; default 15000. */
  readonly timeoutMs?: number;
}

/** What happens to a {@link SharedObject}, with the arguments of listeners. */
export interface SharedObjectEvents {
  /** Somebody else has set a slot, or removed it: then the value is undefined. */
  change: [slot: string, value: AmfValue];
  /** The server has not taken a change. The value is what the slot is instead. */
  refused: [slot: string, value: AmfValue];
  /** Every slot is gone. */
  clear: [];
  /** Somebody has sent a message, be it this client. */
  message: [handler: string, args: AmfValue[]];
  /** The connection is over, and nothing connects again. No error: it was closed by {@link SharedObject.close}. */
  closed: [error: SluiceError | undefined];
}

let scanner: AmfScanner | undefined;

/**
 * A remote shared object, over a connection of its own. Own changes are there at once; those of one turn of the event
 * loop go out in one message.
 */
export class SharedObject {
  readonly name: string;
  readonly #isPersistent: boolean;
  readonly #replica = new ObjectReplica();
  readonly #events = new EventEmitter<SharedObjectEvents>();
  readonly #ended: Promise<void>;
  #link: OutgoingLink | undefined;
  #unsent: SharedObjectEvent[] = [];
  /** Whether anything is told of it: from when it is in use. */
  #isOpen = false;
  /** What is told once the caller of `use` has had the time to add listeners. */
  #held: (() => void)[] | undefined = [];
  #settle: { resolve: () => void; reject: (error: SluiceError) => void } | undefined;
  #finish: () => void = () => {};

  /**
   * Connects to an app and begins to use one of its objects.
   *
   * @param url `rtmp://host[:port]/app[?query]`
   * @throws SluiceError `ERR_CLIENT_URL`, `ERR_CLIENT_CONNECT`, `ERR_CLIENT_TIMEOUT`, `ERR_CLIENT_LOST`;
   *   `ERR_CLIENT_REJECTED` with `details.rtmpCode` when the server refuses the connection or the object
   */
  static async use(url: string, name: string, options: SharedObjectOptions = {}): Promise<SharedObject> {
    const object = new SharedObject(name, options.isPersistent ?? false);
    await object.#open(url, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    setImmediate(() => object.#tellHeld());
    return object;
  }

  private constructor(name: string, isPersistent: boolean) {
    this.name = name;
    this.#isPersistent = isPersistent;
    this.#ended = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** The value of a slot; undefined when there is none. */
  get(slot: string): AmfValue {
    return valuesOf(this.#replica.get(slot))[0];
  }

  /** All slots with their values. */
  entries(): [slot: string, value: AmfValue][] {
    return this.#replica.slots().map((slot) => [slot, this.get(slot)]);
  }

  /** Sets a slot; null and undefined remove it. @throws SluiceError `ERR_AMF_UNWRITABLE` */
  set(slot: string, value: AmfInput): void {
    this.#send(this.#replica.set(slot, value === null || value === undefined ? undefined : writeAmf0(value)));
  }

  /** Removes a slot. */
  remove(slot: string): void {
    this.set(slot, undefined);
  }

  /**
   * Sends a message to everybody who uses the object, this client included.
   *
   * @throws SluiceError `ERR_AMF_UNWRITABLE`
   */
  send(handler: string, ...args: AmfInput[]): void {
    this.#send({ kind: 'send', values: writeAmf0(handler, ...args) });
  }

  /** Removes every slot. They are gone once the server says so: see `clear`. */
  clear(): void {
    this.#send({ kind: 'requestClear' });
  }

  /** Adds a listener; it must not throw. */
  on<Name extends keyof SharedObjectEvents>(name: Name, listener: (...args: SharedObjectEvents[Name]) => void): this {
    this.#events.on(name, listener as never);
    return this;
  }

  /** Lets go of the object and closes the connection. Resolves when it is over. */
  async close(): Promise<void> {
    this.#send({ kind: 'release' });
    this.#flush();
    this.#link?.stop();
    await this.#ended;
  }

  async #open(url: string, timeoutMs: number): Promise<void> {
    const { app, tcUrl, name, host, port, display } = parseRtmpUrl(url);
    if (name !== '') throw new SluiceError('ERR_CLIENT_URL', 'it names a stream, and objects belong to an app');
    const giveUp = new AbortController();
    const late = new SluiceError('ERR_CLIENT_TIMEOUT', `no answer from ${host}:${port}`, { details: { url: display } });
    const timer = setTimeout(() => {
      giveUp.abort();
      this.#link?.fail(late);
    }, timeoutMs);
    try {
      const channel = await connectTcp({ host, port, signal: giveUp.signal }).catch((cause: NodeJS.ErrnoException) => {
        if (giveUp.signal.aborted) throw late;
        const details = { url: display };
        throw new SluiceError('ERR_CLIENT_CONNECT', cause.code ?? cause.message, { cause, details });
      });
      const session = { mode: 'objects', app, tcUrl, name, timeoutMs } as const;
      const entropy = randomBytes(ENTROPY_BYTES);
      await new Promise<void>((resolve, reject) => {
        this.#settle = { resolve, reject };
        this.#link = new OutgoingLink(
          { channel, codec: newTagCodec(), session, entropy, nowMs: () => performance.now(), host, url: display },
          {
            ready: () => this.#send({ kind: 'use' }),
            media: () => {},
            news: (news) => this.#tell(news, display),
            closed: (error) => this.#closed(error),
          },
        );
        this.#link.open();
      });
    } finally {
      clearTimeout(timer);
    }
  }

  #tell(news: OutgoingNews, url: string): void {
    if (news.kind !== 'sharedObject' || news.message.name !== this.name) return;
    for (const one of this.#replica.take(news.message)) this.#act(one, url);
  }

  #act(news: ReplicaNews, url: string): void {
    switch (news.kind) {
      case 'used':
        this.#isOpen = true;
        break;
      case 'cleared':
        // The first one belongs to the use: the slots that there are follow it.
        if (this.#settle === undefined) this.#later(() => this.#events.emit('clear'));
        else this.#settle.resolve();
        this.#settle = undefined;
        break;
      case 'changed':
        this.#later(() => this.#events.emit('change', news.slot, valuesOf(news.value)[0]));
        break;
      case 'refused':
        this.#later(() => this.#events.emit('refused', news.slot, valuesOf(news.value)[0]));
        break;
      case 'message': {
        const [handler, ...args] = valuesOf(news.values);
        this.#later(() => this.#events.emit('message', String(handler), args));
        break;
      }
      case 'failed': {
        const details = { url, rtmpCode: news.code };
        this.#link?.fail(new SluiceError('ERR_CLIENT_REJECTED', `${news.code}: ${this.name}`, { details }));
        break;
      }
    }
  }

  #later(tell: () => void): void {
    if (this.#held === undefined) tell();
    else this.#held.push(tell);
  }

  #tellHeld(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const tell of held) tell();
  }

  #send(event: SharedObjectEvent): void {
    if (this.#unsent.length === 0) queueMicrotask(() => this.#flush());
    this.#unsent.push(event);
  }

  #flush(): void {
    const events = this.#unsent.splice(0);
    while (events.length > 0) {
      let bytes = 0;
      let count = 0;
      while (count < events.length && count < MAX_EVENTS && (count === 0 || bytes < MAX_BYTES)) {
        bytes += sizeOf(events[count]!);
        count++;
      }
      const message = {
        name: this.name,
        version: 0,
        isPersistent: this.#isPersistent,
        events: events.splice(0, count),
      };
      this.#link?.sendObject(writeSharedObject(message));
    }
  }

  #closed(error: SluiceError | undefined): void {
    this.#settle?.reject(error ?? new SluiceError('ERR_CLIENT_LOST', 'closed'));
    this.#settle = undefined;
    if (this.#isOpen) this.#later(() => this.#events.emit('closed', error));
    this.#finish();
  }
}

function sizeOf(event: SharedObjectEvent): number {
  if (event.kind === 'send') return event.values.length;
  return event.kind === 'requestChange' ? event.slots.reduce((sum, { value }) => sum + value.length, 0) : 0;
}

/** The values of AMF0 bytes; none for what cannot be read. */
function valuesOf(bytes: Buffer | undefined): AmfValue[] {
  if (bytes === undefined) return [];
  scanner ??= new AmfScanner();
  try {
    return scanner.scan(bytes).values;
  } catch (error) {
    if (error instanceof SluiceError) return [];
    throw error;
  }
}
