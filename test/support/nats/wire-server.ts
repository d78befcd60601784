import { createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { NatsFrames } from '../faults/nats-frames.js';
import { waitFor } from '../wait.js';

/** What a client has published. */
export interface Published {
  readonly subject: string;
  /** Where an answer is wanted; `''`: nowhere. */
  readonly reply: string;
  /** As text. */
  readonly headers: string;
  readonly body: Buffer;
}

/** A message for one subscription of the client. */
export interface Delivery {
  /** The subscription, as the client has made it. */
  readonly pattern: string;
  readonly subject: string;
  readonly reply?: string;
  /** Bytes of the headers, right or wrong; undefined: none. */
  readonly headers?: Uint8Array | undefined;
  readonly body: Uint8Array;
}

/**
 * A NATS server for one client, as bytes: it delivers what a test says, malformed headers included, and keeps what the
 * client publishes. It ends with the test.
 */
export class NatsWireServer {
  readonly published: Published[] = [];
  /** Called for each message that the client publishes. */
  onPublished: ((published: Published) => void) | undefined;
  /** How often a client has connected. */
  connections = 0;
  port = 0;
  readonly #patterns = new Map<string, string>();
  #socket: Socket | undefined;

  static async open(): Promise<NatsWireServer> {
    const wire = new NatsWireServer();
    const server = createServer((socket) => wire.#connected(socket));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    wire.port = (server.address() as { port: number }).port;
    onTestFinished(() => {
      wire.#socket?.destroy();
      server.close();
    });
    return wire;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Waits until the client has a subscription. */
  async subscribed(pattern: string): Promise<void> {
    await waitFor(() => this.#patterns.has(pattern), { what: `a subscription to ${pattern}` });
  }

  /** Sends messages, all of them in one piece. */
  deliver(...deliveries: readonly Delivery[]): void {
    const pieces = deliveries.flatMap(({ pattern, subject, reply, headers, body }) => {
      const sid = this.#patterns.get(pattern);
      if (sid === undefined) throw new Error(`there is no subscription to ${pattern}`);
      const to = reply === undefined ? '' : ` ${reply}`;
      const sizes = headers === undefined ? `${body.length}` : `${headers.length} ${headers.length + body.length}`;
      const line = `${headers === undefined ? 'MSG' : 'HMSG'} ${subject} ${sid}${to} ${sizes}\r\n`;
      return [Buffer.from(line, 'latin1'), headers ?? Buffer.alloc(0), body, Buffer.from('\r\n')];
    });
    this.#socket!.write(Buffer.concat(pieces));
  }

  #connected(socket: Socket): void {
    this.connections += 1;
    this.#socket = socket;
    this.#patterns.clear();
    const frames = new NatsFrames();
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const { bytes, message } of frames.push(chunk as Buffer)) {
        if (message === undefined) this.#line(bytes.toString('latin1').trim(), socket);
        else this.#took(bytes);
      }
    });
    const info = { server_id: 'wire', version: '2.10.0', proto: 1, headers: true, max_payload: 1 << 20 };
    socket.write(`INFO ${JSON.stringify(info)}\r\n`);
  }

  #line(line: string, socket: Socket): void {
    const [verb, ...words] = line.split(' ');
    if (verb === 'PING') socket.write('PONG\r\n');
    if (verb === 'SUB') this.#patterns.set(words[0]!, words.at(-1)!);
  }

  /** `PUB <subject> [reply] <size>` or `HPUB <subject> [reply] <headers> <size>`, and what follows. */
  #took(bytes: Buffer): void {
    const end = bytes.indexOf('\r\n');
    const [verb, subject = '', ...words] = bytes.toString('latin1', 0, end).split(' ');
    const headerBytes = verb === 'HPUB' ? Number(words.at(-2)) : 0;
    const reply = words.length > (verb === 'HPUB' ? 2 : 1) ? words[0]! : '';
    const content = bytes.subarray(end + 2, bytes.length - 2);
    const published: Published = {
      ...{ subject, reply, headers: content.toString('utf8', 0, headerBytes) },
      body: Buffer.from(content.subarray(headerBytes)),
    };
    this.published.push(published);
    this.onPublished?.(published);
  }
}
