import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { SluiceError } from '../core/errors.js';
import { ClientHandshake } from '../protocol/handshake/handshake.js';
import { Negotiation, type Wish } from './negotiation.js';
import { SetupParser } from './setup-parser.js';

const C1_ENTROPY = Buffer.alloc(1528, 0x5a);
const OPEN_BYTES = 64 * 1024;
/** Every socket that only counts reads into this buffer: its content is not used after the callback. */
const SHARED = Buffer.allocUnsafeSlow(OPEN_BYTES);

/** What takes a connection's bytes once the server has accepted. */
export interface Consumer {
  /** Memory to read into; the shared buffer when absent. */
  readonly buffer?: Buffer;
  /**
   * Takes `buffer[start, end)`: everything after the handshake, the set-up's messages included, when it has its own
   * `buffer`; otherwise only what is read after the set-up. Borrowed until return. May throw.
   */
  bytes(buffer: Buffer, start: number, end: number): void;
}

/** Is told about a connection, each event at most once and in this order; `failed` and `closed` are the end. */
interface ConnectionEvents {
  /** TCP is connected. */
  connected(): void;
  /** Playing or publishing. */
  ready(messageStreamId: number): void;
  /** Over before `ready`: a TCP error code, an RTMP status code, or `closed` or `timeout`. */
  failed(reason: string): void;
  /** Over after `ready`. */
  closed(reason: string): void;
}

/** Options of {@link LoadConnection}. */
interface LoadConnectionOptions {
  readonly wish: Wish;
  readonly localAddress: string | undefined;
  /** With `rtmps://`: takes any certificate. */
  readonly insecure: boolean;
  readonly consumer: Consumer;
  readonly events: ConnectionEvents;
}

/**
 * One connection of the generator: a socket with a fixed read buffer, the handshake, the negotiation, then raw bytes.
 */
export class LoadConnection {
  readonly #socket: Socket;
  readonly #options: LoadConnectionOptions;
  readonly #handshake = new ClientHandshake({ entropy: C1_ENTROPY, nowMs: 0 });
  readonly #negotiation: Negotiation;
  #parser: SetupParser | undefined = new SetupParser();
  #phase: 'handshake' | 'setup' | 'ready' | 'over' = 'handshake';
  #reason: string | undefined;

  constructor(options: LoadConnectionOptions) {
    this.#options = options;
    this.#negotiation = new Negotiation(options.wish);
    const buffer = options.consumer.buffer ?? SHARED;
    const { host, port, isSecure } = options.wish.url;
    const { localAddress, insecure } = options;
    const target = {
      host,
      port,
      ...(localAddress === undefined ? {} : { localAddress }),
      onread: {
        buffer,
        callback: (size: number) => {
          this.#read(buffer, size);
          return true;
        },
      },
    };
    const tls = { rejectUnauthorized: !insecure, ...(isIP(host) === 0 ? { servername: host } : {}) };
    this.#socket = isSecure ? connectTls({ ...target, ...tls } as ConnectionOptions) : connect(target);
    this.#socket.setNoDelay(true);
    this.#socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      options.events.connected();
      this.#socket.write(this.#handshake.start());
    });
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#reason ??= error.code ?? error.message;
    });
    this.#socket.once('end', () => this.#socket.end());
    this.#socket.once('close', () => this.#over(this.#reason ?? 'closed'));
  }

  /** Bytes that the server has not taken yet. */
  get backlogBytes(): number {
    return this.#socket.writableLength;
  }

  /** Writes chunk stream bytes; they must stay unchanged until sent. */
  write(bytes: Buffer): void {
    if (this.#phase === 'ready') this.#socket.write(bytes);
  }

  /**
   * Ends the stream and closes once the server has taken that; `closed` follows. Only a connection that is ready sends
   * anything.
   */
  leave(reason: string): void {
    if (this.#phase !== 'ready') {
      this.destroy(reason);
      return;
    }
    this.#reason ??= reason;
    this.#socket.end(this.#negotiation.goodbye());
  }

  /** Ends it at once; `failed` or `closed` follows with this reason. */
  destroy(reason: string): void {
    this.#reason ??= reason;
    this.#socket.destroy();
  }

  #over(reason: string): void {
    const phase = this.#phase;
    this.#phase = 'over';
    if (phase === 'ready') this.#options.events.closed(reason);
    else if (phase !== 'over') this.#options.events.failed(reason);
  }

  #read(buffer: Buffer, size: number): void {
    // This is the hot path of a thousand players: no views, no parsing.
    if (this.#phase === 'ready') {
      this.#consume(buffer, 0, size);
      return;
    }
    try {
      let start = 0;
      if (this.#phase === 'handshake') start = this.#shake(buffer, size);
      if (start < size && this.#phase === 'setup') this.#setUp(buffer, start, size);
    } catch (error) {
      this.destroy(error instanceof SluiceError ? error.code : String(error));
    }
  }

  #consume(buffer: Buffer, start: number, end: number): void {
    try {
      this.#options.consumer.bytes(buffer, start, end);
    } catch (error) {
      this.destroy(error instanceof SluiceError ? error.code : String(error));
    }
  }

  #shake(buffer: Buffer, size: number): number {
    let start = 0;
    while (start < size && this.#phase === 'handshake') {
      const result = this.#handshake.read(buffer.subarray(start, size));
      start += result.consumed;
      if (result.status === 'reply') this.#socket.write(Buffer.concat([result.reply, this.#negotiation.start()]));
      if (result.status === 'error') throw new SluiceError(result.code);
      if (result.status === 'done') this.#phase = 'setup';
    }
    return start;
  }

  #setUp(buffer: Buffer, start: number, end: number): void {
    const wantsAll = this.#options.consumer.buffer !== undefined;
    const messages = this.#parser!.push(buffer.subarray(start, end));
    if (wantsAll) this.#consume(buffer, start, end);
    for (const message of messages) {
      if (this.#phase !== 'setup') break;
      const step = this.#negotiation.message(message.type, message.payload);
      if (step.kind === 'send') this.#socket.write(step.bytes);
      else if (step.kind === 'refused') this.destroy(step.code);
      else if (step.kind === 'ready') {
        this.#phase = 'ready';
        this.#parser = undefined;
        this.#options.events.ready(step.messageStreamId);
      }
    }
  }
}
