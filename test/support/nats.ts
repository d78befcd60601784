import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from './child.js';
import { freePort } from './ports.js';
import { removeTempDir, tempDir } from './temp.js';

/** A nats-server of a test's own, with JetStream on a temporary folder that outlives restarts. */
export class NatsServer {
  readonly url: string;
  readonly port: number;
  readonly #folder: string;
  #child: Child | undefined;

  private constructor(port: number) {
    this.port = port;
    this.url = `nats://127.0.0.1:${port}`;
    this.#folder = tempDir('nats');
  }

  /** Reserves a port and a folder; nothing runs until {@link start}. */
  static async prepare(): Promise<NatsServer> {
    return new NatsServer(await freePort());
  }

  /** Starts (or starts again) on the same port and folder and waits until it serves. */
  async start(): Promise<void> {
    const config = join(this.#folder, 'nats.conf');
    writeFileSync(
      config,
      `listen: "127.0.0.1:${this.port}"\njetstream { store_dir: "${join(this.#folder, 'js')}", max_file: 512MB, max_mem: 64MB }\n`,
    );
    const child = new Child(['nats-server', '-c', config]);
    this.#child = child;
    await child.waitForOutput(/Server is ready/);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.signal(signal);
  }

  /** Kills the process without a goodbye; the stored data stays. */
  async kill(): Promise<void> {
    await this.#child?.stop('SIGKILL');
  }

  /** Ends it and removes its data. */
  async stop(): Promise<void> {
    await this.#child?.stop('SIGKILL');
    removeTempDir(this.#folder);
  }
}

/** A running nats-server with JetStream. */
export async function startNats(): Promise<NatsServer> {
  const server = await NatsServer.prepare();
  await server.start();
  return server;
}
