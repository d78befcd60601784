import { randomBytes } from 'node:crypto';
import { type ErrorCode, SluiceError } from '../core/errors.js';
import { type FlvTag, FlvTagType } from '../flv/flv-format.js';
import { OutgoingLink, type OutgoingNews } from '../link/outgoing-link.js';
import type { ClientSessionOptions } from '../protocol/client/actions.js';
import type { ByteChannel } from '../transport/byte-channel.js';
import { connectTcp } from '../transport/tcp/connect.js';
import { connectTls } from '../transport/tls/connect.js';
import type { AmfValue } from '../wasm/amf-value.js';
import type { ChunkCodec } from '../wasm/chunk-codec.js';
import { copyTags, type MediaTag, newTagCodec } from './media-reader.js';
import { parseRtmpUrl, type RtmpUrl } from './rtmp-url.js';

const ENTROPY_BYTES = 1528;
const DEFAULT_TIMEOUT_MS = 15_000;

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
  /** Bytes per chunk that the client writes; default 60000. */
  readonly chunkSize?: number;
  readonly flashVer?: string;
  /** Source address to bind, such as 127.0.0.2. */
  readonly localAddress?: string;
  /** With `rtmps://`: takes any certificate, so that others can read and change the bytes. Default false. */
  readonly insecure?: boolean;
  /** Aborts connecting; it has no effect once {@link RtmpConnection.open} has resolved. */
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

/** How the stream of a connection ended. */
export interface StreamEnd {
  /** `undefined` when the caller asked for the end. */
  readonly error: SluiceError | undefined;
}

/**
 * One RTMP connection with one publish or one play on it: a TCP connection and an {@link OutgoingLink}, whose media it
 * copies out as tags. Nothing reconnects by itself.
 */
export class RtmpConnection {
  readonly url: RtmpUrl;
  /** Resolves once, when the stream is over: by the caller, by the server, or by a lost connection. Never rejects. */
  readonly ended: Promise<StreamEnd>;
  readonly #options: RtmpConnectionOptions;
  /** Ends the attempt to connect. */
  readonly #giveUp = new AbortController();
  readonly #onAbort = (): void => this.#fail(new SluiceError('ERR_CLIENT_ABORTED'));
  readonly #timer: NodeJS.Timeout;
  /** Undefined until there is a TCP connection. */
  #link: OutgoingLink | undefined;
  #opened: { resolve: () => void; reject: (error: SluiceError) => void } | undefined;
  #finish: (end: StreamEnd) => void = () => {};
  /** Why there is to be no link. */
  #error: SluiceError | undefined;

  /**
   * Connects and waits until the server accepted the publish or play.
   *
   * @param url `rtmp://host[:port]/app/name[?query]`, or the same with `rtmps://`
   * @throws SluiceError `ERR_CLIENT_URL`; `ERR_CLIENT_CONNECT` when it or TLS fails; `ERR_CLIENT_REJECTED`
   *   with `details.rtmpCode` and `details.description` when the server refused; `ERR_CLIENT_TIMEOUT`;
   *   `ERR_CLIENT_LOST` when the server closed without a reason; `ERR_CLIENT_ABORTED`; the code of the handshake or
   *   chunk stream when it does not speak RTMP
   */
  static async open(url: string, options: RtmpConnectionOptions): Promise<RtmpConnection> {
    const connection = new RtmpConnection(parseRtmpUrl(url), options);
    await connection.#open();
    return connection;
  }

