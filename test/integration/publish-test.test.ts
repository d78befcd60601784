import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/child.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { sluice } from '../support/tools.js';

const SECONDS = 2;
const FPS = 25;

describe('sluice publish --test', () => {
  let server: TestServer;
  let folder: string;
  let file: string;

  beforeAll(async () => {
    folder = tempDir('publish-test');
    file = join(folder, 'out.flv');
    server = await spawnServer();
    const play = sluice('play', server.url('clock'), '-o', file);
    await play.waitForOutput(/waiting for a publisher/);
    const flags = ['--size', '640x360', '--fps', String(FPS), '--for', `${SECONDS}s`];
    const published = await sluice('publish', '--test', ...flags, server.url('clock')).finish(15_000);
    expect(published.code).toBe(0);
    expect((await play.finish(10_000)).code).toBe(0);
  });
  afterAll(async () => {
    await server.stop();
    rmSync(file, { force: true });
    removeTempDir(folder);
  });

  it('sends what ffmpeg decodes without an error, every frame of it', async () => {
    const decoded = await run(['ffmpeg', '-v', 'error', '-xerror', '-i', file, '-f', 'null', '-']);
    expect(decoded.stderr).toBe('');
    const entries = 'stream=codec_name,profile,width,height,nb_read_frames,sample_rate,channels';
    const probe = await run(['ffprobe', '-v', 'error', '-count_frames', '-show_entries', entries, '-of', 'json', file]);
    const { streams } = JSON.parse(probe.stdout) as { streams: Record<string, unknown>[] };
    expect(streams).toEqual([
      expect.objectContaining({
        ...{ codec_name: 'h264', profile: 'Constrained Baseline', width: 640, height: 360 },
        nb_read_frames: String(SECONDS * FPS),
      }),
      expect.objectContaining({ codec_name: 'aac', profile: 'LC', sample_rate: '48000', channels: 1 }),
    ]);
  });

  it('shows the digits of the frame counter', async () => {
    // Rows 12 to 16 of macroblocks have the counter; its last digit is in columns 28 to 30. Frame 4 ends with a 4.
    const crop = 'select=eq(n\\,4),crop=48:80:448:192,scale=3:5:flags=area,format=gray';
    const args = ['-v', 'error', '-i', file, '-vf', crop, '-frames:v', '1', '-f', 'rawvideo', '-'];
    const { stdoutBytes } = await run(['ffmpeg', ...args]);
    const lit = [...stdoutBytes].map((value) => (value > 120 ? '#' : ' ')).join('');
    expect(lit.match(/.../g)).toEqual(['# #', '# #', '###', '  #', '  #']);
  });

  it('publishes several, without sound, under names of their own, and ends them at Ctrl-C', async () => {
    const flags = ['--size', '320x180', '--fps', '5', '--no-audio', '--count', '2'];
    const publisher = sluice('publish', '--test', ...flags, server.url('two'));
    await Promise.all([server.ready('two-1'), server.ready('two-2')]);
    expect(await server.stream('two-2')).toMatchObject({ tracks: [{ kind: 'video' }] });
    publisher.signal('SIGINT');
    expect((await publisher.finish(20_000)).code).toBe(0);
    expect(publisher.stderr).toMatch(/^publishing a test picture to \S+\/live\/two-1 … -2$/m);
  });
});
