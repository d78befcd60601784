import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Child } from '../support/child.js';
import { fixture } from '../support/enhanced.js';
import { Chromium, servePlayerPage } from '../support/interop/chromium.js';
import { freePort } from '../support/ports.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { ffmpegEncode, sluice } from '../support/tools.js';
import { waitFor } from '../support/wait.js';

/** Frames that a browser must have decoded. */
const FRAMES = 12;

describe('mpegts.js in Chromium', () => {
  let server: TestServer;
  let port: number;
  let page: Awaited<ReturnType<typeof servePlayerPage>>;
  let chromium: Chromium;
  const publishers: Child[] = [];

  beforeAll(async () => {
    port = await freePort();
    page = await servePlayerPage();
    const settings = { 'httpFlv.listen': `127.0.0.1:${port}`, 'httpFlv.cors': page.base };
    [server, chromium] = await Promise.all([spawnServer({ settings }), Chromium.start()]);
    publishers.push(ffmpegEncode(server.url('h264'), 500));
    publishers.push(sluice('publish', (await fixture('av1')).path, server.url('av1'), '--loop'));
    await Promise.all([server.ready('h264', 20_000), server.ready('av1', 20_000)]);
  });
  afterAll(async () => {
    for (const publisher of publishers) await publisher.stop('SIGKILL');
    await chromium.stop();
    page.server.close();
    await server.stop();
  });

  it.each([
    ['H.264 over HTTP', 'http', 'h264'],
    ['H.264 over WebSocket', 'ws', 'h264'],
    ['AV1 over HTTP', 'http', 'av1'],
    ['AV1 over WebSocket', 'ws', 'av1'],
  ])('decodes %s', async (_what, scheme, name) => {
    const url = `${scheme}://127.0.0.1:${port}/live/${name}.flv`;
    const look = await chromium.open(`${page.base}/?url=${encodeURIComponent(url)}`);
    const codec = name === 'av1' ? /av01/ : /avc1/;
    let shown = await look();
    await waitFor(
      async () => {
        shown = await look();
        // The player names the codec some time after the first frames.
        return shown.frames >= FRAMES && codec.test(shown.state);
      },
      { timeoutMs: 20_000, everyMs: 100, what: () => `${FRAMES} frames of ${codec.source}: ${JSON.stringify(shown)}` },
    );
    expect(shown.width).toBe(320);
    expect(shown.dropped).toBeLessThan(shown.frames);
  });
});
