import { afterEach, describe, expect, it } from 'vitest';
import { amf } from '../../support/amf.js';
import { Desk, OPTIONS } from '../../support/rtmp/listener-harness.js';
import { RawRtmp, type Received, statusOf } from '../../support/rtmp-client.js';
import { chunks } from '../../support/rtmp-wire.js';

let desk: Desk;

afterEach(async () => {
  await desk.close();
});

function frame(number: number, bytes = 100, key = true): Buffer {
  const payload = Buffer.alloc(bytes, number & 255);
  payload.set([key ? 0x17 : 0x27, 1, 0, 0, 0]);
  payload.writeUInt32BE(number, 5);
  return payload;
}

/** Audio and video received, without data messages. */
function frames(client: RawRtmp, messageStreamId?: number): Received[] {
  return client.media(messageStreamId).filter(({ type }) => type !== 18);
}

function numbers(client: RawRtmp, messageStreamId?: number): number[] {
  return frames(client, messageStreamId).map(({ payload }) => payload.readUInt32BE(5));
}

for (const directReads of [true, false]) {
  describe(`a connection that reads ${directReads ? 'into the WASM memory' : 'through data events'}`, () => {
    it('carries frames of every size from publisher to player unchanged', async () => {
      desk = await Desk.open({ directReads });
      const player = await desk.client();
      await player.play('cam');
      const publisher = await desk.client();
      const id = await publisher.publish('cam');
      const sizes = [9, 127, 128, 129, 4096, 59_999, 60_000, 60_001, 200_000, 1_000_000, 3];
      sizes.forEach((size, n) => {
        if (n === 5) publisher.setChunkSize(4096);
        publisher.message(9, frame(n, Math.max(9, size)), { messageStreamId: id, timestamp: 1000 + n });
      });
      await desk.until(() => frames(player).length === sizes.length, 'all frames');
      const got = frames(player);
      sizes.forEach((size, n) => {
        expect(got[n].payload.equals(frame(n, Math.max(9, size)))).toBe(true);
        expect(got[n].timestamp).toBe(1000 + n);
      });
    });

    it('holds what a publisher sends while its publish is being decided, and loses none of it', async () => {
      desk = await Desk.open({ directReads });
      desk.holdPublishes = true;
      const player = await desk.client();
      await player.play('cam');
      const publisher = await desk.client();
      publisher.setChunkSize(60_000);
      const id = await publisher.createStream();
      publisher.command(id, 'publish', 0, null, 'cam', 'live');
      for (let n = 0; n < 40; n++) publisher.message(9, frame(n, 30_000), { messageStreamId: id });
      await desk.until(() => desk.undecided === 1, 'the publish to be asked for');
      desk.decide('accept');
      await desk.until(() => frames(player).length === 40, 'all frames');
      expect(numbers(player)).toEqual(Array.from({ length: 40 }, (_, n) => n));
      await publisher.status('NetStream.Publish.Start');
    });

    it('takes a publish and its frames in one segment, and the end of it in the next', async () => {
      desk = await Desk.open({ directReads });
      const player = await desk.client();
      await player.play('cam');
      const publisher = await desk.client();
      const id = await publisher.createStream();
      const wire = (type: number, payload: Buffer, chunkStreamId: number) =>
        chunks({ type, payload, timestamp: 0, messageStreamId: id, chunkStreamId }, 128);
      publisher.send(
        wire(20, amf('publish', 0, null, 'cam', 'live'), 3),
        wire(9, frame(1), 6),
        wire(9, frame(2), 6),
        wire(20, amf('closeStream', 0, null), 3),
        wire(9, frame(3), 6),
      );
      await desk.until(() => desk.publishEnds.length === 1, 'the end');
      expect(desk.publishEnds).toEqual(['cam:client_unpublish']);
      await desk.until(() => {
        desk.pass(0);
        return player.closed;
      }, 'the player to be let go');
      expect(numbers(player)).toEqual([1, 2]);
    });

    it('tells a refused publisher why before it closes, though the publisher keeps sending', async () => {
      desk = await Desk.open({ directReads });
      desk.holdPublishes = true;
      const publisher = await desk.client();
      publisher.setChunkSize(60_000);
      const id = await publisher.createStream();
      publisher.command(id, 'publish', 0, null, 'cam', 'live');
      for (let n = 0; n < 60; n++) publisher.message(9, frame(n, 60_000), { messageStreamId: id });
      await desk.until(() => desk.undecided === 1, 'the publish to be asked for');
      desk.decide('refuse');
      await publisher.gone();
      const status = publisher.received.find(({ values }) => values[0] === 'onStatus')!;
      expect(statusOf(status)).toMatchObject({ code: 'NetStream.Publish.BadName', description: 'cam is taken' });
      await desk.until(() => desk.closes.length === 1, 'the close');
      expect(desk.closes).toEqual(['ERR_SESSION_PUBLISH_REFUSED']);
      expect(desk.publications.size).toBe(0);
    });

    it('ends a publish that is accepted after its connection has gone', async () => {
      desk = await Desk.open({ directReads });
      desk.holdPublishes = true;
      const publisher = await desk.client();
      const id = await publisher.createStream();
      publisher.command(id, 'publish', 0, null, 'cam', 'live');
      await desk.until(() => desk.undecided === 1, 'the publish to be asked for');
      for (const connection of desk.listener.connections) connection.destroy();
      await desk.until(() => desk.closes.length === 1, 'the close');
      desk.decide('accept');
      await desk.until(() => desk.publishEnds.length === 1, 'the end');
      expect(desk.hub.isLive('live', 'cam')).toBe(false);
      expect(desk.codecs.live).toBe(0);
    });

    it('survives a player that does not read: others get everything, and it is let go once it stalls', async () => {
      desk = await Desk.open({ directReads });
      const stuck = await desk.client();
      await stuck.play('cam');
      stuck.socket.pause();
      const player = await desk.client();
      await player.play('cam');
      const publisher = await desk.client();
      publisher.setChunkSize(60_000);
      const id = await publisher.publish('cam');
      let sent = 0;
      const isStuck = (): boolean => desk.publications.get('cam')!.players.some(({ busy }) => busy);
      for (let quiet = 0; quiet < 3 && sent < 500; quiet = isStuck() ? quiet + 1 : 0) {
        for (let n = 0; n < 10; n++) publisher.message(9, frame(sent++, 60_000), { messageStreamId: id });
        await desk.until(() => frames(player).length === sent, 'the frames at the player that reads');
      }
      expect(isStuck()).toBe(true);
      desk.pass(0);
      desk.pass(OPTIONS.idleTimeoutMs - 1);
      expect(desk.closes).toEqual([]);
      publisher.message(9, frame(sent++), { messageStreamId: id });
      await desk.until(() => frames(player).length === sent, 'the frame at the player that reads');
      desk.pass(10);
      await desk.until(() => desk.closes.length === 1, 'the close');
      expect(desk.closes).toEqual(['ERR_PLAY_STALLED']);
      expect(desk.playEnds).toEqual(['cam:stalled']);
      expect(numbers(player)).toEqual(Array.from({ length: sent }, (_, n) => n));
    });
  });
}

