import { Child, type Exit } from './child.js';
import { freePort } from './ports.js';
import { builtCli } from './repository.js';
import { removeTempDir, tempDir } from './temp.js';
import { waitFor } from './wait.js';

/** How to start the built server. */
export interface ServerOptions {
  /** URL of a NATS server; without one the events stay in the embedded log. */
  readonly nats?: string;
  /** Configuration by key, e.g. `{ 'limits.maxConnections': 5 }`, handed over as environment. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** Path of a configuration file. */
  readonly config?: string;
  /** A data folder to use again; by default a new one that is removed with the server. */
  readonly data?: string;
  /** Default: info; null: as file and environment say. */
  readonly logLevel?: string | null;
  /** Address that RTMP listens on; default: loopback. */
  readonly host?: string;
  /** File, device or named pipe that the log goes to instead of to the test. */
  readonly stderr?: string;
}

/** A stream as `GET /v1/streams` shows it; only what tests look at. */
export interface ListedStream {
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
  readonly peer: { readonly address: string; readonly port: number };
  readonly state: string;
  readonly players: number;
  readonly drops: number;
  readonly bytesIn: number;
  readonly videoFrames: number;
  readonly audioFrames: number;
}

/** `limits.maxConnectionsPerIp` → `SLUICE_LIMITS_MAX_CONNECTIONS_PER_IP`. */
export function environmentName(key: string): string {
  return `SLUICE_${key
    .replaceAll('.', '_')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase()}`;
}

/** The built command line as a child process, on ports of its own. */
export class TestServer {
  readonly rtmpPort: number;
  readonly httpPort: number;
  readonly data: string;
  readonly child: Child;
  readonly #ownData: boolean;

  constructor(child: Child, rtmpPort: number, httpPort: number, data: string, ownData: boolean) {
    this.child = child;
    this.rtmpPort = rtmpPort;
    this.httpPort = httpPort;
    this.data = data;
    this.#ownData = ownData;
  }

  /** `rtmp://…/live/<name>`, or another app. */
  url(name: string, app = 'live'): string {
    return `rtmp://127.0.0.1:${this.rtmpPort}/${app}/${name}`;
  }

  /** `http://…<path>`. */
  http(path: string): string {
    return `http://127.0.0.1:${this.httpPort}${path}`;
  }

  /** What the server lists now. */
  async streams(): Promise<ListedStream[]> {
    const answer = (await (await fetch(this.http('/v1/streams'))).json()) as
      | { streams: ListedStream[] }
      | ListedStream[];
    return Array.isArray(answer) ? answer : answer.streams;
  }

  /** The listed stream of that name, or `undefined`. */
  async stream(name: string, app = 'live'): Promise<ListedStream | undefined> {
    return (await this.streams()).find((s) => s.name === name && s.app === app);
  }

  /** Waits until a stream of that name is ready. */
  async ready(name: string, timeoutMs = 10_000): Promise<ListedStream> {
    return waitFor(
      async () => {
        const stream = await this.stream(name);
        return stream?.state === 'ready' ? stream : undefined;
      },
      { timeoutMs, everyMs: 50, what: () => `stream ${name} to be ready\n${this.child.output.slice(-2000)}` },
    );
  }

  /** Waits until that stream is gone. */
  async ended(name: string, timeoutMs = 12_000): Promise<void> {
    await waitFor(async () => (await this.stream(name)) === undefined, {
      timeoutMs,
      everyMs: 50,
      what: `stream ${name} to end`,
    });
  }

  /** Players that the server counts now, those that wait for a publisher included. */
  async playerCount(): Promise<number> {
    return this.metric('sluice_players');
  }

  /** Waits until the server counts at least that many players. */
  async waitForPlayers(count: number, timeoutMs = 10_000): Promise<void> {
    await waitFor(async () => (await this.playerCount()) >= count, {
      timeoutMs,
      everyMs: 50,
      what: `${count} players`,
    });
  }

  /** How many connections were ended for `code` so far, from `/metrics`. */
  async rejections(code: string): Promise<number> {
    return this.metric('sluice_connections_closed_total', `code="${code}"`);
  }

  /** The sum of all samples of a metric whose label part contains every one of `labels`. */
  async metric(name: string, ...labels: string[]): Promise<number> {
    const text = await (await fetch(this.http('/metrics'))).text();
    if (!text.includes(`# TYPE ${name} `)) throw new Error(`there is no metric ${name}`);
    let sum = 0;
    for (const line of text.split('\n')) {
      const match = /^([a-zA-Z_:]+)(\{[^}]*\})? (\S+)/.exec(line);
      if (match !== null && match[1] === name && labels.every((l) => (match[2] ?? '').includes(l)))
        sum += Number(match[3]);
    }
    return sum;
  }

  /** Resident bytes of the process, from `/proc`. */
  async residentBytes(): Promise<number> {
    const { readFile } = await import('node:fs/promises');
    const kib = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${this.child.pid}/status`, 'utf8'))?.[1];
    return Number(kib) * 1024;
  }

  /** Log lines that contain `text`. */
  logLines(text: string): string[] {
    return this.child.output.split('\n').filter((line) => line.includes(text));
  }

  /**
   * SIGTERM, and the promise that it ends with code 0; removes the data folder when it is its own. The server keeps its
   * own deadline (`shutdown.deadlineMs`): the wait here is longer than a busy machine can make that.
   */
  async stop(timeoutMs = 60_000): Promise<Exit> {
    if (this.child.exit === undefined) this.child.signal('SIGTERM');
    const exit = await this.child.finish(timeoutMs);
    if (this.#ownData) removeTempDir(this.data);
    if (exit.code !== 0)
      throw new Error(`the server ended with ${JSON.stringify(exit)}\n${this.child.output.slice(-6000)}`);
    return exit;
  }
}

/** Starts the built server and waits until it answers. Needs `npm run build` before. */
export async function spawnServer(options: ServerOptions = {}): Promise<TestServer> {
  const [rtmpPort, httpPort] = [await freePort(), await freePort()];
  const data = options.data ?? tempDir('data');
  // Tests cause more faults in a second than the log would tell.
  const env: Record<string, string> = { SLUICE_LOG_FAULT_LINES_PER_SECOND: '1000000' };
  for (const [key, value] of Object.entries(options.settings ?? {})) env[environmentName(key)] = String(value);
  const redirect = options.stderr === undefined ? [] : ['sh', '-c', `exec "$0" "$@" 2>'${options.stderr}'`];
  const child = new Child(
    [
      ...[
        ...redirect,
        process.execPath,
        builtCli(),
        'serve',
        '--rtmp',
        `${options.host ?? '127.0.0.1'}:${rtmpPort}`,
        '--http',
        `127.0.0.1:${httpPort}`,
      ],
      ...['--data', data, ...(options.logLevel === null ? [] : ['--log-level', options.logLevel ?? 'info'])],
      ...(options.config === undefined ? [] : ['--config', options.config]),
      ...(options.nats === undefined ? [] : ['--nats', options.nats]),
    ],
    { env: { SLUICE_LOG_FORMAT: 'json', ...env } },
  );
  const server = new TestServer(child, rtmpPort, httpPort, data, options.data === undefined);
  await waitFor(
    async () => {
      if (child.exit !== undefined) throw new Error(`the server ended at start\n${child.output}`);
      return fetch(server.http('/healthz')).then(
        (r) => r.ok,
        () => false,
      );
    },
    { timeoutMs: 15_000, everyMs: 50, what: () => `the server to listen\n${child.output}` },
  );
  return server;
}
