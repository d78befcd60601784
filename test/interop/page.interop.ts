import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { amf, EcmaArray } from '../support/amf.js';
import type { Child } from '../support/child.js';
import { fixture, flvTags } from '../support/enhanced.js';
import { PageBrowser, type SeenPage } from '../support/interop/page-browser.js';
import { RunnerProcess } from '../support/jobs/runner-process.js';
import { media } from '../support/media.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import { ffmpegEncode, ffmpegPublish, sluice } from '../support/tools.js';
import { waitFor } from '../support/wait.js';

/** Frames that must be seen to move. */
const FRAMES = 30;
const FRAMES_SHOWN = "document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames";
/** Bytes that the first view may take, as they come over the wire. */
const FIRST_VIEW_BYTES = 300_000;
/** What would run a script if it were taken for markup; `window.wasRun` tells. */
const MARKUP = '<img src=x onerror=window.wasRun=1>';

/** The server lets in no such names unless it is told to; and their encoder pauses. */
const ANY_NAME = { 'names.allow': '.+', 'publish.idleTimeoutMs': 3_600_000 };

const TEMPLATES = `
version: 1
templates:
  - name: prints
    match: { app: live }
    run: { exec: [sh, -c, "echo '${MARKUP}'; exec sleep 1000"] }
    graceMs: 500
`;

/** Views that everybody has, and their headings. */
const VIEWS: readonly (readonly [string, string | RegExp])[] = [
  ['#/', 'Live streams'],
  ['#/jobs', 'Jobs'],
  ['#/nodes', 'Nodes'],
  ['#/recordings', 'Recordings'],
  ['#/webhooks', 'Webhooks'],
];

const closing: (() => unknown)[] = [];
let browser: PageBrowser;
beforeAll(async () => {
  browser = await PageBrowser.start();
});
afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await browser?.stop();
});

/** What the page is tested on: NATS, a server, a runner, and three streams. */
interface World {
  readonly server: TestServer;
  readonly nats: NatsServer;
  /** Ids of the streams. */
  readonly ids: { readonly cam: string; readonly hevc: string; readonly markup: string };
}

async function makeWorld(): Promise<World> {
  const nats = await startNats();
  closing.push(() => nats.stop());
  const server = await spawnServer({ nats: nats.url, settings: { ...ANY_NAME, 'recording.match': 'live/short' } });
  closing.push(() => server.stop());
  const file = join(tempDir('templates'), 'jobs.yaml');
  writeFileSync(file, TEMPLATES);
  const runner = new RunnerProcess({ nats: nats.url, file });
  closing.push(() => runner.child.stop('SIGKILL'));
  const publishers: Child[] = [ffmpegEncode(server.url('cam1'), 500)];
  closing.push(() => Promise.all(publishers.map((publisher) => publisher.stop('SIGKILL'))));
  publishers.push(sluice('publish', (await fixture('hevc-aac')).path, server.url('hevc'), '--loop'));
  publishers.push(ffmpegPublish(await media('h264-aac.flv'), server.url('short'), { paced: false }));
  const markup = await publishMarkup(server);
  closing.push(() => markup.destroy());
  const [cam, hevc, third] = await Promise.all(['cam1', 'hevc', MARKUP].map((name) => server.ready(name, 20_000)));
  await runner.ready();
  return { server, nats, ids: { cam: cam!.streamId, hevc: hevc!.streamId, markup: third!.streamId } };
}

/** An encoder that says nothing but markup. */
async function publishMarkup(server: TestServer): Promise<RawRtmp> {
  const client = await RawRtmp.open({ port: server.rtmpPort });
  await client.handshake();
  await client.connect('live', { tcUrl: `rtmp://${MARKUP}/live`, pageUrl: `http://a/${MARKUP}`, flashVer: MARKUP });
  const messageStreamId = await client.publish(MARKUP);
  const facts = new EcmaArray({ encoder: MARKUP, title: MARKUP, width: 320, height: 180 });
  client.message(18, amf('@setDataFrame', 'onMetaData', facts), { messageStreamId });
  for (const { type, timestamp, payload } of await flvTags('h264-aac.flv'))
    if (type !== 18) client.message(type, payload, { messageStreamId, timestamp });
  return client;
}

const number = (seen: SeenPage, expression: string) => seen.page.evaluate<number>(expression);

