import { describe, expect, it } from 'vitest';
import type { CopyOf } from '../../../src/model/copy-of.js';
import { BothSides, type Crossing } from '../../support/doors/both-sides.js';
import { batch, message } from '../../support/hub/media.js';

const [relayId, streamId] = ['01ARZ3NDEKTSV4RRFFQ69G5FAR', '01ARZ3NDEKTSV4RRFFQ69G5FAV'];
const epoch = { registry: '2026-01-01T00:00:00Z', revision: 7 };
const COPY: CopyOf = { relayId, streamId, nodeId: 'n2', epoch, url: 'rtmp://192.0.2.9/live/cam', attempts: 1 };

async function copied(sides: BothSides, copy = COPY) {
  const { decision } = await sides.decided(sides.publish('cam', sides.facts('192.0.2.9'), copy));
  if (decision?.accept !== true) throw new Error('refused');
  return decision.run;
}

for (const crossing of ['at once', 'cloned, in a later turn'] satisfies Crossing[]) {
  describe(`the copy of another node's stream, ${crossing}`, () => {
    it('has its owner’s id and players, tells their plays and itself, and is no stream of this node', async () => {
      const sides = new BothSides(crossing);
      const begun: string[] = [];
      sides.door.onBegun = (stream) => begun.push(stream.streamId);
      const waits = await sides.play();
      const run = await copied(sides);
      expect(run.streamId).toBe(streamId);
      const plays = await sides.play();
      expect(plays.run.isLive).toBe(true);
      run.publication.append(batch(message('videoHeader', 1), message('key', 2)), sides.nowMs);
      await sides.pass(1000);
      expect(sides.live.streams()).toEqual([]);
      expect([sides.live.live, sides.live.publishesStarted, sides.live.commands.stream(streamId)]).toEqual([
        0,
        0,
        undefined,
      ]);
      expect(sides.live.commands.plays().map((play) => play.streamId)).toEqual([streamId, streamId]);
      plays.run.end('client_closed');
      run.end('client_unpublish');
      await sides.settle();
      expect(waits.run.player.lingers).toBe(true);
      expect(sides.names).toEqual([
        'want',
        ...['copy.started', 'copy.playStarted', 'want', 'copy.playStarted'],
        ...['copy.playEnded', 'copy.playEnded', 'want', 'copy.ended'],
      ]);
      expect(sides.told.at(-1)).toEqual(['copy.ended', 'stream_ended', { bytes: expect.any(Number), drops: 0 }]);
      expect(begun).toEqual([]);
    });

    it('goes on with the next connection of its relay, and not with that of another', async () => {
      const sides = new BothSides(crossing);
      const run = await copied(sides);
      const other = await sides.decided(sides.publish('cam', sides.facts(), { ...COPY, relayId: 'other' }));
      expect(other.decision).toMatchObject({ accept: false, refusal: { code: 'ERR_PUBLISH_BUSY' } });
      const again = await copied(sides, { ...COPY, attempts: 2, nodeId: 'n3', epoch: { ...epoch, revision: 9 } });
      expect(again.publication).toBe(run.publication);
      const from = { fromNode: 'n3', epoch: { ...epoch, revision: 9 }, attempts: 2 };
      expect(sides.told.at(-1)).toEqual(['copy.started', expect.objectContaining(from)]);
      run.end('client_closed');
      await sides.settle();
      expect(sides.hub.isLive('live', 'cam')).toBe(true);
      expect(sides.names).toEqual(['copy.started', 'copy.started']);
    });

    it('gives way to a publish here, whose players stay', async () => {
      const sides = new BothSides(crossing);
      await copied(sides);
      const { sink } = await sides.play();
      const run = await sides.run();
      await sides.settle();
      expect(sides.live.streams().map(({ players }) => players)).toEqual([1]);
      expect(run.publication.players).toHaveLength(1);
      expect(sink.notices).toEqual([]);
      expect(sides.names).toEqual([
        ...['copy.started', 'copy.playStarted', 'copy.playEnded', 'want', 'copy.ended'],
        ...['streamStarted', 'streamActive', 'playStarted', 'want'],
      ]);
      const late = await sides.decided(sides.publish('cam', sides.facts(), COPY));
      expect(late.decision).toMatchObject({ accept: false, refusal: { code: 'ERR_PUBLISH_BUSY' } });
    });
  });
}
