import { afterEach, describe, expect, it } from 'vitest';
import { MemoryAccount } from '../../../src/core/memory-account.js';
import { ListenerHarness, OPTIONS } from '../../support/rtmp/listener-harness.js';
import type { RawRtmp } from '../../support/rtmp-client.js';

let harness: ListenerHarness;

afterEach(async () => {
  await harness.close();
});

/** A keyframe of `bytes` bytes. */
function frame(number: number, bytes = 100): Buffer {
  const payload = Buffer.alloc(bytes, number & 255);
  payload.set([0x17, 1, 0, 0, 0]);
  return payload;
}

/** Sends large frames of `cam` until a player has one that its socket does not take. @returns how many were sent */
async function sendUntilStuck(publisher: RawRtmp, id: number): Promise<number> {
  const publication = harness.publications.get('cam')!;
  let sent = 0;
  while (!publication.players.some(({ busy }) => busy) && sent < 500) {
    publisher.message(9, frame(sent++, 60_000), { messageStreamId: id });
    await harness.until(() => publication.videoFrames === sent, 'the frame');
  }
  return sent;
}

/** Lets ten seconds pass, with a frame of `cam` in each. */
async function passTenSeconds(publisher: RawRtmp, id: number): Promise<void> {
  for (let second = 0; second < 10; second++) {
    publisher.message(9, frame(second), { messageStreamId: id });
    await harness.until(() => harness.publications.get('cam')!.lastVideoMs === harness.nowMs, 'the frame');
    harness.pass(1000);
  }
}

describe('a connection that stops reading', () => {
  /** A client on message stream 2 that reads nothing any more, and a publisher with `bytes` of sequence headers. */
  async function withHeaders(bytes: number): Promise<{ publisher: RawRtmp; stuck: RawRtmp; id: number }> {
    harness = await ListenerHarness.open();
    const publisher = await harness.client();
    publisher.setChunkSize(60_000);
    const id = await publisher.publish('cam');
    const stuck = await harness.client();
    await stuck.createStream();
    await stuck.createStream();
    for (let track = 1; bytes > 0; track++, bytes -= 60_000) {
      const header = Buffer.alloc(60_000, track);
      header.set([0x80 | 0x16, 0x00, 0x61, 0x76, 0x63, 0x31, track]);
      publisher.message(9, header, { messageStreamId: id });
    }
    publisher.message(9, frame(0), { messageStreamId: id });
    await harness.until(() => harness.publications.get('cam')!.videoFrames > 0, 'the frame');
    stuck.socket.pause();
    return { publisher, stuck, id };
  }

  it('holds no more than play.maxLagBytes and two writes, however often it says play, and is let go in time', async () => {
    const { publisher, stuck, id } = await withHeaders(240_000);
    const account = new MemoryAccount();
    harness.hub.joinAccount(account);
    const copies = (): number => account.list().find(({ kind }) => kind === 'copies')!.bytes;
    let most = 0;
    for (let n = 1; n <= 100; n++) {
      stuck.command(2, 'play', 4, null, 'cam', -1000);
      publisher.message(9, frame(n), { messageStreamId: id });
      await harness.until(
        () => harness.playEnds.length === n - 1 && harness.publications.get('cam')!.videoFrames > n,
        'play and frame',
      );
      await new Promise(setImmediate);
      most = Math.max(most, copies());
      // The clock stands still for the limit on commands, and goes on for the watch on stalls.
      harness.pass(n % 50 === 0 ? 1000 : 0);
    }
    expect(most).toBeGreaterThan(OPTIONS.maxLagBytes / 2);
    // The write that the kernel has taken a part of, and the one that goes past the limit.
    expect(most).toBeLessThan(OPTIONS.maxLagBytes + 2 * 240_100);
    await passTenSeconds(publisher, id);
    await harness.until(() => harness.closes.length === 1, 'the close');
    expect(harness.closes).toEqual(['ERR_PLAY_STALLED']);
    await harness.until(() => copies() === 0, 'its memory to be free');
    expect(harness.publishEnds).toEqual([]);
  });

  it('and publishes too loses its plays, told as stalled; its publish goes on', async () => {
    harness = await ListenerHarness.open();
    const publisher = await harness.client();
    publisher.setChunkSize(60_000);
    const id = await publisher.publish('cam');
    const both = await harness.client();
    const own = await both.publish('own');
    await both.play('cam');
    both.socket.pause();
    let sent = await sendUntilStuck(publisher, id);
    for (let second = 0; second < 12; second++) {
      both.message(9, frame(second), { messageStreamId: own });
      publisher.message(9, frame(sent++), { messageStreamId: id });
      await harness.until(() => harness.publications.get('own')!.videoFrames === second + 1, 'the frame of its own');
      await harness.until(() => harness.publications.get('cam')!.videoFrames === sent, 'the frame');
      harness.pass(1000);
    }
    expect(harness.playEnds).toEqual(['cam:stalled']);
    expect([harness.closes, harness.publishEnds]).toEqual([[], []]);
    both.socket.resume();
    await both.status('NetStream.Play.Failed');
    expect(both.closed).toBe(false);
  });

  it('stays while it acknowledges what it takes', async () => {
    harness = await ListenerHarness.open();
    const publisher = await harness.client();
    publisher.setChunkSize(60_000);
    const id = await publisher.publish('cam');
    const slow = await harness.client();
    await slow.play('cam');
    slow.socket.pause();
    await sendUntilStuck(publisher, id);
    const [connection] = [...harness.listener.connections].filter(({ playing }) => playing > 0);
    for (let second = 1; second <= 30; second++) {
      const acknowledged = Buffer.alloc(4);
      acknowledged.writeUInt32BE(second * 1000);
      const before = connection.bytesIn;
      slow.message(3, acknowledged);
      publisher.message(9, frame(second), { messageStreamId: id });
      await harness.until(() => connection.bytesIn > before, 'the acknowledgement');
      await harness.until(() => harness.publications.get('cam')!.lastVideoMs === harness.nowMs, 'the frame');
      harness.pass(1000);
    }
    expect(harness.closes).toEqual([]);
    await passTenSeconds(publisher, id);
    await harness.until(() => harness.closes.length === 1, 'the close');
    expect(harness.closes).toEqual(['ERR_PLAY_STALLED']);
  });
});