describe('the page in Chromium', () => {
  let world: World;
  let seen: SeenPage;
  beforeAll(async () => {
    world = await makeWorld();
  });
  beforeEach(async () => {
    seen = await browser.open(world.server.http('/'));
  });
  afterEach(() => seen.close());

  it('shows the first view within its budget, and asks nobody else', async () => {
    const { server } = world;
    // A profile of its own has nothing of it yet.
    await seen.close();
    const beganMs = performance.now();
    seen = await browser.open(server.http('/'));
    await seen.page.getByRole('link', { name: 'live/cam1' }).first().waitFor();
    const tookMs = Math.round(performance.now() - beganMs);
    const bytes = () => [...seen.bytes.values()].reduce((sum, each) => sum + each, 0);
    expect(bytes()).toBeGreaterThan(5000);
    expect(bytes()).toBeLessThan(FIRST_VIEW_BYTES);
    // For whoever measures: no machine that runs tests has a time of its own.
    process.stdout.write(`first view: ${bytes()} bytes in ${seen.asked.length} requests, ${tookMs} ms\n`);
    expect(seen.asked.filter((url) => new URL(url).host !== `127.0.0.1:${server.httpPort}`)).toEqual([]);
  });

  it('shows names, facts and logs of strangers as text, and runs none of it', async () => {
    const { ids } = world;
    await seen.view('#/', 'Live streams');
    await seen.page
      .getByRole('link', { name: `live/${MARKUP}` })
      .first()
      .waitFor();
    await seen.view(`#/streams/${ids.markup}`, `live/${MARKUP}`);
    await seen.page.getByText('127.0.0.1').first().waitFor();
    await seen.view('#/jobs', 'Jobs');
    const name = `prints of live/${MARKUP}`;
    await seen.page.getByRole('link', { name }).click();
    await seen.page.getByRole('heading', { level: 1, name }).waitFor();
    await seen.page.getByRole('region', { name: 'Log' }).getByText(MARKUP).waitFor();
    expect(await seen.page.evaluate('window.wasRun')).toBeUndefined();
    expect(await seen.page.locator('img[src="x"]').count()).toBe(0);
  });

  it('draws a picture of a stream, and a picture or words of one that the browser cannot decode', async () => {
    const { page } = seen;
    await page.locator('[data-stream="live/cam1"] [data-picture="shown"]').waitFor();
    const colours = `(() => {
      const canvas = document.querySelector('[data-stream="live/cam1"] canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    })()`;
    expect(await number(seen, colours)).toBeGreaterThan(50);
    const hevc = page.locator('[data-stream="live/hevc"] [data-picture]');
    await page.locator('[data-stream="live/hevc"] [data-picture]:not([data-picture="waiting"])').waitFor();
    const state = await hevc.getAttribute('data-picture');
    if (state !== 'shown') expect(await hevc.innerText()).toMatch(/^HEVC: /);
    expect(seen.errors).toEqual([]);
  });

  it('plays a recording, and offers it for download', async () => {
    const { page } = seen;
    await seen.view('#/recordings', 'Recordings');
    const link = page.getByRole('link', { name: 'live/short', exact: true });
    await link.waitFor();
    await link.click();
    await seen.until("document.querySelector('video').readyState >= 2");
    await page.evaluate("Object.assign(document.querySelector('video'), { muted: true }).play()");
    await seen.until(`${FRAMES_SHOWN} >= ${FRAMES}`);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: /\.flv$/ }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^\d{8}T\d{6}Z-[0-9A-Z]{26}\.flv$/);
    expect(await seen.policyViolations()).toEqual([]);
  });

  it('may be used by everybody, in the light and the dark and on a phone', async () => {
    const { server, ids } = world;
    const views = [
      ...VIEWS,
      [`#/streams/${ids.cam}`, 'live/cam1'],
      [`#/jobs/${encodeURIComponent(`${ids.cam}/prints`)}`, 'prints of live/cam1'],
    ] as const;
    for (const look of [{ colorScheme: 'light' }, { colorScheme: 'dark' }, { width: 360, height: 740 }] as const) {
      const page = await browser.open(server.http('/'), look);
      for (const [hash, heading] of views) {
        await page.view(hash, heading);
        const where = `${hash} ${JSON.stringify(look)}`;
        expect([where, await page.violations()]).toEqual([where, []]);
        expect([where, await page.isTooWide()]).toEqual([where, false]);
      }
      expect(page.errors).toEqual([]);
      expect(await page.policyViolations()).toEqual([]);
      await page.close();
    }
  });

  it('is reached by keys alone: every control, a stream, a question and back', async () => {
    const { page } = seen;
    await seen.view('#/', 'Live streams');
    await page.getByRole('link', { name: 'live/cam1' }).first().waitFor();
    await page.evaluate('document.activeElement.blur()');
    const wanted = await number(seen, `(${FOCUSABLE})().length`);
    const reached = new Set<number>();
    for (let presses = 0; presses < wanted + 2; presses += 1) {
      await page.keyboard.press('Tab');
      reached.add(await number(seen, `(${FOCUSABLE})().indexOf(document.activeElement)`));
    }
    reached.delete(-1);
    expect(reached.size).toBe(wanted);
    await page.getByRole('link', { name: 'live/cam1' }).first().focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'live/cam1' }).waitFor();
    const end = page.getByRole('button', { name: 'End stream' });
    await end.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await page.evaluate('document.activeElement.textContent')).toBe('End stream');
  });

  it('lets nothing run that is written into it', async () => {
    await seen.view('#/', 'Live streams');
    expect(await seen.policyViolations()).toEqual([]);
    expect(seen.errors).toEqual([]);
    await seen.page.evaluate(`
      const script = document.createElement('script');
      script.textContent = 'window.wasRun = 1';
      const box = document.createElement('div');
      box.setAttribute('onclick', 'window.wasRun = 2');
      const far = document.createElement('img');
      far.src = 'http://elsewhere.example/pixel.png';
      document.body.append(script, box, far);
      box.click();
    `);
    await waitFor(async () => (await seen.policyViolations()).length >= 3, { what: 'the policy to tell' });
    const blocked = (await seen.policyViolations()).map((line) => line.split(' ')[0]);
    expect(blocked.sort()).toEqual(['img-src', 'script-src-attr', 'script-src-elem']);
    expect(await seen.page.evaluate('window.wasRun')).toBeUndefined();
  });

  it('plays a stream, lists the player, and ends the stream when it is told to: then it says that it has ended', async () => {
    const { server, ids } = world;
    const { page } = seen;
    await seen.view(`#/streams/${ids.cam}`, 'live/cam1');
    await page.getByRole('button', { name: 'Play live/cam1' }).click();
    await seen.until(`${FRAMES_SHOWN} >= ${FRAMES}`);
    const players = page.getByRole('region', { name: 'Players' });
    await players.getByRole('rowheader', { name: /^127\.0\.0\.1:/ }).waitFor();
    expect(await seen.policyViolations()).toEqual([]);
    expect(seen.errors).toEqual([]);
    await page.getByRole('button', { name: 'End stream' }).click();
    expect(await seen.violations()).toEqual([]);
    await page
      .getByRole('dialog')
      .getByLabel(/^Reason/)
      .fill(MARKUP);
    await page.getByRole('dialog').getByRole('button', { name: 'End stream' }).click();
    await page
      .getByText(/has ended/i)
      .first()
      .waitFor();
    expect(await page.evaluate('window.wasRun')).toBeUndefined();
    expect((await server.streams()).map(({ streamId }) => streamId)).not.toContain(ids.cam);
  });
});

