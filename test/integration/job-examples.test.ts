import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/child.js';
import { bucketValues } from '../support/jobs/buckets.js';
import { RunnerProcess, type RunnerProcessOptions } from '../support/jobs/runner-process.js';
import { media } from '../support/media.js';
import { startNats } from '../support/nats.js';
import { repository } from '../support/repository.js';
import { type ServerOptions, spawnServer, type TestServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import { ffmpegPlay, ffmpegPublish, probeStreams } from '../support/tools.js';
import { waitFor } from '../support/wait.js';

const EXAMPLES = join(repository(), 'examples', 'jobs');
const LEASE_MS = 2000;

let video = '';
beforeAll(async () => {
  video = await media('long.flv');
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** An example with other places and sizes than those that it names; nothing else of it is changed. */
function example(name: string, changes: Readonly<Record<string, string>>): string {
  let text = readFileSync(join(EXAMPLES, name), 'utf8');
  for (const [written, used] of Object.entries(changes)) {
    expect(text).toContain(written);
    text = text.replaceAll(written, used);
  }
  const path = join(tempDir('example'), name);
  writeFileSync(path, text);
  return path;
}

async function start(options: ServerOptions = {}): Promise<TestServer> {
  const server = await spawnServer(options);
  closing.push(() => server.stop());
  return server;
}

async function nats(): Promise<string> {
  const server = await startNats();
  closing.push(() => server.stop());
  return server.url;
}

async function runner(options: RunnerProcessOptions): Promise<RunnerProcess> {
  const settings = { 'jobs.leaseMs': LEASE_MS, 'jobs.compareMs': 1000, 'log.format': 'json', ...options.settings };
  const process = new RunnerProcess({ ...options, settings });
  closing.push(() => process.child.stop('SIGTERM', 20_000));
  return process.ready();
}

/** ffmpeg publishes so many seconds of the video. @returns the id of the stream */
async function publish(server: TestServer, name: string, seconds: number): Promise<string> {
  const encoder = ffmpegPublish(video, server.url(name), { input: ['-t', String(seconds)] });
  closing.push(() => encoder.stop('SIGKILL'));
  return (await server.ready(name)).streamId;
}

/** Lines of a runner's log with a text. */
function told(of: RunnerProcess, text: string): Record<string, unknown>[] {
  const lines = of.child.output.split('\n').filter((line) => line.startsWith('{') && line.includes(text));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

interface Result {
  readonly accepted: boolean;
  readonly attempt: number;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
}

/** What `result.json` of an attempt says, once it is there. */
function result(of: RunnerProcess, folder: string, timeoutMs = 45_000): Promise<Result> {
  const path = join(folder, 'result.json');
  return waitFor(() => existsSync(path) && (JSON.parse(readFileSync(path, 'utf8')) as Result), {
    timeoutMs,
    everyMs: 50,
    what: () => `${path}\n${of.child.output.slice(-4000)}`,
  });
}

async function seconds(file: string): Promise<number> {
  const entries = ['-show_entries', 'format=duration', '-of', 'csv=p=0'];
  return Number((await run(['ffprobe', '-v', 'error', ...entries, file])).stdout);
}

interface JobRow {
  readonly name: string;
  readonly template: string;
  readonly state: string;
  readonly attempt: number;
}

describe('the example that records', () => {
  it('writes an MP4 as long as the stream, and says what it wrote', async () => {
    const server = await start();
    const folder = tempDir('rec');
    const file = example('record.yaml', { '/srv/rec': folder });
    const recorder = await runner({ http: `127.0.0.1:${server.httpPort}`, file });
    const streamId = await publish(server, 'cam1', 6);
    const attempt = join(folder, 'live', 'cam1', streamId, '1');
    expect(await result(recorder, attempt)).toMatchObject({
      accepted: true,
      attempt: 1,
      files: [{ name: 'part.mp4' }],
    });
    const length = await seconds(join(attempt, 'part.mp4'));
    expect(length).toBeGreaterThan(5);
    expect(length).toBeLessThan(7);
    const tracks = await probeStreams(join(attempt, 'part.mp4'));
    expect(tracks.map(({ codec_name }) => codec_name).sort()).toEqual(['aac', 'h264']);
  });

  it('goes on at another runner when one is killed: the parts miss no more than the lease and three seconds', async () => {
    const url = await nats();
    const server = await start({ nats: url });
    const folder = tempDir('rec');
    const file = example('record.yaml', { '/srv/rec': folder });
    const first = await runner({ nats: url, file });
    const length = 20;
    const streamId = await publish(server, 'cam1', length);
    const parts = join(folder, 'live', 'cam1', streamId);
    await waitFor(() => bytesBelow(parts) > 100_000, { what: () => `the first part\n${first.child.output}` });
    const second = await runner({ nats: url });
    await first.child.stop('SIGKILL');
    expect(await result(second, join(parts, '2'))).toMatchObject({ accepted: true, attempt: 2 });
    // What the killed runner left is placed when it comes again, on whatever machine it was.
    first.restart();
    expect(await result(first, join(parts, '1.partial'))).toMatchObject({ accepted: false, attempt: 1 });
    expect(readdirSync(parts).sort()).toEqual(['1.partial', '2']);
    const lengths = await Promise.all(['1.partial', '2'].map((part) => seconds(join(parts, part, 'part.mp4'))));
    expect(lengths.reduce((sum, each) => sum + each, 0)).toBeGreaterThanOrEqual(length - LEASE_MS / 1000 - 3);
    expect(lengths[1]).toBeLessThan(length);
  });
});

describe('the example that makes pictures', () => {
  it('writes one for each interval', async () => {
    const server = await start();
    const folder = tempDir('pictures');
    const file = example('thumbnail.yaml', { '/srv/thumbnails': folder, 'fps=1/10': 'fps=1' });
    const painter = await runner({ http: `127.0.0.1:${server.httpPort}`, file });
    const streamId = await publish(server, 'cam1', 6);
    const attempt = join(folder, 'live', 'cam1', streamId, '1');
    const { files } = await result(painter, attempt);
    expect(files.length).toBeGreaterThanOrEqual(5);
    expect(files.length).toBeLessThanOrEqual(7);
    expect(files[0]?.name).toBe('000001.jpg');
    expect(await probeStreams(join(attempt, '000001.jpg'))).toMatchObject([
      { codec_name: 'mjpeg', width: 320, height: 180 },
    ]);
  });
});

describe('the example of a ladder', () => {
  it('publishes three renditions, cuts them, and makes none of a rendition', async () => {
    const url = await nats();
    const config = join(EXAMPLES, 'ladder-server.yaml');
    const server = await start({ nats: url, config });
    const folder = tempDir('hls');
    const file = example('hls-ladder.yaml', {
      ...{ '/srv/hls': folder, '127.0.0.1:1935': `127.0.0.1:${server.rtmpPort}` },
      ...{ '-2:720': '-2:144', '-2:480': '-2:96', '-2:360': '-2:72', veryfast: 'ultrafast' },
      ...{ '2800k': '280k', '1400k': '140k', ' 800k': ' 80k' },
    });
    const encoder = await runner({ nats: url, file, args: ['--slots', '8'] });
    await publish(server, 'cam1', 25);
    const renditions = ['cam1_720p', 'cam1_480p', 'cam1_360p'];
    const ids = await Promise.all(renditions.map(async (name) => (await server.ready(name, 20_000)).streamId));
    const jobs = (): Promise<JobRow[]> => bucketValues<JobRow>(url, 'SLUICE_JOBS');
    await waitFor(async () => (await jobs()).filter(({ state }) => state === 'running').length === 4, {
      timeoutMs: 20_000,
      everyMs: 100,
      what: 'four jobs to run',
    });
    // The encoder dies: the next attempt takes the names over, and the renditions are the same streams.
    const [{ pid }] = told(encoder, 'job runs').filter(({ job }) => String(job).endsWith('/ladder')) as [
      { pid: number },
    ];
    process.kill(pid, 'SIGKILL');
    await waitFor(() => told(encoder, 'job runs').some(({ attempt }) => attempt === 2), { timeoutMs: 20_000 });
    for (const [i, name] of renditions.entries()) expect((await server.ready(name, 20_000)).streamId).toBe(ids[i]);
    const cuts = await Promise.all(
      renditions.map(async (name, i) => {
        const attempt = join(folder, 'live', name, ids[i]!, '1');
        const { files } = await result(encoder, attempt, 60_000);
        expect(files.map((each) => each.name)).toEqual(expect.arrayContaining(['000000.ts', 'index.m3u8']));
        const tracks = await probeStreams(join(attempt, '000000.ts'));
        return tracks.find(({ codec_type }) => codec_type === 'video')?.height;
      }),
    );
    expect(cuts).toEqual([144, 96, 72]);
    const rows = (await jobs()).map(({ name, template, attempt }) => `${name} ${template} ${attempt}`).sort();
    expect(rows).toEqual(['cam1 ladder 2', 'cam1_360p hls 1', 'cam1_480p hls 1', 'cam1_720p hls 1']);
  });
});

describe('the example of a source on demand', () => {
  it.each([
    ['with NATS', true],
    ['without NATS', false],
  ])('publishes while somebody plays, and again when somebody comes again, %s', async (_, hasNats) => {
    const url = hasNats ? await nats() : undefined;
    const server = await start(url === undefined ? {} : { nats: url });
    const file = example('source-on-demand.yaml', { '640x360': '160x90' });
    const where = url === undefined ? { http: `127.0.0.1:${server.httpPort}` } : { nats: url };
    const source = await runner({ ...where, file });
    for (const turn of [1, 2]) {
      const output = join(tempDir('played'), 'played.flv');
      const player = ffmpegPlay(server.url('door', 'cameras'), output);
      closing.push(() => player.stop('SIGKILL'));
      await waitFor(() => bytesOf(output) > 20_000, {
        timeoutMs: 20_000,
        what: () => `media of the source\n${source.child.output.slice(-3000)}`,
      });
      expect(await server.stream('door', 'cameras')).toMatchObject({ players: 1 });
      await player.stop('SIGINT');
      await waitFor(async () => (await server.stream('door', 'cameras')) === undefined, {
        timeoutMs: 20_000,
        everyMs: 50,
        what: () => `the source to end\n${source.child.output.slice(-3000)}`,
      });
      const over = await waitFor(() => told(source, 'job run is over')[turn - 1], { timeoutMs: 20_000 });
      expect(over).toMatchObject({ job: 'want/cameras/door/source', outcome: 'stopped', reason: 'unwanted' });
    }
  });
});

function bytesOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** Bytes of all files below a folder, which may not be there. */
function bytesBelow(folder: string): number {
  if (!existsSync(folder)) return 0;
  const names = readdirSync(folder, { recursive: true }) as string[];
  return names.map((name) => bytesOf(join(folder, name))).reduce((sum, each) => sum + each, 0);
}
