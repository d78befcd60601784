import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeMediaServerHome } from '../../../bench/peers/node-media-server.js';
import { Child } from '../child.js';
import { freePort } from '../ports.js';
import { tempDir } from '../temp.js';
import { waitFor } from '../wait.js';
import { listens } from './listens.js';

/** A Node-Media-Server with its relay driven over its API. */
export class NodeMediaServer {
  readonly child: Child;
  readonly #rtmpPort: number;
  readonly #httpPort: number;
  readonly #token: string;

  private constructor(child: Child, rtmpPort: number, httpPort: number, secret: string) {
    this.child = child;
    this.#rtmpPort = rtmpPort;
    this.#httpPort = httpPort;
    this.#token = webToken({ username: 'admin', role: 'admin' }, secret);
  }

  /** Installs it on first use, beside the benches' other peers, and starts it on ports of its own. */
  static async start(): Promise<NodeMediaServer> {
    const program = nodeMediaServerHome();
    const home = tempDir('node-media-server');
    const [rtmpPort, httpPort] = [await freePort(), await freePort()];
    const secret = randomBytes(16).toString('hex');
    const shipped = JSON.parse(readFileSync(join(program, 'bin/config.json'), 'utf8')) as {
      auth: { jwt: Record<string, unknown> };
      rtmps?: unknown;
      https?: unknown;
    };
    const { rtmps: _rtmps, https: _https, ...rest } = shipped;
    const auth = { ...rest.auth, secret, jwt: { ...rest.auth.jwt, secret, users: [] } };
    const config = { ...rest, auth, bind: '127.0.0.1', rtmp: { port: rtmpPort }, http: { port: httpPort } };
    const path = join(home, 'config.json');
    writeFileSync(path, JSON.stringify(config));
    const places = ['--data-path', join(home, 'data'), '--record-path', join(home, 'record')];
    const child = new Child([process.execPath, join(program, 'bin/app.js'), '-c', path, ...places], { cwd: home });
    await listens(rtmpPort, child);
    await listens(httpPort, child);
    return new NodeMediaServer(child, rtmpPort, httpPort, secret);
  }

  /** `rtmp://…/live/<name>` of its own. */
  url(name: string): string {
    return `rtmp://127.0.0.1:${this.#rtmpPort}/live/${name}`;
  }

  /** Waits until it has a stream of that name. */
  async has(name: string): Promise<void> {
    await waitFor(async () => JSON.stringify(await this.#ask('GET', 'streams')).includes(`"${name}"`), {
      everyMs: 100,
      what: () => `Node-Media-Server to have ${name}\n${this.child.output.slice(-2000)}`,
    });
  }

  /** Has it publish its stream `name` to `target`, as its own client does. */
  async push(name: string, target: string): Promise<void> {
    await this.#ask('POST', 'relay', { mode: 'push', url: target, streamPath: `/live/${name}`, reconnect: false });
  }

  /** Has it play `source` and offer that as its stream `name`. */
  async pull(name: string, source: string): Promise<void> {
    await this.#ask('POST', 'relay', { mode: 'pull', url: source, streamPath: `/live/${name}`, reconnect: false });
  }

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${this.#httpPort}/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text);
  }
}

/** A JSON web token, signed with HMAC-SHA256 (RFC 7519). */
function webToken(claims: Readonly<Record<string, unknown>>, secret: string): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const nowSeconds = Math.floor(Date.now() / 1000);
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ ...claims, iat: nowSeconds, exp: nowSeconds + 3600 })}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
