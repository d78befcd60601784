import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { AmfObject, AmfValue } from '../../src/wasm/amf-value.js';
import { type Amf, amf, type EcmaArray, readAmf } from './amf.js';
import { chunks, type WireMessage, WireReader } from './rtmp-wire.js';
import { waitFor } from './wait.js';

/** A received message, with its AMF0 values when it is a command or data message. */
export interface Received extends WireMessage {
  readonly values: AmfValue[];
}

/** Options of {@link RawRtmp.open}. */
export interface RawOptions {
  readonly port: number;
  /** Default: 127.0.0.1. */
  readonly host?: string;
  readonly localAddress?: string;
}

/** An RTMP client that does what a test says, right or wrong, byte by byte. It keeps everything it receives. */
export class RawRtmp {
  readonly socket: Socket;
  /** Every whole message received after the handshake, in order. */
  readonly received: Received[] = [];
  /** Bytes received before {@link RawRtmp.startChunks}: the server's side of the handshake. */
  handshakeBytes: Buffer = Buffer.alloc(0);
  bytesReceived = 0;
  /** Called for each message as it comes; set it to keep media of long runs out of `received`. */
  onMessage: ((message: Received) => void) | undefined;
  chunkSize = 128;
  /** Whether pings are answered, as every player does; OBS does not. */
  answersPings = true;
  #reader: WireReader | undefined;
  #closed = false;
  #readError: Error | undefined;
  #transaction = 1;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes) => this.#take(bytes as Buffer));
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#closed = true;
    });
  }

  /** A TCP connection, nothing sent yet. */
  static async open({ port, host = '127.0.0.1', localAddress }: RawOptions): Promise<RawRtmp> {
    const socket = connect({ port, host, localAddress, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RawRtmp(socket);
  }

  /** Over what carries bytes already: a TLS socket, or a stream that has a transport of its own below it. */
  static over(carrier: Duplex): RawRtmp {
    return new RawRtmp(carrier as Socket);
  }

  /** A connection past the simple handshake. */
  static async shaken(options: RawOptions): Promise<RawRtmp> {
    const client = await RawRtmp.open(options);
    await client.handshake();
    return client;
  }

  /** A connection past the handshake and `connect`. */
  static async connected(options: RawOptions & { app?: string }): Promise<RawRtmp> {
    const client = await RawRtmp.shaken(options);
    await client.connect(options.app ?? 'live');
    return client;
  }

  get closed(): boolean {
    return this.#closed;
  }

  #take(bytes: Buffer): void {
    this.bytesReceived += bytes.length;
    if (this.#reader === undefined) {
      this.handshakeBytes = Buffer.concat([this.handshakeBytes, bytes]);
      return;
    }
    try {
      for (const message of this.#reader.read(bytes)) {
        const values = message.type === 20 || message.type === 18 ? readAmf(message.payload) : [];
        const received = { ...message, values };
        if (this.answersPings && message.type === 4 && message.payload.readUInt16BE(0) === 6) {
          this.message(4, Buffer.concat([Buffer.from([0, 7]), message.payload.subarray(2)]));
        }
        if (this.onMessage !== undefined) this.onMessage(received);
        else this.received.push(received);
      }
    } catch (error) {
      this.#readError = error as Error;
      this.socket.destroy();
    }
  }

  /** From here on received bytes are chunks; those received past `after` bytes of handshake are read at once. */
  startChunks(after = 3073): void {
    const rest = this.handshakeBytes.subarray(after);
    this.handshakeBytes = this.handshakeBytes.subarray(0, after);
    this.#reader = new WireReader();
    this.bytesReceived -= rest.length;
    if (rest.length > 0) this.#take(Buffer.from(rest));
  }

  /** Sends bytes as they are. */
  send(...parts: Uint8Array[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(parts));
  }

  /** The simple handshake; returns S0+S1+S2. */
  async handshake(tail: Uint8Array = Buffer.alloc(0)): Promise<Buffer> {
    const c1 = Buffer.concat([Buffer.alloc(8), randomBytes(1528)]);
    this.send(Buffer.from([3]), c1);
    await waitFor(() => this.handshakeBytes.length >= 3073 || this.#closed, { what: 'S0S1S2' });
    this.send(this.handshakeBytes.subarray(1, 1537), tail);
    this.startChunks();
    return this.handshakeBytes;
  }

  /** Sends a message in fmt 0 and fmt 3 chunks of {@link RawRtmp.chunkSize}. */
  message(
    type: number,
    payload: Uint8Array,
    o: { timestamp?: number; messageStreamId?: number; csid?: number } = {},
  ): void {
    this.send(
      chunks(
        {
          type,
          payload: Buffer.from(payload),
          timestamp: o.timestamp ?? 0,
          messageStreamId: o.messageStreamId ?? 0,
          chunkStreamId: o.csid ?? (type <= 6 ? 2 : type === 8 ? 4 : type === 9 ? 6 : 3),
        },
        this.chunkSize,
      ),
    );
  }

  /** Sends Set Chunk Size and uses it from the next message on. */
  setChunkSize(size: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(size);
    this.message(1, payload);
    this.chunkSize = size;
  }

  /** Sends a command message. */
  command(messageStreamId: number, ...values: (Amf | EcmaArray)[]): void {
    this.message(20, amf(...values), { messageStreamId });
  }

  /** Waits for the first received message that matches, from index `from` on. */
  async expect(
    match: (message: Received) => boolean,
    what: string,
    o: { from?: number; timeoutMs?: number } = {},
  ): Promise<Received> {
    return waitFor(
      () => {
        const found = this.received.slice(o.from ?? 0).find(match);
        if (found !== undefined) return found;
        if (this.#readError !== undefined) throw this.#readError;
        if (this.#closed) throw new Error(`the server closed before ${what}; got ${this.describe()}`);
        return undefined;
      },
      { timeoutMs: o.timeoutMs ?? 10_000, what: () => `${what}; got ${this.describe()}` },
    );
  }

  /** Waits for an onStatus with `code`. */
  async status(code: string, o: { from?: number; timeoutMs?: number } = {}): Promise<Received> {
    return this.expect((m) => m.values[0] === 'onStatus' && statusOf(m).code === code, `onStatus ${code}`, o);
  }

  /** Waits until the server has closed this connection. */
  async gone(timeoutMs = 10_000): Promise<void> {
    await waitFor(() => this.#closed, { timeoutMs, what: () => `the server to close; got ${this.describe()}` });
  }

  /** Sends `connect` and waits for its `_result`. */
  async connect(app = 'live', extra: Record<string, Amf> = {}): Promise<Received> {
    this.command(0, 'connect', this.#transaction, {
      app,
      flashVer: 'FMLE/3.0 (compatible; test)',
      tcUrl: `rtmp://127.0.0.1/${app}`,
      ...extra,
    });
    return this.#result(this.#transaction++);
  }

  #result(transaction: number): Promise<Received> {
    return this.expect((m) => m.values[0] === '_result' && m.values[1] === transaction, `_result ${transaction}`);
  }

  /** Sends `createStream` and returns the message stream id of its `_result`. */
  async createStream(): Promise<number> {
    const transaction = ++this.#transaction;
    this.command(0, 'createStream', transaction, null);
    return (await this.#result(transaction)).values[3] as number;
  }

  /** createStream and publish; waits for Publish.Start and returns the message stream id. */
  async publish(name: string, type: string | undefined = 'live'): Promise<number> {
    const id = await this.createStream();
    const from = this.received.length;
    this.command(id, 'publish', 0, null, name, ...(type === undefined ? [] : [type]));
    await this.status('NetStream.Publish.Start', { from });
    return id;
  }

  /** createStream and play; waits for Play.Start and returns the message stream id. */
  async play(name: string): Promise<number> {
    const id = await this.createStream();
    const from = this.received.length;
    this.command(id, 'play', 0, null, name, -2000);
    await this.status('NetStream.Play.Start', { from });
    return id;
  }

  /** Received audio, video and data messages, of one message stream id when given. */
  media(messageStreamId?: number): Received[] {
    return this.received.filter(
      (m) => [8, 9, 18].includes(m.type) && (messageStreamId ?? m.messageStreamId) === m.messageStreamId,
    );
  }

  /** A short list of what came, for error messages. */
  describe(): string {
    const last = this.received.slice(-12).map((m) => {
      const code = m.values[0] === 'onStatus' ? ` ${String(statusOf(m).code)}` : '';
      return `${m.type}${typeof m.values[0] === 'string' ? ` ${m.values[0]}${code}` : ''}`;
    });
    return `[${last.join(', ')}] (${this.received.length} messages, ${this.bytesReceived} bytes${this.#closed ? ', closed' : ''})`;
  }

  /** Closes without a goodbye. */
  destroy(): void {
    this.socket.destroy();
  }
}

/** The info object of an onStatus, `_result` or `_error`. */
export function statusOf(message: Received): { level?: AmfValue; code?: AmfValue; description?: AmfValue } {
  const info = message.values[3];
  return isObject(info) ? info : {};
}

function isObject(value: AmfValue): value is AmfObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
