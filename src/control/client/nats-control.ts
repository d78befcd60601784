import { SluiceError } from '../../core/errors.js';
import type { Problem } from '../../core/problem.js';
import { gatherList, isGathered } from '../cluster-lists.js';
import type { Outcome } from '../dispatcher.js';
import { countsByNode, unconfirmed } from '../kick.js';
import type { NatsCluster } from '../nats/nats-cluster.js';
import type { Level, Operation } from '../operation.js';
import { OPERATIONS, type Verb } from '../operations.js';
import { type Facts, RefusedElsewhere, type RequestContext } from '../ports.js';
import { ofEnded } from '../stream-handlers.js';
import { type AskOptions, type ControlClient, refusalOf } from './control-client.js';

/** How long nodes that have not answered are waited for, in ms, where something is to be done on all of them. */
const WAIT_MS = 5000;

/** Asks a cluster over NATS: the node that has a stream, one node, or all of them. */
export class NatsControl implements ControlClient {
  readonly where: string;
  readonly isCluster = true;
  readonly #cluster: NatsCluster;
  readonly #actor: string;
  readonly #close: () => Promise<void>;

  /**
   * @param where the servers, without secrets
   * @param actor who asks, for the audit
   * @param close ends the connection
   */
  constructor(where: string, cluster: NatsCluster, actor: string, close: () => Promise<void>) {
    this.where = where;
    this.#cluster = cluster;
    this.#actor = actor;
    this.#close = close;
  }

  async ask(verb: Verb, input: Facts, { nodeId, requestId }: AskOptions = {}): Promise<Outcome> {
    const context = { actor: this.#actor, ...(requestId === undefined ? {} : { requestId }) };
    try {
      return { ok: true, answer: await this.#ask(verb, input, nodeId, context) };
    } catch (error) {
      return refusalOf(error);
    }
  }

  close(): Promise<void> {
    return this.#close();
  }

  async #ask(verb: Verb, input: Facts, nodeId: string | undefined, context: RequestContext): Promise<Facts> {
    const { levels }: Operation = OPERATIONS[verb];
    if (levels.includes('stream')) {
      const { streamId, ...body } = input;
      const answer = await this.#cluster.askOwner(String(streamId), verb, body, context);
      return answer ?? { ok: true, ...ofEnded(String(streamId), verb, await this.#cluster.endOf(String(streamId))) };
    }
    if (isGathered(verb) && nodeId === undefined) return gatherList(this.#cluster, verb, input, context);
    // Settings of several nodes are no sum.
    if (verb !== 'config.get' && isForAll(levels, nodeId))
      return this.#onAll(verb, await this.#confirmed(verb, input, context), context);
    return this.#cluster.askNode(nodeId ?? (await this.#oneNode(verb)), verb, input, context);
  }

  /**
   * Bans, decisions and jobs are the same on every node. Settings and drains are not: with several nodes, one must be
   * named.
   */
  async #oneNode(verb: Verb): Promise<string> {
    const nodeIds = await this.#cluster.nodeIds();
    const [first] = nodeIds;
    if (first === undefined) throw new SluiceError('ERR_CTL_NODE_UNKNOWN', 'no node is up');
    if (nodeIds.length > 1 && !/^(?:bans|auth|jobs)\./.test(verb))
      throw new SluiceError('ERR_CTL_BAD_REQUEST', `one of the nodes must be named: ${nodeIds.join(', ')}`);
    return first;
  }

  /**
   * The number that a kick confirms, by node: each node ends what it has counted, or nothing.
   *
   * @throws SluiceError ERR_CTL_CONFLICT when it is not the number of all nodes that count
   */
  async #confirmed(verb: Verb, input: Facts, { actor }: RequestContext): Promise<Facts> {
    const { confirm, ...selector } = input;
    if (typeof confirm !== 'number') return input;
    const { answers, missing } = await this.#cluster.gather(verb, { ...selector, dryRun: true }, { actor }, WAIT_MS);
    const counts = countsByNode(answers);
    if (Object.values(counts).reduce((sum, one) => sum + one, 0) !== confirm) throw unconfirmed(counts, missing);
    return { ...input, confirm: counts };
  }

  /** Has something done on every node, and puts the answers together: numbers are added, lists joined. */
  async #onAll(verb: Verb, input: Facts, context: RequestContext): Promise<Facts> {
    const { answers, missing } = await this.#cluster.gather(verb, input, context, WAIT_MS);
    const good = answers.filter(({ ok }) => ok === true);
    const refusals = answers.filter(({ ok }) => ok !== true) as unknown as readonly Problem[];
    // A play is on one node: the others do not know it.
    const counted = input['playId'] === undefined ? refusals : refusals.filter(({ status }) => status !== 404);
    if (good.length === 0) {
      const [refusal] = [...counted, ...refusals];
      if (refusal !== undefined && missing.length === 0) throw new RefusedElsewhere(refusal);
      throw new SluiceError('ERR_CTL_TIMEOUT', `no answer of ${missing.join(', ') || 'any node'}`);
    }
    const isOver = input['playId'] !== undefined && counted.length === 0;
    const partial = !isOver && (counted.length > 0 || missing.length > 0);
    return { ...good.reduce(together), partial, missing: isOver ? [] : missing };
  }
}

function isForAll(levels: readonly Level[], nodeId: string | undefined): boolean {
  return levels.includes('all') && (nodeId === undefined || !levels.includes('node'));
}

/** Two answers as one. `already` holds when it does for both; the node is named where there is one. */
function together(a: Facts, b: Facts): Facts {
  const sum: Record<string, Facts[string]> = { ...b, ...a };
  for (const [key, value] of Object.entries(b)) {
    const other = a[key];
    if (Array.isArray(value) && Array.isArray(other)) sum[key] = [...other, ...value];
    else if (typeof value === 'number' && typeof other === 'number') sum[key] = other + value;
  }
  if (a['already'] !== true || b['already'] !== true) delete sum['already'];
  delete sum['nodeId'];
  return sum;
}
