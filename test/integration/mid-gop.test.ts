import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/child.js';
import { type FlvTag, readFlv, writeFlv } from '../support/flv.js';
import { media } from '../support/media.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

/** Keyframes at 0, 4 and 8 s: one publisher goes at 2 s, the next one begins at 6 s, both in mid-GOP. */
const [GOES_MS, BEGINS_MS, NEXT_KEYFRAME_MS] = [2000, 6000, 8000];

/** A hash of every picture that ffmpeg decodes from the video of a file. */
async function pictures(file: string): Promise<string[]> {
  const args = ['-hide_banner', '-loglevel', 'error', '-i', file, '-map', '0:v', '-vsync', '0', '-f', 'framemd5', '-'];
  const { stdout } = await run(['ffmpeg', ...args], 60_000);
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(',').at(-1)!.trim());
}

/** A client that plays and keeps the video that it gets. */
async function player(port: number, name: string): Promise<RawRtmp> {
  const client = await RawRtmp.connected({ port });
  client.command(await client.createStream(), 'play', 0, null, name, -1000);
  await client.status('NetStream.Play.Start');
  return client;
}

function videoOf(client: RawRtmp): FlvTag[] {
  return client.received
    .filter(({ type }) => type === 9)
    .map(({ timestamp, payload }) => ({ type: 9, timestamp, payload }));
}

describe.each([
  { how: 'within its resume window', name: 'resumed', resumeWindowMs: 10_000 },
  { how: 'as a stream of its own', name: 'anew', resumeWindowMs: 0 },
])('an encoder that goes in mid-GOP and is back in mid-GOP, $how', ({ name, resumeWindowMs }) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await spawnServer({ settings: { 'publish.resumeWindowMs': resumeWindowMs } });
  });
  afterAll(() => server.stop());

  it('is seen without a wrong picture, by a player that stayed and by one that came later', async () => {
    const source = await media('long-gop.flv');
    const right = new Set(await pictures(source));
    const tags = readFlv(await readFile(source)).filter(({ type }) => type === 9);
    const isHeader = ({ payload }: FlvTag): boolean => payload[0] === 0x17 && payload[1] === 0;
    const header = tags.find(isHeader)!;
    const frames = tags.filter((tag) => !isHeader(tag) && tag.payload[1] === 1);
    const publish = async (part: readonly FlvTag[]): Promise<RawRtmp> => {
      const client = await RawRtmp.connected({ port: server.rtmpPort });
      const messageStreamId = await client.publish(name);
      for (const { timestamp, payload } of [header, ...part])
        client.message(9, payload, { messageStreamId, timestamp });
      return client;
    };
    const got = (client: RawRtmp, frame: FlvTag) =>
      waitFor(() => client.received.some(({ type, payload }) => type === 9 && payload.equals(frame.payload)), {
        what: `the frame of ${frame.timestamp} ms`,
      });

    const before = frames.filter(({ timestamp }) => timestamp < GOES_MS);
    const after = frames.filter(({ timestamp }) => timestamp >= BEGINS_MS && timestamp < NEXT_KEYFRAME_MS);
    const next = frames.filter(({ timestamp }) => timestamp >= NEXT_KEYFRAME_MS);
    const first = await publish(before);
    await server.ready(name);
    const stayed = await player(server.rtmpPort, name);
    await got(stayed, before.at(-1)!);
    first.socket.resetAndDestroy();
    const second = await publish(after);
    // What it sent before this has been handled when this is answered.
    await second.createStream();
    const late = await player(server.rtmpPort, name);
    const messageStreamId = 1;
    for (const { timestamp, payload } of next) second.message(9, payload, { messageStreamId, timestamp });
    for (const [who, client] of Object.entries({ stayed, late })) {
      await got(client, next.at(-1)!);
      const file = join(tempDir('mid-gop'), `${who}.flv`);
      await writeFile(file, writeFlv(videoOf(client)));
      const seen = await pictures(file);
      expect(
        seen.filter((picture) => !right.has(picture)),
        who,
      ).toEqual([]);
      expect(seen.length, who).toBeGreaterThanOrEqual(next.length + (who === 'stayed' ? before.length : 0));
      client.destroy();
    }
    second.destroy();
  });
});
