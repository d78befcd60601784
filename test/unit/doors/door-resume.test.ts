import { describe, expect, it } from 'vitest';
import { ADMIT_ALL } from '../../../src/live/admission.js';
import { ChunkCodec } from '../../../src/wasm/chunk-codec.js';
import { BothSides, type Crossing } from '../../support/doors/both-sides.js';
import { batch, message } from '../../support/hub/media.js';

function data(name: string, payload: Buffer, timestamp: number, values: readonly string[]) {
  return { name, type: 18, payload, timestamp, values: [...values] };
}

for (const crossing of ['at once', 'cloned, in a later turn'] satisfies Crossing[]) {
  const both = (options?: ConstructorParameters<typeof BothSides>[1]): BothSides => new BothSides(crossing, options);

  describe(`a stream with a resume window, messages crossing ${crossing}`, () => {
    const resumeWindowMs = 10_000;

    it('outlives its connection with the same publication, from whose last time it goes on; players stay', async () => {
      const sides = both({ resumeWindowMs });
      const run = await sides.run();
      const { sink } = await sides.play();
      const codec = new ChunkCodec();
      codec.setPublishing(true);
      run.publication.writer.frameFrom(codec);
      run.publication.append(batch(message('key', 1, 100, 4000)), sides.nowMs);
      run.end('client_reset');
      expect(codec.target).toBeUndefined();
      await sides.settle();
      await sides.pass(9999);
      const again = await sides.run();
      expect([again.streamId, again.resumeTimestamp]).toEqual([run.streamId, 4040]);
      expect(again.publication).toBe(run.publication);
      expect(sides.last('streamResumed')).toMatchObject({ gapMs: 9999 });
      expect(sink.notices).toEqual([]);
      await sides.pass(resumeWindowMs * 2);
      expect(sides.count('streamEnded')).toBe(0);
    });

    it('takes no notice of what its earlier connection still does', async () => {
      const sides = both({ resumeWindowMs });
      const run = await sides.run();
      run.end('client_reset');
      const again = await sides.run();
      run.end('protocol_error');
      run.data(data('onCuePoint', Buffer.from('late'), 0, []));
      run.dataCleared('onMetaData');
      await sides.settle();
      expect([sides.count('streamEnded'), sides.count('streamData'), sides.live.live]).toEqual([0, 0, 1]);
      again.end('client_unpublish');
      await sides.settle();
      expect(sides.last('streamEnded')).toMatchObject({ reason: 'client_unpublish' });
    });

    it('ends when the window is over, with the reason for which its connection went, and its name is free', async () => {
      const sides = both({ resumeWindowMs });
      (await sides.run()).end('dead_peer');
      await sides.settle();
      await sides.pass(resumeWindowMs);
      expect(sides.last('streamEnded')).toMatchObject({ reason: 'dead_peer', heldMs: resumeWindowMs });
      expect(sides.hub.size).toBe(0);
    });

    it('is held on when its publisher comes back and is gone before it is answered', async () => {
      const sides = both({ resumeWindowMs, admission: ADMIT_ALL });
      (await sides.run()).end('client_reset');
      await sides.settle();
      const asked = sides.publish();
      asked.request.withdraw('client_reset', 'client_closed');
      await sides.settle();
      expect(sides.live.streams()).toMatchObject([{ state: 'suspended' }]);
      await sides.pass(resumeWindowMs);
      expect(sides.last('streamEnded')).toMatchObject({ reason: 'client_reset' });
    });
  });
}
