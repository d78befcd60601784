import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type NatsConnection } from 'nats';
import { readStored, type Stored } from '../faults/checker.js';
import { NatsCluster } from '../faults/nats-process.js';
import { freePort } from '../ports.js';
import { waitFor } from '../wait.js';
import { ClusterNode, type NodePlace } from './cluster-node.js';
import { type Door, LoopEncoder } from './encoder.js';
import { FfmpegLoop } from './ffmpeg-loop.js';
import { type CutFrom, Namespaces } from './namespaces.js';
import { keepOwners, newestOwner, type OwnerRevision, readOwners } from './owners.js';
import { WatchingPlayer } from './player.js';

/** How a {@link World} is made. */
export interface WorldOptions {
  /** Machines of their own for the nodes, so that they can be cut off. Default: all on loopback. */
  readonly apart?: boolean;
  /** How much the wall clock of each node is off, ms. */
  readonly clockShiftMs?: readonly number[];
  /** Settings of all nodes. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
}

const NODES = 3;
const NATS_VERSION = '2.15.2';

/** Three nodes, three NATS servers that replicate to each other, and what plays and publishes there. */
export class World {
  readonly nats: NatsCluster;
  readonly nodes: readonly ClusterNode[];
  /** A connection of its own, which comes back whenever a server does. */
  readonly #witness: NatsConnection;
  readonly #namespaces: Namespaces | undefined;
  readonly #encoders: { stop(): Promise<void> }[] = [];
  readonly #players: WatchingPlayer[] = [];

  private constructor(
    nats: NatsCluster,
    witness: NatsConnection,
    nodes: readonly ClusterNode[],
    namespaces: Namespaces | undefined,
  ) {
    this.nats = nats;
    this.nodes = nodes;
    this.#witness = witness;
    this.#namespaces = namespaces;
  }

