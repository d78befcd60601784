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

  /** What the newest process has written, for messages of failed tests. */
  get output(): string {
    return `--- ${this.name}\n${this.#child?.output.slice(-2000) ?? ''}`;
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
  /** Why the last probe failed. */
  #trouble = '';

  private constructor(nodes: readonly NatsProcess[]) {
    this.nodes = nodes;
  }

  /** Starts three servers and waits until they have a JetStream leader. */
  static async start(version: NatsVersion): Promise<NatsCluster> {
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
    const routes = await Promise.all([freePort(), freePort(), freePort()]);
    // Each node dials those before it (and itself, in vain: one route must be configured), one after the other: when all dial each other at once, nats-server now and then closes both
    // connections of a pair as duplicates, and its leader never learns of the other two.
    const nodes = ports.map((port, i) => {
      const earlier = routes.slice(0, i + 1).map((route) => `"nats://127.0.0.1:${route}"`);
      const extra = `cluster { name: "test", listen: "127.0.0.1:${routes[i]}", routes: [${earlier.join(', ')}] }\n`;
      return new NatsProcess(version, port, { name: `n${i + 1}`, extra });
    });
    const cluster = new NatsCluster(nodes);
    for (const node of nodes) await node.start();
    await waitFor(() => cluster.#answers(), {
      timeoutMs: 60_000,
      everyMs: 200,
      what: () => `the cluster to elect a leader; ${cluster.#trouble}\n${nodes.map((node) => node.output).join('\n')}`,
    });
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
          const manager = await connection.jetstreamManager({ timeout: 2000, checkAPI: false });
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

  /**
   * What each replica holds: once all have caught up, leadership is handed on until every node has served the whole stream. Only a
   * leader answers `readStored`; a copy counts when the same node led before and after it was read.
   */
  async readFromEveryReplica(stream: string): Promise<Stored[][]> {
    const copies = new Map<string, Stored[]>();
    const connection = await connect({ servers: this.urls });
    try {
      const manager = await connection.jetstreamManager({ timeout: 2000, checkAPI: false });
      await waitFor(
        async () => {
          const info = await manager.streams.info(stream).catch(() => undefined);
          const replicas = info?.cluster?.replicas ?? [];
          return replicas.length === this.nodes.length - 1 && replicas.every((one) => one.current && !one.lag);
        },
        { timeoutMs: 60_000, everyMs: 200, what: 'every replica to catch up' },
      );
      await waitFor(
        async () => {
          const { name } = await this.leaderOf(stream);
          if (!copies.has(name)) {
            const stored = await readStored(this.nodes[0].url, stream);
            if ((await this.leaderOf(stream)).name === name) copies.set(name, stored);
          }
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
    } catch (error) {
      this.#trouble = String(error);
      return false;
    }
  }
}