describe('a player that has to go', () => {
  it('whose unsent bytes hold memory that is needed loses its connection, for a limit; everybody else goes on', async () => {
    desk = await Desk.open();
    const [one, victim] = [await desk.client(), await desk.client()];
    const publisher = await desk.client();
    const id = await publisher.publish('cam');
    const players = desk.hub.playersOf('live', 'cam');
    await one.play('cam');
    await victim.play('cam');
    players.at(-1)!.sink.evicted();
    await victim.gone();
    publisher.message(9, frame(0), { messageStreamId: id });
    await desk.until(() => frames(one).length === 1, 'the frame');
    expect([desk.closes, desk.playEnds, desk.publishEnds]).toEqual([['ERR_LIMIT_MEMORY'], ['cam:limit'], []]);
  });

  it('for it fails inside the server loses its connection; its publisher and everybody else go on', async () => {
    desk = await Desk.open();
    const [one, victim, two] = [await desk.client(), await desk.client(), await desk.client()];
    const publisher = await desk.client();
    const id = await publisher.publish('cam');
    const players = desk.hub.playersOf('live', 'cam');
    await one.play('cam');
    await victim.play('cam');
    const { sink } = players.at(-1)!;
    await two.play('cam');
    publisher.message(9, frame(0), { messageStreamId: id });
    await desk.until(() => [one, two, victim].every((client) => frames(client).length === 1), 'the first frame');
    sink.write = () => {
      throw new Error('a defect');
    };
    for (let n = 1; n <= 5; n++) publisher.message(9, frame(n), { messageStreamId: id });
    await desk.until(() => desk.closes.length === 1, 'the close');
    await desk.until(() => [one, two].every((client) => frames(client).length === 6), 'all frames');
    expect(desk.closes).toEqual(['ERR_PLAY_DEFECT']);
    expect(desk.playEnds).toEqual(['cam:error']);
    expect(desk.publishEnds).toEqual([]);
    expect([players.length, desk.hub.fanout.size]).toEqual([2, 2]);
    await victim.gone();
  });
});

