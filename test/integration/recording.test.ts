import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordEnded } from '../../src/events/event-types.js';
import { run } from '../support/child.js';
import { SseWatcher } from '../support/events.js';
import { media } from '../support/media.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { ffmpegPublish, packetHashes } from '../support/tools.js';
import { waitFor } from '../support/wait.js';

const KEY = Buffer.from('1701000000aa', 'hex');
const AVC = Buffer.from('1700000000016400320000', 'hex');

let folder: string;
let server: TestServer;
let events: SseWatcher;
const config = (recording: string): string =>
  `node: {watchConfig: false}\nrecording: {match: ["live/*"], publishTypes: true, minFreeBytes: 0, ${recording}}\n`;

async function start(): Promise<void> {
  server = await spawnServer({ data: join(folder, 'data'), config: join(folder, 'sluice.yaml') });
  events = await SseWatcher.open(server.http('/v1/events?since=all'));
}

beforeAll(async () => {
  folder = tempDir('recording');
  writeFileSync(join(folder, 'sluice.yaml'), config('maxMs: 3600000'));
  mkdirSync(join(folder, 'data', 'media', 'outside'), { recursive: true, mode: 0o700 });
  mkdirSync(join(folder, 'elsewhere'));
  symlinkSync(join(folder, 'elsewhere'), join(folder, 'data', 'media', 'linked'));
  await start();
});

afterAll(async () => {
  events.close();
  await server.stop();
  removeTempDir(folder);
});

/** Changes the settings while the server runs. */
async function reconfigure(recording: string): Promise<void> {
  const before = server.logLines('the settings were read again').length;
  writeFileSync(join(folder, 'sluice.yaml'), config(recording));
  server.child.signal('SIGHUP');
  await waitFor(() => server.logLines('the settings were read again').length > before, { what: 'a reload' });
}

/** The ends of recordings of a name, once there are so many. */
async function endsOf(name: string, count: number): Promise<RecordEnded[]> {
  const found = () =>
    events.all
      .filter(({ type }) => type === 'io.sluice.record.ended')
      .map(({ data }) => data as unknown as RecordEnded);
  const of = () => found().filter((data) => data.name === name);
  await waitFor(() => of().length >= count, {
    what: () => `${count} files of ${name}\n${server.child.output.slice(-3000)}`,
  });
  return of();
}

const pathOf = ({ file }: { readonly file: string }): string => join(folder, 'data', 'media', file);

async function probed(path: string): Promise<{ format: { duration: string }; streams: { codec_type: string }[] }> {
  const { stdout } = await run(
    ['ffprobe', '-v', 'error', '-show_format', '-show_streams', '-of', 'json', path],
    20_000,
  );
  return JSON.parse(stdout) as never;
}

/** Publishes with a type, and sends two frames. */
async function publishTyped(name: string, type: string, app = 'any'): Promise<{ client: RawRtmp; id: number }> {
  const client = await RawRtmp.connected({ port: server.rtmpPort, app });
  const id = await client.publish(name, type);
  const frame = (payload: Buffer, timestamp: number) => client.message(9, payload, { messageStreamId: id, timestamp });
  for (const [payload, timestamp] of [
    [AVC, 0],
    [KEY, 0],
    [KEY, 500],
  ] as const)
    frame(payload, timestamp);
  return { client, id };
}

