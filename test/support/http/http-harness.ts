import { afterEach } from 'vitest';
import { TABLE } from '../../../src/config/table.js';
import { silentLogger } from '../../../src/core/log.js';
import type { Health, HttpDeps, HttpOptions } from '../../../src/http/deps.js';
import { createHttpServer, type HttpServer } from '../../../src/http/server.js';
import type { StreamSnapshot } from '../../../src/model/snapshot.js';
import { FakeFeed } from './fake-feed.js';

/** The wall clock of every server here. */
export const NOW_MS = Date.parse('2026-01-01T12:00:00Z');

/** The one live stream. */
export const stream: StreamSnapshot = {
  streamId: '01HZX0000000000000000000S1',
  app: 'live',
  name: 'cam1',
  state: 'ready',
  connectionId: '01HZX0000000000000000000C1',
  startedAt: '2026-01-01T11:00:00.000Z',
  peer: { address: '127.0.0.1', port: 5000 },
  tracks: [{ id: 1, kind: 'video', codec: 'avc1.64001F', width: 1280, height: 720 }],
  players: 2,
  bytesIn: 10,
  bytesOut: 20,
  videoFrames: 3,
  audioFrames: 4,
  drops: 0,
  kbpsIn: 5,
};

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
    streams: () => [stream],
    metrics: () => [],
    health: (): Health => ({ ready: true, reasons: [], degraded: [] }),
    node: () => ({ nodeId: 'n1' }),
    events: feed,
    connectionShare: () => Number.POSITIVE_INFINITY,
    ...deps,
  });
  running.push(server);
  const base = `http://127.0.0.1:${server.address.port}`;
  return { server, base, feed, get: (path: string, init?: RequestInit) => fetch(base + path, init) };
}
