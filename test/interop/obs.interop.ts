import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SseWatcher } from '../support/events.js';
import { Obs } from '../support/interop/obs.js';
import { finishPlayer, frameCount } from '../support/playback.js';
import { spawnServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import { probeStreams, sluice } from '../support/tools.js';
import { waitFor } from '../support/wait.js';

it('OBS streams, is played, and ends its stream with its button: one start, one end, no jump of time', async () => {
  const server = await spawnServer();
  const events = await SseWatcher.open(server.http('/v1/events'));
  const obs = await Obs.start(`rtmp://127.0.0.1:${server.rtmpPort}/live`, 'obs');
  try {
    await obs.startStream();
    await server.ready('obs', 30_000);
    const ready = await events.expect('stream.ready');
    expect(ready.data['tracks']).toMatchObject([
      { kind: 'video', width: 640, height: 360 },
      { kind: 'audio', sampleRate: 48_000 },
    ]);
    const file = join(tempDir('interop'), 'obs.flv');
    const player = sluice('play', server.url('obs'), '-o', file);
    await finishPlayer(player, file, (tags) => frameCount(tags) >= 150);
    const streams = await probeStreams(file);
    expect(streams.map((stream) => stream.codec_name).sort()).toEqual(['aac', 'h264']);
    await obs.stopStream();
    const ended = await events.expect('stream.ended');
    expect(ended.data['reason']).toBe('client_unpublish');
    expect(ended.data['timestampJumps'] ?? 0).toBe(0);
    await waitFor(() => events.types(ended.streamid).includes('stream.ended'));
    expect(events.types(ended.streamid).filter((type) => /^stream\.(?:started|ended)$/.test(type))).toEqual([
      'stream.started',
      'stream.ended',
    ]);
  } catch (error) {
    throw new Error(`${String(error)}\n--- output of OBS\n${obs.child.output.slice(-3000)}`);
  } finally {
    await obs.close();
    events.close();
    await server.stop();
  }
});
