import { randomBytes } from 'node:crypto';
import type { RtmpUrl } from '../client/rtmp-url.js';
import { type ErrorCode, SluiceError } from '../core/errors.js';
import { OutgoingLink, type OutgoingNews } from '../link/outgoing-link.js';
import type { NodeHello } from '../model/node-link.js';
import type { ByteChannel } from '../transport/byte-channel.js';
import type { ChunkCodec } from '../wasm/chunk-codec.js';
import type { CodecPool } from '../wasm/pool.js';
import { checkAddress } from './target.js';

/** The parts that every connection to another server needs. */
export interface AttemptParts {
  readonly codecs: CodecPool;
  readonly nowMs: () => number;
  /** Opens a connection, with TLS where the URL says so. Rejects with the system's error. */
  readonly connect: (url: RtmpUrl, signal: AbortSignal) => Promise<ByteChannel>;
}

/** Bounds of a connection. Each is a setting. */
export interface AttemptLimits {
  /** From the first packet until publishing or playing, in ms. */
  readonly connectTimeoutMs: number;
  /** How long nothing may move while it runs, in ms. */
  readonly idleTimeoutMs: number;
  /** After how long without a byte the other server is asked for a sign of life, in ms; default: never. */
  readonly pingAfterMs?: number;
  /** Bytes of a chunk: those with which the hub frames media, because what is pushed is sent as it lies there. */
  readonly chunkSize: number;
}

/** What an attempt tells. None of it throws. */
export interface AttemptEvents {
  /** The other server accepted. Called once at most. */
  ready(link: OutgoingLink, codec: ChunkCodec): void;
  /** Audio and video of the played stream lie in the codec as a batch, valid until return. */
  media(codec: ChunkCodec): void;
  news(news: OutgoingNews): void;
  /** It is over; called once, last. `error` is undefined when it was stopped. The codec is gone. */
  over(error: SluiceError | undefined): void;
}

const ENTROPY_BYTES = 1536;
const FLASH_VER = 'FMLE/3.0 (compatible; Sluice)';
/** Enhanced RTMP: every codec is handed on as it is, with several tracks and offsets in nanoseconds. */
const ENHANCED = { capsEx: 14, videoFourCcInfoMap: { '*': 4 }, audioFourCcInfoMap: { '*': 4 } };

/** One connection to another server, from its first packet to its end. */
export class Attempt {
  readonly #url: RtmpUrl;
  readonly #mode: 'publish' | 'play';
  readonly #parts: AttemptParts;
  readonly #limits: AttemptLimits;
  readonly #events: AttemptEvents;
  readonly #giveUp = new AbortController();
  readonly #deadlineMs: number;
  #link: OutgoingLink | undefined;
  #isReady = false;
  #isOver = false;
  /** Bytes that had moved when they were looked at, and when they last had become more. */
  #movedBytes = 0;
  #movedMs: number;
  #isPinged = false;
  readonly #hello: NodeHello | undefined;

  /**
   * Begins to connect.
   *
   * @param hello the other server is a node of this cluster, and hears this; it fails with `ERR_RELAY_UNREACHABLE` when
   *   it does not answer as one: {@link OutgoingLink.node} is there when it is ready
   */
  constructor(
    url: RtmpUrl,
    mode: 'publish' | 'play',
    limits: AttemptLimits,
    parts: AttemptParts,
    events: AttemptEvents,
    hello?: NodeHello,
  ) {
    this.#hello = hello;
    this.#url = url;
    this.#mode = mode;
    this.#parts = parts;
    this.#limits = limits;
    this.#events = events;
    this.#movedMs = parts.nowMs();
    this.#deadlineMs = this.#movedMs + limits.connectTimeoutMs;
    void this.#open();
  }

  /** The connection, once there is one. */
  get link(): OutgoingLink | undefined {
    return this.#link;
  }

