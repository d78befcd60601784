import { createServer } from 'node:http';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { formatHostPort, type HostPort, parseListen } from '../config/listen.js';
import { ERRORS, type ErrorCode, SluiceError } from '../core/errors.js';
import { rateLimited } from '../core/log.js';
import type { MemoryAccount } from '../core/memory-account.js';
import { HttpConnections } from './connections.js';
import type { HttpDeps, Metric } from './deps.js';
import { findStart } from './event-feed.js';
import { Followers } from './followers.js';
import { HostGuard, isCrossOrigin } from './host-guard.js';
import type { MetricsPage } from './metrics.js';
import { type FollowerEnd, SseClient } from './sse-client.js';

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
  /** Registers what clients make it hold on the memory account, and how it frees memory. */
  joinAccount(account: MemoryAccount): void;
  /** Ends followers in good order, then everything else. */
  close(): Promise<void>;
}

/** The body of an error as a client gets it. */
interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

const PATHS = {
  '/healthz': 'the process runs',
  '/readyz': 'the node takes work; 503 with reasons when not; degraded says what does not work although streams do',
  '/metrics': 'Prometheus metrics',
  '/v1/node': 'this node',
  '/v1/streams': 'live streams; ?app= and ?name= select',
  '/v1/streams/:streamId': 'one live stream',
  '/v1/events': 'events as they happen (server-sent events); ?since=1h, ?since=all or Last-Event-ID to start earlier',
} as const;

/** How often connections are checked for a silence that is too long, in ms. */
const CHECK_MS = 1000;
/** Log lines a second about connections that were closed because there were too many. */
const REFUSED_LINES_PER_SECOND = 1;

/** Headers of every answer but that of `/v1/events`. */
const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

/**
 * Starts the HTTP interface: health, metrics, streams, events. It reads snapshots only; no part of it is on the media
 * path.
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
  const app = fastify({
    logger: false,
    bodyLimit: 64 * 1024,
    forceCloseConnections: true,
    serverFactory: (handler) => {
      const { requestTimeoutMs, keepAliveTimeoutMs } = options;
      const times = {
        requestTimeout: requestTimeoutMs,
        headersTimeout: requestTimeoutMs,
        keepAliveTimeout: keepAliveTimeoutMs,
        connectionsCheckingInterval: Math.min(CHECK_MS, requestTimeoutMs),
      };
      const server = createServer(times, handler);
      connections.watch(server);
      return server;
    },
    routerOptions: { maxParamLength: 200 },
    // A path that cannot be decoded reaches no hook and no error handler.
    frameworkErrors: (error, _request, reply) =>
      fail(reply.headers(HEADERS), error.statusCode ?? 400, 'ERR_HTTP_BAD_REQUEST', error.message),
  });
  addRefusals(app, deps);
  const followers = new Followers(options.maxEventClients);
  addRoutes(app, deps, followers, connections);
  const address = await listen(app, options.listen);
  return {
    address,
    get connections() {
      return connections.size;
    },
    get followerBytes() {
      return followers.heldBytes;
    },
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

/** Answers requests that are refused: a foreign host or origin, an unknown path, a request that fails. */
function addRefusals(app: FastifyInstance, { options, log }: HttpDeps): void {
  const guard = new HostGuard(options.allowedHosts);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS);
    if (!guard.allows(request.headers.host)) return fail(reply, 421, 'ERR_HTTP_HOST_REFUSED');
    if (isCrossOrigin(request.headers['sec-fetch-site'])) return fail(reply, 403, 'ERR_HTTP_CROSS_ORIGIN');
    return undefined;
  });
  app.setNotFoundHandler((request, reply) =>
    fail(reply, 404, 'ERR_HTTP_NOT_FOUND', `${request.method} ${request.url.split('?')[0]}`),
  );
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return fail(reply, status, 'ERR_HTTP_BAD_REQUEST', error.message);
    log.error({ err: error, path: request.url.split('?')[0] }, 'an HTTP request failed');
    return fail(reply, 500, 'ERR_INTERNAL');
  });
}

