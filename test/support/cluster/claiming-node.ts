import type { HolderState } from '../../../src/cluster/holder-check.js';
import { NameClaims } from '../../../src/cluster/name-claims.js';
import type { OwnerValue } from '../../../src/cluster/owner-value.js';
import { newId } from '../../../src/core/ids.js';
import { nameKey } from '../../../src/live/name-key.js';
import type { OwnerNews } from '../../../src/live/owners.js';
import type { NameWish } from '../../../src/live/ownership.js';
import type { Epoch } from '../../../src/model/epoch.js';
import type { Conflict } from '../../../src/model/grant.js';
import { ManualClock, RecordingLog } from '../events-parts.js';
import { NodeRegistry, type SharedRegistry } from './memory-registry.js';

/** A name that tests claim. */
export const OF = { app: 'live', name: 'one' };

/** News as all nodes of a test hear them. */
export type News = Map<string, Set<(news: OwnerNews) => void>>;

interface Options {
  readonly nodeId?: string;
  readonly bootId?: string;
  readonly onRegistryDown?: 'refuse' | 'local';
  readonly takesPublishers?: boolean;
  readonly clock?: ManualClock;
  readonly news?: News;
  /** Waits; default: moves the clock and takes no time. */
  readonly pause?: (ms: number) => Promise<void>;
}

/** One node that claims names, on a registry in memory. Pauses move its clock and take no time. */
export class ClaimingNode {
  /** Whether streams begin as soon as they have won their name. */
  begins = true;
  readonly clock: ManualClock;
  readonly log = new RecordingLog();
  readonly registry: NodeRegistry;
  readonly nodeId: string;
  readonly bootId: string;
  readonly claims: NameClaims;
  readonly lost: string[] = [];
  readonly adopted: [string, Epoch][] = [];
  readonly told: OwnerNews[] = [];
  readonly pauses: number[] = [];
  readonly judged: OwnerValue[] = [];
  /** What is found out about holders. */
  judge: (holder: OwnerValue) => HolderState = () => 'alive';

  constructor(shared: SharedRegistry, o: Options = {}) {
    const { nodeId = 'a', bootId = newId(), onRegistryDown = 'refuse', takesPublishers = true } = o;
    this.nodeId = nodeId;
    this.bootId = bootId;
    this.clock = o.clock ?? new ManualClock();
    this.registry = new NodeRegistry(shared);
    const news: News = o.news ?? new Map();
    const options = { nodeId, bootId, takesPublishers, claimTimeoutMs: 8000, onRegistryDown };
    this.claims = new NameClaims(options, {
      registry: this.registry,
      holders: {
        judge: async (holder) => {
          this.judged.push(holder as OwnerValue);
          return this.judge(holder as OwnerValue);
        },
      },
      owners: {
        changed: () => {},
        listen: (of, told) => {
          const listeners = news.get(nameKey(of)) ?? new Set();
          news.set(nameKey(of), listeners.add(told));
          return () => listeners.delete(told);
        },
      },
      ...{ clock: this.clock, log: this.log },
      send: (of, item) => {
        this.told.push(item);
        for (const told of [...(news.get(nameKey(of)) ?? [])]) told(item);
      },
      adopted: (streamId, epoch) => this.adopted.push([streamId, epoch]),
      pause: async (ms) => {
        this.pauses.push(ms);
        if (o.pause !== undefined) return o.pause(ms);
        this.clock.pass(ms);
        await new Promise(setImmediate);
      },
      random: () => 0.5,
    });
    this.claims.onLost = (streamId) => this.lost.push(streamId);
  }

  /** A publish that wants a name. */
  wish(streamId: string, more: Partial<NameWish> & { readonly conflict?: Conflict } = {}): NameWish {
    const { conflict = 'reject', ...rest } = more;
    return {
      ...{ ...OF, streamId, principal: 'p', address: '192.0.2.1', isWanted: () => true },
      grant: { labels: {}, conflict, limits: {} },
      ...rest,
    };
  }

  win(streamId: string, more?: Parameters<ClaimingNode['wish']>[1]) {
    return this.claims.win(this.wish(streamId, more)).then((won) => {
      if (this.begins) this.claims.begun(streamId);
      return won;
    });
  }
}

/** Lets everything go on that waits for nothing but its turn. */
export async function settle(turns = 30): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise(setImmediate);
}