describe('the end of a connection', () => {
  it('by the peer ends what it published, orderly or by reset, with the reason', async () => {
    desk = await Desk.open();
    const orderly = await desk.client();
    await orderly.publish('one');
    orderly.socket.end();
    await desk.until(() => desk.publishEnds.length === 1, 'the end');
    const reset = await desk.client();
    await reset.publish('two');
    reset.socket.resetAndDestroy();
    await desk.until(() => desk.publishEnds.length === 2, 'the end');
    expect(desk.publishEnds).toEqual(['one:client_closed', 'two:client_reset']);
    await desk.until(() => desk.closes.length === 2, 'the closes');
    expect(desk.closes).toEqual(['ERR_PEER_CLOSED', 'ERR_PEER_RESET']);
  });

  it('by bytes that are no RTMP touches that connection only', async () => {
    desk = await Desk.open();
    const good = await desk.client();
    await good.publish('good');
    const bad = await desk.client();
    await bad.publish('bad');
    bad.send(Buffer.alloc(5000, 0xff));
    await bad.gone();
    await desk.until(() => desk.closes.length === 1, 'the close');
    expect(desk.closes[0]).toMatch(/^ERR_CHUNK_/);
    expect(desk.publishEnds).toEqual(['bad:protocol_error']);
    expect(desk.endDetails).toEqual(desk.closes);
    expect(good.closed).toBe(false);
    expect(desk.hub.isLive('live', 'good')).toBe(true);
  });

  it('by shutdown tells publishers and players, and each once', async () => {
    desk = await Desk.open();
    const publisher = await desk.client();
    await publisher.publish('cam');
    const player = await desk.client();
    await player.play('cam');
    const shaking = desk.keep(await RawRtmp.open({ port: desk.port }));
    await desk.until(() => desk.listener.connections.size === 3, 'the third connection');
    for (const connection of [...desk.listener.connections])
      connection.shutdown('server_drain', 'stopping', 'server_drain');
    await Promise.all([publisher.gone(), player.gone(), shaking.gone()]);
    expect(desk.publishEnds).toEqual(['cam:server_drain']);
    expect(desk.playEnds.length).toBe(1);
    await desk.until(() => desk.closes.length === 3, 'the closes');
    expect([...desk.closes].sort()).toEqual(['ERR_SESSION_PLAY_ENDED', 'ERR_SESSION_SHUTDOWN', 'ERR_SESSION_SHUTDOWN']);
    expect(desk.codecs.live).toBe(0);
  });

  it('of the publisher ends the play of a connection that goes on publishing something else', async () => {
    desk = await Desk.open();
    const publisher = await desk.client();
    const id = await publisher.publish('cam');
    const both = await desk.client();
    await both.publish('other');
    await both.play('cam');
    publisher.command(0, 'deleteStream', 0, null, id);
    await both.status('NetStream.Play.Stop');
    expect(desk.playEnds).toEqual(['cam:stream_ended']);
    expect(desk.hub.playersOf('live', 'cam')).toEqual([]);
    expect(both.closed).toBe(false);
    expect(desk.hub.isLive('live', 'other')).toBe(true);
  });
});

