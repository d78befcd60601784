import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';

/** One post as it came. */
export interface Posted {
  /** `webhook-id`. */
  readonly id: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Whether it was answered with 2xx. */
  isTaken: boolean;
}

/** What a receiver does with a post: a status, a whole answer, or nothing at all. */
type Answer = number | { readonly status: number; readonly body?: string; readonly location?: string } | 'hang';

/** A receiver of webhooks on loopback, which can be away and come back at the same port. */
export class Receiver {
  readonly posts: Posted[] = [];
  /** Called for each post; default: 204. */
  answer: (post: Posted) => Answer | Promise<Answer> = () => 204;
  /** Posts that wait for their answer, now and at most. */
  open = 0;
  mostOpen = 0;
  #server: Server | undefined;
  #port = 0;

  /** Makes one that listens. Close it, or have the test do so. */
  static async listen(): Promise<Receiver> {
    const receiver = new Receiver();
    await receiver.back();
    return receiver;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/in`;
  }

  /** Ids of the posts that were taken, in order, doubles included. */
  get taken(): string[] {
    return this.posts.filter(({ isTaken }) => isTaken).map(({ id }) => id);
  }

  /** Nobody listens from now on. */
  async away(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => {
      server.close(resolve);
    });
    server.closeAllConnections();
    await closed;
  }

  /** Listens again. */
  async back(): Promise<void> {
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (chunk: string) => {
        body += chunk;
      });
      request.on('end', () => {
        const id = String(request.headers['webhook-id']);
        const post = { id, path: request.url ?? '', headers: request.headers, body, isTaken: false };
        this.posts.push(post);
        void this.#answer(post, response);
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as { port: number }).port;
    this.#server = server;
  }

  async #answer(post: Posted, response: ServerResponse): Promise<void> {
    this.mostOpen = Math.max(this.mostOpen, ++this.open);
    response.on('close', () => this.open--);
    const answer = await this.answer(post);
    if (answer === 'hang') return;
    const { status, body = '', location } = typeof answer === 'number' ? { status: answer } : answer;
    post.isTaken = status >= 200 && status < 300;
    response.writeHead(status, location === undefined ? {} : { location }).end(body);
  }
}

/** The first time that each id came, in order. */
export function firsts(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}
