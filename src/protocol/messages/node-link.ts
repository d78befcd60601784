import type { NodeHello, NodeWelcome } from '../../model/node-link.js';
import { type AmfValue, isAmfObject } from '../../wasm/amf-value.js';
import { type AmfInput, writeAmf0 } from './amf0-writer.js';

/** The member of the connect object, and of its answer, in which nodes of a cluster tell of themselves. */
export const NODE_MEMBER = 'sluice';
/** The data message with which a node tells how many players it has behind the stream that it fetches. */
export const AUDIENCE_MESSAGE = 'sluiceAudience';
/** Most players that are believed of one node. */
const MOST_PLAYERS = 1_000_000;

/** The form of what is said. Another one is what an ordinary client has sent by chance. */
const VERSION = 1;
/** What the one who connects does with the stream. */
const WINDOW = 'relay';
/** Most characters of a ticket, which carries two names of `names.maxBytes` (512 at most) in base64url. */
const MOST_TICKET_CHARACTERS = 3072;
/** Most nodes of a path; one that is longer than cluster.maxHops is refused where it is judged. */
const MOST_PATH = 16;
const MOST_REVISION = Number.MAX_SAFE_INTEGER;
const NODE_ID = /^[A-Za-z0-9_-]{1,64}$/;
const ULID = /^[0-9A-HJKMNP-TV-Z]{26}$/;
/** A time of RFC 3339 with up to nine digits of a second, as JetStream tells when a bucket was made. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

/** The object that a node puts into its connect. */
export function helloObject({ nodeId, bootId, ticket, path }: NodeHello): AmfInput {
  return { v: VERSION, nodeId, bootId, ticket, path: [...path], window: WINDOW };
}

/**
 * Reads the object of a connect.
 *
 * @param value whatever a client has sent
 * @returns undefined when it is not exactly what {@link helloObject} makes: then it is an ordinary client
 */
export function readHello(value: AmfValue): NodeHello | undefined {
  if (!isAmfObject(value)) return undefined;
  const { v, nodeId, bootId, ticket, path, window } = value;
  if (v !== VERSION || window !== WINDOW) return undefined;
  if (!matches(NODE_ID, nodeId) || !matches(ULID, bootId)) return undefined;
  if (typeof ticket !== 'string' || ticket === '' || ticket.length > MOST_TICKET_CHARACTERS) return undefined;
  if (!Array.isArray(path) || path.length === 0 || path.length > MOST_PATH) return undefined;
  const nodes = path.filter((node) => matches(NODE_ID, node));
  return nodes.length === path.length ? { nodeId, bootId, ticket, path: nodes } : undefined;
}

/** The object that a node puts into its answer to connect. */
export function welcomeObject({ nodeId, bootId, streamId, epoch, hops }: NodeWelcome): AmfInput {
  return { v: VERSION, nodeId, bootId, streamId, epoch: epoch.revision, registry: epoch.registry, hops };
}

/** Reads the object of an answer to connect. @returns undefined when it is not what {@link welcomeObject} makes */
export function readWelcome(value: AmfValue): NodeWelcome | undefined {
  if (!isAmfObject(value)) return undefined;
  const { v, nodeId, bootId, streamId, epoch, registry, hops } = value;
  if (v !== VERSION) return undefined;
  if (!matches(NODE_ID, nodeId) || !matches(ULID, bootId) || !matches(ULID, streamId)) return undefined;
  if (!matches(TIME, registry) || !isWhole(epoch, 0, MOST_REVISION) || !isWhole(hops, 1, MOST_PATH)) return undefined;
  return { nodeId, bootId, streamId, epoch: { registry, revision: epoch }, hops };
}

/** The payload (AMF0, type 18) that tells how many players a node has behind the stream that it fetches. */
export function audienceReport(players: number): Buffer {
  return writeAmf0(AUDIENCE_MESSAGE, { players });
}

/**
 * Reads what follows the name of an {@link audienceReport}.
 *
 * @returns undefined when it is no number of players, or one that no node has
 */
export function readAudience(values: readonly AmfValue[]): number | undefined {
  const [value] = values;
  if (value === undefined || !isAmfObject(value)) return undefined;
  const { players } = value;
  return isWhole(players, 0, MOST_PLAYERS) ? players : undefined;
}

function matches(pattern: RegExp, value: AmfValue): value is string {
  return typeof value === 'string' && pattern.test(value);
}

function isWhole(value: AmfValue, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}
