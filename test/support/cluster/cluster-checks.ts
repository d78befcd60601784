import { checkEpochs, checkHops, checkLosers, checkRelays, checkStreams } from './checks.js';
import { type Absence, checkOwners } from './owners.js';
import type { World } from './world.js';

/** Relays that lie between a player and the encoder at most. */
const MOST_HOPS = 4;

/** What may be otherwise in a run. */
export interface RunFacts {
  readonly absences?: readonly Absence[];
  /** Streams and relays that may lack an end. */
  readonly open?: ReadonlySet<string>;
}

/**
 * Everything that must hold when a run is over and its clients are gone. What is still on its way is waited for.
 *
 * @returns the violations
 */
export async function violationsOf(world: World, facts: RunFacts = {}): Promise<string[]> {
  return world.holds(async (stored) => {
    const owners = await world.owners();
    return [
      ...checkStreams(stored, facts.open),
      ...checkRelays(stored, facts.open),
      ...checkEpochs(stored, owners),
      ...checkLosers(stored, owners),
      ...checkHops(stored, MOST_HOPS),
      ...checkOwners(owners, facts.absences),
    ];
  });
}
