import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { freePort } from '../ports.js';
import { NatsFrames, type NatsMessage } from './nats-frames.js';

/** How often a message is passed on: 0 drops it, 2 duplicates it. */
export type Copies = (message: NatsMessage) => number;

interface Pipe {
  readonly from: Socket;
  readonly to: Socket;
  readonly frames: NatsFrames;
  /** Bytes and when they may go on, milliseconds of the monotonic clock; in order. */
  readonly queue: { bytes: Buffer; dueMs: number }[];
  readonly copies: () => Copies | undefined;
  ended: boolean;
}

/**
 * A loopback TCP proxy with faults. It begins by passing everything on. A stall looks like dropped packets: nothing
 * comes through in either direction, not even the close of one side. What was sent meanwhile follows when it passes
 * again, as TCP would send it again, unless the client has reset its connection.
 */
export class TcpProxy {
  readonly port: number;
  readonly #target: number;
  readonly #server: Server;
  readonly #pipes = new Set<Pipe>();
  #mode: 'pass' | 'stall' | 'reset' = 'pass';
  #delayMs = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Decides about each message from the server; `undefined` hands all on. */
  fromServer: Copies | undefined;
  /** Decides about each message from the client. */
  fromClient: Copies | undefined;

  private constructor(port: number, target: number) {
    this.port = port;
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  /** Listens on a free port of 127.0.0.1 for connections to `target` there, which need not be there yet. */
  static async start(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(await freePort(), target);
    await new Promise<void>((resolve) => proxy.#server.listen(proxy.port, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Connections that stand. */
  get connections(): number {
    return this.#pipes.size / 2;
  }

  /** Everything goes through again, late things first. */
  pass(): void {
    this.#mode = 'pass';
    this.#flush();
  }

  /** Nothing goes through any more; connections stay, new ones are accepted and hear nothing. */
  stall(): void {
    this.#mode = 'stall';
  }

  /** Resets every connection, and each new one at once. */
  reset(): void {
    this.#mode = 'reset';
    for (const pipe of [...this.#pipes]) this.#drop(pipe);
  }

  /** From now on bytes take this much longer in each direction, milliseconds. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Ends it and every connection. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.reset();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(client: Socket): void {
    client.on('error', () => undefined);
    if (this.#mode === 'reset') {
      client.resetAndDestroy();
      return;
    }
    const server = dial({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true });
    client.setNoDelay(true);
    server.setNoDelay(true);
    const up = this.#pipe(client, server, () => this.fromClient);
    const down = this.#pipe(server, client, () => this.fromServer);
    // What a peer that resets its connection had not got through yet is taken back.
    client.on('error', () => {
      if (this.#mode === 'stall') up.queue.length = 0;
    });
    for (const socket of [client, server]) {
      socket.on('error', () => this.#lost(up, down));
      socket.on('close', () => this.#lost(up, down));
    }
  }

  #pipe(from: Socket, to: Socket, copies: () => Copies | undefined): Pipe {
    const pipe: Pipe = { from, to, frames: new NatsFrames(), queue: [], copies, ended: false };
    this.#pipes.add(pipe);
    from.on('data', (chunk: Buffer) => this.#send(pipe, chunk));
    from.on('end', () => {
      pipe.ended = true;
      this.#flush();
    });
    return pipe;
  }

  #send(pipe: Pipe, chunk: Buffer): void {
    const copies = pipe.copies();
    const dueMs = performance.now() + this.#delayMs;
    if (copies === undefined) {
      pipe.queue.push({ bytes: chunk, dueMs });
    } else {
      for (const { bytes, message } of pipe.frames.push(chunk)) {
        for (let left = message === undefined ? 1 : copies(message); left > 0; left--)
          pipe.queue.push({ bytes, dueMs });
      }
    }
    this.#flush();
  }

  /**
   * Sends what is due. Bytes that came in are never held back by the other side's window: a test's connection carries
   * little.
   */
  #flush(): void {
    if (this.#mode !== 'pass') return;
    const nowMs = performance.now();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const pipe of this.#pipes) {
      while (pipe.queue.length > 0 && pipe.queue[0].dueMs <= nowMs) {
        const [{ bytes }] = pipe.queue.splice(0, 1);
        if (pipe.to.writable) pipe.to.write(bytes);
      }
      if (pipe.queue.length > 0) {
        nextMs = Math.min(nextMs, pipe.queue[0].dueMs);
      } else if (pipe.ended) {
        this.#pipes.delete(pipe);
        pipe.to.end();
      }
    }
    clearTimeout(this.#timer);
    if (nextMs < Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.#flush(), Math.max(1, nextMs - nowMs));
  }

  /**
   * One side is gone: what it has sent still goes on, then the other side learns it; not before anything passes again.
   */
  #lost(...pipes: Pipe[]): void {
    for (const pipe of pipes) pipe.ended = true;
    this.#flush();
  }

  #drop(pipe: Pipe): void {
    this.#pipes.delete(pipe);
    pipe.from.resetAndDestroy();
    pipe.to.resetAndDestroy();
  }
}
