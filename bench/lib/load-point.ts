import { startPeer } from '../peers/index.js';
import type { Peer, RunningPeer } from '../peers/peer.js';
import { LoadGenerator, type LoadSample } from './load.js';
import { cpuSeconds, pause, residentBytes } from './process.js';

/** Cores: the server has one for itself, the generators share the other. */
export const SERVER_CORE = 0;
/** @see SERVER_CORE */
export const GENERATOR_CORE = 1;

const SETTLE_MS = 2_000;
/**
 * A player this much behind the median one missed something, in seconds of the stream; merge windows alone make half of
 * it.
 */
const MISSED_SECONDS = 0.75;
/** Players that look for the publisher's stamps, in a process of their own that reads as data comes. */
const PROBES = 10;

/** What is measured at once: some publishers, some players on each, one server. */
export interface LoadPlan {
  readonly publishers: number;
  /** Players in all, spread evenly over the publishers' streams. */
  readonly players: number;
  readonly seconds: number;
  /** Environment of Sluice: configuration that a case needs. */
  readonly env?: Readonly<Record<string, string>>;
  /** Measure the delay from publisher to player with a few players more. */
  readonly delay?: boolean;
  /**
   * Starts what else goes on while it is measured, at the URL of an app. It returns how to end that, and ending it says
   * what it did.
   */
  readonly beside?: (url: string) => () => Promise<string>;
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
  /** Clients that got through and clients whose connection ended. */
  readonly ready: number;
  readonly lost: number;
  /** Clients without a byte for two seconds. */
  readonly stalled: number;
  /** Bytes of the worst-off client divided by the median client's. */
  readonly evenness: number;
  /** No client was lost, none stalled, and all got the same. */
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
  const start = async (mode: 'play' | 'publish', count: number, args: readonly string[]): Promise<LoadGenerator> => {
    const url = `${server.url}/bench`;
    const trust = url.startsWith('rtmps:') ? ['--insecure'] : [];
    const generator = new LoadGenerator({ mode, url, count, core: GENERATOR_CORE, args: [...args, ...trust] });
    generators.push(generator);
    await generator.steady();
    return generator;
  };
  const stamps = plan.delay === true && !peer.feedsItself ? ['--delay'] : [];
  const publishers = peer.feedsItself ? undefined : await start('publish', plan.publishers, stamps);
  const streams = plan.publishers > 1 ? ['--streams', String(plan.publishers)] : [];
  const players = plan.players > 0 ? await start('play', plan.players, streams) : undefined;
  const counted = players ?? publishers;
  if (counted === undefined) throw new Error('nothing to measure: no publishers and no players');
  await pause(SETTLE_MS);
  const probe =
    stamps.length > 0 && plan.players > 0 ? await start('play', PROBES, [...streams, ...stamps]) : undefined;

  const endBeside = plan.beside?.(server.url);
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

  const delay = (await probe?.stop())?.delayMs;
  if (endBeside !== undefined) process.stderr.write(`beside: ${await endBeside()}\n`);
  const result = await counted.stop();
  if (result === undefined) throw new Error('the load generator gave no result');
  const seconds = (after.atMs - before.atMs) / 1000;
  // The probes' bytes cost the server too.
  const share = probe === undefined ? 1 : (plan.players + PROBES) / plan.players;
  const bytes = (after.totalBytes - before.totalBytes) * share;
  const { min, median } = result.perConnection;
  const evenness = median > 0 ? min / median : 0;
  const { ready, disconnects: lost, stalled } = result;
  return {
    cpuPerGB: (cpuAfter.server - cpuBefore.server) / (bytes / 1e9),
    serverCores: (cpuAfter.server - cpuBefore.server) / seconds,
    generatorCores: (cpuAfter.generator - cpuBefore.generator) / seconds,
    megabytesPerSecond: bytes / 1e6 / seconds,
    residentMB,
    ready,
    lost,
    stalled,
    evenness,
    delivered: lost === 0 && stalled === 0 && evenness >= 1 - MISSED_SECONDS / Math.max(1, result.seconds),
    delayP50Ms: delay?.p50,
    delayP99Ms: delay?.p99,
  };
}

function processCpu(server: RunningPeer, generator: LoadGenerator): { server: number; generator: number } {
  return {
    server: server.pid === undefined ? Number.NaN : cpuSeconds(server.pid),
    generator: cpuSeconds(generator.pid),
  };
}
