import type { Clock } from '../core/clock.js';
import type { MemoryAccount } from '../core/memory-account.js';
import { VERSION } from '../core/version.js';
import type { EventsStats } from '../events/event-layer.js';
import type { Health } from '../http/deps.js';
import type { LiveStreams } from '../live/live-streams.js';
import type { ApiAnswer, ApiRequest, ApiRoute } from '../model/api-route.js';
import type { Overview } from '../model/overview.js';

/** How long one answer is given to all who ask, in ms. */
const SHARED_MS = 1000;
/** Most streams of an answer. */
const MOST_STREAMS = 1000;

/** What an overview is made of. */
interface OverviewDeps {
  readonly nodeId: string;
  readonly bootId: string;
  readonly clock: Clock;
  readonly memory: Pick<MemoryAccount, 'register' | 'onRelief'>;
  readonly liveStreams: Pick<LiveStreams, 'commands' | 'live'>;
  health(): Health;
  events(): EventsStats;
  readonly isInCluster: boolean;
}

/** An answer that is shared. */
interface Made {
  readonly atMs: number;
  readonly body: Buffer;
  readonly headers: { readonly etag: string; readonly 'content-type': string };
}

/**
 * `GET /v1/overview`: what the first view of the page shows. All who ask within a second get the same bytes; nothing is
 * done while nobody asks.
 */
export function overviewRoute(deps: OverviewDeps): ApiRoute {
  const startedAt = new Date(deps.clock.wallMs()).toISOString();
  let made: Made | undefined;
  let count = 0;
  const now = (): Made => {
    const atMs = deps.clock.monotonicMs();
    if (made !== undefined && atMs - made.atMs < SHARED_MS) return made;
    const body = Buffer.from(JSON.stringify(overviewOf(deps, startedAt, atMs)));
    const etag = `"${deps.bootId}-${++count}"`;
    made = { atMs, body, headers: { etag, 'content-type': 'application/json; charset=utf-8' } };
    return made;
  };
  deps.memory.register('page', () => made?.body.length ?? 0);
  deps.memory.onRelief('free_memory', () => {
    const freed = made?.body.length ?? 0;
    made = undefined;
    return freed;
  });
  return {
    ...{ method: 'GET', path: '/v1/overview', scope: 'read' },
    handle: async ({ headers: asked }: ApiRequest): Promise<ApiAnswer> => {
      const { body, headers } = now();
      if (asked['if-none-match'] === headers.etag) return { status: 304, body: undefined, headers };
      return { status: 200, body, headers };
    },
  };
}

function overviewOf(deps: OverviewDeps, startedAt: string, nowMs: number): Overview {
  const { nodeId, liveStreams, isInCluster } = deps;
  const { ready, reasons, degraded } = deps.health();
  const { busState } = deps.events();
  const up = busState === 'off' ? 'off' : busState === 'ready' ? 'up' : 'down';
  return {
    node: { nodeId, version: VERSION, startedAt, ready, reasons, degraded, nats: up, isInCluster },
    streams: liveStreams.commands.overview(MOST_STREAMS, nowMs),
    total: liveStreams.live,
  };
}
