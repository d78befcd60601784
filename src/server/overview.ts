import { constants, gzipSync } from 'node:zlib';
import type { Clock } from '../core/clock.js';
import type { MemoryAccount } from '../core/memory-account.js';
import { VERSION } from '../core/version.js';
import type { EventsStats } from '../events/event-layer.js';
import type { Health } from '../http/deps.js';
import type { LiveStreams } from '../live/live-streams.js';
import type { ApiAnswer, ApiRequest, ApiRoute } from '../model/api-route.js';
import type { Overview } from '../model/overview.js';
import { afterIdle } from './after-idle.js';

/** How long one answer is given to all who ask, in ms. */
const SHARED_MS = 1000;
/** Most streams of an answer. */
const MOST_STREAMS = 1000;

/** An `Accept-Encoding` that names gzip, and not as what it does not take. */
const TAKES_GZIP = /(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[^,]*)?\s*(?:,|$)/i;

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
  /** The same packed, once somebody takes it so: writing ten times the bytes would cost more than packing them. */
  packed: Buffer | undefined;
  readonly headers: Readonly<Record<'etag' | 'content-type' | 'vary', string>>;
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
    const headers = { etag, 'content-type': 'application/json; charset=utf-8', vary: 'accept-encoding' };
    made = { atMs, body, packed: undefined, headers };
    return made;
  };
  const asked = afterIdle(() => {
    made = undefined;
  });
  const heldBytes = (): number => (made?.body.length ?? 0) + (made?.packed?.length ?? 0);
  deps.memory.register('page', heldBytes);
  deps.memory.onRelief('free_memory', () => {
    const freed = heldBytes();
    made = undefined;
    return freed;
  });
  return {
    ...{ method: 'GET', path: '/v1/overview', scope: 'read' },
    handle: async ({ headers: given }: ApiRequest): Promise<ApiAnswer> => {
      asked();
      const answer = now();
      const { body, headers } = answer;
      if (given['if-none-match'] === headers.etag) return { status: 304, body: undefined, headers };
      if (!TAKES_GZIP.test(given['accept-encoding'] ?? '')) return { status: 200, body, headers };
      answer.packed ??= gzipSync(body, { level: constants.Z_BEST_SPEED });
      return { status: 200, body: answer.packed, headers: { ...headers, 'content-encoding': 'gzip' } };
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
