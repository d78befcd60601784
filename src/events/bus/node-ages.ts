import type { Clock } from '../../core/clock.js';
import type { NatsConnection } from '../../nats/connection.js';
import type { KvBucket } from '../../nats/kv-bucket.js';
import type { NodeState } from '../event-types.js';
import { heartbeatOf } from './held-values.js';

/** Most heartbeats that are remembered. */
const MOST_SEEN = 10_000;

interface Seen {
  readonly revision: number;
  readonly sinceMs: number;
  readonly moves: number;
}

/** A heartbeat, and for how long it is known to be the same. */
export interface AgedNode {
  /** Undefined: there is none, or none any more. */
  readonly node: NodeState | undefined;
  /** 0: there is no trace of one. */
  readonly revision: number;
  /** 0 when it was looked at for the first time. */
  readonly unchangedMs: number;
  /** How many heartbeats of the process itself came since the first look, as far as looks tell them apart. */
  readonly moves: number;
}

/**
 * For how long heartbeats have not changed, by the monotonic clock of this process: no clock of another machine is
 * believed. Two looks that find the same revision say that it did not change between them.
 */
export class NodeAges {
  readonly #nodes: KvBucket<NodeState>;
  readonly #clock: Clock;
  readonly #leaseMs: number;
  readonly #seen = new Map<string, Seen>();

  /** @param leaseMs lease of a process that tells none */
  constructor(nodes: KvBucket<NodeState>, clock: Clock, leaseMs: number) {
    this.#nodes = nodes;
    this.#clock = clock;
    this.#leaseMs = leaseMs;
  }

  /** The connection was lost: earlier looks say nothing about the present. */
  forget(): void {
    this.#seen.clear();
  }

  /** This process has written the heartbeat of another. */
  changed(key: string, revision: number): void {
    this.#note(key, revision, 0);
  }

  /** Reads a heartbeat. @returns undefined when the server does not answer */
  async look(connection: NatsConnection, key: string): Promise<AgedNode | undefined> {
    // The server may have read it at any time since now, so a slow answer makes nothing older.
    const askedMs = this.#clock.monotonicMs();
    const held = await this.#nodes.get(connection, key);
    if (!held.ok) return undefined;
    const { value, revision } = held.value;
    const node = heartbeatOf(key, value);
    const seen = this.#seen.get(key);
    if (seen?.revision !== revision) {
      const isBeat = node !== undefined && node.state !== 'lost';
      const moves = seen !== undefined && isBeat ? seen.moves + 1 : 0;
      this.#note(key, revision, moves);
      return { node, revision, unchangedMs: 0, moves };
    }
    return { node, revision, unchangedMs: askedMs - seen.sinceMs, moves: seen.moves };
  }

  /** Whether a process is lost. False when the server does not answer. */
  async isLost(connection: NatsConnection, key: string): Promise<boolean> {
    const aged = await this.look(connection, key);
    if (aged === undefined) return false;
    const { node, revision, unchangedMs } = aged;
    // It was removed by its own process when that stopped, or by another node when its streams had been ended.
    if (node === undefined && revision > 0) return true;
    return node?.state === 'lost' || unchangedMs > Math.max(node?.leaseMs ?? 0, this.#leaseMs);
  }

  #note(key: string, revision: number, moves: number): void {
    if (this.#seen.size >= MOST_SEEN) this.forget();
    this.#seen.set(key, { revision, sinceMs: this.#clock.monotonicMs(), moves });
  }
}
