import { type ErrorEntry, ending, failure } from './error-entry.js';

/** Codes of clusters: several nodes on one NATS. */
export const CLUSTER_ERRORS = {
  ERR_CLUSTER_SECRET: failure(
    'usage',
    'operator',
    'cluster.enabled needs nats.url, and a cluster.secret of at least 16 bytes that all nodes have',
    'set both, the secret by SLUICE_CLUSTER_SECRET or in the file, or turn cluster.enabled off',
  ),
  ERR_CLUSTER_CLOCK: failure(
    'failed',
    'operator',
    'the clocks of two nodes differ by more than 30 s, so that neither takes what the other has signed',
    'set the clocks of both nodes by NTP',
  ),
  ERR_RELAY_TICKET: failure(
    'failed',
    'operator',
    'a node asked for a stream with a ticket that is forged, over, or for another node or stream',
    'check that cluster.secret is the same on all nodes, and that each has a node.id of its own',
  ),
  ERR_RELAY_UNREACHABLE: failure(
    'failed',
    'operator',
    'at the address of another node no node of this cluster answers',
    'check cluster.advertise of that node, and that cluster.enabled is on there',
  ),
  ERR_CLUSTER_REGISTRY_DOWN: failure(
    'failed',
    'operator',
    'it cannot be found out now whether somebody else publishes under this name',
    'try again in a few seconds; bring NATS back, or set cluster.onRegistryDown to local',
  ),
  ERR_CLUSTER_YIELD_TIMEOUT: failure(
    'failed',
    'operator',
    'no other node has taken a stream that was given to it',
    'the stream waits for its publisher at its node; look at the network between the nodes and NATS if this repeats',
  ),
  ERR_CLUSTER_FENCED: ending(
    'client_closed',
    'operator',
    'another node has this name now',
    'the encoder may publish again; look at the network between this node and NATS if this repeats',
  ),
  ERR_CLUSTER_SAME_ID: failure(
    'failed',
    'operator',
    'another process that runs has the same node id, and had it before this one',
    'give each node an id of its own (node.id) and a data folder of its own; a copied folder has the id of the other',
  ),
  ERR_RELAY_LOOP: failure(
    'failed',
    'operator',
    'a node asked for a stream that it would be handed on to itself',
    'nothing has to be done: it reads again who has the stream; tell us when it comes again and again',
  ),
  ERR_RELAY_HOPS: failure(
    'failed',
    'operator',
    'a stream would be handed on over more nodes than cluster.maxHops allows',
    'raise cluster.maxHops',
  ),
  ERR_RELAY_EPOCH: failure(
    'failed',
    'operator',
    'a node asked for a stream that is not published here, or not under the claim that it knows of',
    'nothing has to be done: it reads again who has the stream',
  ),
} as const satisfies Record<string, ErrorEntry>;