function addRoutes(app: FastifyInstance, deps: HttpDeps, followers: Followers, connections: HttpConnections): void {
  app.get('/', async () => ({ name: 'sluice', paths: PATHS }));
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const { ready, reasons, degraded } = deps.health();
    return ready ? { status: 'ready', degraded } : reply.code(503).send({ status: 'not_ready', reasons, degraded });
  });
  app.get('/v1/node', async () => deps.node());
  app.get<{ Querystring: { app?: string; name?: string } }>('/v1/streams', async ({ query }) => {
    const matches = (wanted: string | undefined, value: string) => wanted === undefined || wanted === value;
    return { streams: deps.streams().filter((s) => matches(query.app, s.app) && matches(query.name, s.name)) };
  });
  app.get<{ Params: { streamId: string } }>('/v1/streams/:streamId', async ({ params }, reply) => {
    const stream = deps.streams().find(({ streamId }) => streamId === params.streamId);
    return stream ?? fail(reply, 404, 'ERR_HTTP_STREAM_UNKNOWN', params.streamId);
  });
  const page = lazyMetrics();
  app.get('/metrics', async (_request, reply) => {
    const metrics = await page();
    const text = await metrics.render([...deps.metrics(), ...ownMetrics(followers, connections)]);
    return reply.header('content-type', metrics.contentType).send(text);
  });
  // HEAD would open a stream that is never read.
  app.get('/v1/events', { exposeHeadRoute: false }, (request, reply) => follow(deps, followers, request, reply));
}

/** prom-client takes a tenth of the start-up time, so it is loaded at the first scrape. */
function lazyMetrics(): () => Promise<MetricsPage> {
  let page: Promise<MetricsPage> | undefined;
  return () => {
    page ??= import('./metrics.js').then(({ MetricsPage }) => new MetricsPage());
    return page;
  };
}

function ownMetrics(followers: Followers, connections: HttpConnections): Metric[] {
  const metric = (name: string, type: Metric['type'], help: string, value: number): Metric => ({
    name: `sluice_${name}`,
    help,
    type,
    samples: [{ value }],
  });
  const { size, refused, closedForOthers } = connections;
  return [
    metric('event_followers', 'gauge', 'Clients that follow /v1/events.', followers.size),
    metric('http_connections', 'gauge', 'HTTP connections open.', size),
    metric('http_connections_refused_total', 'counter', 'HTTP connections closed at once: too many requests.', refused),
    metric('http_connections_evicted_total', 'counter', 'Idle HTTP connections closed for new ones.', closedForOthers),
  ];
}

function follow(deps: HttpDeps, followers: Followers, request: FastifyRequest, reply: FastifyReply): unknown {
  const { options, events, clock, log } = deps;
  if (!followers.hasRoom) {
    return fail(reply.header('retry-after', '5'), 503, 'ERR_HTTP_FOLLOWERS', `${options.maxEventClients}`);
  }
  const header = request.headers['last-event-id'];
  const { since } = request.query as { since?: string | string[] };
  const start = findStart(oneOf(header), oneOf(since), clock.wallMs());
  if (start === undefined)
    return fail(reply, 400, 'ERR_HTTP_BAD_REQUEST', 'since is not a duration such as 1h, a time, or all');
  reply.hijack();
  const limits = { maxPendingBytes: options.eventClientBytes, keepAliveMs: options.eventKeepAliveMs };
  const ended = (end: FollowerEnd) => {
    if (end === 'too_slow' || end === 'failed')
      log.warn({ peer: request.ip, end }, 'a follower of the events was cut off');
  };
  const stream = new SseClient(events, reply.raw, start, limits, ended);
  followers.add(stream);
  return reply;
}

function oneOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function fail(reply: FastifyReply, status: number, code: ErrorCode, detail = ''): FastifyReply {
  const { says, hint } = ERRORS[code];
  const body: ErrorBody = { code, message: detail === '' ? says : `${says}: ${detail}`, hint };
  return reply.code(status).send(body);
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
