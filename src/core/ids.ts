import { randomFillSync } from 'node:crypto';
import { decodeTime, ulid } from 'ulid';

const POOL = new Uint32Array(1024);
let left = 0;

/**
 * Takes random numbers from a pool. One system call serves 64 ids; 16 calls for each id were most of the cost of an
 * accept.
 */
function random(): number {
  if (left === 0) {
    randomFillSync(POOL);
    left = POOL.length;
  }
  left -= 1;
  return POOL[left] / 2 ** 32;
}

/**
 * A new ULID: 26 characters of Crockford base 32, sortable by time of making. Names connections, streams, players and
 * boots.
 *
 * @param nowMs milliseconds since the epoch to stamp it with
 */
export function newId(nowMs: number = Date.now()): string {
  // A clock that is set before 1970 while the server runs costs the order of ids, not the server.
  return ulid(Math.max(1, nowMs), random);
}

/**
 * When an id of {@link newId} was made, in milliseconds since the epoch. @param id a ULID, or text that begins with one
 */
export function timeOfId(id: string): number {
  return decodeTime(id.slice(0, 26));
}