describe('several streams on one connection', () => {
  it('are published at once, each to its own players', async () => {
    desk = await Desk.open();
    const one = await desk.client();
    await one.play('one');
    const two = await desk.client();
    await two.play('two');
    const publisher = await desk.client();
    const first = await publisher.publish('one');
    const second = await publisher.publish('two');
    for (let n = 0; n < 10; n++) {
      publisher.message(9, frame(n), { messageStreamId: n % 2 === 0 ? first : second });
    }
    publisher.message(9, frame(99), { messageStreamId: 5 });
    await desk.until(() => frames(one).length === 5 && frames(two).length === 5, 'the frames');
    expect([numbers(one), numbers(two)]).toEqual([
      [0, 2, 4, 6, 8],
      [1, 3, 5, 7, 9],
    ]);
  });

  it('are played at once, each under its own message stream id', async () => {
    desk = await Desk.open();
    const publisher = await desk.client();
    const first = await publisher.publish('one');
    const second = await publisher.publish('two');
    const player = await desk.client();
    const a = await player.play('one');
    const b = await player.play('two');
    for (let n = 0; n < 10; n++) {
      publisher.message(9, frame(n), { messageStreamId: n % 2 === 0 ? first : second });
    }
    await desk.until(() => frames(player).length === 10, 'the frames');
    expect([numbers(player, a), numbers(player, b)]).toEqual([
      [0, 2, 4, 6, 8],
      [1, 3, 5, 7, 9],
    ]);
  });

  it('keeps the connection when one publish of two is refused, and blames nobody for it later', async () => {
    desk = await Desk.open();
    const first = await desk.client();
    await first.publish('taken');
    const second = await desk.client();
    await second.publish('mine');
    const id = await second.createStream();
    second.command(id, 'publish', 0, null, 'taken', 'live');
    await second.status('NetStream.Publish.BadName');
    expect(second.closed).toBe(false);
    second.socket.end();
    await desk.until(() => desk.closes.length === 1, 'the close');
    expect(desk.closes).toEqual(['ERR_PEER_CLOSED']);
    expect(desk.publishEnds).toEqual(['mine:client_closed']);
  });

  it('lets the same connection unpublish after many megabytes and publish again', async () => {
    desk = await Desk.open();
    const publisher = await desk.client();
    publisher.setChunkSize(60_000);
    for (const name of ['one', 'two']) {
      const id = await publisher.publish(name);
      for (let n = 0; n < 40; n++) publisher.message(9, frame(n, 60_000), { messageStreamId: id });
      await desk.until(() => desk.publications.get(name)?.videoFrames === 40, 'the frames');
      publisher.command(id, 'closeStream', 0, null);
      await publisher.status('NetStream.Unpublish.Success');
    }
    await desk.until(() => desk.publishEnds.length === 2, 'both ends');
    expect(desk.publishEnds).toEqual(['one:client_unpublish', 'two:client_unpublish']);
    expect(publisher.closed).toBe(false);
  });
});

describe('a player’s commands', () => {
  it('pause it, and let it go on', async () => {
    desk = await Desk.open();
    const publisher = await desk.client();
    const stream = await publisher.publish('cam');
    const player = await desk.client();
    const id = await player.play('cam');
    publisher.message(9, frame(1), { messageStreamId: stream });
    await desk.until(() => frames(player).length === 1, 'the first frame');
    player.command(id, 'pause', 0, null, true, 0);
    await player.status('NetStream.Pause.Notify');
    publisher.message(9, frame(2), { messageStreamId: stream });
    await desk.until(() => desk.publications.get('cam')!.videoFrames === 2, 'the second frame');
    publisher.message(9, frame(3), { messageStreamId: stream });
    await desk.until(() => desk.publications.get('cam')!.videoFrames === 3, 'the third frame');
    player.command(id, 'pause', 0, null, false, 0);
    await desk.until(() => frames(player).length === 2, 'the newest keyframe');
    expect(numbers(player)).toEqual([1, 3]);
  });

  it('are refused for a stream that is not there, with the status', async () => {
    desk = await Desk.open();
    const player = await desk.client();
    const id = await player.createStream();
    player.command(id, 'play', 0, null, 'none', -2000);
    await player.gone();
    expect(player.received.some((m) => statusOf(m).code === 'NetStream.Play.StreamNotFound')).toBe(true);
  });

  it('play another stream on the same NetStream instead of the first', async () => {
    desk = await Desk.open();
    const publisher = await desk.client();
    const one = await publisher.publish('one');
    const two = await publisher.publish('two');
    const player = await desk.client();
    const id = await player.play('one');
    player.command(id, 'play', 0, null, 'two', -2000);
    await desk.until(() => desk.hub.playersOf('live', 'two').length === 1, 'the other play');
    publisher.message(9, frame(1), { messageStreamId: one });
    publisher.message(9, frame(2), { messageStreamId: two });
    await desk.until(() => frames(player).length === 1, 'the frame');
    expect(numbers(player)).toEqual([2]);
    expect(desk.playEnds).toEqual(['one:client_stopped']);
  });
});
