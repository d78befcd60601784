import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askAsNode } from '../support/cluster/as-node.js';
import { checkPulls } from '../support/cluster/checks.js';
import { violationsOf } from '../support/cluster/cluster-checks.js';
import { CLUSTER_SECRET, type ClusterNode } from '../support/cluster/cluster-node.js';
import { CASE_MS, clusterSeeds } from '../support/cluster/cluster-seeds.js';
import { GOP_MS } from '../support/cluster/numbered-media.js';
import type { WatchingPlayer } from '../support/cluster/player.js';
import { checkPlayers, longestGap } from '../support/cluster/player-log.js';
import { World } from '../support/cluster/world.js';
import { FULL, scaled } from '../support/faults/scale.js';
import { seeded } from '../support/random.js';
import { passed, waitFor } from '../support/wait.js';

/** A pull without players is closed after so long; short, so that a run sees many. */
const IDLE_MS = 1500;
/** How long an edge takes at most to have a stream again when it can. */
const RECONNECT_MS = 5000;
/** How late a busy machine may be with what takes no time. */
const SLACK_MS = 1000;
const RETURNS = scaled(2, 8);
const NAMES = scaled(10, 100);
const PLAYS_OF_A_NAME = scaled(3, 2);
/** Of the encoders of many names. */
const FRAMES_A_SECOND = scaled(10, 5);
/** Bytes are counted over so long: a picture that has come and not gone yet is little of them. */
const WINDOW_MS = scaled(5000, 10_000);
const MOVES = scaled(3, 12);

