import type { Clock } from '../../core/clock.js';
import { SluiceError } from '../../core/errors.js';
import type { Problem } from '../../core/problem.js';
import type { Directory } from '../../events/directory.js';
import type { NodeState } from '../../events/event-types.js';
import type { NatsOutcome, NatsReply, NatsRequests } from '../../nats/requests.js';
import {
  type Cluster,
  type Facts,
  type Gathered,
  RefusedElsewhere,
  type RequestContext,
  type StreamEnd,
} from '../ports.js';
import { ControlSubjects, HEADERS } from './subjects.js';

/** How long one node is waited for when the request has no deadline and does not say itself how long it may take. */
const ANSWER_MS = 5000;
/** How long nodes may take to show that they are there, in ms. */
const LOOK_MS = 1000;
/** Added to the time that a request says itself that it may take: `timeoutMs` of a call. */
const WAY_MS = 1000;

/** What requests to the cluster are made with. */
interface NatsClusterDeps {
  readonly requests: NatsRequests;
  readonly directory: Pick<Directory, 'nodes' | 'endOf'>;
  /** `events.prefix`. */
  readonly prefix: string;
  readonly clock: Pick<Clock, 'wallMs' | 'monotonicMs'>;
}

/** The nodes of the cluster, asked over NATS: by the server for others, and by the command line. */
export class NatsCluster implements Cluster {
  readonly #deps: NatsClusterDeps;
  readonly #subjects: ControlSubjects;

  constructor(deps: NatsClusterDeps) {
    this.#deps = deps;
    this.#subjects = new ControlSubjects(deps.prefix);
  }

  /**
   * Ids of the nodes that are not taken for lost, in order.
   *
   * @throws SluiceError ERR_CTL_BUS_DOWN when that cannot be read
   */
  async nodeIds(): Promise<readonly string[]> {
    return idsOf(await this.#heartbeats());
  }

  async #heartbeats(): Promise<readonly NodeState[]> {
    const known = await this.#deps.directory.nodes();
    if ('trouble' in known) throw new SluiceError('ERR_CTL_BUS_DOWN', `which nodes there are: ${known.trouble}`);
    return known.value;
  }

  async gather(verb: string, body: Facts, context: RequestContext, waitMs: number): Promise<Gathered> {
    const { requests, clock } = this.#deps;
    const beganMs = clock.monotonicMs();
    const heartbeats = await this.#heartbeats();
    const expected = new Set(idsOf(heartbeats));
    // The caller waits for both together. Nodes have half of the time in any case.
    const leftMs = Math.max(waitMs / 2, waitMs - (clock.monotonicMs() - beganMs));
    const answers = new Map<string, Facts>();
    const take = (reply: NatsReply): boolean => {
      const nodeId = reply.headers[HEADERS.nodeId];
      const facts = factsOf(reply);
      if (nodeId !== undefined && facts !== undefined && !answers.has(nodeId)) answers.set(nodeId, facts);
      // A node whose heartbeat was not seen yet may answer, too: where none is listed, the time is waited for.
      return expected.size > 0 && [...expected].every((id) => answers.has(id));
    };
    const kind = await requests.gather(
      this.#subjects.ofAll(verb),
      bytesOf(body),
      this.#leastOf(leftMs, context),
      take,
      headersOf(context),
    );
    if (kind === 'away' || kind === 'refused') throw notSent(kind);
    return {
      answers: [...answers].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, answer]) => answer),
      missing: [...expected].filter((nodeId) => !answers.has(nodeId)),
      ...(verb === 'nodes.list' ? { silent: heartbeats.filter(({ nodeId }) => !answers.has(nodeId)).map(silent) } : {}),
    };
  }

  async askOwner(streamId: string, verb: string, body: Facts, context: RequestContext): Promise<Facts | undefined> {
    const outcome = await this.#ask(this.#subjects.ofStream(streamId, verb), body, context);
    if (outcome.kind === 'reply') return answerOf(outcome.reply);
    if (outcome.kind === 'timeout') throw new SluiceError('ERR_CTL_TIMEOUT', streamId);
    if (outcome.kind !== 'no_responders') throw notSent(outcome.kind);
    const known = await this.#deps.directory.endOf(streamId);
    if ('value' in known && known.value !== undefined) return undefined;
    // A node that does not answer may have it.
    const { actor, deadlineMs } = context;
    const asker = deadlineMs === undefined ? { actor } : { actor, deadlineMs };
    const { answers, missing } = await this.gather('nodes.list', {}, asker, LOOK_MS);
    if ('value' in known && answers.length > 0 && missing.length === 0) return undefined;
    const silent = missing.length === 0 ? '' : ` (${missing.join(', ')})`;
    const detail = `no node answers for ${streamId}, its end is not known, and not every node can be asked${silent}`;
    throw new SluiceError('ERR_CTL_OWNER_UNREACHABLE', detail, { details: { streamId, missing } });
  }

  /**
   * Asks one node.
   *
   * @throws SluiceError ERR_CTL_NODE_UNKNOWN, ERR_CTL_TIMEOUT, ERR_CTL_BUS_DOWN; RefusedElsewhere when the node refuses
   */
  async askNode(nodeId: string, verb: string, body: Facts, context: RequestContext): Promise<Facts> {
    const outcome = await this.#ask(this.#subjects.ofNode(nodeId, verb), body, context);
    if (outcome.kind === 'reply') return answerOf(outcome.reply);
    if (outcome.kind === 'timeout') throw new SluiceError('ERR_CTL_TIMEOUT', nodeId);
    if (outcome.kind === 'no_responders') throw new SluiceError('ERR_CTL_NODE_UNKNOWN', nodeId);
    throw notSent(outcome.kind);
  }

  async endOf(streamId: string): Promise<StreamEnd | undefined> {
    const known = await this.#deps.directory.endOf(streamId);
    return 'value' in known ? known.value : undefined;
  }

  #ask(subject: string, body: Facts, context: RequestContext): Promise<NatsOutcome> {
    const { timeoutMs } = body;
    const mostMs = typeof timeoutMs === 'number' && timeoutMs > 0 ? timeoutMs + WAY_MS : ANSWER_MS;
    return this.#deps.requests.request(
      subject,
      bytesOf(body),
      this.#leastOf(Math.max(mostMs, ANSWER_MS), context),
      headersOf(context),
    );
  }

  /** The wait that the deadline of a request leaves. */
  #leastOf(waitMs: number, { deadlineMs }: RequestContext): number {
    return deadlineMs === undefined ? waitMs : Math.max(1, Math.min(waitMs, deadlineMs - this.#deps.clock.wallMs()));
  }
}

