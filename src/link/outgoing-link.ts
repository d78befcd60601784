import { codeIn, type ErrorCode, SluiceError } from '../core/errors.js';
import type { NodeWelcome } from '../model/node-link.js';
import type { ClientAction, ClientSessionOptions } from '../protocol/client/actions.js';
import { ClientSession } from '../protocol/client/session.js';
import { ClientHandshake } from '../protocol/handshake/handshake.js';
import { audienceReport } from '../protocol/messages/node-link.js';
import type { ByteChannel } from '../transport/byte-channel.js';
import type { ChunkCodec, CodecMessage } from '../wasm/chunk-codec.js';
import { type LinkOwner, RtmpLink } from './rtmp-link.js';

/** How long the other end may take to read our goodbye, in ms. */
const CLOSE_GRACE_MS = 2000;
const DATA_AMF0 = 18;

/** What the session says that an {@link OutgoingLink} has no use for itself. */
export type OutgoingNews = Extract<ClientAction, { kind: 'status' | 'data' | 'reconnectRequested' | 'sharedObject' }>;

/** What an {@link OutgoingLink} tells. */
interface OutgoingEvents {
  /** The server accepted: publishing or playing begins. Called once at most. */
  ready(): void;
  /**
   * Audio and video of the played stream lie in the codec as a batch, valid until return. Called only while it runs.
   */
  media(codec: ChunkCodec): void;
  news(news: OutgoingNews): void;
  /**
   * The link is over, and the codec the caller's again. Called once, last; `error` is undefined when it was stopped by
   * {@link OutgoingLink.stop}.
   */
  closed(error: SluiceError | undefined): void;
}

/** What an {@link OutgoingLink} is made of. */
interface OutgoingParts {
  /** Connected and not opened yet; the link's from here on. */
  readonly channel: ByteChannel;
  /** Read into until {@link OutgoingEvents.closed}. To get media in one piece and of any size, see `setPublishing`. */
  readonly codec: ChunkCodec;
  readonly session: ClientSessionOptions;
  /** Random bytes for the handshake, at least 1528. */
  readonly entropy: Uint8Array;
  readonly nowMs: () => number;
  /** The host, for error messages. */
  readonly host: string;
  /** The URL without secrets, for the details of errors. */
  readonly url: string;
}

/**
 * A connection to an RTMP server with one publish or one play on it. It reads by the same {@link RtmpLink} as the
 * server's connections, so that batches of a played stream can be appended to a publication as they lie in the codec.
 * While it publishes, a hub's player can send to its {@link channel}: chunk size and message stream are as the session
 * has told the server.
 */
export class OutgoingLink implements LinkOwner {
  readonly channel: ByteChannel;
  /** What the other node of the cluster has said of itself; undefined before, and when it is none. */
  node: NodeWelcome | undefined;
  readonly #parts: OutgoingParts;
  readonly #events: OutgoingEvents;
  readonly #link: RtmpLink;
  readonly #handshake: ClientHandshake;
  readonly #session: ClientSession;
  #phase: 'handshake' | 'session' | 'closing' | 'closed' = 'handshake';
  #isHeld = false;
  #isReady = false;
  #error: SluiceError | undefined;

  constructor(parts: OutgoingParts, events: OutgoingEvents) {
    this.channel = parts.channel;
    this.#parts = parts;
    this.#events = events;
    this.#handshake = new ClientHandshake({ entropy: parts.entropy, nowMs: parts.nowMs() });
    this.#session = new ClientSession(parts.session);
    this.#link = new RtmpLink(parts.channel, parts.codec, this.#handshake, this);
  }

  /** Bytes received, handshake included. */
  get bytesIn(): number {
    return this.#link.bytesIn;
  }

  /** The NetStream's id; 0 before the server gave one. */
  get messageStreamId(): number {
    return this.#session.messageStreamId;
  }

  /** Whether the handshake is done and the link has not been ended. */
  get isRunning(): boolean {
    return this.#phase === 'session';
  }

