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
  const response = await answerOf(path, options);
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

/** As {@link ask}, for an answer that is no JSON. */
async function answerOf(path: string, options: Parameters<typeof ask>[1] = {}): Promise<Response> {
  const { method = 'GET', body, token, signal } = options;
  const headers: Record<string, string> = {};
  if (method === 'POST' || method === 'PATCH') headers['content-type'] = 'application/json';
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  const text = body === undefined ? null : JSON.stringify(body);
  const response = await fetch(path, { method, headers, body: text, signal: signal ?? null }).catch((error: Error) => {
    if (error.name === 'AbortError') throw error;
    throw new ApiError(0, '', 'The server does not answer.');
  });
  if (!response.ok) throw await problemIn(response);
  return response;
}

async function problemIn(response: Response): Promise<ApiError> {
  const told = (await response.json().catch(() => ({}))) as { code?: string; title?: string; detail?: string };
  const words = [told.title, told.detail].filter((part) => part !== undefined && part !== '');
  return new ApiError(
    response.status,
    told.code ?? '',
    words.join(': ') || `The server answered ${response.status}.`,
    told,
  );
}
