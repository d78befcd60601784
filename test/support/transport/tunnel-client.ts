import { Agent, type IncomingHttpHeaders, request } from 'node:http';

/** An answer of the tunnel. */
export interface TunnelAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Names and values as they were spelled. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** How one request is sent. */
interface Sending {
  readonly method?: string;
  /** Sent without its length, in chunks. */
  readonly chunked?: boolean;
}

/** A connection to the tunnel that is kept open, or several; one session can be served by any number of them. */
export class TunnelConnection {
  readonly #agent: Agent;
  readonly #port: number;
  readonly #from: string;

  /**
   * @param from the address to bind
   * @param sockets requests beyond so many at once wait for the answers to others
   */
  constructor(port: number, from = '127.0.0.1', sockets = 1) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: sockets });
    this.#port = port;
    this.#from = from;
  }

  /** Sends a request and waits for its whole answer. */
  ask(
    path: string,
    body: Buffer = Buffer.from([0]),
    { method = 'POST', chunked }: Sending = {},
  ): Promise<TunnelAnswer> {
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          ...{ host: '127.0.0.1', port: this.#port, localAddress: this.#from, agent: this.#agent, method, path },
          headers: {
            'Content-Type': 'application/x-fcs',
            ...(chunked === true ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': body.length }),
          },
        },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', reject);
          response.on('end', () => {
            const { statusCode: status = 0, headers, rawHeaders } = response;
            resolve({ status, headers, rawHeaders, body: Buffer.concat(parts) });
          });
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });
  }

  /** Opens a session. @returns its id */
  async open(): Promise<string> {
    const { status, body } = await this.ask('/open/1');
    if (status !== 200) throw new Error(`open was answered ${status}`);
    return body.toString().trim();
  }

  destroy(): void {
    this.#agent.destroy();
  }
}
