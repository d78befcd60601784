import { describe, expect, it } from 'vitest';
import { batch, message } from '../../support/hub/media.js';
import { Office } from './support/live-streams-harness.js';

describe('a publish whose timestamps jump', () => {
  it('counts the jumps, and tells of them with its end only when there were any', async () => {
    const office = new Office();
    const smooth = await office.run('smooth');
    smooth.publication.append(batch(message('key', 1), message('inter', 2)), office.nowMs);
    smooth.end('client_unpublish');
    expect(office.last('streamEnded')).not.toHaveProperty('timestampJumps');
    const run = await office.run('jumpy');
    const moved = { ...message('inter', 2), rebased: true };
    run.publication.append(batch(message('key', 1), moved, message('inter', 3)), office.nowMs);
    run.publication.append(batch(moved, message('audio', 4), { ...message('key', 5), rebased: true }), office.nowMs);
    expect(office.registry.timestampJumps).toBe(3);
    office.pass(5000);
    office.pass(5000);
    expect(office.last('telemetry')).toMatchObject({ totals: { timestampJumps: 3 } });
    expect(office.warnings.filter((text) => text.includes('timestamps'))).toHaveLength(1);
    run.end('client_unpublish');
    expect(office.last('streamEnded')).toMatchObject({ timestampJumps: 3, videoFrames: 5 });
    expect(office.registry.timestampJumps).toBe(3);
  });

  it('stamps its data like its media from then on', async () => {
    const office = new Office();
    const run = await office.run();
    run.publication.append(batch(message('key', 100)), office.nowMs);
    run.data({ name: 'onCuePoint', type: 18, payload: Buffer.from([2, 0, 1, 0x61]), timestamp: 77, values: ['a'] });
    run.publication.append(batch({ ...message('inter', 101), rebased: true }), office.nowMs);
    run.data({ name: 'onCuePoint', type: 18, payload: Buffer.from([2, 0, 1, 0x61]), timestamp: 5, values: ['a'] });
    expect(office.told.filter(([name]) => name === 'streamData').map((told) => told[2])).toMatchObject([
      { timestamp: 77 },
      { timestamp: 2020 },
    ]);
  });
});
