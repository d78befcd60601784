import { startPeer } from '../peers/index.js';
import type { Peer, RunningPeer } from '../peers/peer.js';
import { LoadGenerator, type LoadSample } from './load.js';
import { cpuSeconds, pause, residentBytes } from './process.js';

/** Cores: the server has one for itself, the generators share the other. */
export const SERVER_CORE = 0;
/** @see SERVER_CORE */
export const GENERATOR_CORE = 1;

const ACTIVE_TIMEOUT_MS = 60_000;
const SETTLE_MS = 2_000;
/** A player that got less than this share of the greatest player's bytes missed something. */
const DELIVERED = 0.97;

/** What is measured at once: some publishers, some players on each, one server. */
export interface LoadPlan {
  readonly publishers: number;
  /** Players in all, spread evenly over the publishers' streams. */
  readonly players: number;
  readonly seconds: number;
  /** Environment of Sluice: configuration that a case needs. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ask the generator for delays; needs its own publisher. */
  readonly delay?: boolean;
}

/** One server under one load, once. */
export interface LoadPoint {
  readonly cpuPerGB: number;
  /** CPU of the server in cores (1 = a whole one). */
  readonly serverCores: number;
  /** CPU of the generators of players: near 1 they are the bottleneck. */
  readonly generatorCores: number;
  readonly megabytesPerSecond: number;
  readonly residentMB: number;
  readonly active: number;
  readonly lost: number;
  /** Bytes of the worst-off client divided by those of the best-off, over the interval. */
  readonly evenness: number;
  /** Nobody lost and everybody got the same. */
  readonly delivered: boolean;
  readonly delayP50Ms?: number;
  readonly delayP99Ms?: number;
}

/**
 * Starts the server, the publishers and the players, waits until all run, and measures for `plan.seconds`.
 * Bytes are those that players received; without players, those that publishers sent.
 * @throws Error when the server cannot be started or clients do not get through.
 */
export async function measureLoad(peer: Peer, plan: LoadPlan): Promise<LoadPoint> {
  const server = await startPeer(peer, { core: SERVER_CORE, env: plan.env });
  const generators: LoadGenerator[] = [];
  try {
    return await measureOn(server, peer, plan, generators);
  } catch (error) {
    const said = server.output().trim().slice(-400);
    throw new Error(
      `${peer.name}: ${error instanceof Error ? error.message : String(error)}${said === '' ? '' : `\n${said}`}`,
    );
  } finally {
    for (const generator of generators) await generator.stop();
    await server.stop();
  }
}

async function measureOn(
  server: RunningPeer,
  peer: Peer,
  plan: LoadPlan,
  generators: LoadGenerator[],
): Promise<LoadPoint> {
  const start = async (
    mode: 'play' | 'publish',
    count: number,
    args: readonly string[] = [],
  ): Promise<LoadGenerator> => {
    const generator = new LoadGenerator({ mode, url: `${server.url}/bench`, count, core: GENERATOR_CORE, args });
    generators.push(generator);
    await generator.allActive(ACTIVE_TIMEOUT_MS);
    return generator;
  };
  const delayArgs = plan.delay === true ? ['--delay'] : [];
  const publishers = peer.feedsItself ? undefined : await start('publish', plan.publishers, delayArgs);
  const spread = plan.publishers > 1 ? ['--streams', String(plan.publishers)] : [];
  const players = plan.players > 0 ? await start('play', plan.players, [...spread, ...delayArgs]) : undefined;
  const counted = players ?? publishers;
  if (counted === undefined) throw new Error('nothing to measure: no publishers and no players');
  await pause(SETTLE_MS);

  const before = await counted.next();
  const cpuBefore = processCpu(server, counted);
  const until = before.atMs + plan.seconds * 1000;
  let after: LoadSample;
  let residentMB = 0;
  do {
    after = await counted.next();
    if (server.pid !== undefined) residentMB = Math.max(residentMB, residentBytes(server.pid) / 2 ** 20);
  } while (after.atMs < until);
  const cpuAfter = processCpu(server, counted);

  const seconds = (after.atMs - before.atMs) / 1000;
  const bytes = after.bytes - before.bytes;
  const evenness = (after.leastBytes - before.leastBytes) / Math.max(1, after.mostBytes - before.mostBytes);
  return {
    cpuPerGB: (cpuAfter.server - cpuBefore.server) / (bytes / 1e9),
    serverCores: (cpuAfter.server - cpuBefore.server) / seconds,
    generatorCores: (cpuAfter.generator - cpuBefore.generator) / seconds,
    megabytesPerSecond: bytes / 1e6 / seconds,
    residentMB,
    active: after.active,
    lost: after.lost,
    evenness,
    delivered: after.lost === 0 && evenness >= DELIVERED,
    delayP50Ms: after.delayP50Ms,
    delayP99Ms: after.delayP99Ms,
  };
}

function processCpu(server: RunningPeer, generator: LoadGenerator): { server: number; generator: number } {
  return {
    server: server.pid === undefined ? Number.NaN : cpuSeconds(server.pid),
    generator: cpuSeconds(generator.pid),
  };
}
