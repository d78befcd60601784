import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { typeOf } from '../support/cluster/checks.js';
import { violationsOf } from '../support/cluster/cluster-checks.js';
import { ClusterNode } from '../support/cluster/cluster-node.js';
import { clusterSeeds } from '../support/cluster/cluster-seeds.js';
import { LoopEncoder } from '../support/cluster/encoder.js';
import { checkPlayers } from '../support/cluster/player-log.js';
import { Race, type Round } from '../support/cluster/race.js';
import { World } from '../support/cluster/world.js';
import { scaled } from '../support/faults/scale.js';
import { afterwards } from '../support/faults/setting.js';
import { freePort } from '../support/ports.js';
import { seeded } from '../support/random.js';
import { passed } from '../support/wait.js';

const HOUR_MS = 3_600_000;
/** Longer than a lease, and in the long form than a reaper takes: by then a node taken for lost has lost all. */
const LEASE_AND_MORE_MS = scaled(17_000, 22_000);
/** The longest stillness of media that nothing disturbs, on a busy machine. */
const FLAT_MS = 1000;
const CONTENDERS = 20;
/** Of a seed: fifty seeds are a thousand. */
const ROUNDS = scaled(10, 20);
/** A claim outlasts the election of a leader, which takes NATS 4 to 9 s: this test is about who wins, not how soon. */
const SETTINGS = { 'publish.conflict': 'reject', 'cluster.claimTimeoutMs': 25_000 };
/** A name is raced for so often: more would be as many publishes in a second as a node takes of one name. */
const ROUNDS_OF_A_NAME = 2;

describe.each(clusterSeeds())('three nodes, of which two have clocks that are off by an hour: seed %i', (seed) => {
  const random = seeded(seed);
  let world: World;

  beforeAll(async () => {
    const [ahead, behind] = random() < 0.5 ? [HOUR_MS, -HOUR_MS] : [-HOUR_MS, HOUR_MS];
    world = await World.start({ clockShiftMs: [0, ahead, behind], settings: SETTINGS });
  });
  afterAll(async () => {
    await world.keep(`claims-${seed}`);
    await world.stop();
  });

  it('keep what is theirs while another one has the id of the first, which refuses to go on', async () => {
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
    expect([...seen, ...(await violationsOf(world))], `seed ${seed}`).toEqual([]);
  });

  it('have one winner and losers in each round of a race for a name, while a leader of NATS is killed', async () => {
    const doors = world.nodes.map(({ door }) => door);
    const race = await Race.start(CONTENDERS, doors);
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
    const winners = rounds.map((round) => round.winners);
    expect(winners, `seed ${seed}`).toEqual(rounds.map(() => 1));
    const losers = rounds.flatMap(({ codes }) => codes.filter((code) => code !== 'Start'));
    expect([...new Set(losers)], `seed ${seed}`).toEqual(['BadName']);
    expect(await violationsOf(world), `seed ${seed}`).toEqual([]);
    const claims = (await world.owners()).filter(
      ({ key, value }) => key.startsWith('live.race') && value?.state === 'live',
    );
    expect(claims).toHaveLength(ROUNDS);
  });
});
