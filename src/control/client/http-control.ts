import { SluiceError } from '../../core/errors.js';
import type { Problem } from '../../core/problem.js';
import type { Outcome } from '../dispatcher.js';
import type { HttpRoute, Operation } from '../operation.js';
import { OPERATIONS, type Verb } from '../operations.js';
import type { Facts } from '../ports.js';
import { type AskOptions, type ControlClient, refusalOf } from './control-client.js';

/** Longest wait for an answer, in ms: a call of a client may take 25 s. */
const ANSWER_MS = 35_000;
/** Longest answer, in characters. */
const MOST_TEXT = 64 << 20;

/** Asks one node over HTTP, and others through it. */
export class HttpControl implements ControlClient {
  readonly where: string;
  readonly isCluster = false;
  readonly #credentials: Readonly<Record<string, string>>;

  /**
   * @param base `http://HOST:PORT`
   * @param credentials headers with a token of `http.tokens`, or none
   */
  constructor(base: string, credentials: Readonly<Record<string, string>>) {
    this.where = base;
    this.#credentials = credentials;
  }

  async ask(verb: Verb, input: Facts, options: AskOptions = {}): Promise<Outcome> {
    try {
      return await this.#ask(verb, input, options);
    } catch (error) {
      return refusalOf(error);
    }
  }

  async close(): Promise<void> {}

  async #ask(verb: Verb, input: Facts, { isCluster, requestId }: AskOptions): Promise<Outcome> {
    const { method, path, query, body, headers } = requestOf(verb, input);
    if (isCluster === true) query.set('scope', 'cluster');
    const text = query.size === 0 ? '' : `?${query.toString()}`;
    if (requestId !== undefined) headers['idempotency-key'] = requestId;
    const response = await this.#fetch(`${path}${text}`, {
      ...{
        method,
        headers: { ...headers, ...this.#credentials },
        redirect: 'error',
        signal: AbortSignal.timeout(ANSWER_MS),
      },
      ...(body === undefined ? {} : { body }),
    });
    const facts = await this.#factsOf(response);
    if (response.ok) return { ok: true, answer: facts };
    if (typeof facts['code'] !== 'string') throw this.#unreachable(`it answers ${response.status}`);
    return { ok: false, problem: facts as unknown as Problem };
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(`${this.where}${path}`, init);
    } catch (error) {
      const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
      if (name === 'TimeoutError') throw new SluiceError('ERR_CTL_TIMEOUT', this.where, { cause: error });
      throw this.#unreachable(cause?.code ?? cause?.message ?? message, error);
    }
  }

  async #factsOf(response: Response): Promise<Facts> {
    const text = await response.text().catch((error: unknown) => {
      throw this.#unreachable('the answer broke off', error);
    });
    try {
      if (text.length > MOST_TEXT) throw new Error('too long');
      const facts: unknown = JSON.parse(text);
      if (typeof facts === 'object' && facts !== null && !Array.isArray(facts)) return facts as Facts;
    } catch {
      // Told below.
    }
    throw this.#unreachable(`it answers ${response.status} with something that is no JSON of Sluice`);
  }

  #unreachable(detail: string, cause?: unknown): SluiceError {
    return new SluiceError('ERR_CTL_SERVER_UNREACHABLE', `${this.where}: ${detail}`, { cause });
  }
}

interface HttpRequest {
  readonly method: HttpRoute['method'];
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string | undefined;
  readonly headers: Record<string, string>;
}

/** Writes an operation as a request: the way back of what the routes of the server read. */
function requestOf(verb: Verb, input: Facts): HttpRequest {
  const route = routeOf(OPERATIONS[verb], input);
  const rest = new Map(Object.entries(input).filter(([, value]) => value !== undefined));
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => {
    const value = String(rest.get(name));
    rest.delete(name);
    return encodeURIComponent(value);
  });
  const headers: Record<string, string> = { accept: 'application/json' };
  if (route.ifMatchMember !== undefined && rest.has(route.ifMatchMember)) {
    headers['if-match'] = `"${String(rest.get(route.ifMatchMember))}"`;
    rest.delete(route.ifMatchMember);
  }
  const common = { method: route.method, path, headers };
  let body: unknown;
  if (route.bodyMember !== undefined) {
    body = rest.get(route.bodyMember);
    rest.delete(route.bodyMember);
  }
  const isInQuery = route.bodyMember !== undefined || route.method === 'GET' || route.method === 'DELETE';
  const query = new URLSearchParams();
  if (isInQuery) for (const [name, value] of rest) query.set(name, String(value));
  else body = Object.fromEntries(rest);
  if (body === undefined) return { ...common, query, body: undefined };
  headers['content-type'] = 'application/json';
  return { ...common, query, body: JSON.stringify(body) };
}

/** The route with the most parameters of which all are given: `/v1/plays/:playId/kick` before `/v1/plays/kick`. */
function routeOf({ http }: Operation, input: Facts): HttpRoute {
  const paramsOf = ({ path }: HttpRoute): string[] => [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
  const fitting = http.filter((route) => paramsOf(route).every((name) => input[name] !== undefined));
  const [best] = fitting.sort((a, b) => paramsOf(b).length - paramsOf(a).length);
  if (best === undefined) throw new SluiceError('ERR_CTL_BAD_REQUEST', 'what is asked about is not named');
  return best;
}
