import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { typeOf } from '../support/cluster/checks.js';
import { violationsOf } from '../support/cluster/cluster-checks.js';
import { clusterSeeds } from '../support/cluster/cluster-seeds.js';
import { checkPlayers } from '../support/cluster/player-log.js';
import { World } from '../support/cluster/world.js';
import { scaled } from '../support/faults/scale.js';
import { afterwards } from '../support/faults/setting.js';
import { seeded } from '../support/random.js';

const STREAMS = scaled(10, 50);
const DEADLINE_MS = 10_000;
/** An encoder comes back within 2 s; the rest is a claim, a keyframe and a busy machine. */
const MOST_GAP_MS = 6000;
const KEY = 'a-key-of-the-encoders';
const RULES = [
  { match: { action: 'play' }, decision: 'allow' },
  { name: 'encoder', key: { sha256: createHash('sha256').update(KEY).digest('hex') }, decision: 'allow' },
];

describe('a node that is drained', () => {
  it.each(clusterSeeds())(
    'hands its streams on to other nodes, under the same ids and to the same players: seed %i',
    async (seed) => {
      const random = seeded(seed);
      const world = await World.start({
        settings: { 'auth.rules': JSON.stringify(RULES), 'publish.resumeWindowMs': 10_000, 'cluster.idleMs': 2000 },
      });
      afterwards(() => world.stop());
      const [drained, ...others] = world.nodes;
      const names = Array.from({ length: STREAMS }, (_, n) => `cam${n}`);
      const encoders = names.map((name) => world.encoder(`${name}?key=${KEY}`, drained, 200 + random() * 1800, 10));
      await Promise.all(encoders.map((encoder) => encoder.publishes()));
      const players = (
        await Promise.all(names.map((name) => world.players(1, others[Math.floor(random() * others.length)], name)))
      ).flat();
      await Promise.all(players.map((player) => player.goesOn(10)));
      const before = await drained.streams();
      expect(before).toHaveLength(STREAMS);
      const answer = await drained.get(`/v1/node/drain`, 'POST', { deadlineMs: DEADLINE_MS });
      expect(answer.status).toBe(200);
      // Each encoder decides by itself when it goes, as one does that is told to connect again.
      for (const encoder of encoders) encoder.giveUp();
      await Promise.all(encoders.map((encoder) => encoder.publishes(2)));
      await Promise.all(players.map((player) => player.sees(2)));
      const after = (await Promise.all(others.map((node) => node.streams()))).flat();
      const idOf = (list: typeof after) => list.map(({ name, streamId }) => `${name} ${streamId}`).sort();
      expect(idOf(after), `seed ${seed}`).toEqual(idOf(before));
      const seen = checkPlayers(
        players.map(({ log }) => log),
        MOST_GAP_MS,
      );
      await drained.exited();
      await world.quiet();
      const violations = await violationsOf(world);
      const moved = (await world.events()).filter(
        (one) => typeOf(one) === 'stream.resumed' && one.event.data['cause'] === 'moved',
      );
      await world.keep(`drain-${seed}`);
      expect([...seen, ...violations], `seed ${seed}`).toEqual([]);
      expect(moved).toHaveLength(STREAMS);
    },
  );
});
