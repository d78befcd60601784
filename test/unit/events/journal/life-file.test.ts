import { cpSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newId } from '../../../../src/core/ids.js';
import { EventLayer } from '../../../../src/events/event-layer.js';
import { eventOf } from '../../../../src/events/event-log.js';
import { LifeFile } from '../../../../src/events/journal/life-file.js';
import { ManualClock, RecordingLog } from '../../../support/events-parts.js';
import { tempDir } from '../../../support/temp.js';
import { waitFor } from '../../../support/wait.js';

/** What a killed process leaves: the files as they are now, without the socket that nobody listens behind any more. */
function leftBy(dir: string): string {
  const copy = join(tempDir('left'), 'events');
  cpSync(dir, copy, { recursive: true, filter: (path) => !basename(path).startsWith('lock') });
  return copy;
}

describe('the sign of life', () => {
  it('has what a stream carried from the moment it is ready on, and again every 1.5 s, for the end after a kill', async () => {
    const dir = join(tempDir('life'), 'events');
    const clock = new ManualClock();
    const log = new RecordingLog();
    const eventLayer = await EventLayer.open({ dir }, { log, clock, nodeId: 'n1', bootId: newId(1) });
    const streamId = newId(2);
    const carried = { bytes: 0, audioFrames: 0, videoFrames: 0, drops: 0 };
    eventLayer.lifecycle.measure = () => ({ ...carried });
    const peer = { address: '127.0.0.1', port: 1 };
    const stream = { streamId, app: 'live', name: 'cam1', connectionId: newId(3), peer, transport: 'rtmp' as const };
    await eventLayer.lifecycle.streamStarted(stream);
    const recorded = () => new LifeFile(dir).read().then((record) => record?.totals[streamId]?.bytes);

    clock.pass(400);
    carried.bytes = 1000;
    eventLayer.lifecycle.streamReady(streamId, { tracks: [], timeToReadyMs: 400 });
    await waitFor(async () => (await recorded()) === 1000);
    clock.pass(3000);
    carried.bytes = 5000;
    await waitFor(async () => (await recorded()) === 5000);

    const copy = leftBy(dir);
    const next = await EventLayer.open({ dir: copy }, { log, clock, nodeId: 'n1', bootId: newId(4) });
    const events = [];
    for await (const entry of next.log.since('oldest')) events.push(eventOf(entry));
    const ended = events.find(({ type }) => type === 'io.sluice.stream.ended');
    expect(ended?.data).toMatchObject({ bytes: 5000, durationMs: 3400, reason: 'node_restart', totals: 'last_known' });
    await next.close();
    await eventLayer.close();
  });

  it('says why it cannot be written, and is written again when it can', async () => {
    const parent = tempDir('life');
    const dir = join(parent, 'events');
    mkdirSync(dir);
    const life = new LifeFile(dir);
    const record = (wallMs: number) => ({ bootId: 'b', wallMs, totals: {} });
    await life.write(record(1));
    expect(life.trouble).toBe('');
    renameSync(dir, join(parent, 'away'));
    await life.write(record(2));
    await life.write(record(3));
    expect(life.trouble).toContain('ENOENT');
    renameSync(join(parent, 'away'), dir);
    await life.write(record(4));
    expect(life.trouble).toBe('');
    expect(await life.read()).toEqual(record(4));
    await life.close();
  });

  it('is written into a file that is found again, also when somebody has removed the one before', async () => {
    const dir = tempDir('life');
    const life = new LifeFile(dir);
    for (let wallMs = 1; wallMs <= 4; wallMs++) {
      await life.write({ bootId: 'b', wallMs, totals: {} });
      rmSync(join(dir, 'life.0'), { force: true });
      rmSync(join(dir, 'life.1'), { force: true });
    }
    await life.write({ bootId: 'b', wallMs: 5, totals: {} });
    expect((await life.read())?.wallMs).toBe(5);
    await life.close();
  });
});
