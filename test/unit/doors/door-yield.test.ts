import { describe, expect, it } from 'vitest';
import { BothSides, type Crossing } from '../../support/doors/both-sides.js';
import { batch, message } from '../../support/hub/media.js';

for (const crossing of ['at once', 'cloned, in a later turn'] satisfies Crossing[]) {
  describe(`a stream that goes to another node, messages crossing ${crossing}`, () => {
    it('is held with its players, its publisher told that it was replaced, until it ends here', async () => {
      const sides = new BothSides(crossing);
      const made = sides.publish();
      await sides.decided(made);
      const { streamId, publication } = await (async () =>
        (made.decision as { run: Awaited<ReturnType<typeof sides.run>> }).run)();
      const { sink } = await sides.play();
      publication.append(batch(message('key', 1, 100, 4000)), sides.nowMs);
      const yielded: unknown[] = [];
      const take = sides.live.report.bind(sides.live);
      sides.live.report = (report) => {
        if (report.kind === 'streamYielded') yielded.push(report);
        take(report);
      };
      sides.toDoor.order({ kind: 'yieldStream', streamId });
      await sides.settle();
      expect(yielded).toMatchObject([{ streamId, newestTimestamp: 4000, counters: { videoFrames: 1 }, plays: [{}] }]);
      expect([made.closed, sides.clientsTold.at(-1)?.code]).toEqual([['takeover'], 'ERR_PUBLISH_REPLACED']);
      expect([sink.notices, sides.hub.isLive('live', 'cam'), sides.count('streamEnded')]).toEqual([[], true, 0]);
      sides.toDoor.order({ kind: 'endStream', streamId, reason: 'takeover', description: '' });
      await sides.settle();
      await sides.pass(1000);
      expect([sink.notices, sides.hub.isLive('live', 'cam')]).toEqual([[], false]);
    });
  });
}

describe('a stream that comes from another node', () => {
  it('has a timeline that goes on from what players there have got', async () => {
    const sides = new BothSides('at once');
    const ref = { streamId: 'S', app: 'live', name: 'cam' };
    sides.toDoor.order({ kind: 'nameWon', ...ref, resumeTimestamp: 7000 });
    const claims = sides.hub.claim('live', 'cam');
    expect(claims).toBeUndefined();
    sides.toDoor.order({ kind: 'nameReleased', streamId: 'S' });
    const claim = sides.hub.claim('live', 'cam', { isMetered: false, resumeTimestamp: 7000 });
    expect(claim?.resumeTimestamp).toBe(7000);
  });
});
