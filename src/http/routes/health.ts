import type { HttpDeps } from '../deps.js';
import type { FastifyInstance } from '../fastify.js';

const OPEN = { config: { access: 'open' } } as const;

/** Whether the process runs, and whether it takes work. Without a token only the status is told. */
export function addHealth(app: FastifyInstance, { health }: Pick<HttpDeps, 'health'>): void {
  app.get('/healthz', OPEN, async () => ({ status: 'ok' }));
  app.get('/readyz', OPEN, async ({ actor }, reply) => {
    const { ready, reasons, degraded } = health();
    const why = actor === undefined ? {} : { ...(ready ? {} : { reasons }), degraded };
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not_ready', ...why });
  });
}
