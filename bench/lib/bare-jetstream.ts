import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, headers, type NatsConnection } from 'nats';

/** A nats-server with JetStream on a temporary folder, for one bench run. */
export interface BenchBroker {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a server and waits until it answers. */
export async function startBroker(binary: string): Promise<BenchBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-nats-'));
  const port = await freePort();
  const config = join(folder, 'nats.conf');
  writeFileSync(
    config,
    `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${join(folder, 'js')}", max_file: 4GB }\n`,
  );
  const child: ChildProcess = spawn(binary, ['-c', config], { stdio: 'ignore' });
  const gone = new Promise<void>((resolve, reject) => {
    child.once('exit', () => resolve());
    child.once('error', reject);
  });
  const url = `nats://127.0.0.1:${port}`;
  const connection = await Promise.race([
    firstConnection(url),
    gone.then(() => Promise.reject(new Error(`${binary} did not start`))),
  ]);
  await connection.close();
  return {
    url,
    pid: child.pid ?? -1,
    stop: async () => {
      child.kill('SIGKILL');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function firstConnection(url: string): Promise<NatsConnection> {
  for (let tries = 0; ; tries++) {
    try {
      return await connect({ servers: url });
    } catch (error) {
      if (tries > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/**
 * Publishes to JetStream as the package `nats` does it, with the headers that Sluice's events carry, and nothing around
 * it.
 */
export class BarePublisher {
  readonly #connection: NatsConnection;

  private constructor(connection: NatsConnection) {
    this.#connection = connection;
  }

  static async open(url: string): Promise<BarePublisher> {
    const publisher = new BarePublisher(await connect({ servers: url, noAsyncTraces: true }));
    const manager = await publisher.#connection.jetstreamManager();
    await manager.streams.add({ name: 'BARE', subjects: ['bare.>'], discard: 'new' as never });
    return publisher;
  }

  /** One event, resolved by its PubAck. */
  async send(subject: string, id: string, type: string, data: Uint8Array): Promise<void> {
    const hdrs = headers();
    hdrs.set('content-type', 'application/cloudevents+json');
    hdrs.set('ce-type', type);
    await this.#connection
      .jetstream()
      .publish(subject, data, { msgID: id, expect: { lastSubjectSequence: 0 }, headers: hdrs });
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}

/** Notes when each message arrives, by its `Nats-Msg-Id`. */
export class ArrivalTimes {
  readonly times = new Map<string, number>();
  readonly #connection: NatsConnection;

  private constructor(connection: NatsConnection) {
    this.#connection = connection;
  }

  static async open(url: string): Promise<ArrivalTimes> {
    const connection = await connect({ servers: url });
    const arrivals = new ArrivalTimes(connection);
    for (const subject of ['bare.>', 'sluice.v1.evt.>']) {
      connection.subscribe(subject, {
        callback: (_error, message) => {
          arrivals.times.set(message.headers?.get('Nats-Msg-Id') ?? '', performance.now());
        },
      });
    }
    await connection.flush();
    return arrivals;
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}
