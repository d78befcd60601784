import type { Config } from '../config/table.js';
import type { Logger } from '../core/log.js';
import type { EventLayer } from '../events/event-layer.js';
import type { Metric } from '../http/deps.js';
import { toldEnd } from '../live/told-end.js';
import { state } from './metric-samples.js';

const TOLD = 'this server has no contact to the others of its cluster; connect again, to another one';

/** What {@link Isolation} is made with. */
interface IsolationDeps {
  readonly log: Logger;
  /** Whether NATS has taken no heartbeat for most of the lease. */
  readonly isIsolated: () => boolean;
  /** `cluster.onIsolated`. */
  readonly policy: Config['cluster']['onIsolated'];
  /** Ends every stream; their publishers are told `description` and that they may come back. @returns how many */
  readonly endStreams: (description: string) => number;
}

/**
 * What a node of a cluster does about its streams when it has no contact to NATS for so long that others may take their
 * names over (`cluster.onIsolated`).
 */
export class Isolation {
  readonly #deps: IsolationDeps;
  #is = false;

  constructor(deps: IsolationDeps) {
    this.#deps = deps;
  }

  /** Whether it was isolated at the last tick. */
  get is(): boolean {
    return this.#is;
  }

  /** Whether streams end for it. */
  get stops(): boolean {
    return this.#deps.policy === 'stop';
  }

  /** Ends streams if that is to be done. Call it a few times a second. */
  tick(): void {
    const { log, isIsolated, policy, endStreams } = this.#deps;
    const before = this.#is;
    this.#is = isIsolated();
    // A stream may have begun since the last tick.
    const ended = this.#is && this.stops ? endStreams(toldEnd('ERR_SESSION_SHUTDOWN', TOLD)) : 0;
    if (this.#is && !before)
      log.error(
        { policy, ended },
        'no contact to NATS for most of the lease: other nodes may take names over from here',
      );
    if (!this.#is && before) log.info({}, 'there is contact to NATS again');
  }
}

/** @returns undefined for a node that is in no cluster */
export function isolationOf(
  { cluster }: Config,
  { eventLayer: { bus }, log }: { readonly eventLayer: Pick<EventLayer, 'bus'>; readonly log: Logger },
  { commands }: { readonly commands: { endStreams(reason: 'server_drain', description: string): number } },
): Isolation | undefined {
  if (!cluster.enabled || bus === undefined) return undefined;
  return new Isolation({
    log,
    policy: cluster.onIsolated,
    isIsolated: () => bus.isIsolated,
    endStreams: (description) => commands.endStreams('server_drain', description),
  });
}

/** Whether the node is isolated. @param isolation undefined: it is in no cluster */
export function isolationMetrics(isolation: Pick<Isolation, 'is'> | undefined): Metric[] {
  if (isolation === undefined) return [];
  return [state('sluice_cluster_isolated', isolation.is)];
}
