import type { WebhookSettings } from '../config/webhook-settings.js';
import type { Clock } from '../core/clock.js';
import { VERSION } from '../core/version.js';
import { BoundedHttp, type HttpOutcome } from '../http-client/bounded-http.js';
import { webhookSignature } from '../http-client/signature.js';
import type { HookFormat } from './formats/format.js';

/** What came of one post. */
export interface PostOutcome {
  /** `gone`: the receiver wants no more events (410). */
  readonly kind: 'taken' | 'gone' | 'failed';
  /** Of the answer; undefined: there was none. */
  readonly status?: number;
  /** In words without secrets. */
  readonly why: string;
}

/** What is posted. */
interface Posted {
  /** Of the event, by which receivers find doubles. */
  readonly id: string;
  readonly body: Buffer;
  /** W3C trace context of the event's stream. */
  readonly traceparent?: string | undefined;
}

/** Most bytes of an answer that are read: nothing but its first ones can matter. */
const MOST_ANSWER = 64 << 10;

/** Posts bodies to one webhook, over connections that are kept. */
export class Poster {
  readonly #settings: WebhookSettings;
  readonly #format: HookFormat;
  readonly #clock: Clock;
  readonly #url: URL;
  readonly #http = new BoundedHttp();

  constructor(settings: WebhookSettings, format: HookFormat, clock: Clock) {
    this.#settings = settings;
    this.#format = format;
    this.#clock = clock;
    this.#url = new URL(settings.url);
  }

  /** Where it posts to, without path and query, which may hold a secret. */
  get shownUrl(): string {
    return this.#url.origin;
  }

  /**
   * Posts once. Never rejects.
   *
   * @param signal gives up early
   */
  async post(posted: Posted, signal: AbortSignal): Promise<PostOutcome> {
    const first = await this.#ask(posted, signal, false);
    // A connection that the server had closed says nothing about the server.
    return this.#read(first.kind === 'stale' ? await this.#ask(posted, signal, true) : first);
  }

  close(): void {
    this.#http.close();
  }

  #ask({ id, body, traceparent }: Posted, signal: AbortSignal, isFresh: boolean): Promise<HttpOutcome> {
    const { secret, timeoutMs } = this.#settings;
    return this.#http.ask({
      method: 'POST',
      url: this.#url,
      headers: {
        'content-type': this.#format.contentType,
        accept: '*/*',
        'user-agent': `sluice/${VERSION}`,
        'webhook-id': id,
        ...(traceparent === undefined ? {} : { traceparent }),
        ...(secret === '' ? {} : { 'sluice-signature': webhookSignature(secret, body, this.#clock.wallMs()) }),
      },
      body,
      timeoutMs,
      maxBytes: MOST_ANSWER,
      signal,
      isFresh,
    });
  }

  #read(outcome: HttpOutcome): PostOutcome {
    const { status } = outcome;
    if (status === undefined) return { kind: 'failed', why: 'why' in outcome ? outcome.why : 'no answer' };
    if (status === 410) return { kind: 'gone', status, why: 'status 410' };
    if (status >= 300 && status < 400)
      return { kind: 'failed', status, why: `status ${status}; redirects are not followed` };
    if (status < 200 || status > 299) return { kind: 'failed', status, why: `status ${status}` };
    // An answer of any length with a good status is one, where only the status counts.
    if (this.#format.isTaken(outcome.kind === 'answer' ? outcome.body : Buffer.alloc(0)))
      return { kind: 'taken', status, why: `status ${status}` };
    return { kind: 'failed', status, why: `status ${status}, and the answer does not say that it is taken` };
  }
}
