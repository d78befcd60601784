import { readFileSync } from 'node:fs';
import { softLimit } from './descriptors.js';

/** For how many RTMP connections one process has room, by each thing that bounds them. */
interface RoomBounds {
  /** `limits.maxConnections`. */
  readonly setting: number;
  /** Connections for which there are file descriptors. */
  readonly descriptors: number;
  /** WASM memories for which there is address space: each connection has one. */
  readonly memories: number;
}

/** The smallest of the bounds, and which one it is. */
export interface Room {
  readonly connections: number;
  readonly bound: 'limits.maxConnections' | 'file descriptors' | 'WASM memories';
}

/** Address space that V8 reserves for each memory when it checks bounds by traps. */
const BYTES_PER_MEMORY = 10 * 2 ** 30;
/** Memories that fit into the 128 TiB of a process, besides everything else in it. */
const MEMORIES_WITH_TRAPS = 13_000;
/** Memories that one process was seen to hold when bounds are checked in code. */
const MEMORIES_WITHOUT_TRAPS = 30_000;
const NO_TRAPS = '--disable-wasm-trap-handler';

/** The smallest bound on the connections of a process. Among equal ones it is the setting, which the operator chose. */
export function roomOf({ setting, descriptors, memories }: RoomBounds): Room {
  const connections = Math.min(setting, descriptors, memories);
  if (connections === setting) return { connections, bound: 'limits.maxConnections' };
  return { connections, bound: connections === descriptors ? 'file descriptors' : 'WASM memories' };
}

/**
 * For how many WASM memories there is address space.
 *
 * @param flags the flags with which Node was started, from its command line and NODE_OPTIONS
 * @param addressSpaceBytes the limit of address space (RLIMIT_AS); infinite when there is none
 */
export function memoriesThatFit(flags: readonly string[], addressSpaceBytes: number): number {
  if (flags.includes(NO_TRAPS)) return MEMORIES_WITHOUT_TRAPS;
  return Math.min(MEMORIES_WITH_TRAPS, Math.floor(addressSpaceBytes / BYTES_PER_MEMORY));
}

/** {@link memoriesThatFit} for this process. */
export function memoriesOfProcess(): number {
  const flags = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)];
  let addressSpaceBytes: number | undefined;
  try {
    addressSpaceBytes = softLimit(readFileSync('/proc/self/limits', 'latin1'), 'Max address space');
  } catch {
    // Where there is no /proc no limit is known.
  }
  return memoriesThatFit(flags, addressSpaceBytes ?? Number.POSITIVE_INFINITY);
}
