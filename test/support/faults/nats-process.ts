import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'nats';
import { Child } from '../child.js';
import { freePort } from '../ports.js';
import { removeTempDir, tempDir } from '../temp.js';
import { waitFor } from '../wait.js';
import { readStored, type Stored } from './checker.js';
import { type NatsVersion, natsBinary } from './nats-binaries.js';
import { TcpProxy } from './tcp-proxy.js';

/** A nats-server process of a given version; its data outlives restarts. */
export class NatsProcess {
  readonly version: NatsVersion;
  readonly port: number;
  readonly name: string;
  /** Address that it listens on. */
  readonly host: string;
  readonly #folder: string;
  readonly #extra: string;
  #child: Child | undefined;

  constructor(version: NatsVersion, port: number, o: { name?: string; host?: string; extra?: string } = {}) {
    this.version = version;
    this.port = port;
    this.name = o.name ?? 'single';
    this.host = o.host ?? '127.0.0.1';
    this.#extra = o.extra ?? '';
    this.#folder = tempDir('nats');
  }

  /** A single server, not started yet. */
  static async prepare(version: NatsVersion): Promise<NatsProcess> {
    return new NatsProcess(version, await freePort());
  }

  get url(): string {
    return `nats://${this.host}:${this.port}`;
  }

  /** Starts (again), on the same port and data. `ready` false does not wait (a cluster needs its others first). */
  async start(ready = true): Promise<void> {
    const store = join(this.#folder, 'js');
    mkdirSync(store, { recursive: true });
    const config = join(this.#folder, 'nats.conf');
    const limits = 'max_file: 1GB, max_mem: 64MB';
    writeFileSync(
      config,
      `server_name: "${this.name}"\nlisten: "${this.host}:${this.port}"\njetstream { store_dir: "${store}", ${limits} }\n${this.#extra}`,
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

  /** Ends it in good order; its data stays. */
  async end(): Promise<void> {
    await this.#child?.stop('SIGTERM');
  }

  /** Ends it and removes its data. */
  async stop(): Promise<void> {
    await this.kill();
    removeTempDir(this.#folder);
  }
}

/** A cluster stands within two seconds, or within ten on a busy machine; three tries fit into a test's hook. */
const START_MS = 15_000;
const START_TRIES = 3;

/** The proxies of a cluster that can be partitioned. */
export interface ClusterLinks {
  /** Before the client port of each node. */
  readonly clients: readonly TcpProxy[];
  /** Between two nodes, which are given by their places in the cluster. */
  readonly routes: readonly { readonly between: readonly [number, number]; readonly proxy: TcpProxy }[];
}

/** Three servers that replicate to each other. */
export class NatsCluster {
  readonly nodes: readonly NatsProcess[];
  readonly #links: ClusterLinks | undefined;
  /** Why the last probe failed. */
  #trouble = '';

  private constructor(nodes: readonly NatsProcess[], links?: ClusterLinks) {
    this.nodes = nodes;
    this.#links = links;
  }

  /** Starts three servers and waits until they have a JetStream leader. @param host where clients find them */
  static async start(version: NatsVersion, host?: string): Promise<NatsCluster> {
    return NatsCluster.#start(version, false, host);
  }

  /** The same with a proxy in every route and before every client port. */
  static async startParted(version: NatsVersion): Promise<NatsCluster & { readonly links: ClusterLinks }> {
    return (await NatsCluster.#start(version, true)) as NatsCluster & { readonly links: ClusterLinks };
  }

  /**
   * Now and then a cluster elects a leader that never hears from its peers and answers "no suitable peers for
   * placement" for as long as it lives, also with one route for each pair of nodes and with all of them configured.
   * Such a cluster is discarded: it holds nothing.
   */
  static async #start(version: NatsVersion, parted: boolean, host?: string): Promise<NatsCluster> {
    for (let left = START_TRIES; ; left--) {
      const cluster = await NatsCluster.#launch(version, parted, host);
      try {
        await waitFor(() => cluster.#answers(), {
          timeoutMs: START_MS,
          everyMs: 200,
          what: () =>
            `the cluster to elect a leader; ${cluster.#trouble}\n${cluster.nodes.map((node) => node.output).join('\n')}`,
        });
        return cluster;
      } catch (error) {
        await cluster.stop();
        if (left === 1) throw error;
      }
    }
  }

  /** Starts the processes, which may not have found each other yet. */
  static async #launch(version: NatsVersion, parted: boolean, host?: string): Promise<NatsCluster> {
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
    const routes = await Promise.all([freePort(), freePort(), freePort()]);
    const links: { between: [number, number]; proxy: TcpProxy }[] = [];
    const nodes: NatsProcess[] = [];
    for (const [i, port] of ports.entries()) {
      // Each node dials those before it (and itself, in vain: one route must be configured), one after the other: when
      // all dial each other at once, nats-server now and then closes both connections of a pair as duplicates, and its
      // leader never learns of the other two.
      const dialled = [...routes.slice(0, i + 1)];
      for (let earlier = 0; parted && earlier < i; earlier++) {
        const proxy = await TcpProxy.start(routes[earlier]);
        links.push({ between: [earlier, i], proxy });
        dialled[earlier] = proxy.port;
      }
      const targets = dialled.map((route) => `"nats://127.0.0.1:${route}"`).join(', ');
      // Servers tell each other where a third one listens, and clients where the others do: a way around the proxies.
      // They are told a port where nobody listens, and nothing.
      const hidden = parted ? `, no_advertise: true, advertise: "127.0.0.1:${await freePort()}"` : '';
      const listen = `"127.0.0.1:${routes[i]}"`;
      const extra = `cluster { name: "test", listen: ${listen}, routes: [${targets}]${hidden} }\n`;
      nodes.push(new NatsProcess(version, port, { name: `n${i + 1}`, extra, ...(host === undefined ? {} : { host }) }));
    }
    const clients = parted ? await Promise.all(ports.map((port) => TcpProxy.start(port))) : [];
    const cluster = new NatsCluster(nodes, parted ? { clients, routes: links } : undefined);
    for (const node of nodes) await node.start();
    return cluster;
  }

  get urls(): string[] {
    return this.nodes.map((node) => node.url);
  }

  /** The proxies, when it was started with them. */
  get links(): ClusterLinks | undefined {
    return this.#links;
  }

  /**
   * Separates a node from the other two: nothing gets through between them, and no side is told. `undefined` heals
   * everything.
   */
  part(place: number | undefined): void {
    for (const { between, proxy } of this.#links?.routes ?? []) {
      if (place !== undefined && between.includes(place)) proxy.stall();
      else proxy.pass();
    }
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
   * What each replica holds: once all have caught up, leadership is handed on until every node has served the whole
   * stream. Only a leader answers `readStored`; a copy counts when the same node led before and after it was read.
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
    const proxies = [...(this.#links?.clients ?? []), ...(this.#links?.routes ?? []).map((route) => route.proxy)];
    await Promise.all(proxies.map((proxy) => proxy.stop()));
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
