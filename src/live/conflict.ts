import type { Grant } from '../model/grant.js';

/** How often one stream may be replaced in {@link WINDOW_MS}: two live encoders with one key do not go on for ever. */
const MAX_REPLACEMENTS = 3;
const WINDOW_MS = 60_000;

/** The holder of a name, as far as a newcomer's policy looks at it. */
interface Holder {
  readonly principal: string;
  /** Address of its publisher, also after it has gone. */
  readonly address: string;
  /** Whether its connection is gone and it waits for its publisher. */
  readonly suspended: boolean;
  readonly replacements: Replacements;
}

/** A publish that wants a name. */
interface Newcomer {
  readonly principal: string;
  readonly address: string;
  readonly grant: Pick<Grant, 'conflict' | 'isAnonymous' | 'isUnauthenticated'>;
}

/** What becomes of a publish whose name is held. */
export type ConflictOutcome = 'busy' | 'resume' | 'replace' | 'take_over';

/** When a stream was replaced last. */
export class Replacements {
  #times: number[];

  /** @param ages how long ago it was replaced at other nodes, in ms; @param nowMs monotonic */
  constructor(ages: readonly number[] = [], nowMs = 0) {
    this.#times = ages.map((ageMs) => nowMs - ageMs);
  }

  /** How long ago it was replaced, in ms, as far as that matters. */
  ages(nowMs: number): number[] {
    return this.#times.map((atMs) => Math.round(nowMs - atMs)).filter((ageMs) => ageMs < WINDOW_MS);
  }

  /** Whether it may be replaced now. A replacement that may be is noted. */
  take(nowMs: number): boolean {
    this.#times = this.#times.filter((atMs) => nowMs - atMs < WINDOW_MS);
    if (this.#times.length >= MAX_REPLACEMENTS) return false;
    this.#times.push(nowMs);
    return true;
  }
}

/** Decides between the holder of a name and a newcomer. The newcomer's policy counts. */
export function settleConflict(
  holder: Holder,
  { principal, address, grant }: Newcomer,
  nowMs: number,
): ConflictOutcome {
  // Whoever a rule without a key lets in has the principal of that rule: the address tells them apart.
  const isSame = holder.principal === principal && (grant.isAnonymous !== true || holder.address === address);
  if (holder.suspended && isSame) return 'resume';
  if (grant.conflict === 'takeover') return 'take_over';
  if (holder.suspended || grant.conflict !== 'resume') return 'busy';
  if (!mayReplace(holder, { principal, grant })) return 'busy';
  return holder.replacements.take(nowMs) ? 'replace' : 'busy';
}

/** Whether a newcomer has proven to be who the holder is, so that it may take its place while that is still there. */
export function mayReplace(
  holder: Pick<Holder, 'principal'>,
  { principal, grant }: Pick<Newcomer, 'principal' | 'grant'>,
): boolean {
  if (holder.principal !== principal) return false;
  // An address is no proof of who it is while the holder is still there: several encoders share one behind NAT.
  return !principal.startsWith('peer:') && grant.isUnauthenticated !== true && grant.isAnonymous !== true;
}