  /** Begins with the handshake. Call it once. */
  open(): void {
    this.#link.open();
    this.channel.send(this.#handshake.start());
  }

  /**
   * Publishes one message.
   *
   * @param type 8, 9 or 18
   * @param timestamp in ms
   * @param payload borrowed until return
   * @returns false when so much waits that the sender should wait; see {@link ByteChannel.whenSent}
   */
  send(type: number, timestamp: number, payload: Uint8Array): boolean {
    return this.#phase !== 'session' || this.channel.send(this.#session.frame(type, timestamp, payload));
  }

  /**
   * Tells the node from which a stream is fetched how many players it has here.
   *
   * @returns as {@link OutgoingLink.send}
   */
  reportAudience(players: number): boolean {
    return this.send(DATA_AMF0, 0, audienceReport(players));
  }

  /** Asks the other end for a sign of life: its answer counts in {@link OutgoingLink.bytesIn} and nowhere else. */
  ping(): void {
    if (this.#phase === 'session') this.channel.send(this.#session.framePing(this.#parts.nowMs()));
  }

  /**
   * Sends a message about a shared object.
   *
   * @param payload of type 19; borrowed until return
   * @returns as {@link OutgoingLink.send}
   */
  sendObject(payload: Uint8Array): boolean {
    return this.#phase !== 'session' || this.channel.send(this.#session.frameObject(payload));
  }

  /**
   * Ends the stream (FCUnpublish, deleteStream) and closes once that has gone; at once when the handshake is not done.
   */
  stop(): void {
    if (this.#phase === 'session') this.#perform(this.#session.stop());
    else if (this.#phase === 'handshake') this.#link.destroy();
  }

  /**
   * What time brings: the server must have accepted by the session's `timeoutMs`.
   *
   * @returns whether that time is over
   */
  tick(): boolean {
    const actions = this.#session.tick(this.#parts.nowMs());
    this.#perform(actions);
    return actions.length > 0;
  }

  /** Closes at once; `error` is what {@link OutgoingEvents.closed} gets, unless something went wrong before. */
  fail(error: SluiceError): void {
    this.#error ??= error;
    if (this.#phase !== 'closed') this.#phase = 'closing';
    this.#link.destroy();
  }

  /** Handles and reads nothing more until {@link OutgoingLink.goOn}: what comes waits in the codec and the kernel. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Ends {@link OutgoingLink.hold}. */
  goOn(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#link.goOn();
  }

  mayHandle(): boolean {
    return !this.#isHeld;
  }

  handshakeDone(): void {
    this.#phase = 'session';
    this.#perform(this.#session.start(this.#parts.nowMs()));
  }

  handshakeFailed(code: ErrorCode): void {
    this.fail(this.#failure(code, `from ${this.#parts.host}`));
  }

  handling(): void {}

  batch(codec: ChunkCodec): void {
    if (!this.#isReady) this.#perform(this.#session.mediaReceived());
    if (this.#phase === 'session') this.#events.media(codec);
  }

  message(message: CodecMessage): void {
    this.#perform(this.#session.message(message));
  }

  mayGoOn(): boolean {
    return this.#phase === 'session' && !this.#isHeld;
  }

  handled(): void {
    if (this.#phase === 'session') this.#perform(this.#session.received(this.#parts.codec.bytesIn));
  }

  mayRead(): boolean {
    return !this.#isHeld;
  }

  failed(error: unknown): void {
    this.fail(error instanceof SluiceError ? error : new SluiceError('ERR_INTERNAL', 'reading', { cause: error }));
  }

  closed(error: NodeJS.ErrnoException | undefined): void {
    if (error !== undefined) this.#error ??= this.#failure('ERR_CLIENT_LOST', error.code ?? error.message, error);
    if (this.#phase !== 'closing') this.#error ??= this.#failure('ERR_CLIENT_LOST', 'closed by the server');
    this.#phase = 'closed';
    this.#events.closed(this.#error);
  }

  #perform(actions: readonly ClientAction[]): void {
    for (const action of actions) {
      switch (action.kind) {
        case 'send':
          this.channel.send(action.bytes);
          break;
        case 'welcomed':
          this.node = action.node;
          break;
        case 'ready':
          if (!this.#isReady) {
            this.#isReady = true;
            this.#events.ready();
          }
          break;
        case 'status':
        case 'data':
        case 'sharedObject':
        case 'reconnectRequested':
          this.#events.news(action);
          break;
        case 'rejected': {
          const { code, description, redirect } = action;
          const peerCode = codeIn(description);
          const details = {
            ...{ rtmpCode: code, description },
            ...(peerCode === undefined ? {} : { peerCode }),
            ...(redirect === undefined ? {} : { redirect }),
          };
          this.#error ??= this.#failure('ERR_CLIENT_REJECTED', `${code}: ${description}`, undefined, details);
          break;
        }
        case 'ended':
          this.#ended(action.code, action.description);
          break;
        case 'close':
          this.#goodbye(action.code, action.reason);
          break;
      }
    }
  }

  /** The server ended the stream. It may keep the connection, which is not needed any more. */
  #ended(rtmpCode: string, description: string): void {
    const details = { rtmpCode, description };
    this.#error ??= this.#failure('ERR_CLIENT_ENDED', `${rtmpCode}: ${description}`, undefined, details);
    this.#perform(this.#session.stop());
  }

  #goodbye(code: ErrorCode | undefined, reason: string): void {
    if (code !== undefined) this.#error ??= this.#failure(code, reason);
    this.#phase = 'closing';
    this.#link.finish(CLOSE_GRACE_MS);
  }

  #failure(code: ErrorCode, detail: string, cause?: unknown, details: Record<string, unknown> = {}): SluiceError {
    return new SluiceError(code, detail, { cause, details: { url: this.#parts.url, ...details } });
  }
}
