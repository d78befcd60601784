import type { HttpConnections } from '../connections.js';
import type { HttpDeps, Metric } from '../deps.js';
import type { FastifyInstance } from '../fastify.js';
import type { Followers } from '../followers.js';
import type { MetricsPage } from '../metrics.js';

/** Metrics for Prometheus. */
export function addMetrics(
  app: FastifyInstance,
  deps: Pick<HttpDeps, 'metrics'>,
  followers: Followers,
  connections: HttpConnections,
): void {
  const page = lazyMetrics();
  app.get('/metrics', async (_request, reply) => {
    const [metrics, values] = await Promise.all([page(), deps.metrics()]);
    const text = await metrics.render([...values, ...ownMetrics(followers, connections)]);
    return reply.header('content-type', metrics.contentType).send(text);
  });
}

/** prom-client takes a tenth of the start-up time, so it is loaded at the first scrape. */
function lazyMetrics(): () => Promise<MetricsPage> {
  let page: Promise<MetricsPage> | undefined;
  return () => {
    page ??= import('../metrics.js').then(({ MetricsPage }) => new MetricsPage());
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
