import { setTimeout as delay } from 'node:timers/promises';
import { SluiceError } from '../../core/errors.js';
import { readServerSentEvents } from './sse-reader.js';

/** Options for following `/v1/events`. */
interface FollowHttpOptions {
  /** `http://HOST:PORT`. */
  readonly base: string;
  readonly since: string | undefined;
  /** Sent with every request: the token. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Is told when the connection was lost and is tried again, and when events were missed. */
  notice(text: string): void;
  /** Called once, when the first connection is open and before its first event. */
  readonly connected?: (() => Promise<void>) | undefined;
}

/** Time between two attempts to connect again. */
const RETRY_MS = 1000;

/**
 * Follows a server's embedded log. It connects again after a lost connection, without a gap or a duplicate.
 *
 * @yields the JSON text of each event
 * @throws SluiceError ERR_EVENTS_UNREACHABLE when the first attempt fails, ERR_CLI_USAGE when the server refuses
 *   `since`, ERR_CTL_UNAUTHENTICATED and ERR_CTL_FORBIDDEN when it refuses the token
 */
export async function* followHttp(options: FollowHttpOptions): AsyncGenerator<string> {
  const { base, since, signal, notice } = options;
  const { headers = {} } = options;
  let lastId: string | undefined;
  let from = since;
  let connectedOnce = false;
  let lost = false;
  while (!signal.aborted) {
    try {
      const { body, date } = await open(
        base,
        { headers, since: lastId === undefined ? from : undefined, lastId },
        signal,
      );
      if (lost) notice(`back at ${base}`);
      lost = false;
      if (!connectedOnce) await options.connected?.();
      connectedOnce = true;
      // Until an event gives an id to go on after, the server's time of the first answer is used.
      from ??= date;
      for await (const { id, event, data } of readServerSentEvents(body)) {
        if (id === undefined) {
          if (event === 'gap') notice('some events are no longer held by the server');
          continue;
        }
        lastId = id;
        yield data;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!connectedOnce || error instanceof SluiceError) throw unreachable(base, error);
    }
    if (signal.aborted) return;
    if (!lost) notice(`lost ${base}, trying again`);
    lost = true;
    await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function open(
  base: string,
  from: {
    readonly headers: Readonly<Record<string, string>>;
    readonly since: string | undefined;
    readonly lastId: string | undefined;
  },
  signal: AbortSignal,
): Promise<{ readonly body: AsyncIterable<Uint8Array>; readonly date: string | undefined }> {
  const { since, lastId } = from;
  const query = since === undefined ? '' : `?since=${encodeURIComponent(since)}`;
  const headers: Record<string, string> = { ...from.headers, accept: 'text/event-stream' };
  if (lastId !== undefined) headers['last-event-id'] = lastId;
  const response = await fetch(`${base}/v1/events${query}`, { headers, signal });
  if (response.status === 400)
    throw new SluiceError('ERR_CLI_USAGE', `--since ${since}; expected a duration such as 1h, a time, or all`);
  if (response.status === 401) throw new SluiceError('ERR_CTL_UNAUTHENTICATED', base);
  if (response.status === 403) throw new SluiceError('ERR_CTL_FORBIDDEN', base);
  if (!response.ok || response.body === null) throw new Error(`${base} answers ${response.status}`);
  const date = Date.parse(response.headers.get('date') ?? '');
  return {
    body: response.body as unknown as AsyncIterable<Uint8Array>,
    date: Number.isNaN(date) ? undefined : new Date(date).toISOString(),
  };
}

function unreachable(base: string, error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const { cause, message } = error as Error & { cause?: { code?: string } };
  return new SluiceError('ERR_EVENTS_UNREACHABLE', `${base} ${cause?.code ?? message}`, { cause: error });
}
