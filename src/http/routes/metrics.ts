import type { MetricName } from '../../model/metrics.js';
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
  const { size, refused, closedForOthers } = connections;
  const metric = (name: MetricName, value: number): Metric => ({ name, samples: [{ value }] });
  return [
    metric('sluice_event_followers', followers.size),
    metric('sluice_http_connections', size),
    metric('sluice_http_connections_refused_total', refused),
    metric('sluice_http_connections_evicted_total', closedForOthers),
  ];
}
