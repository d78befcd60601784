import type { NatsRequests } from '../../nats/requests.js';

/** An answer of a dispatcher, as far as it is understood. */
export type DispatchReply =
  | { readonly kind: 'ok'; readonly body: Readonly<Record<string, unknown>> }
  /** It refuses: `code` of its problem. */
  | { readonly kind: 'refused'; readonly code: string; readonly text: string }
  /** Nobody answered in time. */
  | { readonly kind: 'away'; readonly text: string };

/** Asks one of the dispatchers (`sluice jobs run --dispatch`). */
export class DispatchClient {
  readonly #requests: NatsRequests;
  readonly #prefix: string;

  /** @param prefix `events.prefix` */
  constructor(requests: NatsRequests, prefix: string) {
    this.#requests = requests;
    this.#prefix = prefix;
  }

  /** It never rejects. */
  async ask(verb: 'lease' | 'beat' | 'done', body: object, timeoutMs: number): Promise<DispatchReply> {
    const subject = `${this.#prefix}.ctl.jobs.${verb}`;
    const outcome = await this.#requests.request(subject, Buffer.from(JSON.stringify(body)), timeoutMs);
    if (outcome.kind !== 'reply') return { kind: 'away', text: AWAY[outcome.kind] };
    const answer = objectIn(outcome.reply.body);
    if (answer?.['ok'] === true) return { kind: 'ok', body: answer };
    const { code, message } = answer ?? {};
    if (typeof code !== 'string') return { kind: 'away', text: 'what answers is no dispatcher' };
    return { kind: 'refused', code, text: typeof message === 'string' ? message : code };
  }
}

const AWAY = {
  no_responders: 'no dispatcher is there: sluice jobs run --dispatch is one',
  timeout: 'no dispatcher answered in time',
  away: 'NATS cannot be reached',
  refused: 'this user of NATS may not ask dispatchers',
} as const;

function objectIn(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