describe.each(clusterSeeds())('edges of a cluster: seed %i', { timeout: CASE_MS }, (seed) => {
  const random = seeded(seed);
  let world: World;
  let origin: ClusterNode;
  let edge: ClusterNode;
  let other: ClusterNode;
  const absences: { nodeId: string; fromMs: number; toMs: number }[] = [];

  beforeAll(async () => {
    world = await World.start({ apart: true, settings: { 'cluster.idleMs': IDLE_MS } });
    [origin, edge, other] = world.nodes;
  });
  afterAll(async () => {
    await world.keep(`edges-${seed}`);
    await world.stop();
  });

  /** A stream of the origin with players at two nodes, which get pictures. */
  async function played(name: string): Promise<{ here: WatchingPlayer[]; there: WatchingPlayer[] }> {
    await world.encoder(name, origin, 500).publishes();
    const [here, there] = [await world.players(5, edge, name), await world.players(5, other, name)];
    await Promise.all([...here, ...there].map((player) => player.goesOn()));
    return { here, there };
  }

  function seen(players: readonly WatchingPlayer[], mostGapMs: number): string[] {
    return checkPlayers(
      players.map(({ log }) => log),
      mostGapMs,
    );
  }

  it('do not notice that another one’s way to its peers is cut, and that one has the stream again in time', async () => {
    const { here, there } = await played('uplink');
    const cuts: { cutMs: number; gapMs: number }[] = [];
    for (const cutMs of scaled([2000], [2000, 10_000])) {
      const fromMs = performance.now();
      await world.cut(edge, 'peers');
      await passed(cutMs);
      await world.heal(edge);
      const healedMs = performance.now();
      await Promise.all(here.map((player) => player.goesOn(5, RECONNECT_MS + GOP_MS + SLACK_MS)));
      const gapMs = Math.max(...here.map(({ log }) => longestGap(log, fromMs)));
      cuts.push({ cutMs, gapMs: Math.round(gapMs) });
      expect(performance.now() - healedMs, `seed ${seed}`).toBeLessThan(RECONNECT_MS + GOP_MS + SLACK_MS);
    }
    console.table(cuts);
    expect([...seen(here, 30_000), ...seen(there, SLACK_MS)], `seed ${seed}`).toEqual([]);
    await world.quiet();
  });

  it('play a stream that ends and is published again, and again after their last player has left', async () => {
    const encoder = world.encoder('again', origin, random() * 900);
    await encoder.publishes();
    let [player] = await world.players(1, edge, 'again');
    await player.goesOn();
    encoder.unpublish(Math.floor(random() * world.nodes.length));
    await encoder.publishes(2);
    await player.sees(2, RECONNECT_MS + SLACK_MS);
    for (let n = 0; n < RETURNS; n++) {
      player.close();
      await passed(random() * (IDLE_MS + 2000));
      [player] = await world.players(1, edge, 'again');
      await player.goesOn(5, RECONNECT_MS + SLACK_MS);
      expect(player.log.faults, `seed ${seed}`).toEqual([]);
    }
    player.close();
    const pulls = () => edge.metric('sluice_copies');
    await waitFor(async () => (await pulls()) === 0, {
      timeoutMs: IDLE_MS + 1000 + SLACK_MS,
      what: 'the pull without players to end',
    });
    await world.quiet();
  });

  it('pull each name once, however many players come at once', async () => {
    const names = Array.from({ length: NAMES }, (_, n) => `herd${n}`);
    const from = (await world.events()).length;
    const encoders = names.map((name) => world.encoder(name, origin, 500, FRAMES_A_SECOND));
    await Promise.all(encoders.map((encoder) => encoder.publishes()));
    const places = world.nodes.flatMap((node) => names.map((name) => ({ node, name })));
    const players = (
      await Promise.all(places.map(({ node, name }) => world.players(PLAYS_OF_A_NAME, node, name)))
    ).flat();
    await Promise.all(players.map((player) => player.goesOn(10, 60_000)));
    const expected = new Map(names.map((name) => [`live/${name}`, world.nodes.length - 1]));
    const violations = await world.holds((stored) => checkPulls(stored.slice(from), expected));
    // What leaves the origin is what its own players get, and one copy for each other node.
    const copies = PLAYS_OF_A_NAME + world.nodes.length - 1;
    const traffic = () => origin.metrics('sluice_media_in_bytes_total', 'sluice_media_out_bytes_total');
    const [inBefore, outBefore] = await traffic();
    await passed(WINDOW_MS);
    const [inAfter, outAfter] = await traffic();
    const share = (outAfter - outBefore) / ((inAfter - inBefore) * copies);
    console.log(`seed ${seed}: ${players.length} players, egress of the origin is ${share.toFixed(3)} of what is due`);
    expect(Math.abs(share - 1), `seed ${seed}: ${share} of ${copies} copies`).toBeLessThan(0.05);
    expect([...violations, ...seen(players, RECONNECT_MS)], `seed ${seed}`).toEqual([]);
    await world.quiet();
  });

  it('refuse loops and find a stream that moves about, with stale caches', async () => {
    const encoder = world.encoder('loop', origin, 50);
    await encoder.publishes();
    const players = (await Promise.all(world.nodes.map((node) => world.players(2, node, 'loop')))).flat();
    await Promise.all(players.map((player) => player.goesOn()));
    for (let n = 0; n < MOVES; n++) {
      const cut = random() < 0.5 ? world.nodes[Math.floor(random() * world.nodes.length)] : undefined;
      const fromMs = Date.now();
      if (cut !== undefined) await world.cut(cut, 'nats');
      const sessions = encoder.session;
      encoder.unpublish(Math.floor(random() * world.nodes.length));
      await passed(300 + random() * 1700);
      if (cut !== undefined) {
        await world.heal(cut);
        absences.push({ nodeId: cut.id, fromMs, toMs: Date.now() + 5000 });
      }
      await encoder.publishes(sessions + 1, 60_000);
    }
    await Promise.all(players.map((player) => player.sees(encoder.session, RECONNECT_MS + GOP_MS + SLACK_MS)));
    const lost = players.filter(({ log }) => log.lostMs !== undefined || log.faults.length > 0);
    expect(
      lost.map(({ log }) => [log.label, log.lostMs, log.faults]),
      `seed ${seed}`,
    ).toEqual([]);
    await world.quiet();
  });

  it('ask in vain with a path that has the asked node in it, or that is too long', async () => {
    await world.encoder('path', origin, 500).publishes();
    const { revision } = await world.owned('path', ({ value }) => value?.state === 'live');
    const registry = await world.registry();
    const ask = (path: readonly string[]) =>
      askAsNode(origin.door, CLUSTER_SECRET, { from: path[0], to: origin.id, name: 'path', registry, revision, path });
    expect(await ask(['n9'])).toMatchObject({ isAccepted: true });
    const refusals = [await ask(['n9', origin.id]), await ask(['n9', 'n8', 'n7', 'n6', 'n5'])];
    for (const { isAccepted, tookMs } of refusals) {
      expect(isAccepted).toBe(false);
      expect(tookMs).toBeLessThan(1000);
    }
    expect(refusals[0].text).toMatch(/ERR_RELAY_LOOP/);
    expect(refusals[1].text).toMatch(/ERR_RELAY_HOPS/);
    await world.quiet();
  });

  it('are killed without a word, and others are not disturbed', async () => {
    const { here, there } = await played('killed');
    const fromMs = Date.now();
    await edge.kill();
    await waitFor(() => here.every(({ log }) => log.lostMs !== undefined), { what: 'its players to notice' });
    const elsewhere = await world.players(here.length, other, 'killed');
    await Promise.all([...elsewhere, ...there].map((player) => player.goesOn(25)));
    expect(seen([...there, ...elsewhere], SLACK_MS), `seed ${seed}`).toEqual([]);
    await world.quiet();
    // Its end is told by others when its lease is over, which takes them 20 s, or by itself when it is back.
    if (!FULL) await edge.start();
    absences.push({ nodeId: edge.id, fromMs, toMs: Date.now() + 60_000 });
    expect(await violationsOf(world, { absences }), `seed ${seed}`).toEqual([]);
  });
});
