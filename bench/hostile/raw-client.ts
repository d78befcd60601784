import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { type AmfInput, writeAmf0 } from '../../src/protocol/messages/amf0-writer.js';
import { ChunkWriter } from '../../src/protocol/messages/chunk-writer.js';
import { ChunkStreamId, MessageType } from '../../src/protocol/messages/message-types.js';

const HANDSHAKE_BYTES = 1536;
const SERVER_HANDSHAKE_BYTES = 1 + 2 * HANDSHAKE_BYTES;
/** Bytes of the input that are kept to search for replies. */
const KEEP_BYTES = 8192;
const REPLY_TIMEOUT_MS = 20_000;

/** Where to connect to and from. */
export interface RawClientOptions {
  readonly port: number;
  readonly localAddress: string;
}

/** One media, data or control message to send. */
export interface RawMessage {
  readonly type: number;
  readonly messageStreamId: number;
  readonly timestamp: number;
  readonly payload: Buffer;
}

/**
 * An RTMP client for attacks. It sends whatever it is told and reads no more than it needs to find the server's
 * replies, so that it costs the machine little besides the server under attack.
 */
export class RawClient {
  readonly socket: Socket;
  /** Looks at the bytes that come after the handshake; borrowed until return. */
  onBytes: ((bytes: Buffer) => void) | undefined;
  readonly #writer = new ChunkWriter();
  #readBytes = 0;
  #recent = '';
  #waiting: { pattern: RegExp; resolve: () => void; reject: (error: Error) => void }[] = [];
  #closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#closed = true;
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('the server closed the connection'));
    });
  }

  /** A TCP connection, nothing sent yet. @throws Error when it is refused */
  static open({ port, localAddress }: RawClientOptions): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', localAddress });
      const client = new RawClient(socket);
      socket.once('error', reject);
      socket.once('connect', () => resolve(client));
    });
  }

  /** A connection past handshake and `connect`. */
  static async connected(options: RawClientOptions, app = 'live'): Promise<RawClient> {
    const client = await RawClient.open(options);
    client.send(Buffer.concat([Buffer.from([3]), Buffer.alloc(8), randomBytes(HANDSHAKE_BYTES - 8)]));
    await client.#handshaken();
    client.send(Buffer.alloc(HANDSHAKE_BYTES));
    client.command(0, 'connect', 1, { app, flashVer: 'bench', tcUrl: `rtmp://127.0.0.1/${app}` });
    await client.says(/NetConnection\.Connect\.Success/);
    return client;
  }

  /** A connection that publishes on message stream 1, with chunks of 60000 bytes. */
  static async publishing(options: RawClientOptions, name: string): Promise<RawClient> {
    const client = await RawClient.connected(options);
    client.createStreams(1);
    client.command(1, 'publish', 3, null, name, 'live');
    await client.says(/NetStream\.Publish\.Start/);
    client.setChunkSize(60_000);
    return client;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Bytes that the server has not taken yet. */
  get unsent(): number {
    return this.socket.writableLength;
  }

  /** Sends bytes as they are. */
  send(bytes: Buffer): void {
    if (!this.#closed && !this.socket.destroyed) this.socket.write(bytes);
  }

  /** A message as chunks, for a block that is sent later. */
  frame({ type, messageStreamId, timestamp, payload }: RawMessage): Buffer {
    return this.#writer.write({ type, messageStreamId, timestamp, payload, chunkStreamId: lane(type) });
  }

  message(message: RawMessage): void {
    this.send(this.frame(message));
  }

  command(messageStreamId: number, ...values: readonly AmfInput[]): void {
    this.message({ type: MessageType.CommandAmf0, messageStreamId, timestamp: 0, payload: writeAmf0(...values) });
  }

  /** Sends Set Chunk Size and uses it from the next message on. */
  setChunkSize(bytes: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(bytes);
    this.message({ type: MessageType.SetChunkSize, messageStreamId: 0, timestamp: 0, payload });
    this.#writer.setChunkSize(bytes);
  }

  /** Asks for message streams 1 to `count`; the answers are not awaited. */
  createStreams(count: number): void {
    for (let i = 0; i < count; i++) this.command(0, 'createStream', 2 + i, null);
  }

  /**
   * Waits until the server's recent bytes match. @throws Error when it closes, or when they do not match within 20 s
   */
  says(pattern: RegExp): Promise<void> {
    if (pattern.test(this.#recent)) return Promise.resolve();
    if (this.#closed) return Promise.reject(new Error('the server closed the connection'));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${String(pattern)} from the server`)), REPLY_TIMEOUT_MS);
      const done = (settle: () => void) => (): void => {
        clearTimeout(timer);
        settle();
      };
      this.#waiting.push({
        pattern,
        resolve: done(resolve),
        reject: (error) => done(() => reject(error))(),
      });
    });
  }

  /** Closes without any message. */
  destroy(): void {
    this.socket.destroy();
  }

  async #handshaken(): Promise<void> {
    await this.says(/^handshake/);
    this.#recent = '';
  }

  #take(bytes: Buffer): void {
    const before = this.#readBytes;
    this.#readBytes += bytes.length;
    if (before < SERVER_HANDSHAKE_BYTES) {
      if (this.#readBytes < SERVER_HANDSHAKE_BYTES) return;
      this.#recent = 'handshake';
    } else {
      this.onBytes?.(bytes);
      if (this.#waiting.length === 0) return;
      this.#recent += bytes.toString('latin1');
    }
    const answered = this.#waiting.filter(({ pattern }) => pattern.test(this.#recent));
    // Media may follow a reply in the same read, so only what has been searched is cut.
    this.#recent = this.#recent.slice(-KEEP_BYTES);
    this.#waiting = this.#waiting.filter((waiting) => !answered.includes(waiting));
    for (const { resolve } of answered) resolve();
  }
}

function lane(type: number): number {
  if (type === MessageType.Audio) return ChunkStreamId.Audio;
  if (type === MessageType.Video) return ChunkStreamId.Video;
  return type <= MessageType.SetPeerBandwidth ? ChunkStreamId.Control : ChunkStreamId.Command;
}