describe('recording', () => {
  it('keeps what ffmpeg publishes bit for bit, with duration and keyframes that ffprobe reads', async () => {
    const source = await media('h264-aac.flv');
    await ffmpegPublish(source, server.url('whole'), { paced: false }).finish(20_000);
    const [ended] = await endsOf('whole', 1);
    expect(ended).toMatchObject({
      reason: 'stream_ended',
      gaps: 0,
      part: 1,
      file: expect.stringMatching(/^live\/whole\/\d{8}T\d{6}Z-/),
    });
    const path = pathOf(ended!);
    for (const kind of ['video', 'audio'] as const)
      expect(await packetHashes(path, kind)).toEqual(await packetHashes(source, kind));
    const { format, streams } = await probed(path);
    expect(Number(format.duration)).toBeCloseTo(ended!.durationMs / 1000, 1);
    expect(streams.map(({ codec_type }) => codec_type)).toEqual(['video', 'audio']);
    expect(ended!.bytes).toBe(readFileSync(path).length);
    const { stdout } = await run(['ffmpeg', '-v', 'error', '-ss', '2', '-i', path, '-f', 'framecrc', '-'], 20_000);
    expect(stdout.split('\n').filter((line) => line.startsWith('0,')).length).toBeLessThanOrEqual(26);
    expect(readdirSync(join(folder, 'data', 'recordings'))).toEqual([]);
  });

  it('begins the next file at a keyframe, as the settings say that were read again', async () => {
    await reconfigure('maxMs: 1000');
    const source = await media('h264-aac.flv');
    await ffmpegPublish(source, server.url('parts'), { paced: false }).finish(20_000);
    const ended = await endsOf('parts', 3);
    expect(ended.map(({ part, reason }) => [part, reason]).sort()).toEqual([
      [1, 'rotated'],
      [2, 'rotated'],
      [3, 'stream_ended'],
    ]);
    const files = [...ended].sort((a, b) => a.part - b.part).map(pathOf);
    const hashes = await Promise.all(files.map((file) => packetHashes(file, 'video')));
    expect(hashes.flat()).toEqual(await packetHashes(source, 'video'));
    expect(hashes.map(({ length }) => length)).toEqual([25, 25, 25]);
    await reconfigure('maxMs: 3600000');
  });

  it('records what a client asks for by its type, and tells it; append goes on with the file', async () => {
    for (const [type, count] of [
      ['record', 1],
      ['append', 2],
      ['record', 3],
    ] as const) {
      const { client, id } = await publishTyped('asked', type);
      await client.status('NetStream.Record.Start');
      client.command(id, 'publish', 0, null, false);
      await client.status('NetStream.Record.Stop');
      await endsOf('asked', count);
      client.destroy();
    }
    const [first, second, third] = await endsOf('asked', 3);
    expect(second!.file).toBe(first!.file);
    expect(third!.file).not.toBe(first!.file);
    expect([first!.durationMs, second!.durationMs]).toEqual([500, 1040]);
    expect(second!.bytes).toBeGreaterThan(first!.bytes);
    const { format } = await probed(pathOf(second!));
    expect(Number(format.duration)).toBeCloseTo(1.04, 1);
  });

  it('does not record a live publish of another app', async () => {
    const { client } = await publishTyped('quiet', 'live');
    await waitFor(async () => (await server.stream('quiet', 'any')) !== undefined, { what: 'the stream' });
    expect(await server.metric('sluice_recordings_open')).toBe(0);
    client.destroy();
  });

  it('writes nothing outside of its root: names become plain names, and a link is not followed', async () => {
    const { client } = await publishTyped('a.b', 'record', 'linked');
    await client.status('NetStream.Record.NoAccess');
    expect(readdirSync(join(folder, 'elsewhere'))).toEqual([]);
    expect(await server.stream('a.b', 'linked'), 'it goes on live').toBeDefined();
    client.destroy();
    const other = await publishTyped('a.b@~', 'record', 'x/y');
    await other.client.status('NetStream.Record.Start');
    other.client.destroy();
    expect((await endsOf('a.b@~', 1))[0]!.file).toMatch(/^x=2Fy\/a=2Eb=40=7E\//);
  });

  it('ends at the quota, and begins nothing more', async () => {
    const { client } = await publishTyped('full', 'record');
    await client.status('NetStream.Record.Start');
    await reconfigure('quotaBytes: 1');
    expect((await endsOf('full', 1))[0]).toMatchObject({ reason: 'quota' });
    await client.status('NetStream.Record.Stop');
    const other = await publishTyped('late', 'record');
    await other.client.status('NetStream.Record.NoAccess');
    await reconfigure('maxMs: 3600000');
    for (const each of [client, other.client]) each.destroy();
  });

  it('completes after SIGKILL what was being recorded, and tells it once', async () => {
    const source = await media('long.flv');
    const publisher = ffmpegPublish(source, server.url('killed'), { input: ['-readrate', '6'], paced: false });
    const part = () =>
      readdirSync(join(folder, 'data', 'media', 'live')).includes('killed') &&
      readdirSync(join(folder, 'data', 'media', 'live', 'killed')).find((name) => name.endsWith('.part'));
    const size = (): number => {
      const name = part();
      return typeof name === 'string' ? readFileSync(join(folder, 'data', 'media', 'live', 'killed', name)).length : 0;
    };
    await waitFor(() => size() > 100_000, { what: 'some media on disk' });
    events.close();
    await server.child.stop('SIGKILL');
    await publisher.stop('SIGKILL');
    await start();
    const [ended] = await endsOf('killed', 1);
    expect(ended).toMatchObject({ reason: 'recovered', part: 1 });
    expect(ended!.bytes).toBe(readFileSync(pathOf(ended!)).length);
    const hashes = await packetHashes(pathOf(ended!), 'video');
    expect(hashes.length).toBeGreaterThan(10);
    expect((await packetHashes(source, 'video')).slice(0, hashes.length)).toEqual(hashes);
    expect(readdirSync(join(folder, 'data', 'media', 'live', 'killed'))).toHaveLength(1);
    await waitFor(() => readdirSync(join(folder, 'data', 'recordings')).length === 0, { what: 'no note left' });
    const started = events.all.filter(
      ({ type, data }) => type === 'io.sluice.record.started' && data['recordId'] === ended!.recordId,
    );
    expect(started).toHaveLength(1);
  });
});
