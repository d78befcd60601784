import type { Epoch } from './epoch.js';

// What two nodes of a cluster tell each other on an RTMP connection on which one fetches a stream from the other.

/** What a node says of itself in its connect. */
export interface NodeHello {
  readonly nodeId: string;
  readonly bootId: string;
  /** Text of a ticket of the cluster. Secret: with it the stream is played without being asked about. */
  readonly ticket: string;
  /** Ids of the nodes to which the stream is handed on, the one that connects first; at least one, at most 16. */
  readonly path: readonly string[];
}

/** What a node answers that lets another one fetch a stream. */
export interface NodeWelcome {
  readonly nodeId: string;
  readonly bootId: string;
  /** Of the stream that is played. */
  readonly streamId: string;
  /** Which claim of its name the stream has. */
  readonly epoch: Epoch;
  /** How many nodes away from the stream's publisher the one that connects is: 1 when the publisher is here. */
  readonly hops: number;
}

/** A connection of another node that fetches one stream. Nothing in it is secret. */
export interface NodeClient {
  /** Of the node that fetches it. */
  readonly nodeId: string;
  readonly bootId: string;
  /** The one stream that it may play. */
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
}

/** Another node is let in: what it is here, and what it is told. */
export interface NodeEntry {
  readonly client: NodeClient;
  readonly welcome: NodeWelcome;
}
