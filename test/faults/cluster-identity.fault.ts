import { describe, expect, it } from 'vitest';
import { typeOf } from '../support/cluster/checks.js';
import { violationsOf } from '../support/cluster/cluster-checks.js';
import { ClusterNode } from '../support/cluster/cluster-node.js';
import { clusterSeeds } from '../support/cluster/cluster-seeds.js';
import { LoopEncoder } from '../support/cluster/encoder.js';
import { checkPlayers } from '../support/cluster/player-log.js';
import { World } from '../support/cluster/world.js';
import { afterwards } from '../support/faults/setting.js';
import { freePort } from '../support/ports.js';
import { seeded } from '../support/random.js';
import { passed } from '../support/wait.js';

const HOUR_MS = 3_600_000;
/** Longer than a lease and what a reaper takes: by then a node that is taken for lost has lost all. */
const LEASE_AND_MORE_MS = 22_000;
/** The longest stillness of media that nothing disturbs, on a busy machine. */
const FLAT_MS = 1000;

describe('a second node with the id of the first', () => {
  it.each(clusterSeeds())(
    'refuses to go on, and takes nothing, beside clocks that are off by an hour: seed %i',
    async (seed) => {
      const random = seeded(seed);
      const [ahead, behind] = random() < 0.5 ? [HOUR_MS, -HOUR_MS] : [-HOUR_MS, HOUR_MS];
      const world = await World.start({ clockShiftMs: [0, ahead, behind] });
      afterwards(() => world.stop());
      const encoders = world.nodes.map((node, n) => world.encoder(`cam${n}`, node, 500));
      await Promise.all(encoders.map((encoder) => encoder.publishes()));
      const players = (await Promise.all(world.nodes.map((node, n) => world.players(2, node, `cam${n}`)))).flat();
      await Promise.all(players.map((player) => player.goesOn()));
      const before = await world.owners();
      const [first] = world.nodes;
      const place = { ...first.place, rtmpPort: await freePort(), httpPort: await freePort() };
      const second = new ClusterNode(place, world.nats.urls, {});
      const launchedMs = performance.now();
      const child = second.launch();
      afterwards(() => second.kill());
      // It is the newer boot of that id, and the name is that of the older one, which lives.
      const thief = new LoopEncoder('cam0', { doors: [second.door], delayMs: 300 });
      afterwards(() => thief.stop());
      const exit = await child.finish(30_000);
      await thief.stop();
      expect(exit.code, child.output.slice(-2000)).toBeGreaterThan(0);
      expect(child.output).toMatch(/ERR_/);
      expect(thief.session, `seed ${seed}: ${JSON.stringify(thief.attempts)}`).toBe(0);
      await passed(LEASE_AND_MORE_MS - (performance.now() - launchedMs));
      expect(await world.owners(), `seed ${seed}`).toEqual(before);
      const types = (await world.events()).map(typeOf);
      expect(types, `seed ${seed}`).not.toContain('node.lost');
      expect(types, `seed ${seed}`).not.toContain('stream.ended');
      const seen = checkPlayers(
        players.map(({ log }) => log),
        FLAT_MS,
      );
      await world.quiet();
      const violations = await violationsOf(world);
      await world.keep(`identity-${seed}`);
      expect([...seen, ...violations], `seed ${seed}`).toEqual([]);
    },
  );
});