  /** Starts all of it and waits until each node has its link to NATS. */
  static async start(options: WorldOptions = {}): Promise<World> {
    const namespaces = options.apart === true ? await Namespaces.start(NODES) : undefined;
    const nats = await NatsCluster.start(NATS_VERSION, namespaces?.here);
    await keepOwners(nats.urls);
    const witness = await connect({ servers: nats.urls, maxReconnectAttempts: -1, reconnectTimeWait: 200 });
    const nodes: ClusterNode[] = [];
    for (let index = 0; index < NODES; index++) {
      const place: NodePlace = {
        id: `n${index + 1}`,
        host: namespaces?.addressOf(index) ?? '127.0.0.1',
        rtmpPort: namespaces === undefined ? await freePort() : 1935,
        httpPort: namespaces === undefined ? await freePort() : 8080,
        by: namespaces?.by(index) ?? [],
      };
      nodes.push(new ClusterNode(place, nats.urls, options.settings ?? {}, options.clockShiftMs?.[index]));
    }
    const world = new World(nats, witness, nodes, namespaces);
    try {
      for (const node of nodes) await node.start();
      for (const node of nodes) await world.linked(node);
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  /** Waits until a node says that NATS takes its events. */
  async linked(node: ClusterNode): Promise<void> {
    const ready = async () => {
      const answer = await node.get('/readyz');
      const { degraded = [] } = (await answer.json()) as { degraded?: readonly string[] };
      return answer.ok && degraded.length === 0;
    };
    await waitFor(() => ready().catch(() => false), {
      timeoutMs: 30_000,
      everyMs: 100,
      what: () => `${node.id} to reach NATS\n${node.log.slice(-3000)}`,
    });
  }

  /** An encoder in a loop: it begins at a node, and goes on at the others in turn. */
  encoder(name: string, first: ClusterNode, delayMs: number, fps?: number): LoopEncoder {
    const encoder = new LoopEncoder(name, {
      doors: this.#doorsFrom(first),
      delayMs,
      ...(fps === undefined ? {} : { fps }),
    });
    this.#encoders.push(encoder);
    return encoder;
  }

  /** The same with ffmpeg and a file. */
  ffmpeg(name: string, file: string, first: ClusterNode, delayMs: number): FfmpegLoop {
    const encoder = new FfmpegLoop(name, file, this.#doorsFrom(first), delayMs);
    this.#encoders.push(encoder);
    return encoder;
  }

  /** Whoever has lost a node tries it last. */
  #doorsFrom(first: ClusterNode): Door[] {
    const others = this.nodes.filter((node) => node !== first);
    return [first, ...others, ...others, ...others, ...others].map((node) => node.door);
  }

  /** Players of a name at a node. */
  async players(count: number, node: ClusterNode, name: string): Promise<WatchingPlayer[]> {
    const players = await Promise.all(Array.from({ length: count }, () => WatchingPlayer.open(node.door, name)));
    this.#players.push(...players);
    return players;
  }

  /** Cuts a node off without a word to anyone. */
  async cut(node: ClusterNode, from: CutFrom): Promise<void> {
    const ports = this.nats.nodes.map(({ port }) => port);
    await this.#parted().cut(this.nodes.indexOf(node), from, ports);
  }

  /** Takes back every cut of a node. */
  async heal(node: ClusterNode): Promise<void> {
    await this.#parted().heal(this.nodes.indexOf(node));
  }

  #parted(): Namespaces {
    if (this.#namespaces === undefined) throw new Error('only nodes on machines of their own can be cut off');
    return this.#namespaces;
  }

  /** Every event that NATS has. */
  events(): Promise<Stored[]> {
    return readStored(this.nats.urls);
  }

  /** Every write to the registry of names. */
  owners(): Promise<OwnerRevision[]> {
    return readOwners(this.nats.urls);
  }

  /** The newest write for a name of the app `live`; `undefined` also while nobody can say. */
  owner(name: string): Promise<OwnerRevision | undefined> {
    return newestOwner(this.#witness, `live.${name}`);
  }

  /** When the registry was made: the first half of every epoch. */
  async registry(): Promise<string> {
    const manager = await this.#witness.jetstreamManager();
    return (await manager.streams.info('KV_SLUICE_OWNERS')).created as unknown as string;
  }

  /** Waits until a name has an owner that is as wanted. */
  async owned(name: string, match: (owner: OwnerRevision) => boolean, timeoutMs = 30_000): Promise<OwnerRevision> {
    let seen: OwnerRevision | undefined;
    return waitFor(
      async () => {
        seen = await this.owner(name);
        return seen !== undefined && match(seen) ? seen : undefined;
      },
      { timeoutMs, everyMs: 20, what: () => `the owner of ${name}; it is ${JSON.stringify(seen)}` },
    );
  }

  /** Waits until what NATS has keeps a contract that late events may still complete. @returns the violations left */
  async holds(check: (stored: Stored[]) => string[] | Promise<string[]>, timeoutMs = 30_000): Promise<string[]> {
    const untilMs = performance.now() + timeoutMs;
    for (;;) {
      const violations = await check(await this.events());
      if (violations.length === 0 || performance.now() > untilMs) return violations;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  /** Ends encoders and players; nodes and NATS stay. */
  async quiet(): Promise<void> {
    for (const player of this.#players.splice(0)) player.close();
    await Promise.all(this.#encoders.splice(0).map((encoder) => encoder.stop()));
  }

  /** Writes what each node has logged and what NATS holds into the folder that `CLUSTER_KEEP` names, if it does. */
  async keep(label: string): Promise<void> {
    const top = process.env['CLUSTER_KEEP'];
    if (top === undefined) return;
    const folder = join(top, label);
    mkdirSync(folder, { recursive: true });
    for (const node of this.nodes) writeFileSync(join(folder, `${node.id}.log`), node.log);
    const lines = (list: readonly unknown[]): string => list.map((one) => JSON.stringify(one)).join('\n');
    writeFileSync(join(folder, 'events.jsonl'), lines(await this.events().catch(() => [])));
    writeFileSync(join(folder, 'owners.jsonl'), lines(await this.owners().catch(() => [])));
  }

  /** Ends all of it. */
  async stop(): Promise<void> {
    await this.quiet();
    await Promise.all(this.nodes.map((node) => node.kill()));
    await this.#witness.close();
    await this.nats.stop();
    await this.#namespaces?.close();
  }
}
