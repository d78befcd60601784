import { lookup as dnsLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as requestHttp,
} from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { Duplex } from 'node:stream';
import { isLinkLocal } from '../core/link-local.js';

/** Why a request has no answer. */
type HttpFailure =
  /** Nobody listens there. */
  | 'refused'
  /** The server had closed the connection that was kept: it has not seen the request. */
  | 'stale'
  | 'timeout'
  /** The answer is longer than allowed. */
  | 'too_large'
  /** Two answers came to one request. */
  | 'doubled'
  /** What came is no HTTP. */
  | 'malformed'
  /** The host has a link-local address, where clouds keep credentials of the machine. */
  | 'forbidden_address'
  /** The host is not known, the certificate is not trusted, or the connection broke. */
  | 'failed';

/** What came of a request. */
export type HttpOutcome =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly body: Buffer;
    }
  /** `why` is in words without secrets. An answer that is too large has its status. */
  | { readonly kind: HttpFailure; readonly why: string; readonly status?: number };

/** A request. */
export interface HttpAsk {
  /** GET, POST … */
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Borrowed until the promise is settled. */
  readonly body?: Uint8Array;
  /** For everything together, from the connection to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Most bytes of the answer. */
  readonly maxBytes: number;
  /** Gives up early. */
  readonly signal?: AbortSignal;
  /** A connection of its own, instead of one that is kept. */
  readonly isFresh?: boolean;
}

/** Most connections of one caller. */
const MAX_CONNECTIONS = 64;
/** How long an unused connection is kept: less than the 5 s after which many servers close it. */
const KEPT_MS = 4000;

/**
 * Asks one HTTP server again and again, over connections that are kept. Size and time of an answer are bounded,
 * redirects are not followed, and a connection on which anything unexpected happened is closed.
 */
export class BoundedHttp {
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;

  constructor() {
    const options = { keepAlive: true, maxSockets: MAX_CONNECTIONS, maxFreeSockets: 8, timeout: KEPT_MS };
    this.#http = new HttpAgent(options);
    this.#https = new HttpsAgent(options);
    for (const agent of [this.#http, this.#https]) closeSpeakers(agent);
  }

  /** Makes a request. Never rejects. */
  ask(ask: HttpAsk): Promise<HttpOutcome> {
    if (isLinkLocal(ask.url.hostname)) return Promise.resolve(FORBIDDEN);
    return new Promise((resolve) => {
      const isSecure = ask.url.protocol === 'https:';
      const kept = isSecure ? this.#https : this.#http;
      const request = (isSecure ? requestHttps : requestHttp)(ask.url, {
        method: ask.method,
        headers: { ...ask.headers, ...lengthOf(ask.body) },
        agent: ask.isFresh === true ? false : kept,
        lookup: lookUpOthers,
      });
      follow(request, ask, resolve);
      request.end(ask.body);
    });
  }

  /** Closes all connections. */
  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

const FORBIDDEN: HttpOutcome = { kind: 'forbidden_address', why: 'link-local addresses are not asked' };

/** Looks a host name up; one that has a link-local address is as good as unknown. */
function lookUpOthers(
  hostname: string,
  options: LookupOptions,
  done: (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void,
): void {
  dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
    const first = addresses?.[0];
    if (error !== null || first === undefined) {
      done(error ?? Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '');
      return;
    }
    if (addresses.some(({ address }) => isLinkLocal(address))) {
      done(Object.assign(new Error('link-local'), { code: 'FORBIDDEN_ADDRESS' }), '');
      return;
    }
    if (options.all === true) done(null, addresses);
    else done(null, first.address, first.family);
  });
}

function lengthOf(body: Uint8Array | undefined): Record<string, string> {
  return body === undefined ? {} : { 'content-length': String(body.byteLength) };
}

/**
 * Has unused connections closed on which the server speaks: what it says would be taken for the answer to the next
 * request.
 */
function closeSpeakers(agent: HttpAgent): void {
  const keep = agent.keepSocketAlive.bind(agent);
  const reuse = agent.reuseSocket.bind(agent);
  agent.keepSocketAlive = (socket: Duplex) => {
    socket.on('data', closeIt);
    return keep(socket);
  };
  agent.reuseSocket = (socket: Duplex, request) => {
    socket.off('data', closeIt);
    reuse(socket, request);
  };
}

function closeIt(this: Duplex): void {
  this.destroy();
}

function follow(request: ClientRequest, ask: HttpAsk, resolve: (outcome: HttpOutcome) => void): void {
  let isSettled = false;
  const settle = (outcome: HttpOutcome): void => {
    if (isSettled) return;
    isSettled = true;
    clearTimeout(timer);
    ask.signal?.removeEventListener('abort', giveUp);
    resolve(outcome);
    if (outcome.kind !== 'answer') request.destroy();
  };
  const giveUp = (): void => settle({ kind: 'timeout', why: 'no complete answer in time' });
  const timer = setTimeout(giveUp, Math.max(0, ask.timeoutMs));
  if (ask.signal?.aborted === true) giveUp();
  else ask.signal?.addEventListener('abort', giveUp, { once: true });
  let hasAnswer = false;
  request.on('error', (error: NodeJS.ErrnoException) => settle(failureOf(error, request.reusedSocket && !hasAnswer)));
  request.on('response', (response) => {
    hasAnswer = true;
    readBounded(response, ask.maxBytes, settle);
  });
}

function readBounded(response: IncomingMessage, maxBytes: number, settle: (outcome: HttpOutcome) => void): void {
  const { socket, headers, statusCode = 0 } = response;
  const tooLarge = (): void =>
    settle({ kind: 'too_large', why: `the answer has more than ${maxBytes} bytes`, status: statusCode });
  if (Number(headers['content-length'] ?? 0) > maxBytes) {
    tooLarge();
    return;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) tooLarge();
    else chunks.push(chunk);
  });
  response.on('error', () => settle({ kind: 'failed', why: 'the connection broke within the answer' }));
  response.on('end', () => {
    // The parser has closed the connection already when a second answer follows the first one.
    if (socket.destroyed) settle({ kind: 'doubled', why: 'two answers came to one request' });
    else settle({ kind: 'answer', status: statusCode, headers, body: Buffer.concat(chunks, bytes) });
  });
}

/** @param isStale whether the connection was a kept one, and nothing came on it */
function failureOf(error: NodeJS.ErrnoException, isStale: boolean): HttpOutcome {
  const { code = 'UNKNOWN' } = error;
  if (code === 'FORBIDDEN_ADDRESS') return FORBIDDEN;
  if (code === 'ECONNREFUSED') return { kind: 'refused', why: 'nobody listens there' };
  if (isStale && (code === 'ECONNRESET' || code === 'EPIPE')) {
    return { kind: 'stale', why: 'the server had closed the connection' };
  }
  if (code.startsWith('HPE_')) return { kind: 'malformed', why: 'the answer is no HTTP' };
  return { kind: 'failed', why: /^[A-Z0-9_]{1,64}$/.test(code) ? code : 'the connection failed' };
}
