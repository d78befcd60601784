import { learnTime } from './clock.js';
import { plainJson } from './plain-json.js';

/** An answer that is a problem (RFC 9457), or no answer at all. */
export class ApiError extends Error {
  /** HTTP status; 0: the server did not answer. */
  readonly status: number;
  /** Error code of the server, such as `ERR_CTL_FORBIDDEN`; `''`: it told none. */
  readonly code: string;
  /** Members of the problem beyond those of every one, such as `endedAt` and `reason` of a stream. */
  readonly told: Readonly<Record<string, unknown>>;

  constructor(status: number, code: string, message: string, told: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.told = told;
  }
}

/** How long an answer may take, in ms: a connection may be gone without a word. */
const ANSWER_MS = 15_000;

/**
 * Does what is awaited within a time. @param act given a signal that ends it, at the end of the time or with `signal`
 */
async function within<T>(signal: AbortSignal | undefined, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const both = new AbortController();
  const end = (): void => both.abort();
  const timer = setTimeout(end, ANSWER_MS);
  signal?.addEventListener('abort', end);
  if (signal?.aborted === true) end();
  try {
    return await act(both.signal);
  } catch (error) {
    if (error instanceof ApiError || signal?.aborted === true) throw error;
    const isNoJson = error instanceof SyntaxError;
    throw new ApiError(0, '', isNoJson ? 'What answers is not this server.' : 'The server does not answer.');
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}

/**
 * Asks the server of this page.
 *
 * @param path from the root, such as `/v1/streams`
 * @param options method, and a body that is sent as JSON
 * @throws ApiError for every status but 2xx, and when there is no answer
 */
export async function ask<T>(
  path: string,
  options: {
    readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
    readonly body?: unknown;
    readonly token?: string;
    readonly signal?: AbortSignal | undefined;
  } = {},
): Promise<T> {
  const { method = 'GET', body, token, signal } = options;
  const headers: Record<string, string> = {};
  if (method === 'POST' || method === 'PATCH') headers['content-type'] = 'application/json';
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  const text = body === undefined ? null : JSON.stringify(body);
  return within(signal, async (signal) => {
    const response = await fetch(path, { method, headers, body: text, signal });
    learnTime(response.headers.get('date'));
    if (!response.ok) throw await problemIn(response);
    return response.status === 204 ? (undefined as T) : (plainJson(await response.text()) as T);
  });
}

/** Asks for a picture. @param etag of the one that is here already; it is not sent again @throws as {@link ask} */
export function askBytes(
  path: string,
  etag: string | undefined,
): Promise<{ readonly status: number; readonly etag: string | null; readonly bytes: Uint8Array }> {
  const headers: HeadersInit = etag === undefined ? {} : { 'if-none-match': etag };
  return within(undefined, async (signal) => {
    const response = await fetch(path, { headers, cache: 'no-store', signal });
    if (!response.ok && response.status !== 304) throw await problemIn(response);
    return {
      status: response.status,
      etag: response.headers.get('etag'),
      bytes: new Uint8Array(await response.arrayBuffer()),
    };
  });
}

async function problemIn(response: Response): Promise<ApiError> {
  const told = (await response
    .text()
    .then(plainJson)
    .catch(() => ({}))) as { code?: string; title?: string; detail?: string };
  const words = [told.title, told.detail].filter((part) => part !== undefined && part !== '');
  return new ApiError(
    response.status,
    told.code ?? '',
    words.join(': ') || `The server answered ${response.status}.`,
    told,
  );
}
