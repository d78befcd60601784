import type { NodeState, StreamState } from '../event-types.js';
import { nodeKey } from '../subjects.js';

/** The longest lease that is believed, in ms: a node that claims more would never be found lost. */
const MOST_LEASE_MS = 3_600_000;

/**
 * The heartbeat that a key holds. Anything that may write to the NATS may have written it: what tells of another
 * process than its key does is none, and a lease that is no number does not count.
 */
export function heartbeatOf(key: string, held: unknown): NodeState | undefined {
  if (!isObject(held)) return undefined;
  const { nodeId, bootId, time, leaseMs } = held;
  if (!isText(nodeId) || !isText(bootId) || nodeKey(nodeId, bootId) !== key) return undefined;
  const lease = typeof leaseMs === 'number' && leaseMs >= 0 ? Math.min(leaseMs, MOST_LEASE_MS) : 0;
  return { ...(held as unknown as NodeState), time: typeof time === 'string' ? time : '', leaseMs: lease };
}

/** The live state that a key holds; undefined when it has not the parts that the end of a stream is told with. */
export function liveStateOf(held: unknown): StreamState | undefined {
  if (!isObject(held)) return undefined;
  const { seq, startedAt, readyAt, tracks } = held;
  for (const name of ['app', 'name', 'streamId', 'nodeId', 'bootId', 'connectionId'])
    if (!isText(held[name])) return undefined;
  const isWhole = typeof seq === 'number' && Number.isSafeInteger(seq) && seq >= 0 && Array.isArray(tracks);
  if (!isWhole || !isTime(startedAt) || (readyAt !== undefined && !isTime(readyAt))) return undefined;
  return held as unknown as StreamState;
}

function isObject(held: unknown): held is Record<string, unknown> {
  return typeof held === 'object' && held !== null;
}

function isText(text: unknown): text is string {
  return typeof text === 'string' && text !== '' && text.length <= 1024;
}

function isTime(time: unknown): boolean {
  return typeof time === 'string' && !Number.isNaN(Date.parse(time));
}
