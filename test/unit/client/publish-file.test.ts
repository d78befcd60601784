import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { publishFile } from '../../../src/client/index.js';
import { openFlvSink } from '../../../src/flv/flv-file.js';
import type { FlvTag } from '../../../src/flv/flv-format.js';
import { startFake } from '../../support/client/fake-server.js';
import { TAGS } from '../../support/client/flv-tags.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-client-'));
afterAll(() => rmSync(folder, { recursive: true }));
async function write(name: string, tags: readonly FlvTag[]): Promise<string> {
  const path = join(folder, name);
  const sink = await openFlvSink(path);
  for (const tag of tags) await sink.write(tag);
  await sink.close();
  return path;
}

describe('publishing a file', () => {
  it('sends every tag unchanged, then unpublishes', async () => {
    const fake = await startFake();
    const result = await publishFile(await write('a.flv', TAGS), fake.url('live/cam?key=1'), { realtime: false });
    expect(fake.got).toEqual(TAGS);
    expect(result).toMatchObject({ tags: 6, mediaMs: 40, loops: 0 });
    expect(fake.actions.find((a) => a.kind === 'publishRequested')).toMatchObject({
      app: 'live',
      name: 'cam',
      query: 'key=1',
    });
    expect(fake.actions.find((a) => a.kind === 'publishStopped')).toMatchObject({ reason: 'client_unpublish' });
  });

  it('announces Enhanced RTMP when the file has it, and only then', async () => {
    const fake = await startFake();
    const hevc = { type: 9, timestamp: 0, payload: Buffer.from('906876633101', 'hex') };
    await publishFile(await write('hevc.flv', [...TAGS.slice(2, 3), hevc]), fake.url('live/cam'), { realtime: false });
    await publishFile(await write('avc.flv', TAGS), fake.url('live/cam'), { realtime: false });
    const announced = fake.actions.filter((action) => action.kind === 'connected');
    expect(announced.map(({ isEnhanced, capsEx, codecs }) => [isEnhanced, capsEx, codecs])).toEqual([
      [true, 14, { video: { '*': 4 }, audio: { '*': 4 } }],
      [false, 0, undefined],
    ]);
  });

  it('starts time at 0 and passes over AMF3 script tags', async () => {
    const fake = await startFake();
    const late = TAGS.map((tag) => ({ ...tag, timestamp: tag.timestamp + 0xfffffff0 }));
    await publishFile(
      await write('late.flv', [...late.slice(0, 2), { type: 15, timestamp: 0xfffffff0, payload: Buffer.of(0) }]),
      fake.url('live/cam'),
      {
        realtime: false,
      },
    );
    expect(fake.got).toEqual(TAGS.slice(0, 2));
  });

  it('goes on with time when it loops, until asked to stop', async () => {
    const fake = await startFake();
    const stop = new AbortController();
    const publishing = publishFile(await write('loop.flv', TAGS), fake.url('live/cam'), {
      realtime: false,
      loop: true,
      signal: stop.signal,
    });
    await fake.until(() => fake.got.length >= 18);
    stop.abort();
    await expect(publishing).resolves.toMatchObject({ loops: expect.any(Number) });
    const times = fake.got.slice(0, 18).map((got) => got.timestamp);
    expect(times).toEqual([0, 0, 0, 0, 5, 40, 80, 80, 80, 80, 85, 120, 160, 160, 160, 160, 165, 200]);
  });

  it('never runs ahead of its timestamps unless asked to', async () => {
    const fake = await startFake();
    const { elapsedMs, mediaMs } = await publishFile(await write('b.flv', TAGS), fake.url('live/cam'));
    expect(elapsedMs).toBeGreaterThanOrEqual(mediaMs);
    expect(fake.got).toEqual(TAGS);
  });

  it('tells the code and description of a refusal', async () => {
    const fake = await startFake({ refuse: { code: 'NetStream.Publish.BadName', description: 'live/cam is taken' } });
    await expect(publishFile(await write('c.flv', TAGS), fake.url('live/cam'))).rejects.toMatchObject({
      code: 'ERR_CLIENT_REJECTED',
      details: { rtmpCode: 'NetStream.Publish.BadName', description: 'live/cam is taken' },
    });
  });

  it('tells why the server ended it', async () => {
    const fake = await startFake();
    const publishing = publishFile(await write('d.flv', TAGS), fake.url('live/cam'), { realtime: false, loop: true });
    const failure = expect(publishing).rejects.toMatchObject({ details: { description: 'enough' } });
    await fake.until(() => fake.got.length > 0);
    fake.peers[0]!.kick('enough');
    await failure;
  });

  it('does not connect for a file that is no FLV', async () => {
    const fake = await startFake();
    await expect(publishFile('package.json', fake.url('live/cam'))).rejects.toMatchObject({
      code: 'ERR_FLV_SIGNATURE',
    });
    expect(fake.peers).toHaveLength(0);
  });
});