/** Ids of the nodes that are not taken for lost, in order. */
function idsOf(heartbeats: readonly NodeState[]): readonly string[] {
  return [...new Set(heartbeats.filter(({ state }) => state !== 'lost').map(({ nodeId }) => nodeId))].sort();
}

/** What the last heartbeat of a node says that does not answer. */
function silent({ nodeId, bootId, state, time, relay, zone, caps, version }: NodeState): Facts {
  const told = { relay, zone, caps, version };
  const known = Object.entries(told).filter(([, value]) => value !== undefined);
  return {
    ...{ nodeId, bootId, state: state === 'lost' ? 'lost' : 'silent', lastSeen: time },
    ...Object.fromEntries(known),
  };
}

/** The answer of a node. @throws RefusedElsewhere when it is a refusal */
function answerOf(reply: NatsReply): Facts {
  const facts = factsOf(reply);
  if (facts === undefined)
    throw new SluiceError('ERR_CTL_BUS_DOWN', 'what answers is no node: another program subscribes to the subject');
  if (facts['ok'] === true) return facts;
  throw new RefusedElsewhere(facts as unknown as Problem);
}

/** An answer or a problem; undefined: neither. */
function factsOf({ body }: NatsReply): Facts | undefined {
  try {
    const facts = JSON.parse(Buffer.from(body).toString('utf8')) as Facts | null;
    return facts?.['ok'] === true || typeof facts?.['code'] === 'string' ? facts : undefined;
  } catch {
    return undefined;
  }
}

function bytesOf(body: Facts): Uint8Array {
  return Buffer.from(JSON.stringify(body));
}

function headersOf({ requestId, actor, deadlineMs }: RequestContext): Record<string, string> {
  return {
    // A header takes no line breaks.
    [HEADERS.actor]: actor.replace(/[^\x20-\x7e]/g, '?'),
    ...(requestId === undefined ? {} : { [HEADERS.requestId]: requestId }),
    ...(deadlineMs === undefined ? {} : { [HEADERS.deadline]: String(deadlineMs) }),
  };
}

/** @param kind why the request could not be sent */
function notSent(kind: 'away' | 'refused'): SluiceError {
  const detail = kind === 'away' ? 'there is no connection' : 'this user may not ask, or may not get answers';
  return new SluiceError('ERR_CTL_BUS_DOWN', detail);
}
