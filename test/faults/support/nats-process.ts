import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'nats';
import { Child } from '../../support/child.js';
import { freePort } from '../../support/ports.js';
import { removeTempDir, tempDir } from '../../support/temp.js';
import { waitFor } from '../../support/wait.js';
import { readStored, type Stored } from './checker.js';
import { type NatsVersion, natsBinary } from './nats-binaries.js';

/** A nats-server process of a given version; its data outlives restarts. */
export class NatsProcess {
  readonly version: NatsVersion;
  readonly port: number;
  readonly name: string;
  readonly #folder: string;
  readonly #extra: string;
  #child: Child | undefined;

  constructor(version: NatsVersion, port: number, o: { name?: string; extra?: string } = {}) {
    this.version = version;
    this.port = port;
    this.name = o.name ?? 'single';
    this.#extra = o.extra ?? '';
    this.#folder = tempDir('nats');
  }

  /** A single server, not started yet. */
  static async prepare(version: NatsVersion): Promise<NatsProcess> {
    return new NatsProcess(version, await freePort());
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Starts (again), on the same port and data. `ready` false does not wait (a cluster needs its others first). */
  async start(ready = true): Promise<void> {
    const store = join(this.#folder, 'js');
    mkdirSync(store, { recursive: true });
    const config = join(this.#folder, 'nats.conf');
    const limits = 'max_file: 1GB, max_mem: 64MB';
    writeFileSync(
      config,
      `server_name: "${this.name}"\nlisten: "127.0.0.1:${this.port}"\njetstream { store_dir: "${store}", ${limits} }\n${this.#extra}`,
    );
    const child = new Child([natsBinary(this.version), '-c', config]);
    this.#child = child;
    if (ready) await child.waitForOutput(/Server is ready/, 20_000);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.signal(signal);
  }

  async kill(): Promise<void> {
    this.#child?.signal('SIGCONT');
    await this.#child?.stop('SIGKILL');
  }

  /** Ends it and removes its data. */
  async stop(): Promise<void> {
    await this.kill();
    removeTempDir(this.#folder);
  }
}

/** Three servers that replicate to each other. */
export class NatsCluster {
  readonly nodes: readonly NatsProcess[];

  private constructor(nodes: readonly NatsProcess[]) {
    this.nodes = nodes;
  }

  /** Starts three servers and waits until they have a JetStream leader. */
  static async start(version: NatsVersion): Promise<NatsCluster> {
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
    const routes = await Promise.all([freePort(), freePort(), freePort()]);
    const list = routes.map((port) => `"nats://127.0.0.1:${port}"`).join(', ');
    const nodes = ports.map(
      (port, i) =>
        new NatsProcess(version, port, {
          name: `n${i + 1}`,
          extra: `cluster { name: "test", listen: "127.0.0.1:${routes[i]}", routes: [${list}] }\n`,
        }),
    );
    const cluster = new NatsCluster(nodes);
    await Promise.all(nodes.map((node) => node.start()));
    await waitFor(() => cluster.#answers(), { timeoutMs: 30_000, everyMs: 200, what: 'the cluster to elect a leader' });
    return cluster;
  }

  get urls(): string[] {
    return this.nodes.map((node) => node.url);
  }

  /** The node that leads a stream. */
  async leaderOf(stream: string): Promise<NatsProcess> {
    return waitFor(
      async () => {
        const connection = await connect({ servers: this.urls, timeout: 2000 });
        try {
          const manager = await connection.jetstreamManager({ timeout: 2000 });
          const { cluster } = await manager.streams.info(stream);
          return this.nodes.find((node) => node.name === cluster?.leader);
        } catch {
          return undefined;
        } finally {
          await connection.close();
        }
      },
      { timeoutMs: 30_000, everyMs: 200, what: `a leader of ${stream}` },
    );
  }

  /** What each replica holds: leadership is handed on until every node has served the whole stream. */
  async readFromEveryReplica(stream: string): Promise<Stored[][]> {
    const copies = new Map<string, Stored[]>();
    const connection = await connect({ servers: this.urls });
    try {
      await waitFor(
        async () => {
          const { name } = await this.leaderOf(stream);
          if (!copies.has(name)) copies.set(name, await readStored(this.nodes[0].url, stream));
          if (copies.size === this.nodes.length) return true;
          await connection
            .request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`, '', { timeout: 5000 })
            .catch(() => undefined);
          return false;
        },
        { timeoutMs: 60_000, everyMs: 500, what: () => `every node to lead; had ${[...copies.keys()].join(', ')}` },
      );
    } finally {
      await connection.close();
    }
    return [...copies.values()];
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  async #answers(): Promise<boolean> {
    try {
      const connection = await connect({ servers: this.urls, timeout: 2000 });
      try {
        const manager = await connection.jetstreamManager({ timeout: 1000 });
        await manager.getAccountInfo();
        await manager.streams.add({ name: 'PROBE', subjects: ['probe'], num_replicas: 3 });
        await manager.streams.delete('PROBE');
        return true;
      } finally {
        await connection.close();
      }
    } catch {
      return false;
    }
  }
}
