import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { HttpToken } from '../config/http-token-settings.js';
import { formatHostPort, type HostPort, parseListen } from '../config/listen.js';
import { SluiceError } from '../core/errors.js';
import { type Logger, rateLimited } from '../core/log.js';
import type { MemoryAccount } from '../core/memory-account.js';
import { addAccess } from './access.js';
import { HttpConnections } from './connections.js';
import type { HttpDeps } from './deps.js';
import { type FastifyError, type FastifyInstance, fastify } from './fastify.js';
import { Followers } from './followers.js';
import { HostGuard } from './host-guard.js';
import { inTurn } from './in-turn.js';
import { PageFiles } from './page-files.js';
import { fail, HEADERS } from './replies.js';
import { addApiRoutes, failApi } from './routes/api.js';
import { addEvents } from './routes/events.js';
import { addHealth } from './routes/health.js';
import { addMetrics } from './routes/metrics.js';
import { addPage } from './routes/page.js';
import { addRecordings } from './routes/recordings.js';
import { addSession } from './routes/session.js';
import { Sessions } from './sessions.js';
import { type GuessLimits, TokenGuesses } from './token-guesses.js';
import { HttpTokens } from './tokens.js';

/** A running HTTP server. */
export interface HttpServer {
  /** The address on which it listens, with the real port. */
  readonly address: HostPort;
  /** Open connections. */
  readonly connections: number;
  /** Bytes of events that wait for followers. */
  readonly followerBytes: number;
  /** Cuts off the followers that hold most, until so many bytes are free. @returns how many are */
  relieve(overBytes: number): number;
  /**
   * Accepts other tokens from now on: `http.tokens` and `http.token`. When somebody may do less than before, all who
   * follow events have to show their token again.
   */
  setTokens(tokens: readonly HttpToken[], token: string): void;
  /** Requests that were refused for their token: a wrong one, or one of an address that guesses. */
  readonly tokenRefusals: { readonly wrong: number; readonly held: number };
  /** Other bounds of wrong tokens hold from now on. */
  limitGuesses(limits: GuessLimits): void;
  /** Registers what clients make it hold on the memory account, and how it frees memory. */
  joinAccount(account: MemoryAccount): void;
  /** Ends followers in good order, then everything else. */
  close(): Promise<void>;
}

const PATHS = {
  '/': 'the page, for browsers: everything on one screen',
  '/healthz': 'the process runs',
  '/readyz': 'the node takes work; 503 with reasons when not; degraded says what does not work although streams do',
  '/metrics': 'Prometheus metrics',
  '/openapi.json': 'every path that answers JSON, with schemas and examples',
  '/v1/node': 'this node',
  '/v1/overview': 'this node and its live streams, with rates and what is wrong',
  '/v1/streams': 'live streams; ?app= and ?name= select',
  '/v1/streams/:streamId': 'one live stream',
  '/v1/recordings': 'recordings, the newest first; /v1/recordings/<path> is the file',
  '/v1/events':
    'events as they happen (server-sent events); ?since=1h, ?since=all or Last-Event-ID to start earlier, ?streamId= for one stream',
} as const;

/** How often connections are checked for a silence that is too long, in ms. */
const CHECK_MS = 1000;
/** Log lines a second about connections that were closed because there were too many. */
const REFUSED_LINES_PER_SECOND = 1;
/** Longest body of a request. */
const MOST_BODY_BYTES = 64 * 1024;
/** Longest part of a path, in characters as sent: the value of a ban has 512, which takes nine each at most. */
const MOST_PARAMETER = 512 * 9;

/**
 * Starts the HTTP interface: health, metrics, events, sessions, and the routes of other parts. No part of it is on the
 * media path.
 *
 * @param deps what it shows and where it listens
 * @throws SluiceError ERR_LISTEN when the address cannot be used
 */
