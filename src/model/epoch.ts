/**
 * Which claim of a name it is. Whoever has a lower one than another has lost the name, and nothing of it counts any
 * more.
 */
export interface Epoch {
  /**
   * When the registry was made (RFC 3339, as JetStream tells it). One that is made again counts revisions from 1, so
   * the later registry decides first.
   */
  readonly registry: string;
  /** Revision of the claim in the registry; 0: the name was taken while the registry could not be asked. */
  readonly revision: number;
}

/** Orders claims. @returns below 0 when `a` is the older one, above 0 when it is the newer, 0 when they are the same */
export function compareEpochs(a: Epoch, b: Epoch): number {
  if (a.registry !== b.registry) {
    const [aMs, bMs] = [Date.parse(a.registry) || 0, Date.parse(b.registry) || 0];
    // JetStream tells nanoseconds, which a date does not hold.
    return aMs === bMs ? (a.registry < b.registry ? -1 : 1) : aMs - bMs;
  }
  return a.revision - b.revision;
}
