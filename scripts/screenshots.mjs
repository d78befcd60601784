// Takes the pictures of docs/page.md: node scripts/screenshots.mjs [NAME …]
// It needs a build (npm run build), nats-server, ffmpeg and /usr/bin/chromium, starts everything on loopback with test
// pictures, and writes docs/images/page-NAME.png. Names, sizes and colours are the same each time; times and rates are
// not.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fail, root, say } from './lib.mjs';

/** Largest picture, in bytes. */
const MOST_BYTES = 150_000;
const FFMPEG = ['ffmpeg', '-hide_banner', '-loglevel', 'error', '-nostdin'];

/** Streams, and the test picture of each. */
const STREAMS = {
  'cameras/harbour':
    'gradients=s=SIZE:r=20:c0=0x123a5a:c1=0x3fb0ac:c2=0xf2d0a4:c3=0xe4572e:nb_colors=4:seed=7:speed=0.02',
  'cameras/roof':
    'life=s=320x180:r=20:mold=40:ratio=0.12:seed=11:death_color=#1b2a41:life_color=#5cc8c4,scale=SIZE:flags=neighbor',
  'live/clock': 'testsrc2=s=SIZE:r=20',
  'live/fractal': 'mandelbrot=s=SIZE:r=20:start_scale=0.6:end_scale=0.002:end_pts=900',
  'live/studio': 'smptehdbars=s=SIZE:r=20',
};

const TEMPLATES = `
version: 1
templates:
  - name: record
    match: { app: live }
    run:
      exec: [ffmpeg, -hide_banner, -nostdin, -i, "{url}", -c, copy, -progress, "pipe:3", -f, mp4, -movflags, +empty_moov+default_base_moof, "{out}/part.mp4"]
    out: { dir: "OUT/{app}/{name}/{streamId}" }
  - name: thumbnail
    match: { app: cameras }
    run:
      exec: [ffmpeg, -hide_banner, -nostdin, -i, "{url}", -an, -progress, "pipe:3", -vf, "fps=1/2,scale=320:-2", "{out}/%06d.jpg"]
    out: { dir: "OUT/thumbnails/{name}/{streamId}" }
  - name: upload
    match: { app: live, name: studio }
    run: { exec: [sh, -c, "echo 'uploading to the archive …'; echo 'archive: 507 Insufficient Storage' >&2; exit 3"] }
    retry: { max: 1, backoffMs: [1s, 1s] }
`;

const folder = mkdtempSync(join(tmpdir(), 'sluice-screenshots-'));
const children = [];