  private constructor(url: RtmpUrl, options: RtmpConnectionOptions) {
    this.url = url;
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#timer = setTimeout(() => this.#onTimeout(), options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  }

  /** The NetStream's id. */
  get messageStreamId(): number {
    return this.#link?.messageStreamId ?? 0;
  }

  /** Bytes received, handshake included. */
  get bytesIn(): number {
    return this.#link?.bytesIn ?? 0;
  }

  /** Bytes handed to the socket, handshake included. */
  get bytesOut(): number {
    return this.#link?.channel.writtenBytes ?? 0;
  }

  /** Bytes waiting in this process for the network. */
  get backlogBytes(): number {
    return this.#link?.channel.pendingBytes ?? 0;
  }

  /**
   * Publishes one tag.
   *
   * @param tag types 8, 9 and 18; others are ignored. The payload is borrowed until return
   * @returns `false` when the caller should wait for {@link RtmpConnection.drained}
   */
  send(tag: FlvTag): boolean {
    const known = tag.type === FlvTagType.Audio || tag.type === FlvTagType.Video || tag.type === FlvTagType.Script;
    return !known || this.#link === undefined || this.#link.send(tag.type, tag.timestamp, tag.payload);
  }

  /** Resolves when the network took what was written, or the connection is over. */
  async drained(): Promise<void> {
    const waiting = new Promise<void>((drained) => {
      if (this.#link?.channel.whenSent({ drained }) !== false) drained();
    });
    await Promise.race([waiting, this.ended]);
  }

  /** Stops reading, so that a slow consumer slows the server instead of filling memory. */
  pause(): void {
    this.#link?.channel.pauseReads();
  }

  /** Reads on. */
  resume(): void {
    this.#link?.channel.resumeReads();
  }

  /** Ends the stream (FCUnpublish, deleteStream), flushes, and closes. Resolves when the socket is gone. */
  async close(): Promise<void> {
    this.#link?.stop();
    await this.ended;
  }

  #open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#opened = { resolve, reject };
      const { signal } = this.#options;
      signal?.addEventListener('abort', this.#onAbort, { once: true });
      if (signal?.aborted === true) this.#onAbort();
      void this.#connect();
    });
  }

  async #connect(): Promise<void> {
    const { host, port, isSecure } = this.url;
    const { localAddress, insecure } = this.#options;
    const target = { host, port, localAddress, signal: this.#giveUp.signal };
    try {
      const channel = await (isSecure ? connectTls({ ...target, insecure }) : connectTcp(target));
      this.#link = this.#newLink(channel);
      this.#link.open();
      // It was given up in the very turn of the event loop in which it was there.
      if (this.#error !== undefined) this.#link.fail(this.#error);
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      this.#closed(this.#error ?? this.#failure('ERR_CLIENT_CONNECT', code ?? message, cause));
    }
  }

  #newLink(channel: ByteChannel): OutgoingLink {
    const { app, tcUrl, name, host, display } = this.url;
    const { mode, timeoutMs, chunkSize, flashVer, connectExtras } = this.#options;
    return new OutgoingLink(
      {
        channel,
        codec: newTagCodec(),
        session: { mode, app, tcUrl, name, timeoutMs, chunkSize, flashVer, connectExtras },
        entropy: randomBytes(ENTROPY_BYTES),
        nowMs: () => performance.now(),
        host,
        url: display,
      },
      {
        ready: () => this.#ready(),
        media: (codec) => this.#media(codec),
        news: (news) => this.#tell(news),
        closed: (error) => this.#closed(error),
      },
    );
  }

  #ready(): void {
    this.#settle();
    this.#opened?.resolve();
    this.#opened = undefined;
  }

  #media(codec: ChunkCodec): void {
    const { onMedia } = this.#options;
    if (onMedia === undefined) return;
    // A consumer may close the connection in the middle of a batch.
    copyTags(codec, (tag) => this.#link?.isRunning && onMedia(tag));
  }

  #tell(news: OutgoingNews): void {
    if (news.kind === 'status') this.#options.onStatus?.(news);
    if (news.kind !== 'data') return;
    const { timestamp, payload, name, values } = news;
    this.#options.onData?.({ type: FlvTagType.Script, timestamp, payload, name, values });
  }

  #closed(error: SluiceError | undefined): void {
    this.#settle();
    if (error !== undefined) this.#opened?.reject(error);
    this.#opened = undefined;
    this.#finish({ error });
  }

  /** Whether it opens is known: neither time nor the signal have a say any more. */
  #settle(): void {
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
  }

  #onTimeout(): void {
    if (this.#link?.tick() === true) return;
    this.#fail(this.#failure('ERR_CLIENT_TIMEOUT', `no answer from ${this.url.host}:${this.url.port}`));
  }

  #fail(error: SluiceError): void {
    this.#error ??= error;
    if (this.#link === undefined) this.#giveUp.abort();
    else this.#link.fail(error);
  }

  #failure(code: ErrorCode, detail: string, cause?: unknown): SluiceError {
    return new SluiceError(code, detail, { cause, details: { url: this.url.display } });
  }
}
