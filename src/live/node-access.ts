import type { Clock } from '../core/clock.js';
import type { ErrorCode } from '../core/errors.js';
import { compareEpochs, type Epoch } from '../model/epoch.js';
import type { NodeClient, NodeEntry, NodeHello } from '../model/node-link.js';
import type { ConnectRefusal } from '../model/refusals.js';
import type { ConnectAsk, ConnectionFacts, Refusal } from './access.js';
import type { AddressLog } from './address-log.js';
import type { Admission } from './admission.js';
import type { RelaySeal, RelayTicket } from './relay-ticket.js';
import { toldEnd } from './told-end.js';

/** What is known of a stream that is published on this node itself. */
interface OwnStream {
  readonly streamId: string;
  /** Which claim of its name it has; undefined: it has none over all nodes. */
  readonly epoch: Epoch | undefined;
  /** Whether it is on its way to another node. */
  readonly isMoving: boolean;
}

/** What lets nodes of a cluster fetch streams from this one. */
export interface NodeAccessOptions {
  /** Reads the tickets of the other nodes. */
  readonly seal: RelaySeal;
  readonly nodeId: string;
  readonly bootId: string;
  /** `cluster.maxHops`. */
  readonly maxHops: number;
}

interface NodeAccessParts {
  readonly clock: Clock;
  readonly admission: Pick<Admission, 'guessed'>;
  readonly faults: AddressLog;
  /** The stream of a name that is published on this node, and none that is fetched from another. */
  readonly streamOf: (name: { readonly app: string; readonly name: string }) => OwnStream | undefined;
}

/**
 * Lets other nodes of the cluster fetch streams. A node serves only what is published on it, never a copy: a stream is
 * one hop away from wherever it is played, and no chain can grow.
 */
export class NodeAccess {
  /** Refused connects and plays of nodes by error code; for `/metrics`. */
  readonly refusedBy = new Map<ErrorCode, number>();
  /** Connects of nodes that were let in; for `/metrics`. */
  letIn = 0;
  readonly #options: NodeAccessOptions;
  readonly #parts: NodeAccessParts;

  constructor(options: NodeAccessOptions, parts: NodeAccessParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** A client says that it is a node, and which stream it wants. */
  connect({ facts }: Pick<ConnectAsk, 'facts'>, hello: NodeHello): NodeEntry | Refusal<ConnectRefusal> {
    const { nodeId, bootId, maxHops } = this.#options;
    const { ticket: text, path } = hello;
    const read = this.#options.seal.read(text, this.#parts.clock.wallMs(), nodeId);
    if (read.ticket === undefined) {
      if (read.isForged) this.#parts.admission.guessed(facts.peer.address, text);
      return this.#refuse(facts, read.code);
    }
    const { ticket } = read;
    if (ticket.from !== hello.nodeId || ticket.app !== facts.info?.app) return this.#refuse(facts, 'ERR_RELAY_TICKET');
    if (path.includes(nodeId)) return this.#refuse(facts, 'ERR_RELAY_LOOP');
    if (path.length > maxHops) return this.#refuse(facts, 'ERR_RELAY_HOPS');
    const stream = this.#streamOf(ticket);
    if (stream === undefined) return this.#refuse(facts, 'ERR_RELAY_EPOCH');
    const { streamId } = stream;
    const { app, name, epoch } = ticket;
    this.letIn++;
    return {
      client: { nodeId: hello.nodeId, bootId: hello.bootId, streamId, app, name },
      welcome: { nodeId, bootId, streamId, epoch, hops: path.length },
    };
  }

  /** A node that was let in wants to play. @returns why it may not: it may play the one stream that it came for */
  problem(client: NodeClient, wanted: { readonly app: string; readonly name: string }): ErrorCode | undefined {
    const isIts = wanted.app === client.app && wanted.name === client.name;
    const isThere = this.#parts.streamOf(client)?.streamId === client.streamId;
    const code = isIts ? (isThere ? undefined : 'ERR_RELAY_EPOCH') : 'ERR_RELAY_TICKET';
    if (code !== undefined) this.#count(code);
    return code;
  }

  #streamOf(ticket: RelayTicket): OwnStream | undefined {
    const stream = this.#parts.streamOf(ticket);
    if (stream?.epoch === undefined || stream.isMoving) return undefined;
    return compareEpochs(stream.epoch, ticket.epoch) === 0 ? stream : undefined;
  }

  #refuse({ connectionId, peer }: ConnectionFacts, code: ErrorCode): Refusal<ConnectRefusal> {
    this.#count(code);
    const fields = { connectionId, peer: peer.address, code };
    this.#parts.faults.tell('warn', peer.address, fields, 'connect of a node refused');
    return { status: 'NetConnection.Connect.Rejected', code, description: toldEnd(code) };
  }

  #count(code: ErrorCode): void {
    this.refusedBy.set(code, (this.refusedBy.get(code) ?? 0) + 1);
  }
}
