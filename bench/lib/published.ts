import { startPeer } from '../peers/index.js';
import type { RunningPeer } from '../peers/peer.js';
import { sluice } from '../peers/sluice.js';
import { LoadGenerator, type LoadSample } from './load.js';
import { GENERATOR_CORE, SERVER_CORE } from './load-point.js';
import { cpuSeconds, pause } from './process.js';

const SETTLE_MS = 2_000;
const READY_TIMEOUT_MS = 30_000;
const POLL_MS = 200;

/** A Sluice that is published to, and what is measured on it or behind it. */
export interface PublishedPlan {
  readonly publishers: number;
  readonly seconds: number;
  /** Settings of the server that is published to. */
  readonly env?: Readonly<Record<string, string>>;
  /** Starts what stands behind the server; its process is the one that is measured. Default: the server itself. */
  readonly behind?: (server: RunningPeer) => Promise<RunningPeer>;
  /** A metric of the measured process that has to reach `publishers` before it is measured. */
  readonly ready: string;
  /** A number that grows, read at the start and at the end of the measurement. */
  readonly watched?: () => number;
}

/** What the measured process took while publishers published. */
export interface PublishedCost {
  /** CPU seconds for a gigabyte that publishers sent. */
  readonly cpuPerGB: number;
  /** CPU in cores (1 = a whole one). */
  readonly cores: number;
  /** Bytes that publishers sent. */
  readonly bytes: number;
  /** By how much the number grew that the plan watches. */
  readonly growth: number;
}

/**
 * Starts a Sluice and publishers, waits until the metric `ready` says that all of them are served, and measures.
 *
 * @throws Error when a client does not get through or the metric does not get there in 30 seconds
 */
export async function measurePublished(plan: PublishedPlan): Promise<PublishedCost> {
  const { publishers: count } = plan;
  const core = plan.behind === undefined ? SERVER_CORE : GENERATOR_CORE;
  const server = await startPeer(sluice, { core, env: plan.env });
  const publishers = new LoadGenerator({ mode: 'publish', url: `${server.url}/bench`, count, core: GENERATOR_CORE });
  let behind: RunningPeer | undefined;
  try {
    await publishers.steady();
    behind = await plan.behind?.(server);
    const measured = behind ?? server;
    await reached(measured, plan.ready, count);
    await pause(SETTLE_MS);
    const before = await publishers.next();
    const [cpuBefore, watchedBefore] = [cpuSeconds(measured.pid!), plan.watched?.() ?? 0];
    const until = before.atMs + plan.seconds * 1000;
    let after: LoadSample;
    do after = await publishers.next();
    while (after.atMs < until);
    const cpu = cpuSeconds(measured.pid!) - cpuBefore;
    const bytes = after.totalBytes - before.totalBytes;
    return {
      cpuPerGB: cpu / (bytes / 1e9),
      cores: cpu / ((after.atMs - before.atMs) / 1000),
      bytes,
      growth: (plan.watched?.() ?? 0) - watchedBefore,
    };
  } finally {
    await publishers.stop();
    await behind?.stop();
    await server.stop();
  }
}

async function reached(server: RunningPeer, name: string, count: number): Promise<void> {
  for (const until = Date.now() + READY_TIMEOUT_MS; ; await pause(POLL_MS)) {
    // RTMP is there before HTTP.
    const value = metricIn(await metrics(server).catch(() => ''), name);
    if (value >= count) return;
    if (Date.now() > until) throw new Error(`${name} is ${value}, not ${count}: ${server.output().slice(-500)}`);
  }
}

async function metrics({ httpPort }: RunningPeer): Promise<string> {
  return (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
}

/** A metric by its name and labels as they stand in the text; NaN when it is not there. */
function metricIn(text: string, name: string): number {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return line === undefined ? Number.NaN : Number(line.slice(name.length + 1));
}
