import { describe, expect, it } from 'vitest';
import { violationsOf } from '../support/cluster/cluster-checks.js';
import { clusterSeeds } from '../support/cluster/cluster-seeds.js';
import { checkPlayers } from '../support/cluster/player-log.js';
import { World } from '../support/cluster/world.js';
import { scaled } from '../support/faults/scale.js';
import { afterwards } from '../support/faults/setting.js';
import { seeded } from '../support/random.js';
import { passed } from '../support/wait.js';

const STREAMS = 6;
/** The longest stillness of media while NATS comes and goes, on a busy machine. */
const FLAT_MS = 1000;
/** How long all of NATS is away. */
const DOWN_MS = scaled(8000, 120_000);
/** For so long a node goes by what it last knew of a name, ms. */
const KNOWN_MS = 60_000;
/** A player of a name that is known gets its first picture in this time. */
const FIRST_MS = 4000;

describe('all of NATS is gone', () => {
  it.each(clusterSeeds())(
    'while media is flat, known names are played, and events are complete afterwards: seed %i',
    async (seed) => {
      const random = seeded(seed);
      const world = await World.start({ settings: { 'cluster.idleMs': 1000 } });
      afterwards(() => world.stop());
      const homes = Array.from({ length: STREAMS }, () => Math.floor(random() * world.nodes.length));
      const encoders = homes.map((home, n) => world.encoder(`cam${n}`, world.nodes[home], 500));
      await Promise.all(encoders.map((encoder) => encoder.publishes()));
      const places = homes.flatMap((home, n) =>
        world.nodes.filter((_, at) => at !== home).map((node) => ({ node, name: `cam${n}` })),
      );
      // The last name is known at the edges and not fetched any more when NATS goes.
      const playing = places.filter(({ name }) => name !== `cam${STREAMS - 1}`);
      const players = (await Promise.all(playing.map(({ node, name }) => world.players(2, node, name)))).flat();
      const known = places.filter(({ name }) => name === `cam${STREAMS - 1}`);
      for (const { node, name } of known) {
        const [visitor] = await world.players(1, node, name);
        await visitor.goesOn();
        visitor.close();
      }
      await Promise.all(players.map((player) => player.goesOn(25)));
      await Promise.all(world.nats.nodes.map((server) => server.kill()));
      const downMs = performance.now();
      await passed(500 + random() * Math.min(DOWN_MS, KNOWN_MS) * 0.5);
      const late = (await Promise.all(known.map(({ node, name }) => world.players(1, node, name)))).flat();
      await Promise.all(late.map((player) => player.goesOn(5, FIRST_MS)));
      // Some end while nobody can be told.
      const gone = encoders[0];
      await gone.stop();
      await passed(DOWN_MS - (performance.now() - downMs));
      const going = players.filter(({ log }) => !log.label.includes(' cam0 '));
      await Promise.all([...going, ...late].map((player) => player.goesOn(25)));
      for (const server of world.nats.nodes) await server.start(false);
      for (const node of world.nodes) await world.linked(node);
      await Promise.all([...going, ...late].map((player) => player.goesOn(25)));
      const seen = checkPlayers(
        [...going, ...late].map(({ log }) => log),
        FLAT_MS,
      );
      await world.quiet();
      const violations = await violationsOf(world);
      await world.keep(`bus-${seed}`);
      expect([...seen, ...violations], `seed ${seed}`).toEqual([]);
    },
  );
});
