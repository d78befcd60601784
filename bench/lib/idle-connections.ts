import { sourcePath } from './paths.js';
import { BenchProcess, pause } from './process.js';

const POLL_MS = 10;

/** Connections that went through handshake and connect and now do nothing, held by a process of their own. */
export class IdleConnections {
  readonly #process: BenchProcess;
  readonly #count: number;

  /** @param url `rtmp://host:port/app`; @param atOnce connections under way at a time (`count` for a burst). */
  constructor(url: string, count: number, atOnce: number, core: number) {
    const { hostname, port, pathname } = new URL(url);
    this.#count = count;
    this.#process = new BenchProcess({
      command: process.execPath,
      args: [
        sourcePath('dist/bench/lib/connect-main.js'),
        hostname,
        port,
        pathname.slice(1),
        String(count),
        String(atOnce),
      ],
      core,
    });
  }

  /** How many are through, and how many the server closed. */
  get state(): { connected: number; failed: number } {
    const line = this.#process.output.trimEnd().split('\n').at(-1) ?? '';
    return line.startsWith('{')
      ? (JSON.parse(line) as { connected: number; failed: number })
      : { connected: 0, failed: 0 };
  }

  /** Waits until all are through, some failed, or the time is over; returns how many are through. */
  async settled(timeoutMs: number): Promise<number> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const { connected, failed } = this.state;
      if (connected + failed >= this.#count || performance.now() > deadline || !this.#process.running) return connected;
      await pause(POLL_MS);
    }
  }

  /** Closes them. */
  stop(): Promise<void> {
    return this.#process.stop();
  }
}
