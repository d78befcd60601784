import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import type { Config } from '../../config/table.js';
import { KEPT_FOR_EVENTS, KEPT_FOR_HTTP, softLimit } from '../../server/descriptors.js';
import { type Finding, sizeText } from './finding.js';

/** Oldest major version of Node that runs sluice. */
const OLDEST_NODE = 20;
/** What a process takes before a client is there, in bytes: code, heap, WebAssembly. */
const OWN_BYTES = 160 * 1024 * 1024;
/** No clock that is set shows a time before this: sluice was not written then. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);
/** How far the wall clock may move against the steady one while the checks run, in ms. */
const MOST_STEP_MS = 500;

/** Whether this Node is new enough. @param version as `process.versions.node` */
export function checkNode(version: string): Finding {
  if (Number(version.split('.')[0]) >= OLDEST_NODE) return { check: 'node', state: 'ok', says: version };
  const says = `${version}; ${OLDEST_NODE} or later was expected`;
  return { check: 'node', state: 'fail', says, todo: `install Node ${OLDEST_NODE}, 22 or 24` };
}

/** Whether as many connections as the settings allow have a file descriptor. @param limit undefined: not known */
export function checkDescriptors({ limits, http }: Config, limit = descriptorLimit()): Finding {
  const check = 'descriptors';
  const needed = limits.maxConnections + http.maxClients + KEPT_FOR_EVENTS + KEPT_FOR_HTTP;
  if (limit === undefined) return { check, state: 'ok', says: 'this system does not tell its limit' };
  const says = `${limit === Number.POSITIVE_INFINITY ? 'no limit' : `at most ${limit}`}; ${needed} for limits.maxConnections (${limits.maxConnections}), http.maxClients and the journal`;
  if (limit >= needed) return { check, state: 'ok', says };
  const todo = `raise it to ${needed} (ulimit -n, LimitNOFILE= of systemd), or lower limits.maxConnections`;
  return { check, state: 'warn', says, todo };
}

/** Whether the memory that clients may take is there. @param bytes what this process may use */
export function checkMemory({ limits }: Config, bytes = usableMemory()): Finding {
  const check = 'memory';
  const says = `${sizeText(bytes)}; limits.memoryBytes (${sizeText(limits.memoryBytes)}) and ${sizeText(OWN_BYTES)} besides were expected`;
  if (bytes >= limits.memoryBytes + OWN_BYTES) return { check, state: 'ok', says };
  const fits = Math.max(64 * 1024 * 1024, Math.floor((bytes - OWN_BYTES) / 2));
  return { check, state: 'warn', says, todo: `give it more memory, or lower limits.memoryBytes to ${sizeText(fits)}` };
}

/** What the clocks have shown at the same moment. */
interface ClockReading {
  readonly wallMs: number;
  /** Of the clock that nobody sets. */
  readonly steadyMs: number;
}

/** Whether the wall clock can be right, and goes like the steady one. */
export function checkClock(before: ClockReading, after: ClockReading): Finding {
  const check = 'clock';
  const now = new Date(after.wallMs).toISOString();
  const todo = 'set the clock, and keep it right with an NTP client: ids, tokens and signed URLs depend on it';
  if (after.wallMs < EARLIEST_MS) return { check, state: 'fail', says: `it says ${now}, which is past`, todo };
  const step = after.wallMs - before.wallMs - (after.steadyMs - before.steadyMs);
  if (Math.abs(step) > MOST_STEP_MS)
    return { check, state: 'warn', says: `it jumped by ${Math.round(step)} ms while this looked`, todo };
  return { check, state: 'ok', says: now };
}

/** The clocks as they are now. */
export function readClocks(): ClockReading {
  return { wallMs: Date.now(), steadyMs: performance.now() };
}

function descriptorLimit(): number | undefined {
  try {
    return softLimit(readFileSync('/proc/self/limits', 'latin1'), 'Max open files');
  } catch {
    return undefined;
  }
}

function usableMemory(): number {
  // Zero, or more than there is, where nothing holds the process back.
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
