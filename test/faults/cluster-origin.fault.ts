import { describe, expect, it } from 'vitest';
import { violationsOf } from '../support/cluster/cluster-checks.js';
import type { ClusterNode } from '../support/cluster/cluster-node.js';
import { CASE_MS, clusterSeeds } from '../support/cluster/cluster-seeds.js';
import type { LoopEncoder } from '../support/cluster/encoder.js';
import type { FfmpegLoop } from '../support/cluster/ffmpeg-loop.js';
import { GOP_MS } from '../support/cluster/numbered-media.js';
import { type Absence, writesOf } from '../support/cluster/owners.js';
import type { WatchingPlayer } from '../support/cluster/player.js';
import { checkPlayers, longestGap } from '../support/cluster/player-log.js';
import { World } from '../support/cluster/world.js';
import { scaled } from '../support/faults/scale.js';
import { afterwards } from '../support/faults/setting.js';
import { media } from '../support/media.js';
import { seeded } from '../support/random.js';
import { passed, waitFor } from '../support/wait.js';

const PLAYERS_AT_AN_EDGE = 10;
/** What a failover may cost besides what the encoder takes to come back, and the wait for its keyframe. */
const CLAIM_MS = 3500;
/** How late a busy machine may be with all of it. */
const SLACK_MS = 1000;
/** An encoder whose connection is silent gives it up after so long at most. */
const PATIENCE_MS = 4000;

/** A way to lose the node that has the publisher. */
interface Fault {
  readonly name: 'killed' | 'frozen' | 'cut-off';
  /** How long it is away at least. */
  readonly awayMs: number;
  readonly begin: (world: World, origin: ClusterNode) => unknown;
  readonly end: (world: World, origin: ClusterNode) => unknown;
}

const FAULTS: readonly Fault[] = [
  { name: 'killed', awayMs: 0, begin: (_, origin) => origin.kill(), end: (_, origin) => origin.start() },
  {
    name: 'frozen',
    awayMs: scaled(6000, 30_000),
    begin: (_, origin) => origin.signal('SIGSTOP'),
    end: (_, origin) => origin.signal('SIGCONT'),
  },
  {
    name: 'cut-off',
    awayMs: scaled(8000, 30_000),
    begin: (world, origin) => world.cut(origin, 'everything'),
    end: (world, origin) => world.heal(origin),
  },
];

interface Lost {
  readonly absence: Absence;
  readonly name: string;
  readonly players: readonly WatchingPlayer[];
  readonly gapMs: number;
  readonly allowedMs: number;
}

/** Streams with their encoders on one node and their players on the two others. */
interface Running {
  readonly encoder: LoopEncoder;
  readonly ffmpeg: FfmpegLoop;
  /** Of the first encoder. */
  readonly players: readonly WatchingPlayer[];
  readonly playersOfFfmpeg: readonly WatchingPlayer[];
}

async function running(world: World, name: string, origin: ClusterNode, delayMs: number): Promise<Running> {
  const encoder = world.encoder(name, origin, delayMs);
  const ffmpeg = world.ffmpeg(`${name}-ffmpeg`, await media('long.flv'), origin, delayMs);
  await encoder.publishes();
  const edges = world.nodes.filter((node) => node !== origin);
  const at = async (count: number, of: string) =>
    (await Promise.all(edges.map((edge) => world.players(count, edge, of)))).flat();
  const players = await at(PLAYERS_AT_AN_EDGE - 1, name);
  const playersOfFfmpeg = await at(1, `${name}-ffmpeg`);
  await Promise.all([...players, ...playersOfFfmpeg].map((player) => player.goesOn(25)));
  return { encoder, ffmpeg, players, playersOfFfmpeg };
}

/** Loses a node, sees the stream go on elsewhere, and has the node come back. */
async function lose(world: World, fault: Fault, origin: ClusterNode, random: () => number): Promise<Lost> {
  const name = `cam-${fault.name}`;
  const { encoder, ffmpeg, players, playersOfFfmpeg } = await running(world, name, origin, 300 + random() * 1500);
  await passed(random() * GOP_MS);
  const [lostMs, lostWallMs] = [performance.now(), Date.now()];
  await fault.begin(world, origin);
  if (fault.name !== 'killed') {
    await passed(random() * PATIENCE_MS);
    encoder.giveUp();
    ffmpeg.giveUp();
  }
  await encoder.publishes(2, 60_000);
  await Promise.all(players.map((player) => player.sees(2, 60_000)));
  await Promise.all(playersOfFfmpeg.map((player) => player.goesOn(25)));
  const again = encoder.attempts.find(({ atMs }) => atMs > lostMs)!;
  const gapMs = Math.max(...players.map(({ log }) => longestGap(log, lostMs - 1000)));
  await waitFor(() => performance.now() - lostMs > fault.awayMs, { timeoutMs: 60_000, everyMs: 20 });
  const backMs = Date.now();
  await fault.end(world, origin);
  await world.linked(origin);
  // It has its first turns in which it could do harm: what it says to NATS is there when the others have beaten twice.
  await passed(3000);
  expect(writesOf(await world.owners(), origin.id, backMs), `${fault.name}: what came back has written`).toEqual([]);
  const all = [...players, ...playersOfFfmpeg];
  await Promise.all(all.map((player) => player.goesOn(25)));
  await world.quiet();
  const absence = { nodeId: origin.id, fromMs: lostWallMs, toMs: backMs + 500 };
  return { absence, name, players: all, gapMs, allowedMs: again.atMs - lostMs + CLAIM_MS + GOP_MS };
}

describe('a stream whose node is lost', { timeout: CASE_MS }, () => {
  it.each(clusterSeeds())(
    'goes on at another one for all of its players: killed, frozen and cut off, seed %i',
    async (seed) => {
      const random = seeded(seed);
      const world = await World.start({ apart: true, settings: { 'cluster.idleMs': 2000 } });
      afterwards(() => world.stop());
      const losses: Lost[] = [];
      for (const [at, fault] of FAULTS.entries()) losses.push(await lose(world, fault, world.nodes[at], random));
      const table = losses.map(({ name, gapMs, allowedMs }) => ({
        name,
        gapMs: Math.round(gapMs),
        allowedMs: Math.round(allowedMs),
      }));
      console.log(`seed ${seed}`);
      console.table(table);
      const seen = losses.flatMap(({ players, allowedMs }) =>
        checkPlayers(
          players.map(({ log }) => log),
          allowedMs + SLACK_MS,
        ),
      );
      const absences = losses.map(({ absence }) => absence);
      const violations = await violationsOf(world, { absences });
      await world.keep(`origin-${seed}`);
      expect([...seen, ...violations], `seed ${seed}`).toEqual([]);
    },
  );
});
