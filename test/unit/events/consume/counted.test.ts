import { describe, expect, it } from 'vitest';
import { countedSequence } from '../../../../src/events/consume/counted.js';

describe('the sequence that a subject names', () => {
  it.each([
    ['sluice.v1.evt.live.cam.ID.stream.started.1', 1],
    ['sluice.v1.evt.live.cam.ID.play.ended.17', 17],
    ['sluice.v1.evt.live.cam.ID.stream.ended.end', Number.POSITIVE_INFINITY],
    ['sluice.v1.evt.live.cam.ID.stream.rejected.1', undefined],
    ['sluice.v1.evt.live.cam.ID.play.ended.01ABC-end', undefined],
    ['sluice.v1.evt.live.cam.ID.record.closed.01ABC-2', undefined],
  ])('of %s is %s', (subject, expected) => {
    expect(countedSequence(subject)).toBe(expected);
  });
});
