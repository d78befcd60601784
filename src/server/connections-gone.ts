import type { Clock } from '../core/clock.js';
import type { Parts } from './parts.js';

/** How often it is looked whether they have gone, in ms. */
const LOOK_MS = 20;

/**
 * Waits until the peers have taken their last messages, every stream, player and relay has ended and told so, and other
 * nodes may publish under the names of this one. Then no connection is left, and nothing more is accepted by any way.
 *
 * @param timeoutMs after so long the rest is cut
 */
export async function connectionsGone(
  parts: Pick<Parts, 'listener' | 'liveStreams' | 'tunnel' | 'flv' | 'relays' | 'cluster'> | undefined,
  clock: Pick<Clock, 'monotonicMs'>,
  timeoutMs: number,
): Promise<void> {
  if (parts === undefined) return;
  const { listener, liveStreams, tunnel, flv, relays, cluster } = parts;
  const until = clock.monotonicMs() + timeoutMs;
  const running = (): number => listener.open + liveStreams.live + flv.players + relays.running;
  // A name is released once the end of its stream is in the journal, a moment after that stream has gone.
  const names = (): number => (cluster === undefined ? 0 : cluster.claims.owned + cluster.claims.releasing);
  const left = (): number => running() + names();
  while (left() > 0 && clock.monotonicMs() < until) {
    liveStreams.endSuspended('server_drain');
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  for (const connection of [...listener.connections]) connection.destroy();
  tunnel?.close();
  cluster?.claims.close();
}
