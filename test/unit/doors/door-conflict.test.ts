import { describe, expect, it } from 'vitest';
import { ADMIT_ALL, type Admission } from '../../../src/live/admission.js';
import type { Grant } from '../../../src/model/grant.js';
import { ChunkCodec } from '../../../src/wasm/chunk-codec.js';
import { BothSides, type Crossing } from '../../support/doors/both-sides.js';
import { batch, type Message, message } from '../../support/hub/media.js';

/** Metadata that names a picture and sound, and the sequence headers of H.264 and AAC. */
const METADATA = {
  name: 'onMetaData',
  payload: Buffer.from('onMetaData'),
  values: [{ width: 320, audiocodecid: 10 }],
};
const AVC: Message = {
  kind: 'videoHeader',
  timestamp: 0,
  payload: Buffer.from(
    '17000000000142c00dffe100166742c00dd90141fb0110000003001000000303c0f142992001000568cb83cb20',
    'hex',
  ),
};
const AAC: Message = { kind: 'audioHeader', timestamp: 0, payload: Buffer.from('af001210', 'hex') };

/** Grants every publish the same; who is named may replace its own connection. */
function granting(grant: Partial<Grant>): Admission {
  const conflict = grant.principal === undefined ? 'reject' : 'resume';
  const verdict = { decision: 'allow', grant: { labels: {}, conflict, limits: {}, ...grant } } as const;
  return { ...ADMIT_ALL, decide: () => verdict };
}

