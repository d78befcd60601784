import { Agent, get } from 'node:http';
import { gunzipSync } from 'node:zlib';

/** How often the page asks for the overview, and for the picture of a stream that is in sight, in ms. */
const [OVERVIEW_MS, PICTURE_MS] = [2000, 15_000];
/** Pictures that are in sight at once. */
const PICTURES = 12;

interface Got {
  readonly status: number;
  readonly etag: string | undefined;
  readonly body: Buffer;
}

/** Browsers that look at the overview: each asks on connections of its own, with the rhythm of the page. */
export class Viewers {
  readonly #base: string;
  readonly #agents: Agent[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #open = new Set<Promise<unknown>>();
  #requests = 0;

  constructor(base: string, count: number) {
    this.#base = base;
    for (let i = 0; i < count; i++) this.#look((i * OVERVIEW_MS) / count);
  }

  /** What they have asked since the last call. */
  count(): { readonly requests: number } {
    const requests = this.#requests;
    this.#requests = 0;
    return { requests };
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all(this.#open);
    for (const agent of this.#agents) agent.destroy();
  }

  #look(afterMs: number): void {
    const agent = new Agent({ keepAlive: true, maxSockets: 6 });
    this.#agents.push(agent);
    const tags = new Map<string, string>();
    let seen: readonly string[] = [];
    this.#every(afterMs, OVERVIEW_MS, async () => {
      const { body } = await this.#ask(agent, '/v1/overview');
      const { streams } = JSON.parse(gunzipSync(body).toString('utf8')) as { streams: { streamId: string }[] };
      seen = streams.slice(0, PICTURES).map(({ streamId }) => streamId);
    });
    for (let i = 0; i < PICTURES; i++)
      this.#every(afterMs + OVERVIEW_MS + (i * PICTURE_MS) / PICTURES / 10, PICTURE_MS, async () => {
        const streamId = seen[i];
        if (streamId === undefined) return;
        const { etag } = await this.#ask(agent, `/v1/streams/${streamId}/keyframe`, tags.get(streamId));
        if (etag !== undefined) tags.set(streamId, etag);
      });
  }

  #every(afterMs: number, everyMs: number, act: () => Promise<void>): void {
    const run = (): void => {
      const acting: Promise<unknown> = act().finally(() => this.#open.delete(acting));
      this.#open.add(acting);
    };
    this.#timers.push(
      setTimeout(() => {
        run();
        this.#timers.push(setInterval(run, everyMs));
      }, afterMs),
    );
  }

  #ask(agent: Agent, path: string, etag?: string): Promise<Got> {
    this.#requests++;
    const headers = {
      'accept-encoding': 'gzip, deflate, br',
      ...(etag === undefined ? {} : { 'if-none-match': etag }),
    };
    return ask(this.#base + path, headers, agent);
  }
}

/**
 * Bytes of the page, its scripts and its styles as they are sent, compressed, to a browser that has nothing of it. What
 * the page loads later is left out.
 */
export async function wireBytesOfFirstView(base: string): Promise<number> {
  const wanted = ['/'];
  let bytes = 0;
  for (const path of wanted) {
    const accept: Record<string, string> = path === '/' ? { accept: 'text/html' } : {};
    bytes += (await ask(base + path, { ...accept, 'accept-encoding': 'br' })).body.length;
    const text = (await ask(base + path, accept)).body.toString('utf8');
    // What the text of the page names, and what a script needs before it runs: `import "./x.js"`, `from "./x.js"`.
    const named = [...text.matchAll(/(?:href|src)="?\/?(page\/[\w.-]+)/g)].map(([, file]) => `/${file}`);
    const needed = [...text.matchAll(/(?:from|import)\s*"\.\/([\w.-]+\.js)"/g)].map(([, file]) => `/page/${file}`);
    for (const file of [...named, ...needed]) if (!wanted.includes(file)) wanted.push(file);
  }
  return bytes;
}

function ask(url: string, headers: Record<string, string>, agent?: Agent): Promise<Got> {
  return new Promise((resolve, reject) => {
    get(url, { headers, ...(agent === undefined ? {} : { agent }) }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status = 0, headers: answered } = response;
        if (status !== 200 && status !== 304) reject(new Error(`${url} was answered with ${status}`));
        resolve({ status, etag: answered.etag, body: Buffer.concat(parts) });
      });
    }).on('error', reject);
  });
}
