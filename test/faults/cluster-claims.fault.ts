import { describe, expect, it } from 'vitest';
import { violationsOf } from '../support/cluster/cluster-checks.js';
import { clusterSeeds } from '../support/cluster/cluster-seeds.js';
import { Race, type Round } from '../support/cluster/race.js';
import { World } from '../support/cluster/world.js';
import { afterwards } from '../support/faults/setting.js';
import { seeded } from '../support/random.js';

const CONTENDERS = 20;
/** Of a seed: fifty seeds are a thousand. */
const ROUNDS = 20;
/** A name is raced for so often: more would be as many publishes in a second as a node takes of one name. */
const ROUNDS_OF_A_NAME = 2;

describe('twenty publishers over three nodes that want one name', () => {
  it.each(clusterSeeds())(
    'are one winner and losers in each round, while leaders are killed: seed %i',
    async (seed) => {
      const random = seeded(seed);
      const world = await World.start({ settings: { 'publish.conflict': 'reject' } });
      afterwards(() => world.stop());
      const race = await Race.start(
        CONTENDERS,
        world.nodes.map(({ door }) => door),
      );
      afterwards(() => race.stop());
      const killedIn = 1 + Math.floor(random() * (ROUNDS - 2));
      const rounds: Round[] = [];
      for (let n = 0; n < ROUNDS; n++) {
        const leader = n === killedIn ? await world.nats.leaderOf('KV_SLUICE_OWNERS') : undefined;
        const name = `race${n % (ROUNDS / ROUNDS_OF_A_NAME)}`;
        const asked = race.round(name);
        await leader?.kill();
        rounds.push(await asked);
        await leader?.start();
        await world.owned(name, ({ value }) => value?.state === 'released');
      }
      await world.keep(`claims-${seed}`);
      expect(
        rounds.map(({ winners }) => winners),
        `seed ${seed}`,
      ).toEqual(rounds.map(() => 1));
      const losers = rounds.flatMap(({ codes }) => codes.filter((code) => code !== 'Start'));
      expect([...new Set(losers)], `seed ${seed}`).toEqual(['BadName']);
      expect(await violationsOf(world), `seed ${seed}`).toEqual([]);
      const starts = (await world.owners()).filter(({ value }) => value?.state === 'live');
      expect(starts).toHaveLength(ROUNDS);
    },
  );
});