for (const crossing of ['at once', 'cloned, in a later turn'] satisfies Crossing[]) {
  const both = (grant: Partial<Grant>, lingerMs = 5000): BothSides =>
    new BothSides(crossing, { lingerMs, admission: granting(grant) });

  describe(`a publish of a name that is held, messages crossing ${crossing}`, () => {
    it('by the same principal takes the place of a connection that is still open: same stream, same players', async () => {
      const sides = both({ principal: 'ann' });
      const run = await sides.run();
      const { sink } = await sides.play();
      const codec = new ChunkCodec();
      codec.setPublishing(true);
      run.publication.writer.frameFrom(codec);
      run.publication.append(batch(message('key', 1, 100, 4000)), sides.nowMs);
      sides.nowMs += 3000;
      const again = await sides.run();
      expect(codec.target).toBeUndefined();
      expect([again.streamId, again.resumeTimestamp]).toEqual([run.streamId, 4040]);
      expect(sides.clientsTold).toMatchObject([
        {
          status: 'NetStream.Publish.BadName',
          code: 'ERR_PUBLISH_REPLACED',
          description: expect.stringContaining('ERR_PUBLISH_REPLACED'),
        },
      ]);
      expect(sides.last('streamResumed')).toMatchObject({ cause: 'replaced', gapMs: 3000 });
      expect([sides.count('streamSuspended'), sides.count('streamEnded')]).toEqual([0, 0]);
      // What the connection still does that was replaced has no effect.
      run.end('client_closed');
      await sides.settle();
      expect([sides.live.live, sink.notices]).toEqual([1, []]);
      again.end('client_unpublish');
      await sides.settle();
      expect(sides.last('streamEnded')).toMatchObject({ reason: 'client_unpublish', heldMs: 0 });
    });

    it('by the same principal is refused the fourth time in a minute', async () => {
      const sides = both({ principal: 'ann' });
      for (let i = 0; i < 4; i++) await sides.run();
      const fourth = await sides.decided(sides.publish());
      expect(fourth.decision).toMatchObject({
        refusal: { status: 'NetStream.Publish.BadName', code: 'ERR_PUBLISH_BUSY' },
      });
      await sides.pass(60_000);
      await sides.run();
    });

    it('that takes over ends the holder; players stay, and get the new stream, even where players do not linger', async () => {
      const sides = both({ conflict: 'takeover' }, 0);
      const run = await sides.run();
      const { run: play, sink } = await sides.play();
      run.publication.append(batch(message('key', 1, 100, 4000)), sides.nowMs);
      const next = await sides.run();
      expect(next.streamId).not.toBe(run.streamId);
      expect(next.resumeTimestamp).toBe(4040);
      expect(sides.last('streamTakenOver')).toEqual({ byStreamId: next.streamId });
      expect(sides.last('streamEnded')).toMatchObject({ reason: 'takeover' });
      expect(sides.names.filter((name) => name.startsWith('stream'))).toEqual([
        ...['streamStarted', 'streamActive', 'streamTakenOver', 'streamEnded', 'streamStarted', 'streamActive'],
      ]);
      expect(sides.clientsTold).toMatchObject([{ status: 'NetStream.Publish.BadName', code: 'ERR_PUBLISH_REPLACED' }]);
      expect([play.player.publication, sink.notices]).toEqual([next.publication, []]);
    });

    it('is told that it is busy while another one takes it over', async () => {
      const sides = both({ conflict: 'takeover' });
      await sides.run();
      const [second, third] = [sides.publish(), sides.publish()];
      await sides.decided(second);
      await sides.decided(third);
      const outcomes = [second, third].map(({ decision }) => decision?.accept);
      expect(outcomes.sort()).toEqual([false, true]);
      expect(sides.live.live).toBe(1);
    });
  });

  describe(`a grant, messages crossing ${crossing}`, () => {
    it('gives another name, under which the stream is played and announced', async () => {
      const sides = both({ name: 'alias' });
      const run = await sides.run('secret');
      expect(sides.live.streams()).toMatchObject([{ name: 'alias' }]);
      const { run: play } = await sides.play('whatever');
      expect(play.player.publication).toBe(run.publication);
      expect(JSON.stringify(sides.told)).not.toContain('secret');
    });

    it('keeps media of a codec that it does not allow from the players, and ends the stream', async () => {
      const sides = both({ limits: { codecs: ['hvc1'] } });
      const waiting = await sides.play();
      const run = await sides.run();
      run.publication.append(batch(message('audio', 1), message('audio', 2)), sides.nowMs);
      run.publication.append(batch(message('audio', 3)), sides.nowMs);
      await sides.settle();
      expect(sides.last('streamEnded')).toMatchObject({ reason: 'limit', detail: 'ERR_LIMIT_CODEC' });
      await sides.pass(1000);
      expect(waiting.run.player.bytesSent).toBe(0);
      expect(sides.clientsTold).toMatchObject([{ status: 'NetStream.Publish.Rejected', code: 'ERR_LIMIT_CODEC' }]);
    });

    it.each([
      [['avc1', 'mp4a'], true],
      [['avc1'], false],
    ])('of the codecs %s gives players nothing before all that the metadata names have come', async (codecs, isAll) => {
      const sides = both({ limits: { codecs } });
      const { sink } = await sides.play();
      const run = await sides.run();
      run.data({ ...METADATA, type: 18, timestamp: 0 });
      const visits = (...messages: Message[]): number => {
        run.publication.append(batch(...messages), sides.nowMs);
        sink.player!.visit();
        return sink.bytes.length;
      };
      expect(visits(AVC, message('key', 1))).toBe(0);
      expect(visits(message('inter', 2, 40))).toBe(0);
      expect(visits(AAC) > 0).toBe(isAll);
      await sides.settle();
      expect([sides.count('streamReady'), sides.count('streamEnded')]).toEqual(isAll ? [1, 0] : [0, 1]);
      expect(sink.bytes.includes('onMetaData')).toBe(isAll);
    });

    it('of a rate has the stream counted with every tick', async () => {
      const sides = both({ limits: { kbps: 1 } });
      const run = await sides.run();
      run.publication.append(batch(message('audio', 2, 4000)), sides.nowMs);
      await sides.pass(250);
      expect(sides.live.streams()[0].audioFrames).toBe(1);
      // The rate that is shown is that of a second.
      expect(sides.live.streams()[0].kbpsIn).toBe(0);
      for (let n = 0; n < 3; n++) await sides.pass(250);
      expect(sides.live.streams()[0].kbpsIn).toBeGreaterThan(0);
    });

    it('bounds the players of a stream, those included that came before it', async () => {
      const sides = both({ limits: { maxPlayers: 1 } });
      await sides.play();
      const second = await sides.decided(sides.ask());
      expect(second.decision?.accept).toBe(true);
      await sides.run();
      await sides.settle();
      expect(sides.clientsTold).toMatchObject([{ status: 'NetStream.Play.Failed', code: 'ERR_LIMIT_PLAYERS' }]);
      const third = await sides.decided(sides.ask());
      expect(third.decision).toMatchObject({ refusal: { status: 'NetStream.Play.Failed', code: 'ERR_LIMIT_PLAYERS' } });
    });

    it('bounds what one principal publishes, and what it plays', async () => {
      const sides = both({ principal: 'ann', limits: { sessions: 1 } });
      const first = await sides.run('a');
      const second = await sides.decided(sides.publish('b'));
      expect(second.decision).toMatchObject({ refusal: { code: 'ERR_LIMIT_SESSIONS' } });
      // The same stream again is no further one.
      const again = await sides.run('a');
      expect(again.streamId).toBe(first.streamId);
      await sides.play('a');
      expect((await sides.decided(sides.ask('a'))).decision).toMatchObject({ refusal: { code: 'ERR_LIMIT_SESSIONS' } });
      again.end('client_unpublish');
      await sides.settle();
      await sides.run('b');
    });

    it('says how long the stream is held for its publisher', async () => {
      const sides = both({ principal: 'ann', resumeWindowMs: 2000 });
      (await sides.run()).end('client_reset');
      await sides.settle();
      expect(sides.last('streamSuspended')).toMatchObject({ resumeWindowMs: 2000 });
      await sides.pass(2000);
      expect(sides.last('streamEnded')).toMatchObject({ reason: 'client_reset' });
    });
  });
}