/** Starts a program that ends with this one. */
function start(command, env = {}) {
  const child = spawn(command[0], command.slice(1), {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.push(child);
  return child;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function until(what, look) {
  for (let tries = 0; tries < 600; tries += 1) {
    const seen = await look().catch(() => undefined);
    if (seen) return seen;
    await delay(100);
  }
  throw new Error(`waited in vain for ${what}`);
}

/** NATS, two nodes of a cluster, a runner, streams and players. @returns the address of the page */
async function world() {
  const ports = [];
  for (let count = 0; count < 5; count += 1) ports.push(await freePort());
  const [natsPort, rtmp, http, rtmpB, httpB] = ports;
  const nats = `nats://127.0.0.1:${natsPort}`;
  writeFileSync(
    join(folder, 'nats.conf'),
    `listen: "127.0.0.1:${natsPort}"\njetstream { store_dir: "${join(folder, 'js')}" }\n`,
  );
  start(['nats-server', '-l', join(folder, 'nats.log'), '-c', join(folder, 'nats.conf')]);
  await delay(500);
  const cli = [process.execPath, join(root, 'dist/src/cli.js')];
  const cluster = { SLUICE_CLUSTER_ENABLED: 'true', SLUICE_CLUSTER_SECRET: 'only-for-screenshots' };
  const node = (name, rtmpPort, httpPort, more) =>
    start(
      [
        ...[...cli, 'serve', '--nats', nats, '--data', join(folder, name), '--log-level', 'error'],
        ...['--rtmp', `127.0.0.1:${rtmpPort}`, '--http', `127.0.0.1:${httpPort}`],
      ],
      { ...cluster, ...more },
    );
  node('a', rtmp, http, { SLUICE_RECORDING_MATCH: 'cameras/*' });
  node('b', rtmpB, httpB, {});
  for (const port of [http, httpB])
    await until('a server', () => fetch(`http://127.0.0.1:${port}/readyz`).then(({ ok }) => ok));
  const jobs = join(folder, 'jobs.yaml');
  writeFileSync(jobs, TEMPLATES.replaceAll('OUT', join(folder, 'out')));
  start([
    ...cli,
    'jobs',
    'run',
    '-f',
    jobs,
    '--nats',
    nats,
    '--data',
    join(folder, 'runner'),
    '--slots',
    '8',
    '--log-level',
    'error',
  ]);
  for (const [name, picture] of Object.entries(STREAMS)) publish(picture, `rtmp://127.0.0.1:${rtmp}/${name}`);
  // One that has ended, and so has a recording that is complete.
  publish('testsrc=s=SIZE:r=20', `rtmp://127.0.0.1:${rtmp}/cameras/gate`, 6);
  await until('the streams', async () => (await streamsAt(http)).filter(({ state }) => state === 'ready').length >= 5);
  for (const [name, count] of [
    ['live/clock', 3],
    ['live/studio', 2],
    ['cameras/harbour', 1],
  ])
    for (let player = 0; player < count; player += 1)
      start([
        ...FFMPEG,
        '-i',
        `rtmp://127.0.0.1:${player === 1 ? rtmpB : rtmp}/${name}`,
        '-c',
        'copy',
        '-f',
        'null',
        '-',
      ]);
  return { base: `http://127.0.0.1:${http}`, http };
}

function publish(picture, url, seconds = 3600) {
  start([
    ...FFMPEG,
    ...['-re', '-f', 'lavfi', '-i', picture.replaceAll('SIZE', '640x360')],
    ...['-re', '-f', 'lavfi', '-i', 'sine=f=440:r=48000'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-threads', '1', '-g', '50'],
    ...['-pix_fmt', 'yuv420p', '-b:v', '900k', '-maxrate', '900k', '-bufsize', '900k'],
    ...['-c:a', 'aac', '-b:a', '96k', '-t', String(seconds), '-f', 'flv', url],
  ]);
}

async function streamsAt(http) {
  return (await (await fetch(`http://127.0.0.1:${http}/v1/streams`)).json()).streams;
}

/** The views, each with how it is looked at and what is done before. */
function shots({ http }) {
  const stream = async (name) => {
    const found = (await streamsAt(http)).find((each) => `${each.app}/${each.name}` === name);
    return found.streamId;
  };
  const play = async (page) => {
    await page.getByRole('button', { name: /^play/i }).first().click();
    // The policy of the page lets no text be evaluated by a script of its own, which waitForFunction would do.
    await until('the preview', () =>
      page.evaluate('document.querySelector("video").getVideoPlaybackQuality().totalVideoFrames > 100'),
    );
  };
  return {
    stream: { hash: async () => `#/streams/${await stream('live/clock')}`, before: play, look: { height: 1000 } },
    jobs: { hash: async () => '#/jobs' },
    job: { hash: async () => `#/jobs/${encodeURIComponent(`${await stream('live/studio')}/upload`)}` },
    nodes: { hash: async () => '#/nodes', look: { height: 560 } },
    recordings: { hash: async () => '#/recordings', look: { height: 480 } },
    // Last, when all has calmed down.
    overview: { hash: async () => '#/' },
    dark: { hash: async () => '#/', look: { colorScheme: 'dark' } },
    phone: { hash: async () => '#/', look: { width: 390, height: 844 } },
  };
}

async function take(browser, base, name, { hash, before, look = {} }) {
  const { width = 1280, height = 800, colorScheme = 'light' } = look;
  const context = await browser.newContext({
    ...{ viewport: { width, height }, colorScheme, reducedMotion: 'reduce', timezoneId: 'UTC', locale: 'en-GB' },
  });
  const page = await context.newPage();
  await page.goto(`${base}/${await hash()}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await before?.(page);
  // Pictures are drawn, and rates are measured over some seconds.
  await delay(6000);
  const raw = join(folder, `${name}.png`);
  await page.screenshot({ path: raw });
  await context.close();
  return pack(raw, join(root, 'docs/images', `page-${name}.png`));
}

/** A palette of its own makes a picture a third as large. */
async function pack(from, to) {
  const filter = 'split[a][b];[a]palettegen=max_colors=256:stats_mode=full[p];[b][p]paletteuse=dither=none';
  const child = spawn(FFMPEG[0], [...FFMPEG.slice(1), '-y', '-i', from, '-vf', filter, '-compression_level', '9', to]);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`ffmpeg ended with ${code} at ${to}`);
  const { size } = statSync(to);
  say(`${to.slice(root.length + 1)}: ${size} bytes`);
  if (size > MOST_BYTES) throw new Error(`${to} has ${size} bytes; at most ${MOST_BYTES} were expected`);
}

const wanted = process.argv.slice(2);
let browser;
try {
  const { base, http } = await world();
  const { chromium } = await import('playwright-core');
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  // Jobs fail, retry and are given up, and recordings have some length.
  await delay(8000);
  for (const [name, shot] of Object.entries(shots({ http })))
    if (wanted.length === 0 || wanted.includes(name)) await take(browser, base, name, shot);
} catch (error) {
  process.exitCode = 1;
  say(error.stack);
} finally {
  await browser?.close();
  for (const child of children.reverse()) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
if (process.exitCode === 1) fail('The pictures were not all taken.');
