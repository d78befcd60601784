const MINUTE = 60_000;

/** The wrong keys of one address within a minute. */
interface Failures {
  readonly sinceMs: number;
  readonly fingerprints: Set<string>;
}

/**
 * Notices the guessing of keys: many different ones that are wrong, from one address, within a minute. The same wrong
 * key over and over counts once, so that one misconfigured encoder does not ban its network.
 */
export class FailureWatch {
  readonly #byAddress = new Map<string, Failures>();
  readonly #mostAddresses: number;

  /** @param mostAddresses that are watched at once; past it the one that failed first is forgotten */
  constructor(mostAddresses: number) {
    this.#mostAddresses = mostAddresses;
  }

  /**
   * Notes a refusal.
   *
   * @param keyFingerprint of the key that was refused; undefined: none was given, which guesses nothing
   * @param most different keys; 0: no limit
   * @returns whether the address has reached that; it begins anew then
   */
  failed(address: string, keyFingerprint: string | undefined, nowMs: number, most: number): boolean {
    if (most === 0 || keyFingerprint === undefined) return false;
    const known = this.#byAddress.get(address);
    const failures =
      known === undefined || nowMs - known.sinceMs >= MINUTE
        ? { sinceMs: nowMs, fingerprints: new Set<string>() }
        : known;
    failures.fingerprints.add(keyFingerprint);
    this.#byAddress.delete(address);
    if (failures.fingerprints.size >= most) return true;
    this.#byAddress.set(address, failures);
    if (this.#byAddress.size > this.#mostAddresses) this.#byAddress.delete(this.#byAddress.keys().next().value!);
    return false;
  }
}
