import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from '../lib/process.js';
import { type RunningSluice, startSluice } from '../peers/sluice.js';

const UP_TIMEOUT_MS = 30_000;

/** Settings of a node of the cluster that is measured. */
const CLUSTER = {
  SLUICE_CLUSTER_ENABLED: 'true',
  SLUICE_CLUSTER_SECRET: 'the secret of a bench',
  // A copy goes with its last player, so that the next player is a first one again.
  SLUICE_CLUSTER_IDLE_MS: '0',
};

/** Real nodes on one NATS. */
export interface Nodes {
  readonly servers: readonly RunningSluice[];
  stop(): Promise<void>;
}

/**
 * Starts nodes and waits until each is ready.
 *
 * @param cores the core of each
 * @param isCluster false: each is alone, on the same NATS
 */
export async function startNodes(
  url: string,
  replicas: number,
  cores: readonly (number | undefined)[],
  isCluster = true,
): Promise<Nodes> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-cluster-'));
  const servers: RunningSluice[] = [];
  for (const [i, core] of cores.entries()) {
    const env = {
      SLUICE_NODE_ID: `n${i}`,
      SLUICE_NATS_URL: url,
      SLUICE_NATS_REPLICAS: String(replicas),
      ...(isCluster ? CLUSTER : {}),
    };
    const server = await startSluice({ directory: join(directory, `${i}`), core, env });
    servers.push(server);
    await ready(server);
  }
  return {
    servers,
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
      rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

async function ready(server: RunningSluice): Promise<void> {
  for (const until = performance.now() + UP_TIMEOUT_MS; ; await pause(50)) {
    const answer = await fetch(`http://127.0.0.1:${server.httpPort}/readyz`).catch(() => undefined);
    if (answer?.ok === true) return;
    if (performance.now() > until) throw new Error(`a node is not ready: ${server.output().slice(-500)}`);
  }
}
