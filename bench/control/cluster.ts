import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectControl } from '../../src/cli/control/connect-nats.js';
import { resolveConfig } from '../../src/config/load.js';
import type { AskOptions, ControlClient } from '../../src/control/client/control-client.js';
import { HttpControl } from '../../src/control/client/http-control.js';
import type { Verb } from '../../src/control/operations.js';
import type { Facts } from '../../src/control/ports.js';
import { type BenchBroker, startBroker } from '../lib/bare-jetstream.js';
import { pause } from '../lib/process.js';
import { type RunningSluice, startSluice } from '../peers/sluice.js';

const UP_TIMEOUT_MS = 30_000;

/** One node of a {@link Cluster}. */
export interface Node {
  readonly id: string;
  readonly port: number;
  readonly http: ControlClient;
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
}

/** Real nodes with a real nats-server, and control of them as the command line has it. */
export class Cluster {
  readonly broker: BenchBroker;
  readonly nodes: readonly Node[];
  /** Control over NATS. */
  readonly nats: ControlClient;
  readonly #servers: readonly RunningSluice[];
  readonly #directory: string;

  private constructor(
    broker: BenchBroker,
    servers: readonly RunningSluice[],
    nodes: readonly Node[],
    nats: ControlClient,
    directory: string,
  ) {
    this.broker = broker;
    this.#servers = servers;
    this.nodes = nodes;
    this.nats = nats;
    this.#directory = directory;
  }

  /**
   * Starts nodes `n0`, `n1` and so on, and waits until each answers.
   *
   * @param binary the nats-server
   * @param env settings of all of them
   */
  static async start(count: number, binary: string, env: Readonly<Record<string, string>> = {}): Promise<Cluster> {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-control-'));
    const broker = await startBroker(binary);
    const servers: RunningSluice[] = [];
    const nodes: Node[] = [];
    for (let i = 0; i < count; i++) {
      const id = `n${i}`;
      const settings = { SLUICE_NODE_ID: id, SLUICE_NATS_URL: broker.url, ...env };
      const server = await startSluice({ directory: join(directory, id), env: settings });
      servers.push(server);
      nodes.push({
        id,
        port: server.rtmpPort,
        http: new HttpControl(`http://127.0.0.1:${server.httpPort}`, {}),
        signal: (name) => void process.kill(server.pid!, name),
      });
    }
    const nats = await connectControl(resolveConfig({ nats: { url: broker.url } }), 'bench');
    const cluster = new Cluster(broker, servers, nodes, nats, directory);
    await cluster.#up();
    return cluster;
  }

  /** Ends all. */
  async stop(): Promise<void> {
    await this.nats.close();
    await Promise.all(this.#servers.map((server) => server.stop()));
    await this.broker.stop();
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 3 });
  }

  async #up(): Promise<void> {
    const until = performance.now() + UP_TIMEOUT_MS;
    for (;;) {
      const outcome = await this.nats.ask('nodes.list', {});
      const { items = [], partial } = (outcome.ok ? outcome.answer : {}) as { items?: unknown[]; partial?: boolean };
      if (items.length === this.nodes.length && partial === false) return;
      if (performance.now() > until) throw new Error(`${items.length} of ${this.nodes.length} nodes are up`);
      await pause(50);
    }
  }
}

/** Asks for an operation. @throws Error when it is refused */
export async function done(client: ControlClient, verb: Verb, input: Facts, options?: AskOptions): Promise<Facts> {
  const outcome = await client.ask(verb, input, options);
  if (outcome.ok) return outcome.answer;
  throw new Error(`${verb} ${JSON.stringify(input)}: ${outcome.problem.code} ${outcome.problem.detail}`);
}

/** A stream of a node, as `streams.list` shows it. @throws Error when there is none */
export async function streamOf(node: Node, name: string): Promise<Facts> {
  const { streams } = (await done(node.http, 'streams.list', { app: 'live', name })) as { streams?: readonly Facts[] };
  const stream = streams?.[0];
  if (stream === undefined) throw new Error(`${node.id} has no stream ${name}`);
  return stream;
}
