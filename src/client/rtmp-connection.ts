import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { type ErrorCode, SluiceError } from '../core/errors.js';
import { type FlvTag, FlvTagType } from '../flv/flv-format.js';
import type { ClientAction, ClientSessionOptions } from '../protocol/client/actions.js';
import { ClientSession } from '../protocol/client/session.js';
import { ClientHandshake } from '../protocol/handshake/handshake.js';
import type { AmfValue } from '../protocol/messages/amf0-writer.js';
import type { CodecMessage } from '../wasm/chunk-codec.js';
import { MediaReader, type MediaTag } from './media-reader.js';
import { parseRtmpUrl, type RtmpUrl } from './rtmp-url.js';

const ENTROPY_BYTES = 1528;
const DEFAULT_TIMEOUT_MS = 15_000;
/** How long {@link RtmpConnection.close} waits for the server to take the goodbye. */
const CLOSE_GRACE_MS = 2_000;

/** A data message (`onMetaData`, captions …) of a played stream. */
export interface DataTag extends FlvTag {
  readonly name: string;
  /** What follows the name. */
  readonly values: readonly AmfValue[];
}

/** Options of {@link RtmpConnection.open}. */
export interface RtmpConnectionOptions {
  readonly mode: 'publish' | 'play';
  /** From connecting until publishing or playing; default 15000. */
  readonly timeoutMs?: number;
  /** Bytes per chunk that we write; default 60000. */
  readonly chunkSize?: number;
  readonly flashVer?: string;
  /** Source address to bind, such as 127.0.0.2. */
  readonly localAddress?: string;
  /** Gives up while connecting; no effect once {@link RtmpConnection.open} has resolved. */
  readonly signal?: AbortSignal;
  /** More properties for the connect object. */
  readonly connectExtras?: ClientSessionOptions['connectExtras'];
  /** Audio and video of a played stream, in order of completion; the payload is transferred. Must not throw. */
  readonly onMedia?: (tag: MediaTag) => void;
  /** Data messages of a played stream. Must not throw. */
  readonly onData?: (tag: DataTag) => void;
  /** Every onStatus, for logs. */
  readonly onStatus?: (status: { readonly level: string; readonly code: string; readonly description: string }) => void;
}

/** How a connection's stream came to its end. */
export interface StreamEnd {
  /** `undefined` when we asked for it ourselves. */
  readonly error: SluiceError | undefined;
}

/**
 * One RTMP connection with one publish or one play on it: a TCP socket, the handshake, the client session and the WASM chunk reader.
 * Nothing reconnects by itself.
 */
