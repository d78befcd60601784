import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoderRules, KEY } from '../support/admission/encoder-key.js';
import { typeOf } from '../support/cluster/checks.js';
import { violationsOf } from '../support/cluster/cluster-checks.js';
import { CASE_MS, clusterSeeds } from '../support/cluster/cluster-seeds.js';
import { checkPlayers } from '../support/cluster/player-log.js';
import { World } from '../support/cluster/world.js';
import { scaled } from '../support/faults/scale.js';
import { seeded } from '../support/random.js';
import { passed } from '../support/wait.js';

const STREAMS = 6;
/** The longest stillness of media while NATS comes and goes, on a busy machine. */
const FLAT_MS = 1000;
/** How long all of NATS is away. */
const DOWN_MS = scaled(6000, 120_000);
/** For so long a node goes by what it last knew of a name, ms. */
const KNOWN_MS = 60_000;
/** A player of a name that is known gets its first picture in this time. */
const FIRST_MS = 4000;

const DRAINED_STREAMS = scaled(10, 50);
const DEADLINE_MS = scaled(6000, 10_000);
/** An encoder comes back within 2 s; the rest is a claim, a keyframe and a busy machine. */
const MOST_GAP_MS = 6000;

/** A stream moves to another node only for the principal that publishes it. */
const RULES = encoderRules();

describe.each(clusterSeeds())('a cluster under load: seed %i', { timeout: CASE_MS }, (seed) => {
  const random = seeded(seed);
  let world: World;

  beforeAll(async () => {
    const settings = {
      'auth.rules': JSON.stringify(RULES),
      'publish.resumeWindowMs': 10_000,
      'cluster.idleMs': 1000,
    };
    world = await World.start({ settings });
  });
  afterAll(async () => {
    await world.keep(`bus-${seed}`);
    await world.stop();
  });

  it('has flat media while all of NATS is gone, plays names that are known, and completes its events afterwards', async () => {
    const homes = Array.from({ length: STREAMS }, () => Math.floor(random() * world.nodes.length));
    const encoders = homes.map((home, n) => world.encoder(`cam${n}?key=${KEY}`, world.nodes[home], 500));
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
    // One ends while nobody can be told.
    await encoders[0].stop();
    await passed(DOWN_MS - (performance.now() - downMs));
    const going = [...players.filter(({ log }) => !log.label.includes(' cam0 ')), ...late];
    await Promise.all(going.map((player) => player.goesOn(25)));
    for (const server of world.nats.nodes) await server.start(false);
    for (const node of world.nodes) await world.linked(node);
    await Promise.all(going.map((player) => player.goesOn(25)));
    const seen = checkPlayers(
      going.map(({ log }) => log),
      FLAT_MS,
    );
    await world.quiet();
    expect([...seen, ...(await violationsOf(world))], `seed ${seed}`).toEqual([]);
  });

  it('has the streams of a node that is drained on other nodes, under the same ids and for the same players', async () => {
    const [drained, ...others] = world.nodes;
    const names = Array.from({ length: DRAINED_STREAMS }, (_, n) => `drained${n}`);
    const encoders = names.map((name) => world.encoder(`${name}?key=${KEY}`, drained, 200 + random() * 1800, 10));
    await Promise.all(encoders.map((encoder) => encoder.publishes()));
    const edges = names.map(() => others[Math.floor(random() * others.length)]);
    const players = (await Promise.all(names.map((name, n) => world.players(1, edges[n], name)))).flat();
    await Promise.all(players.map((player) => player.goesOn(10)));
    const before = await drained.streams();
    expect(before).toHaveLength(DRAINED_STREAMS);
    const answer = await drained.get('/v1/node/drain', 'POST', { deadlineMs: DEADLINE_MS });
    expect(answer.status).toBe(200);
    // Each encoder goes when it is told to, and comes back after its own delay.
    for (const encoder of encoders) encoder.giveUp();
    await Promise.all(encoders.map((encoder) => encoder.publishes(2)));
    await Promise.all(players.map((player) => player.sees(2)));
    const after = (await Promise.all(others.map((node) => node.streams()))).flat();
    const idsOf = (list: typeof after) => list.map(({ name, streamId }) => `${name} ${streamId}`).sort();
    expect(idsOf(after), `seed ${seed}`).toEqual(idsOf(before));
    const seen = checkPlayers(
      players.map(({ log }) => log),
      MOST_GAP_MS,
    );
    await drained.exited();
    await world.quiet();
    const violations = await violationsOf(world);
    const stored = await world.events();
    const moved = stored.filter((one) => typeOf(one) === 'stream.resumed' && one.event.data['cause'] === 'moved');
    expect([...seen, ...violations], `seed ${seed}`).toEqual([]);
    expect(moved).toHaveLength(DRAINED_STREAMS);
  });
});
