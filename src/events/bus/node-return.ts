import type { Clock } from '../../core/clock.js';
import type { NatsConnection } from '../../nats/connection.js';
import { subjectsOf } from '../../nats/jetstream.js';
import type { KvBucket } from '../../nats/kv-bucket.js';
import type { NodeState } from '../event-types.js';
import type { OpenStream } from '../open-streams.js';
import { END_TYPE, eventFilter, nodeKey } from '../subjects.js';
import { heartbeatOf } from './held-values.js';
import { LostNode, type LostNodeDeps, streamIdOf } from './lost-node.js';
import type { LossEvidence } from './node-lease.js';

/** What a node needs when it comes back. */
interface NodeReturnDeps extends LostNodeDeps {
  readonly nodes: KvBucket<NodeState>;
  readonly clock: Clock;
  /** The open streams of this process. */
  readonly openStreams: ReadonlyMap<string, OpenStream>;
}

/**
 * Finds out what other nodes have done to the streams of this one while it could not be reached, and finishes what
 * another node may be in the middle of. Nothing of this node is published meanwhile: only so every stream that another
 * node can know of is among those that are ended here.
 */
export class NodeReturn {
  readonly #deps: NodeReturnDeps;
  /** Older boots of this node that are still to be settled. */
  readonly #olderBoots: string[] = [];

  constructor(deps: NodeReturnDeps) {
    this.#deps = deps;
  }

  /** Notes the older boots of this node that its journal knows. */
  expect(olderBoots: readonly string[]): void {
    this.#olderBoots.push(...olderBoots);
  }

  /**
   * The journal has ended the streams of older boots. Their heartbeats go before anything of theirs is sent, so that no
   * other node begins to end these streams from then on.
   *
   * @returns whether that is done
   */
  async settleOlderBoots(connection: NatsConnection): Promise<boolean> {
    for (let bootId = this.#olderBoots[0]; bootId !== undefined; bootId = this.#olderBoots[0]) {
      if (!(await this.#settle(connection, bootId))) return false;
      this.#olderBoots.shift();
    }
    return true;
  }

  async #settle(connection: NatsConnection, bootId: string): Promise<boolean> {
    const { nodes, emitter, clock } = this.#deps;
    const key = nodeKey(emitter.nodeId, bootId);
    for (;;) {
      const held = await nodes.get(connection, key);
      if (!held.ok) return held.code === 'PERMISSIONS_VIOLATION';
      const value = heartbeatOf(key, held.value.value);
      const { revision } = held.value;
      if (value === undefined) return true;
      if (value.state === 'lost') {
        const lost = new LostNode(value, connection, this.#deps);
        if ((await lost.endStreams()) === undefined || !(await lost.tell(clock.wallMs()))) return false;
      }
      const removed = await nodes.remove(connection, key, revision);
      if (removed.kind !== 'conflict') return removed.kind === 'ok' || removed.kind === 'denied';
    }
  }

  /**
   * Other nodes took this process for lost, or may have. All earlier streams of which JetStream knows are over then;
   * those of which nothing has been sent yet go on.
   *
   * @returns the open streams that are over, `undefined` when something could not be read or a request failed
   */
  async endedMeanwhile(connection: NatsConnection, evidence: LossEvidence): Promise<string[] | undefined> {
    const { emitter, stream, answerTimeout, openStreams } = this.#deps;
    if (evidence.kind === 'taken') {
      const { nodeId, bootId } = emitter;
      const lost = new LostNode({ nodeId, bootId, time: evidence.lastTime }, connection, this.#deps);
      if ((await lost.endStreams()) === undefined) return undefined;
    }
    // One list serves all streams: new ones begin all the time, and a request for each might never come to an end.
    const held = await subjectsOf(connection, stream, eventFilter(emitter.prefix, { type: END_TYPE }), answerTimeout);
    if (!held.ok && held.code !== 'PERMISSIONS_VIOLATION') return undefined;
    const over = new Set(held.ok ? held.value.map(streamIdOf) : []);
    return [...openStreams.keys()].filter((streamId) => over.has(streamId));
  }
}
