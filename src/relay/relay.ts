import type { RtmpUrl } from '../client/rtmp-url.js';
import type { Clock } from '../core/clock.js';
import type { SluiceError } from '../core/errors.js';
import { newId } from '../core/ids.js';
import type { Logger } from '../core/log.js';
import { retryDelayMs } from '../core/retry-delay.js';
import { TroubleLog } from '../core/trouble-log.js';
import type { RelayEvents, RelayedStream } from '../events/relay-events.js';
import type { OutgoingLink, OutgoingNews } from '../link/outgoing-link.js';
import type { RelayDirection, RelayEndReason } from '../model/relay.js';
import type { OutsideRelay } from '../model/relay-snapshot.js';
import type { ChunkCodec } from '../wasm/chunk-codec.js';
import { Attempt, type AttemptLimits, type AttemptParts } from './attempt.js';
import { CarriedRate } from './carried-rate.js';
import type { StreamName } from './target.js';

/** First and longest wait between attempts, in ms. */
const RETRY_MS = [1000, 30_000] as const;
/** A connection that lasted so long was a good one: the next failure counts as the first. */
const GOOD_MS = 30_000;

/** The parts that every relay needs. */
export interface RelayParts extends AttemptParts {
  readonly clock: Clock;
  readonly events: Pick<RelayEvents, 'started' | 'failed' | 'ended'>;
  readonly log: Logger;
  readonly limits: () => AttemptLimits;
}

/** What is carried over a connection, and which way. None of it throws. */
export interface Carrier {
  /** The name of the stream here. */
  readonly of: StreamName;
  /** The stream, as events name it. @param relayId stands for the id of a stream that has not begun here */
  stream(relayId: string): RelayedStream;
  /** Bytes of media carried, and how often frames were left out, over all connections. */
  readonly bytes: number;
  readonly drops: number;
  /** The other server has accepted. */
  ready(link: OutgoingLink, codec: ChunkCodec): void;
  media(codec: ChunkCodec): void;
  news(news: OutgoingNews): void;
  /** The connection is going: the codec is about to be taken back. `ending`: the relay is over, and why. */
  lost(error: SluiceError | undefined, ending: RelayEndReason | undefined): void;
}

/** Keeps a connection to another server for as long as its stream is wanted there, or here. */
export class Relay {
  readonly relayId = newId();
  readonly direction: OutsideRelay['direction'];
  readonly url: RtmpUrl;
  readonly #carrier: Carrier;
  readonly #parts: RelayParts;
  /** Called once, when it is over. */
  readonly #over: (relay: Relay) => void;
  readonly #trouble: TroubleLog;
  readonly #startedMs: number;
  #attempt: Attempt | undefined;
  #attempts = 0;
  #sequence = 0;
  #failures = 0;
  #readyMs: number | undefined;
  #retryAtMs = Number.POSITIVE_INFINITY;
  #ending: RelayEndReason | undefined;
  /** Why the newest connection failed; undefined once another one runs. */
  #failure: { readonly code: string; readonly detail: string } | undefined;
  readonly #rate = new CarriedRate();

  constructor(
    direction: OutsideRelay['direction'],
    url: RtmpUrl,
    carrier: Carrier,
    parts: RelayParts,
    over: (relay: Relay) => void,
  ) {
    this.direction = direction;
    this.url = url;
    this.#carrier = carrier;
    this.#parts = parts;
    this.#over = over;
    this.#startedMs = parts.clock.wallMs();
    const { app, name } = carrier.of;
    const of = { relayId: this.relayId, direction, app, name, url: url.display };
    this.#trouble = new TroubleLog(parts.log.child(of), 'relay not connected; it tries again');
  }

  /** Whether it carries its stream at present. */
  get isRunning(): boolean {
    return this.#readyMs !== undefined;
  }

