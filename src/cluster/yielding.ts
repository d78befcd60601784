import type { NameWish } from '../live/ownership.js';
import type { HeldName } from './owner-value.js';

/**
 * What the holder of a name says to one that wants it. `yielded`: its stream is over there, and the claim may be
 * written over this revision. `refused`: it keeps the name. `silent`: it did not answer.
 */
type YieldAnswer = { readonly kind: 'yielded'; readonly revision: number } | { readonly kind: 'refused' | 'silent' };

/** Asks the node that has a name to leave it to this one. It does not reject. */
export interface Yielding {
  ask(held: HeldName, wish: NameWish): Promise<YieldAnswer>;
}