export class RtmpConnection {
  readonly url: RtmpUrl;
  /** Resolves once, when the stream is over: by us, by the server, or by a lost connection. Never rejects. */
  readonly ended: Promise<StreamEnd>;
  readonly #options: RtmpConnectionOptions;
  readonly #session: ClientSession;
  readonly #handshake: ClientHandshake;
  readonly #reader = new MediaReader();
  readonly #socket: Socket;
  readonly #sink = {
    media: (tag: MediaTag): void => this.#media(tag),
    message: (message: CodecMessage): void => this.#perform(this.#session.message(message)),
  };
  #opened: { resolve: () => void; reject: (error: SluiceError) => void } | undefined;
  #finish: (end: StreamEnd) => void = () => {};
  #error: SluiceError | undefined;
  #phase: 'connecting' | 'handshake' | 'session' | 'closing' | 'closed' = 'connecting';
  #stopListening: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;

  /**
   * Connects and waits until the server accepted the publish or play.
   *
   * @param url `rtmp://host[:port]/app/name[?query]`
   * @throws SluiceError `ERR_CLIENT_URL`; `ERR_CLIENT_CONNECT` when there is no TCP connection; `ERR_CLIENT_REJECTED` with
   *   `details.rtmpCode` and `details.description` when the server refused; `ERR_CLIENT_TIMEOUT`; `ERR_CLIENT_LOST` when the server
   *   closed without a word; `ERR_CLIENT_ABORTED`; a handshake's or chunk stream's code when it speaks no RTMP
   */
  static async open(url: string, options: RtmpConnectionOptions): Promise<RtmpConnection> {
    const connection = new RtmpConnection(parseRtmpUrl(url), options);
    await connection.#open();
    return connection;
  }

  private constructor(url: RtmpUrl, options: RtmpConnectionOptions) {
    this.url = url;
    this.#options = options;
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.ended = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#session = new ClientSession({
      mode: options.mode,
      app: url.app,
      tcUrl: url.tcUrl,
      name: url.name,
      timeoutMs,
      chunkSize: options.chunkSize,
      flashVer: options.flashVer,
      connectExtras: options.connectExtras,
    });
    this.#handshake = new ClientHandshake({ entropy: randomBytes(ENTROPY_BYTES), nowMs: performance.now() });
    this.#socket = connect({
      host: url.host,
      port: url.port,
      noDelay: true,
      ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
      onread: { buffer: this.#reader.input, callback: (size) => this.#onRead(size) },
    });
    this.#timer = setTimeout(() => this.#onTimeout(), timeoutMs);
  }

  /** The NetStream's id. */
  get messageStreamId(): number {
    return this.#session.messageStreamId;
  }

  /** Bytes received, handshake included. */
  get bytesIn(): number {
    return this.#socket.bytesRead;
  }

  /** Bytes handed to the socket, handshake included. */
  get bytesOut(): number {
    return this.#socket.bytesWritten;
  }

  /** Bytes waiting in this process for the network. */
  get backlogBytes(): number {
    return this.#socket.writableLength;
  }

  /**
   * Publishes one tag.
   *
   * @param tag types 8, 9 and 18; others are passed over. The payload is borrowed until return
   * @returns `false` when the caller should wait for {@link RtmpConnection.drained}
   */
  send(tag: FlvTag): boolean {
    const known = tag.type === FlvTagType.Audio || tag.type === FlvTagType.Video || tag.type === FlvTagType.Script;
    if (this.#phase !== 'session' || !known) return true;
    return this.#socket.write(this.#session.frame(tag.type, tag.timestamp, tag.payload));
  }

  /** Resolves when the network took what was written, or the connection is over. */
  async drained(): Promise<void> {
    if (!this.#socket.writableNeedDrain) return;
    const waiting = new Promise<void>((resolve) => {
      this.#socket.once('drain', resolve);
    });
    await Promise.race([waiting, this.ended]);
  }

  /** Stops reading, so that a slow consumer slows the server instead of filling memory. */
  pause(): void {
    this.#socket.pause();
  }

  /** Reads on. */
  resume(): void {
    this.#socket.resume();
  }

  /** Ends the stream (FCUnpublish, deleteStream), flushes, and closes. Resolves when the socket is gone. */
  async close(): Promise<void> {
    if (this.#phase === 'session') this.#perform(this.#session.stop());
    else if (this.#phase !== 'closing') this.#socket.destroy();
    await this.ended;
  }

  #open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#opened = { resolve, reject };
      const { signal } = this.#options;
      const onAbort = (): void => this.#fail(new SluiceError('ERR_CLIENT_ABORTED'));
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#stopListening = () => signal?.removeEventListener('abort', onAbort);
      this.#socket.once('connect', () => {
        this.#phase = 'handshake';
        this.#socket.write(this.#handshake.start());
      });
      this.#socket.on('error', (cause: NodeJS.ErrnoException) => {
        const code = this.#phase === 'connecting' ? 'ERR_CLIENT_CONNECT' : 'ERR_CLIENT_LOST';
        this.#error ??= this.#failure(code, cause.code ?? cause.message, cause);
      });
      this.#socket.once('end', () => this.#socket.end());
      this.#socket.once('close', () => {
        this.#stopListening();
        this.#closed();
      });
      if (signal?.aborted === true) onAbort();
    });
  }

  #closed(): void {
    clearTimeout(this.#timer);
    if (this.#phase !== 'closing') this.#error ??= this.#failure('ERR_CLIENT_LOST', 'closed by the server');
    this.#phase = 'closed';
    if (this.#error !== undefined) this.#opened?.reject(this.#error);
    this.#opened = undefined;
    this.#finish({ error: this.#error });
  }

  #onRead(size: number): boolean {
    try {
      let start = 0;
      if (this.#phase === 'handshake') start = this.#shake(size);
      if (this.#phase === 'session' || this.#phase === 'closing') {
        if (start < size) this.#reader.read(start, size, this.#sink);
        if (this.#phase === 'session') this.#perform(this.#session.received(this.#reader.bytesIn));
      }
    } catch (error) {
      this.#fail(error instanceof SluiceError ? error : new SluiceError('ERR_INTERNAL', 'reading', { cause: error }));
    }
    return true;
  }

  /** @returns where the chunk stream starts in the input */
  #shake(size: number): number {
    let start = 0;
    while (start < size) {
      const result = this.#handshake.read(this.#reader.input.subarray(start, size));
      start += result.consumed;
      if (result.status === 'reply') this.#socket.write(result.reply);
      if (result.status === 'error') throw this.#failure(result.code, `from ${this.url.host}`);
      if (result.status === 'done') {
        this.#phase = 'session';
        this.#perform(this.#session.start(performance.now()));
        break;
      }
    }
    return start;
  }

  #media(tag: MediaTag): void {
    if (this.#opened !== undefined) this.#perform(this.#session.mediaReceived());
    if (this.#phase === 'session') this.#options.onMedia?.(tag);
  }

  #perform(actions: readonly ClientAction[]): void {
    for (const action of actions) {
      switch (action.kind) {
        case 'send':
          this.#socket.write(action.bytes);
          break;
        case 'ready':
          clearTimeout(this.#timer);
          this.#opened?.resolve();
          this.#opened = undefined;
          this.#stopListening();
          break;
        case 'status':
          this.#options.onStatus?.(action);
          break;
        case 'data': {
          const { timestamp, payload, name, values } = action;
          this.#options.onData?.({ type: FlvTagType.Script, timestamp, payload, name, values });
          break;
        }
        case 'rejected':
          this.#error ??= this.#failure('ERR_CLIENT_REJECTED', `${action.code}: ${action.description}`, undefined, {
            rtmpCode: action.code,
            description: action.description,
            ...(action.redirect === undefined ? {} : { redirect: action.redirect }),
          });
          break;
        case 'ended':
          this.#end(action.code, action.description);
          break;
        case 'reconnectRequested':
          break;
        case 'close':
          this.#goodbye(action.code, action.reason);
          break;
      }
    }
  }

  /** The server ended the stream; it may keep the connection, nobody here needs it any more. */
  #end(rtmpCode: string, description: string): void {
    this.#error ??= this.#failure('ERR_CLIENT_ENDED', `${rtmpCode}: ${description}`, undefined, {
      rtmpCode,
      description,
    });
    this.#perform(this.#session.stop());
  }

  #goodbye(code: ErrorCode | undefined, reason: string): void {
    if (code !== undefined) this.#error ??= this.#failure(code, reason);
    this.#phase = 'closing';
    this.#socket.end();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#socket.destroy(), CLOSE_GRACE_MS);
    // A paused socket would never see the server's end.
    this.#socket.resume();
  }

  #onTimeout(): void {
    const actions = this.#session.tick(performance.now());
    this.#perform(actions);
    if (actions.length === 0)
      this.#fail(this.#failure('ERR_CLIENT_TIMEOUT', `no answer from ${this.url.host}:${this.url.port}`));
  }

  #fail(error: SluiceError): void {
    this.#error ??= error;
    this.#phase = 'closing';
    this.#socket.destroy();
  }

  #failure(code: ErrorCode, detail: string, cause?: unknown, details: Record<string, unknown> = {}): SluiceError {
    return new SluiceError(code, detail, { cause, details: { url: this.url.display, ...details } });
  }
}
