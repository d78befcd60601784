import { ulid } from 'ulid';

/**
 * A new ULID: 26 characters of Crockford base 32, sortable by time of making. Names connections, streams, players and boots.
 *
 * @param nowMs milliseconds since the epoch to stamp it with
 */
export function newId(nowMs: number = Date.now()): string {
  return ulid(nowMs);
}