  /** Ends the stream in good order, then closes. {@link AttemptEvents.over} is called, in this turn or a later one. */
  stop(): void {
    if (this.#link === undefined) this.#over(undefined);
    else this.#link.stop();
  }

  /** Closes at once. */
  fail(error: SluiceError): void {
    if (this.#link === undefined) this.#over(error);
    else this.#link.fail(error);
  }

  /** Deadlines. Call it a few times a second. */
  tick(nowMs: number): void {
    const link = this.#link;
    if (!this.#isReady) {
      if (nowMs >= this.#deadlineMs)
        this.fail(this.#failure('ERR_CLIENT_TIMEOUT', 'the server did not accept in time'));
      return;
    }
    if (link === undefined) return;
    const { idleTimeoutMs, pingAfterMs = Number.POSITIVE_INFINITY } = this.#limits;
    // What is sent to a server that plays is small, and the kernel takes it also when the server is dead.
    const moved = link.bytesIn + (this.#mode === 'publish' ? link.channel.takenBytes : 0);
    if (moved !== this.#movedBytes || this.#isSilentForGood(link)) {
      this.#movedBytes = moved;
      this.#movedMs = nowMs;
      this.#isPinged = false;
    } else if (nowMs - this.#movedMs >= idleTimeoutMs) {
      this.fail(this.#failure('ERR_RELAY_STALLED', `${link.channel.unsentBytes} bytes wait to be sent`));
    } else if (!this.#isPinged && nowMs - this.#movedMs >= pingAfterMs) {
      this.#isPinged = true;
      link.ping();
    }
  }

  /** Whether nothing has to move: a stream that is pushed may be silent itself, while nothing waits to be sent. */
  #isSilentForGood(link: OutgoingLink): boolean {
    return this.#mode === 'publish' && link.channel.unsentBytes === 0;
  }

  async #open(): Promise<void> {
    try {
      const channel = await this.#parts.connect(this.#url, this.#giveUp.signal);
      if (this.#isOver) {
        channel.destroy();
        return;
      }
      this.#speak(channel);
    } catch (cause) {
      if (cause instanceof SluiceError) this.#over(cause);
      else {
        const { code, message } = cause as NodeJS.ErrnoException;
        this.#over(this.#failure('ERR_CLIENT_CONNECT', code ?? message, cause));
      }
    }
  }

  #speak(channel: ByteChannel): void {
    let codec: ChunkCodec;
    try {
      checkAddress(channel.remoteAddress);
      codec = this.#parts.codecs.acquire();
    } catch (error) {
      channel.destroy();
      throw error;
    }
    const { app, tcUrl, name, host, display } = this.#url;
    const { connectTimeoutMs: timeoutMs, chunkSize } = this.#limits;
    const session = {
      mode: this.#mode,
      app,
      tcUrl,
      name,
      timeoutMs,
      chunkSize,
      flashVer: FLASH_VER,
      connectExtras: ENHANCED,
      hello: this.#hello,
    };
    const events = this.#events;
    const link = new OutgoingLink(
      {
        ...{ channel, codec, session, host, url: display, nowMs: this.#parts.nowMs },
        entropy: randomBytes(ENTROPY_BYTES),
      },
      {
        ready: () => {
          if (this.#hello !== undefined && link.node === undefined)
            return link.fail(this.#failure('ERR_RELAY_UNREACHABLE', 'what answers is no node of this cluster'));
          this.#isReady = true;
          events.ready(link, codec);
        },
        media: (from) => events.media(from),
        news: (news) => events.news(news),
        closed: (error) => {
          this.#over(error);
          this.#parts.codecs.release(codec);
        },
      },
    );
    this.#link = link;
    link.open();
  }

  #over(error: SluiceError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#giveUp.abort();
    this.#events.over(error);
  }

  #failure(code: ErrorCode, detail: string, cause?: unknown): SluiceError {
    return new SluiceError(code, detail, { cause, details: { url: this.#url.display } });
  }
}