  /** What is shown of it. */
  get shown(): OutsideRelay {
    const { relayId, direction } = this;
    const { bytes, drops } = this.#carrier;
    const { streamId } = this.#carrier.stream('');
    const waitMs = this.#retryAtMs - this.#parts.nowMs();
    const nextTryAt = Number.isFinite(waitMs) ? this.#isoIn(Math.max(0, waitMs)) : undefined;
    return {
      ...{ direction, ...this.#named(), url: this.url.display, state: this.#state, relayId },
      ...{ since: new Date(this.#startedMs).toISOString(), bytes, drops, attempts: this.#attempts },
      ...(this.isRunning ? { kbps: this.#rate.kbps } : this.#failure),
      ...(nextTryAt === undefined ? {} : { nextTryAt }),
      ...(streamId === '' ? {} : { streamId }),
    };
  }

  get #state(): OutsideRelay['state'] {
    if (this.isRunning) return 'running';
    return this.#attempt === undefined ? 'retrying' : 'connecting';
  }

  /** Begins to connect. */
  begin(): void {
    this.#connect();
  }

  /** Ends it in good order. Calls after the first do nothing. */
  end(reason: RelayEndReason): void {
    if (this.#ending !== undefined) return;
    this.#ending = reason;
    if (this.#attempt === undefined) this.#finish();
    else this.#attempt.stop();
  }

  /** Closes its connection; it connects again. */
  fail(error: SluiceError): void {
    this.#attempt?.fail(error);
  }

  /** Deadlines, and attempts that are due. Call it a few times a second. */
  tick(nowMs: number): void {
    this.#attempt?.tick(nowMs);
    if (this.isRunning) this.#rate.look(this.#carrier.bytes, nowMs);
    if (nowMs < this.#retryAtMs) return;
    this.#retryAtMs = Number.POSITIVE_INFINITY;
    this.#connect();
  }

  #connect(): void {
    this.#attempts++;
    const carrier = this.#carrier;
    const mode = this.direction === 'push' ? 'publish' : 'play';
    this.#attempt = new Attempt(this.url, mode, this.#parts.limits(), this.#parts, {
      ready: (link, codec) => this.#ready(link, codec),
      media: (codec) => carrier.media(codec),
      news: (news) => {
        if (news.kind === 'reconnectRequested') this.#attempt?.stop();
        carrier.news(news);
      },
      over: (error) => this.#attemptOver(error),
    });
  }

  #ready(link: OutgoingLink, codec: ChunkCodec): void {
    this.#readyMs = this.#parts.nowMs();
    this.#trouble.over();
    this.#failure = undefined;
    this.#rate.begin(this.#carrier.bytes, this.#readyMs);
    this.#carrier.ready(link, codec);
    const { remoteAddress: address, remotePort: port } = link.channel;
    this.#parts.events.started(this.#carrier.stream(this.relayId), ++this.#sequence, {
      ...this.#ref(),
      peer: { address, port },
      attempts: this.#attempts,
    });
    this.#parts.log.info({ ...this.#ref(), ...this.#named(), attempts: this.#attempts }, 'relay connected');
  }

  #attemptOver(error: SluiceError | undefined): void {
    this.#attempt = undefined;
    const nowMs = this.#parts.nowMs();
    if (this.#readyMs !== undefined && nowMs - this.#readyMs >= GOOD_MS) this.#failures = 0;
    this.#readyMs = undefined;
    this.#carrier.lost(error, this.#ending);
    if (this.#ending !== undefined) {
      this.#finish();
      return;
    }
    const retryInMs = retryDelayMs(++this.#failures, RETRY_MS, Math.random());
    this.#retryAtMs = nowMs + retryInMs;
    const code = error?.code ?? 'ERR_CLIENT_ENDED';
    const detail = error === undefined ? 'it was asked to connect again' : toldOf(error);
    this.#failure = { code, detail };
    this.#trouble.failed(detail);
    this.#parts.events.failed(this.#carrier.stream(this.relayId), ++this.#sequence, {
      ...{ ...this.#ref(), attempts: this.#attempts, code, detail, retryInMs },
    });
  }

  #finish(): void {
    this.#retryAtMs = Number.POSITIVE_INFINITY;
    const { clock, events, log } = this.#parts;
    const { bytes, drops } = this.#carrier;
    const stream = this.#carrier.stream(this.relayId);
    const reason = this.#ending ?? 'error';
    events.ended(stream, ++this.#sequence, {
      ...{ ...this.#ref(), attempts: this.#attempts, reason, bytes, drops },
      startedAt: new Date(this.#startedMs).toISOString(),
      endedAt: new Date(clock.wallMs()).toISOString(),
    });
    log.info({ ...this.#ref(), ...this.#named(), reason, bytes, drops }, 'relay ended');
    this.#over(this);
  }

  #ref(): { relayId: string; direction: RelayDirection; url: string } {
    return { relayId: this.relayId, direction: this.direction, url: this.url.display };
  }

  #isoIn(ms: number): string {
    return new Date(this.#parts.clock.wallMs() + ms).toISOString();
  }

  #named(): { app: string; name: string } {
    const { app, name } = this.#carrier.of;
    return { app, name };
  }
}

/** What is told of a failure. The other server's own words may repeat the stream key: of them the code is told. */
function toldOf({ code, message, details }: SluiceError): string {
  const { rtmpCode } = details;
  return typeof rtmpCode === 'string' ? `${code}: ${/^[A-Za-z0-9.]*/.exec(rtmpCode)![0]}` : message;
}
