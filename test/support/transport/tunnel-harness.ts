import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { ErrorCode } from '../../../src/core/errors.js';
import type { MemoryAccount } from '../../../src/core/memory-account.js';
import type { ByteChannel, ChannelOwner } from '../../../src/transport/byte-channel.js';
import { HttpTunnel, type TunnelOptions } from '../../../src/transport/tunnel/tunnel.js';
import { waitFor } from '../wait.js';
import { TunnelConnection } from './tunnel-client.js';

const OPTIONS: TunnelOptions = {
  sessionTimeoutMs: 30_000,
  gapTimeoutMs: 2000,
  maxAnswerBytes: 65_536,
  maxRequestBytes: 2 ** 20,
  holdMs: 20,
  requestTimeoutMs: 30_000,
  maxHttpConnections: 100,
  maxConnectionsPerIp: 0,
  acceptsPerSecondPerIp: 0,
  acceptBurstPerIp: 50,
  limitLoopback: false,
};

/** The owner of a channel of the tunnel: keeps what it reads, and reads on or not as the test says. */
export class TunnelOwner implements ChannelOwner {
  readonly channel: ByteChannel;
  readonly #parts: Buffer[] = [];
  readonly #into: Buffer;
  /** How many reads are left before it stops reading. */
  reads = Number.POSITIVE_INFINITY;
  /** Called when it stops reading. */
  stopped: () => void = () => {};
  /** Undefined while the channel is open; null when it was closed in good order. */
  end: NodeJS.ErrnoException | null | undefined;
  ends = 0;

  constructor(channel: ByteChannel, bufferBytes: number) {
    this.channel = channel;
    this.#into = Buffer.alloc(bufferBytes);
    channel.open(this);
  }

  /** Everything read so far. */
  get got(): Buffer {
    return Buffer.concat(this.#parts);
  }

  buffer(): Buffer {
    return this.#into;
  }

  read(count: number, into: Buffer): boolean {
    this.#parts.push(Buffer.from(into.subarray(0, count)));
    this.reads--;
    if (this.reads > 0) return true;
    this.stopped();
    return false;
  }

  closed(error: NodeJS.ErrnoException | undefined): void {
    this.end = error ?? null;
    this.ends++;
  }

  /** Reads on, for so many reads. */
  readOn(reads = Number.POSITIVE_INFINITY): void {
    this.reads = reads;
    this.channel.resumeReads();
  }
}

/** A tunnel on a port of its own, with an owner for each session. Deadlines pass when the test says so. */
export class TunnelHarness {
  readonly tunnel: HttpTunnel;
  readonly owners: TunnelOwner[] = [];
  readonly refusals: ErrorCode[] = [];
  /** When set, sessions are refused. */
  refuses = false;
  port = 0;
  readonly #connections: TunnelConnection[] = [];
  readonly #sockets: Socket[] = [];

  private constructor(options: Partial<TunnelOptions>, bufferBytes: number) {
    this.tunnel = new HttpTunnel(
      { ...OPTIONS, ...options },
      {
        nowMs: () => performance.now(),
        accepted: (channel) => {
          if (this.refuses) channel.destroy();
          else this.owners.push(new TunnelOwner(channel, bufferBytes));
        },
        refused: (code) => this.refusals.push(code),
      },
    );
  }

  /** @param bufferBytes how much an owner reads at once */
  static async open(options: Partial<TunnelOptions> = {}, bufferBytes = 65_536): Promise<TunnelHarness> {
    const harness = new TunnelHarness(options, bufferBytes);
    const fail = (error: Error): void => {
      throw error;
    };
    harness.port = await harness.tunnel.listen({ host: '127.0.0.1', port: 0 }, fail);
    onTestFinished(() => harness.close());
    return harness;
  }

  /** @param from the address to come from */
  readonly connect = (from?: string, sockets?: number): TunnelConnection => {
    const connection = new TunnelConnection(this.port, from, sockets);
    this.#connections.push(connection);
    return connection;
  };

  /** A socket that has sent these bytes, and whose errors are nobody's. */
  raw(bytes: string | Buffer): Socket {
    const socket = connect({ host: '127.0.0.1', port: this.port }, () => socket.write(bytes));
    socket.on('error', () => {});
    this.#sockets.push(socket);
    return socket;
  }

  /** What the tunnel tells the memory account that it holds for its clients. */
  get heldBytes(): number {
    let held = 0;
    const register = (kind: string, bytes: () => number): void => {
      if (kind === 'tunnel') held = bytes();
    };
    this.tunnel.joinAccount({ register } as unknown as MemoryAccount);
    return held;
  }

  /** Deadlines are checked as if so much time had passed. */
  pass(ms: number): void {
    this.tunnel.tick(performance.now() + ms);
  }

  until(look: () => boolean, what: string): Promise<true> {
    return waitFor(() => look() || undefined, { everyMs: 2, what }) as Promise<true>;
  }

  close(): void {
    for (const connection of [...this.#connections, ...this.#sockets]) connection.destroy();
    for (const { channel } of this.owners) channel.destroy();
    this.tunnel.close();
  }
}
