import { RtmpConnection } from '../../src/client/rtmp-connection.js';
import { quantile } from '../lib/stats.js';
import type { RunningSluice } from '../peers/sluice.js';
import { startBrokers } from './brokers.js';
import { startNodes } from './nodes.js';

/** How long publishers waited, from connecting to Publish.Start, in ms. */
export interface ClaimTimes {
  readonly replicas: number;
  readonly alone: { readonly p50: number; readonly p99: number };
  readonly cluster: { readonly p50: number; readonly p99: number };
}

/**
 * Publishes to a node of a cluster and to one that is alone, in turns, each time under a new name. Both keep their
 * events on the same NATS.
 */
export async function measureClaims(binary: string, replicas: number, publishes: number): Promise<ClaimTimes> {
  const brokers = await startBrokers(binary, replicas);
  const cluster = await startNodes(brokers.url, replicas, [0]);
  const alone = await startNodes(brokers.url, replicas, [0], false);
  const times: { alone: number[]; cluster: number[] } = { alone: [], cluster: [] };
  try {
    for (let i = -20; i < publishes; i++) {
      const [one, other] = [await publish(cluster.servers[0]!, `c${i}`), await publish(alone.servers[0]!, `a${i}`)];
      if (i < 0) continue;
      times.cluster.push(one);
      times.alone.push(other);
    }
  } finally {
    await cluster.stop();
    await alone.stop();
    await brokers.stop();
  }
  return { replicas, alone: quantiles(times.alone), cluster: quantiles(times.cluster) };
}

async function publish({ url }: RunningSluice, name: string): Promise<number> {
  const began = performance.now();
  const connection = await RtmpConnection.open(`${url}/${name}`, { mode: 'publish' });
  const took = performance.now() - began;
  await connection.close();
  return took;
}

function quantiles(values: readonly number[]): { readonly p50: number; readonly p99: number } {
  const sorted = [...values].sort((a, b) => a - b);
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
}