/** What the Tab key should reach, in the browser. */
const FOCUSABLE = `() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
  .filter((element) => !element.disabled && element.checkVisibility())`;

describe('the page of a server with tokens', () => {
  const [reads, administers] = ['reads-only-0123456789', 'administers-0123456789'];
  let server: TestServer;
  let streamId: string;
  beforeAll(async () => {
    const config = join(tempDir('config'), 'sluice.yaml');
    const sha256 = (token: string) => createHash('sha256').update(token).digest('hex');
    writeFileSync(
      config,
      `http:\n  tokens:\n    - { name: looks, sha256: ${sha256(reads)}, scopes: [read] }\n` +
        `    - { name: runs, sha256: ${sha256(administers)}, scopes: [admin] }\n`,
    );
    server = await spawnServer({ config, settings: ANY_NAME });
    closing.push(() => server.stop());
    const publisher = await publishMarkup(server);
    closing.push(() => publisher.destroy());
    const headers = { authorization: `Bearer ${reads}` };
    streamId = await waitFor(async () => {
      const answer = await fetch(server.http('/v1/streams'), { headers });
      return ((await answer.json()) as { streams: { streamId: string }[] }).streams[0]?.streamId;
    });
  });

  async function signIn(seen: SeenPage, token: string): Promise<void> {
    await seen.page.getByLabel('Token').fill(token);
    await seen.page.getByRole('button', { name: 'Sign in' }).click();
  }

  it('asks for one, says that one is wrong, and shows what its scopes allow until one signs out', async () => {
    const seen = await browser.open(server.http(`/#/streams/${streamId}`));
    const { page } = seen;
    await signIn(seen, 'wrong-0123456789');
    await page.getByRole('alert').getByText(/./).waitFor();
    expect(await seen.violations()).toEqual([]);
    await signIn(seen, reads);
    const heading = page.getByRole('heading', { level: 1, name: `live/${MARKUP}` });
    await heading.waitFor();
    expect(await page.getByRole('button', { name: 'End stream' }).count()).toBe(0);
    const kick = `fetch('/v1/streams/${streamId}/kick', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}',
    }).then(async (answer) => [answer.status, (await answer.json()).code])`;
    expect(await page.evaluate(kick)).toEqual([403, 'ERR_CTL_FORBIDDEN']);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Token').waitFor();
    await signIn(seen, administers);
    await heading.waitFor();
    await page.getByRole('button', { name: 'End stream' }).waitFor();
    for (const [hash, title] of VIEWS.slice(1)) {
      await seen.view(hash, title);
      await page
        .getByText(/not set up|Only this node|Nothing was recorded|No webhook/)
        .first()
        .waitFor();
      expect([hash, await seen.violations()]).toEqual([hash, []]);
    }
    const kept = await page.evaluate<string>(
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href])',
    );
    for (const token of [reads, administers]) {
      expect(kept).not.toContain(token);
      expect(seen.asked.filter((url) => url.includes(token))).toEqual([]);
    }
    expect(await seen.policyViolations()).toEqual([]);
    await seen.close();
  });
});
