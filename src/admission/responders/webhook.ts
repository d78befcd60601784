import type { Clock } from '../../core/clock.js';
import { SluiceError } from '../../core/errors.js';
import { BoundedHttp, type HttpOutcome } from '../../http-client/bounded-http.js';
import { webhookSignature } from '../../http-client/signature.js';
import type { AdmissionAction } from '../../live/admission.js';
import { attemptMs, mayRetry } from '../attempt-time.js';
import { invalid, MAX_REPLY_BYTES } from '../reply.js';
import type { AdmissionRequest } from '../request.js';
import type { Responder, ResponderAnswer } from '../responder.js';
import type { Dialect } from '../webhook/dialect.js';
import { nginxRtmpDialect } from '../webhook/nginx-rtmp-dialect.js';
import { sluiceDialect } from '../webhook/sluice-dialect.js';
import { srsDialect } from '../webhook/srs-dialect.js';

/** The settings `auth.webhook`. */
export interface WebhookOptions {
  readonly url: string;
  /** Empty: requests are not signed. */
  readonly secret: string;
  readonly dialect: 'sluice' | 'srs' | 'nginx-rtmp';
  readonly timeoutMs: number;
  readonly actions: readonly string[];
}

const DIALECTS: Readonly<Record<WebhookOptions['dialect'], Dialect>> = {
  sluice: sluiceDialect,
  srs: srsDialect,
  'nginx-rtmp': nginxRtmpDialect,
};

/** Asks an HTTP server by POST. */
export class WebhookResponder implements Responder {
  readonly name = 'webhook';
  readonly #o: WebhookOptions;
  readonly #url: URL;
  readonly #dialect: Dialect;
  readonly #clock: Clock;
  readonly #http = new BoundedHttp();

  /** @throws ERR_CONFIG_INVALID_VALUE when the URL is none of http or https */
  constructor(o: WebhookOptions, clock: Clock) {
    this.#o = o;
    this.#url = webhookUrl(o.url);
    this.#dialect = DIALECTS[o.dialect];
    this.#clock = clock;
  }

  asks(action: AdmissionAction): boolean {
    return this.#o.actions.includes(action);
  }

  async answer(request: AdmissionRequest): Promise<ResponderAnswer> {
    const body = this.#dialect.body(request);
    const first = await this.#post(request, body, false);
    if (!isWorthRetry(first)) return this.#read(first);
    // A connection that the server had closed says nothing about the server: it is asked at once over another one.
    if (first.kind !== 'stale' && !(await mayRetry(request, this.#clock))) return this.#read(first);
    return this.#read(await this.#post(request, body, true));
  }

  close(): void {
    this.#http.close();
  }

  #post(request: AdmissionRequest, body: string, isFresh: boolean): Promise<HttpOutcome> {
    const { secret, timeoutMs } = this.#o;
    return this.#http.ask({
      method: 'POST',
      url: this.#url,
      headers: {
        'content-type': this.#dialect.contentType,
        accept: '*/*',
        'user-agent': 'sluice',
        ...(secret === '' ? {} : { 'sluice-signature': webhookSignature(secret, body, request.nowMs) }),
      },
      body: Buffer.from(body),
      timeoutMs: attemptMs(request, timeoutMs, this.#clock),
      maxBytes: MAX_REPLY_BYTES,
      signal: request.signal,
      isFresh,
    });
  }

  #read(outcome: HttpOutcome): ResponderAnswer {
    if (outcome.kind === 'answer') {
      return isGatewayError(outcome) ? unavailable('status', `status ${outcome.status}`) : this.#dialect.read(outcome);
    }
    if (outcome.kind === 'too_large') return invalid('', `at most ${MAX_REPLY_BYTES} bytes`);
    if (outcome.kind === 'doubled') return invalid('', 'one answer');
    return unavailable(outcome.kind, outcome.why);
  }
}

function unavailable(kind: string, why: string): ResponderAnswer {
  return { decision: 'unavailable', kind, why };
}

/** Whether nobody has decided yet, so that the question may be asked once more. */
function isWorthRetry(outcome: HttpOutcome): boolean {
  return outcome.kind === 'refused' || outcome.kind === 'stale' || isGatewayError(outcome);
}

/** Bad gateway, unavailable, gateway time-out: a proxy has answered instead of the back end. */
function isGatewayError(outcome: HttpOutcome): boolean {
  return outcome.kind === 'answer' && outcome.status >= 502 && outcome.status <= 504;
}

function webhookUrl(text: string): URL {
  let url: URL | undefined;
  try {
    url = new URL(text);
  } catch {
    // Told below, without the text: a URL may hold a password.
  }
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new SluiceError('ERR_CONFIG_INVALID_VALUE', 'auth.webhook.url is no http or https URL');
}
