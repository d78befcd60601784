import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the stub got it. */
interface Got {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Parsed JSON; undefined: none. */
  readonly body: unknown;
}

/** What the stub answers: JSON, or with `text` something else. */
interface StubAnswer {
  readonly status?: number;
  readonly body?: unknown;
  readonly text?: string;
}

/** An HTTP server on a port of its own that answers as a test says and keeps what it was asked. */
export class StubServer {
  readonly got: readonly Got[];
  /** Nobody listens there once it is closed. */
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server, port: number, got: Got[]) {
    this.#server = server;
    this.port = port;
    this.got = got;
  }

  static async listen(answer: (request: Got) => StubAnswer): Promise<StubServer> {
    const all: Got[] = [];
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const text = Buffer.concat(parts).toString();
        const got: Got = {
          ...{ method: request.method ?? '', path: request.url ?? '', headers: request.headers },
          body: text === '' ? undefined : JSON.parse(text),
        };
        all.push(got);
        const { status = 200, body, text: other } = answer(got);
        response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
        response.end(other ?? JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new StubServer(server, (server.address() as AddressInfo).port, all);
  }

  /** `HOST:PORT`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** What was asked, as `METHOD path`. */
  get asked(): string[] {
    return this.got.map(({ method, path }) => `${method} ${path}`);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