export async function createHttpServer(deps: HttpDeps): Promise<HttpServer> {
  const { options } = deps;
  const log = rateLimited(deps.log, deps.clock, REFUSED_LINES_PER_SECOND);
  const connections = new HttpConnections(
    () => Math.min(options.maxClients, deps.connectionShare()),
    () =>
      log.warn(
        { code: 'ERR_HTTP_CONNECTIONS', connections: connections.size },
        'an HTTP connection was closed: there are too many',
      ),
  );
  const guard = new HostGuard(options.allowedHosts);
  const app = fastify({
    logger: false,
    bodyLimit: MOST_BODY_BYTES,
    forceCloseConnections: true,
    serverFactory: (handler) => {
      const server = serverFor(handler, deps, guard);
      connections.watch(server);
      return server;
    },
    routerOptions: { maxParamLength: MOST_PARAMETER },
    // A path that cannot be decoded reaches no hook and no error handler.
    frameworkErrors: (error, _request, reply) =>
      fail(reply.headers(HEADERS), 'ERR_HTTP_BAD_REQUEST', error.message, { status: error.statusCode ?? 400 }),
  });
  const tokens = new HttpTokens(options.tokens, options.token);
  const guesses = new TokenGuesses(options, deps.clock, log);
  const sessions = new Sessions(() => deps.clock.monotonicMs());
  addAccess(app, { guard, tokens, sessions, guesses });
  addRefusals(app, deps.log);
  const followers = new Followers(options.maxEventClients);
  addPage(app, options.page ? new PageFiles() : undefined, PATHS);
  addHealth(app, deps);
  addMetrics(app, deps, followers, connections);
  addEvents(app, deps, followers);
  addSession(app, tokens, sessions);
  addApiRoutes(app, deps.routes);
  if (deps.recordings !== undefined) addRecordings(app, deps.recordings);
  const address = await listen(app, options.listen);
  return {
    address,
    get connections() {
      return connections.size;
    },
    get followerBytes() {
      return followers.heldBytes;
    },
    tokenRefusals: guesses.refused,
    // Those that may still follow connect again and miss nothing.
    setTokens: (list, token) => (tokens.replace(list, token) ? followers.close() : undefined),
    limitGuesses: (limits) => guesses.change(limits),
    relieve: (overBytes) => followers.relieve(overBytes),
    joinAccount: (account) => {
      connections.joinAccount(account);
      account.register('event_followers', () => followers.heldBytes);
      account.onRelief('event_followers', (overBytes) => followers.relieve(overBytes));
    },
    close: async () => {
      followers.close();
      await app.close();
    },
  };
}

/** A server whose requests for streams go to those who play them, and all others to `handler`. */
function serverFor(handler: RequestListener, { options, media }: HttpDeps, guard: HostGuard): Server {
  const { requestTimeoutMs, keepAliveTimeoutMs } = options;
  const times = {
    requestTimeout: requestTimeoutMs,
    headersTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(CHECK_MS, requestTimeoutMs),
  };
  const allows = ({ headers }: IncomingMessage): boolean => guard.allows(headers.host);
  const server = createServer(times, (request, response) => {
    if (media?.handle(request, response, allows) !== true) inTurn(response, () => handler(request, response));
  });
  media?.watch(server, allows);
  return server;
}

/** Answers requests that fail: an unknown path, a body that cannot be read, a defect. */
function addRefusals(app: FastifyInstance, log: Logger): void {
  app.setNotFoundHandler((request, reply) =>
    fail(reply, 'ERR_HTTP_NOT_FOUND', `${request.method} ${request.url.split('?')[0]}`),
  );
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) {
      log.error({ err: error, path: request.url.split('?')[0] }, 'an HTTP request failed');
      return fail(reply, 'ERR_INTERNAL');
    }
    if (status === 413) return failApi(reply, status, 'the body is too long', `at most ${MOST_BODY_BYTES} bytes`);
    // The message of the parser quotes the body.
    if (request.routeOptions.config.isApi === true) return failApi(reply, status, 'the body is no JSON', 'JSON');
    return fail(reply, 'ERR_HTTP_BAD_REQUEST', '', { status });
  });
}

async function listen(app: FastifyInstance, address: string): Promise<HostPort> {
  const { host, port } = parseListen(address);
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new SluiceError('ERR_LISTEN', `${formatHostPort({ host, port })} ${code}`.trim(), { cause: error });
  }
  const bound = app.server.address();
  return { host, port: bound !== null && typeof bound === 'object' ? bound.port : port };
}
