import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from '../child.js';
import { builtCli, repository } from '../repository.js';
import { environmentName, type ListedStream } from '../server.js';
import { tempDir } from '../temp.js';
import { waitFor } from '../wait.js';
import type { Door } from './encoder.js';

/** Where a node runs. */
export interface NodePlace {
  readonly id: string;
  readonly host: string;
  readonly rtmpPort: number;
  readonly httpPort: number;
  /** What stands before its command. */
  readonly by: readonly string[];
}

/** The same for all nodes: this is what lets them in. */
export const CLUSTER_SECRET = 'what-only-the-nodes-of-the-test-know';
const HTTP_TOKEN = 'the-token-of-the-fault-suite';

/** Clients of one process act for many: the bounds for each address do not bind them. */
const UNBOUND = {
  'limits.maxConnectionsPerIp': 10_000,
  'limits.acceptsPerSecondPerIp': 10_000,
  'limits.acceptBurstPerIp': 10_000,
  'limits.publishesPerSecondPerIp': 10_000,
  'limits.playsPerSecondPerIp': 10_000,
  'limits.eventsPerSecondPerIp': 10_000,
  'log.faultLinesPerSecond': 1_000_000,
  'auth.allowAnonymousPublish': true,
};

/** A Sluice node of a cluster as a child process; its data and its ports outlive it. */
export class ClusterNode {
  readonly place: NodePlace;
  readonly data: string;
  readonly #settings: Readonly<Record<string, string | number | boolean>>;
  readonly #children: Child[] = [];

  readonly #clock: readonly string[];

  /** Does not start it. @param clockShiftMs how much its wall clock is off */
  constructor(
    place: NodePlace,
    natsUrls: readonly string[],
    settings: Readonly<Record<string, string | number | boolean>>,
    clockShiftMs = 0,
  ) {
    this.place = place;
    this.data = tempDir(`node-${place.id}`);
    const preload = join(repository(), 'test/support/cluster/shifted-clock.mjs');
    this.#clock =
      clockShiftMs === 0 ? [] : [`SHIFTED_CLOCK_MS=${clockShiftMs}`, `NODE_OPTIONS=--import=file://${preload}`];
    this.#settings = {
      ...UNBOUND,
      'node.id': place.id,
      'nats.url': natsUrls.join(','),
      'nats.replicas': natsUrls.length,
      'cluster.enabled': true,
      'cluster.secret': CLUSTER_SECRET,
      'cluster.advertise': `${place.host}:${place.rtmpPort}`,
      'cluster.peers': '127.0.0.0/8,198.18.0.0/16',
      'http.token': HTTP_TOKEN,
      'log.format': 'json',
      ...settings,
    };
  }

  get id(): string {
    return this.place.id;
  }

  get door(): Door {
    return { label: this.id, host: this.place.host, port: this.place.rtmpPort };
  }

  get pid(): number {
    return Number(readFileSync(join(this.data, 'pid'), 'utf8'));
  }

  /** How its newest process ended, or `undefined` while it runs. */
  get exit(): Child['exit'] {
    return this.#children.at(-1)?.exit;
  }

  /** What its processes have logged. */
  get log(): string {
    return this.#children.map((child) => child.output).join('');
  }

  /** Starts it, again after its end, and waits until it answers. @param more settings of this start only */
  async start(more: Readonly<Record<string, string | number | boolean>> = {}): Promise<void> {
    const child = this.launch(more);
    await waitFor(
      async () => {
        if (child.exit !== undefined) throw new Error(`${this.id} ended at its start\n${child.output.slice(-4000)}`);
        return this.get('/healthz').then(
          (answer) => answer.ok,
          () => false,
        );
      },
      { timeoutMs: 30_000, everyMs: 50, what: () => `${this.id} to listen\n${child.output.slice(-4000)}` },
    );
  }

  /** Starts it and does not wait. */
  launch(more: Readonly<Record<string, string | number | boolean>> = {}): Child {
    const { host, rtmpPort, httpPort, by } = this.place;
    const settings = { ...this.#settings, ...more };
    const env = Object.entries(settings).map(([key, value]) => `${environmentName(key)}=${value}`);
    const child = new Child([
      // It says which process it is: what stands before it may be one that takes no signals of this user.
      ...[...by, 'sh', '-c', `echo $$ >'${join(this.data, 'pid')}'; exec "$@"`, 'sh'],
      ...['env', ...env, ...this.#clock, process.execPath, builtCli(), 'serve'],
      ...['--rtmp', `${host}:${rtmpPort}`, '--http', `${host}:${httpPort}`, '--data', this.data],
    ]);
    this.#children.push(child);
    return child;
  }

  /** Harmless when it is not there. */
  signal(signal: NodeJS.Signals): void {
    if (this.#children.length > 0 && this.exit === undefined) process.kill(this.pid, signal);
  }

  /** Ends it without a goodbye. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.#children.at(-1)?.exited;
  }

  /** Ends it as an operator does. */
  async stop(): Promise<void> {
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    await this.#children.at(-1)?.finish(60_000);
  }

  /** Its newest process has ended by itself. */
  async exited(timeoutMs = 60_000): Promise<void> {
    await this.#children.at(-1)?.finish(timeoutMs);
  }

  /** `GET`, or another method with a body, of its HTTP interface. */
  get(path: string, method = 'GET', body?: unknown): Promise<Response> {
    const { host, httpPort } = this.place;
    return fetch(`http://${host}:${httpPort}${path}`, {
      method,
      headers: { authorization: `Bearer ${HTTP_TOKEN}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
  }

  /** Streams that are published to it. */
  async streams(): Promise<ListedStream[]> {
    const answer = (await (await this.get('/v1/streams')).json()) as { streams: ListedStream[] } | ListedStream[];
    return Array.isArray(answer) ? answer : answer.streams;
  }

  /** The sum of all samples of a metric; 0 without any. */
  async metric(name: string): Promise<number> {
    const [sum] = await this.metrics(name);
    return sum;
  }

  /** The sums of all samples of some metrics, all of the same moment. */
  async metrics(...names: readonly string[]): Promise<number[]> {
    const lines = (await (await this.get('/metrics')).text()).split('\n');
    return names.map((name) => {
      const values = lines.filter((line) => /^([a-zA-Z_:]+)/.exec(line)?.[1] === name);
      return values.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    });
  }
}
