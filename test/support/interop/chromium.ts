import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { WebSocket } from 'ws';
import { Child } from '../child.js';
import { repository } from '../repository.js';
import { tempDir } from '../temp.js';
import { waitFor } from '../wait.js';

/** Serves the example page and mpegts.js on loopback. */
export function servePlayerPage(): Promise<{ readonly base: string; readonly server: Server }> {
  const library = join(dirname(createRequire(import.meta.url).resolve('mpegts.js/package.json')), 'dist/mpegts.js');
  const page = join(repository(), 'examples/browser-player.html');
  const server = createServer((request, response) => {
    const isLibrary = request.url === '/mpegts.js';
    response.setHeader('content-type', isLibrary ? 'text/javascript' : 'text/html');
    response.end(readFileSync(isLibrary ? library : page));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({ base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server });
    });
  });
}

/** What a page shows. */
export interface Shown {
  /** Frames that the page's video element has decoded. */
  readonly frames: number;
  /** Frames that could not be decoded or shown in time. */
  readonly dropped: number;
  readonly width: number;
  /** Text of the element `state`. */
  readonly state: string;
}

interface Target {
  readonly id: string;
  readonly webSocketDebuggerUrl: string;
}

/** Chromium without a window, driven by its debugging protocol. */
export class Chromium {
  readonly child: Child;
  readonly #base: string;

  private constructor(child: Child, base: string) {
    this.child = child;
    this.#base = base;
  }

  static async start(): Promise<Chromium> {
    const child = new Child([
      ...['chromium', '--headless=new', '--no-sandbox', '--disable-gpu', '--mute-audio', '--no-first-run'],
      ...['--disable-dev-shm-usage', '--autoplay-policy=no-user-gesture-required', '--remote-debugging-port=0'],
      ...[`--user-data-dir=${tempDir('chromium')}`, 'about:blank'],
    ]);
    const base = await waitFor(() => /DevTools listening on ws:\/\/([^/]+)/.exec(child.output)?.[1], {
      timeoutMs: 20_000,
      what: () => `Chromium to start\n${child.output.slice(-2000)}`,
    });
    return new Chromium(child, `http://${base}`);
  }

  /** Opens a page in a tab of its own. @returns what evaluates in it */
  async open(url: string): Promise<() => Promise<Shown>> {
    const made = await fetch(`${this.#base}/json/new?${encodeURIComponent(url)}`, { method: 'PUT' });
    const { webSocketDebuggerUrl } = (await made.json()) as Target;
    const socket = new WebSocket(webSocketDebuggerUrl);
    await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
    const waiting = new Map<number, (value: unknown) => void>();
    socket.on('message', (data: Buffer) => {
      const { id, result } = JSON.parse(data.toString()) as { id?: number; result?: { result?: { value?: unknown } } };
      if (id !== undefined) waiting.get(id)?.(result?.result?.value);
    });
    let last = 0;
    const expression = `(() => {
      const video = document.getElementById('video');
      const { totalVideoFrames = 0, droppedVideoFrames = 0 } = video?.getVideoPlaybackQuality() ?? {};
      const state = document.getElementById('state')?.textContent ?? '';
      return { frames: totalVideoFrames, dropped: droppedVideoFrames, width: video?.videoWidth ?? 0, state };
    })()`;
    return () =>
      new Promise((resolve) => {
        const id = ++last;
        waiting.set(id, (value) => resolve(value as Shown));
        socket.send(JSON.stringify({ id, method: 'Runtime.evaluate', params: { expression, returnByValue: true } }));
      });
  }

  async stop(): Promise<void> {
    await this.child.stop('SIGKILL');
  }
}
