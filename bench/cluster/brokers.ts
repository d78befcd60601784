import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'nats';
import { BenchProcess, freePort, pause } from '../lib/process.js';

const UP_TIMEOUT_MS = 30_000;

/** NATS servers with JetStream that are one cluster, or one alone. */
export interface Brokers {
  /** All of them, separated by commas. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts servers and waits until JetStream takes writes.
 *
 * @param count 1, or 3 for a cluster of three
 */
export async function startBrokers(binary: string, count: number): Promise<Brokers> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-cluster-nats-'));
  const ports = await Promise.all(Array.from({ length: count * 2 }, freePort));
  const routes = ports.slice(count).map((port) => `nats://127.0.0.1:${port}`);
  const servers = Array.from({ length: count }, (_, i) => {
    const args = ['-a', '127.0.0.1', '-p', String(ports[i]), '--js', '-sd', join(directory, `${i}`)];
    const cluster = ['-n', `n${i}`, '--cluster_name', 'bench', '--cluster', routes[i], '--routes', routes.join(',')];
    return new BenchProcess({ command: binary, args: count === 1 ? args : [...args, ...cluster] });
  });
  const url = ports
    .slice(0, count)
    .map((port) => `nats://127.0.0.1:${port}`)
    .join(',');
  await takesWrites(url, count);
  return {
    url,
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
      rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

async function takesWrites(url: string, replicas: number): Promise<void> {
  for (const until = performance.now() + UP_TIMEOUT_MS; ; await pause(100)) {
    try {
      const connection = await connect({ servers: url.split(','), timeout: 2000 });
      const manager = await connection.jetstreamManager();
      await manager.streams.add({ name: 'PROBE', subjects: ['probe'], num_replicas: replicas });
      await manager.streams.delete('PROBE');
      await connection.close();
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
    }
  }
}
