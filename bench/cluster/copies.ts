import { RtmpConnection } from '../../src/client/rtmp-connection.js';
import { LoadGenerator, type LoadSample } from '../lib/load.js';
import { GENERATOR_CORE, SERVER_CORE } from '../lib/load-point.js';
import { cpuSeconds, pause } from '../lib/process.js';
import { quantile } from '../lib/stats.js';
import type { RunningSluice } from '../peers/sluice.js';
import { startBrokers } from './brokers.js';
import { type Nodes, startNodes } from './nodes.js';

const SETTLE_MS = 3000;
/** Type of an FLV tag with video. */
const VIDEO = 9;

/** What players at the owner, or at an edge, saw and cost. */
export interface Seen {
  readonly delayP50Ms: number;
  readonly delayP99Ms: number;
  /** CPU of both nodes for a gigabyte that was published. */
  readonly cpuPerGB: number;
}

/** One round. */
export interface CopyRound {
  readonly atOwner: Seen;
  readonly atEdge: Seen;
}

/** What copies cost and how late they are. */
export interface Copies {
  readonly rounds: readonly CopyRound[];
  /** From connecting to an edge that does not have the stream until the first video frame is there, in ms. */
  readonly firstFrame: { readonly p50: number; readonly p99: number; readonly plays: number };
}

/** Publishes on one node, and plays each stream once there and once on another node, in turns. */
export async function measureCopies(binary: string, streams: number, seconds: number, rounds: number): Promise<Copies> {
  const brokers = await startBrokers(binary, 1);
  // Both on one core: what is added up is their CPU, and players have the other core.
  const nodes = await startNodes(brokers.url, 1, [SERVER_CORE, SERVER_CORE]);
  const [owner, edge] = nodes.servers as [RunningSluice, RunningSluice];
  const publishers = new LoadGenerator({
    ...{ mode: 'publish', url: `${owner.url}/bench`, count: streams, core: GENERATOR_CORE },
    args: ['--delay'],
  });
  const measured: CopyRound[] = [];
  try {
    await publishers.steady();
    await pause(SETTLE_MS);
    for (let i = 0; i < rounds; i++) {
      const atOwner = await played(owner, nodes, publishers, streams, seconds);
      const atEdge = await played(edge, nodes, publishers, streams, seconds);
      measured.push({ atOwner, atEdge });
    }
    return { rounds: measured, firstFrame: await firstFrames(edge, streams, rounds) };
  } finally {
    await publishers.stop();
    await nodes.stop();
    await brokers.stop();
  }
}

async function played(
  node: RunningSluice,
  { servers }: Nodes,
  publishers: LoadGenerator,
  streams: number,
  seconds: number,
): Promise<Seen> {
  const players = new LoadGenerator({
    ...{ mode: 'play', url: `${node.url}/bench`, count: streams, core: GENERATOR_CORE },
    args: ['--delay', '--streams', String(streams)],
  });
  const cpu = (): number => servers.reduce((sum, { pid }) => sum + cpuSeconds(pid!), 0);
  try {
    await players.steady();
    await pause(SETTLE_MS);
    const before = await publishers.next();
    const cpuBefore = cpu();
    const until = before.atMs + seconds * 1000;
    let after: LoadSample;
    do after = await publishers.next();
    while (after.atMs < until);
    const cpuPerGB = (cpu() - cpuBefore) / ((after.totalBytes - before.totalBytes) / 1e9);
    const { delayMs } = (await players.stop()) ?? {};
    return { delayP50Ms: delayMs?.p50 ?? Number.NaN, delayP99Ms: delayMs?.p99 ?? Number.NaN, cpuPerGB };
  } finally {
    await players.stop();
  }
}

async function firstFrames(edge: RunningSluice, streams: number, rounds: number): Promise<Copies['firstFrame']> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    // Copies of the round before are closed with their players, a few times a second.
    await pause(SETTLE_MS);
    for (let i = 1; i <= streams; i++) times.push(await firstFrame(`${edge.url}/bench${streams === 1 ? '' : `-${i}`}`));
  }
  times.sort((a, b) => a - b);
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), plays: times.length };
}

async function firstFrame(url: string): Promise<number> {
  const began = performance.now();
  let came = (_ms: number): void => {};
  const frame = new Promise<number>((resolve) => {
    came = resolve;
  });
  // A sequence header is no frame: it has fewer bytes.
  const onMedia = ({ type, payload }: { readonly type: number; readonly payload: Uint8Array }): void => {
    if (type === VIDEO && payload.length > 200) came(performance.now() - began);
  };
  const connection = await RtmpConnection.open(url, { mode: 'play', onMedia });
  const lost = connection.ended.then(() => Promise.reject(new Error(`${url} ended before its first frame`)));
  lost.catch(() => undefined);
  const took = await Promise.race([frame, lost]);
  await connection.close();
  return took;
}
