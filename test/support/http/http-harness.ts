import { afterEach } from 'vitest';
import { TABLE } from '../../../src/config/table.js';
import { silentLogger } from '../../../src/core/log.js';
import type { Health, HttpDeps, HttpOptions } from '../../../src/http/deps.js';
import { createHttpServer, type HttpServer } from '../../../src/http/server.js';
import { FakeFeed } from './fake-feed.js';

/** The wall clock of every server here. */
export const NOW_MS = Date.parse('2026-01-01T12:00:00Z');

const running: HttpServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});

interface Setup {
  options?: Partial<HttpOptions>;
  deps?: Partial<HttpDeps>;
}

/** A server on a port of its own, closed after the test, with a feed of five events. */
export async function start({ options = {}, deps = {} }: Setup = {}) {
  const feed = new FakeFeed(5);
  const server = await createHttpServer({
    options: {
      listen: '127.0.0.1:0',
      allowedHosts: '',
      page: true,
      tokens: [],
      token: '',
      failuresPerMinutePerIp: TABLE.http.failuresPerMinutePerIp.default,
      limitLoopback: false,
      maxClients: TABLE.http.maxClients.default,
      requestTimeoutMs: TABLE.http.requestTimeoutMs.default,
      keepAliveTimeoutMs: TABLE.http.keepAliveTimeoutMs.default,
      maxEventClients: TABLE.http.maxEventClients.default,
      eventClientBytes: TABLE.http.eventClientBytes.default,
      eventKeepAliveMs: 15_000,
      ...options,
    },
    log: silentLogger,
    clock: { wallMs: () => NOW_MS, monotonicMs: () => 0 },
    metrics: () => [],
    health: (): Health => ({ ready: true, reasons: [], degraded: [] }),
    routes: [],
    events: feed,
    connectionShare: () => Number.POSITIVE_INFINITY,
    ...deps,
  });
  running.push(server);
  const base = `http://127.0.0.1:${server.address.port}`;
  return { server, base, feed, get: (path: string, init?: RequestInit) => fetch(base + path, init) };
}
