import { afterEach, describe, expect, it } from 'vitest';
import { amf } from '../../support/amf.js';
import { ListenerHarness, OPTIONS } from '../../support/rtmp/listener-harness.js';
import { RawRtmp, type Received, statusOf } from '../../support/rtmp-client.js';
import { chunks } from '../../support/rtmp-wire.js';

let harness: ListenerHarness;

afterEach(async () => {
  await harness.close();
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
      harness = await ListenerHarness.open({ directReads });
      const player = await harness.client();
      await player.play('cam');
      const publisher = await harness.client();
      const id = await publisher.publish('cam');
      const sizes = [9, 127, 128, 129, 4096, 59_999, 60_000, 60_001, 200_000, 1_000_000, 3];
      sizes.forEach((size, n) => {
        if (n === 5) publisher.setChunkSize(4096);
        publisher.message(9, frame(n, Math.max(9, size)), { messageStreamId: id, timestamp: 1000 + n });
      });
      await harness.until(() => frames(player).length === sizes.length, 'all frames');
      const got = frames(player);
      sizes.forEach((size, n) => {
        expect(got[n].payload.equals(frame(n, Math.max(9, size)))).toBe(true);
        expect(got[n].timestamp).toBe(1000 + n);
      });
    });

    it('holds what a publisher sends while its publish is being decided, and loses none of it', async () => {
      harness = await ListenerHarness.open({ directReads });
      harness.holdPublishes = true;
      const player = await harness.client();
      await player.play('cam');
      const publisher = await harness.client();
      publisher.setChunkSize(60_000);
      const id = await publisher.createStream();
      publisher.command(id, 'publish', 0, null, 'cam', 'live');
      for (let n = 0; n < 40; n++) publisher.message(9, frame(n, 30_000), { messageStreamId: id });
      await harness.until(() => harness.undecided === 1, 'the publish to be asked for');
      harness.decide('accept');
      await harness.until(() => frames(player).length === 40, 'all frames');
      expect(numbers(player)).toEqual(Array.from({ length: 40 }, (_, n) => n));
      await publisher.status('NetStream.Publish.Start');
    });

    it('takes a publish and its frames in one segment, and the end of it in the next', async () => {
      harness = await ListenerHarness.open({ directReads });
      const player = await harness.client();
      await player.play('cam');
      const publisher = await harness.client();
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
      await harness.until(() => harness.publishEnds.length === 1, 'the end');
      expect(harness.publishEnds).toEqual(['cam:client_unpublish']);
      await harness.until(() => {
        harness.pass(0);
        return player.closed;
      }, 'the player to be let go');
      expect(numbers(player)).toEqual([1, 2]);
    });

    it('tells a refused publisher why before it closes, though the publisher keeps sending', async () => {
      harness = await ListenerHarness.open({ directReads });
      harness.holdPublishes = true;
      const publisher = await harness.client();
      publisher.setChunkSize(60_000);
      const id = await publisher.createStream();
      publisher.command(id, 'publish', 0, null, 'cam', 'live');
      for (let n = 0; n < 60; n++) publisher.message(9, frame(n, 60_000), { messageStreamId: id });
      await harness.until(() => harness.undecided === 1, 'the publish to be asked for');
      harness.decide('refuse');
      await publisher.gone();
      const status = publisher.received.find(({ values }) => values[0] === 'onStatus')!;
      expect(statusOf(status)).toMatchObject({ code: 'NetStream.Publish.BadName', description: 'cam is taken' });
      await harness.until(() => harness.closes.length === 1, 'the close');
      expect(harness.closes).toEqual(['ERR_SESSION_PUBLISH_REFUSED']);
      expect(harness.publications.size).toBe(0);
    });

    it('ends a publish that is accepted after its connection has gone', async () => {
      harness = await ListenerHarness.open({ directReads });
      harness.holdPublishes = true;
      const publisher = await harness.client();
      const id = await publisher.createStream();
      publisher.command(id, 'publish', 0, null, 'cam', 'live');
      await harness.until(() => harness.undecided === 1, 'the publish to be asked for');
      for (const connection of harness.listener.connections) connection.destroy();
      await harness.until(() => harness.closes.length === 1, 'the close');
      harness.decide('accept');
      await harness.until(() => harness.publishEnds.length === 1, 'the end');
      expect(harness.hub.isLive('live', 'cam')).toBe(false);
      expect(harness.codecs.live).toBe(0);
    });

    it('survives a player that does not read: others get everything, and it is let go once it stalls', async () => {
      harness = await ListenerHarness.open({ directReads });
      const stuck = await harness.client();
      await stuck.play('cam');
      stuck.socket.pause();
      const player = await harness.client();
      await player.play('cam');
      const publisher = await harness.client();
      publisher.setChunkSize(60_000);
      const id = await publisher.publish('cam');
      let sent = 0;
      const isStuck = (): boolean => harness.publications.get('cam')!.players.some(({ busy }) => busy);
      for (let quiet = 0; quiet < 3 && sent < 500; quiet = isStuck() ? quiet + 1 : 0) {
        for (let n = 0; n < 10; n++) publisher.message(9, frame(sent++, 60_000), { messageStreamId: id });
        await harness.until(() => frames(player).length === sent, 'the frames at the player that reads');
      }
      expect(isStuck()).toBe(true);
      harness.pass(0);
      harness.pass(OPTIONS.idleTimeoutMs - 1);
      expect(harness.closes).toEqual([]);
      publisher.message(9, frame(sent++), { messageStreamId: id });
      await harness.until(() => frames(player).length === sent, 'the frame at the player that reads');
      harness.pass(10);
      await harness.until(() => harness.closes.length === 1, 'the close');
      expect(harness.closes).toEqual(['ERR_PLAY_STALLED']);
      expect(harness.playEnds).toEqual(['cam:stalled']);
      expect(numbers(player)).toEqual(Array.from({ length: sent }, (_, n) => n));
    });
  });
}

describe('a player that has to go', () => {
  it('whose unsent bytes hold memory that is needed loses its connection, for a limit; everybody else goes on', async () => {
    harness = await ListenerHarness.open();
    const [one, victim] = [await harness.client(), await harness.client()];
    const publisher = await harness.client();
    const id = await publisher.publish('cam');
    const players = harness.hub.playersOf('live', 'cam');
    await one.play('cam');
    await victim.play('cam');
    players.at(-1)!.sink.evicted();
    await victim.gone();
    publisher.message(9, frame(0), { messageStreamId: id });
    await harness.until(() => frames(one).length === 1, 'the frame');
    expect([harness.closes, harness.playEnds, harness.publishEnds]).toEqual([['ERR_LIMIT_MEMORY'], ['cam:limit'], []]);
  });

  it('for it fails inside the server loses its connection; its publisher and everybody else go on', async () => {
    harness = await ListenerHarness.open();
    const [one, victim, two] = [await harness.client(), await harness.client(), await harness.client()];
    const publisher = await harness.client();
    const id = await publisher.publish('cam');
    const players = harness.hub.playersOf('live', 'cam');
    await one.play('cam');
    await victim.play('cam');
    const { sink } = players.at(-1)!;
    await two.play('cam');
    publisher.message(9, frame(0), { messageStreamId: id });
    await harness.until(() => [one, two, victim].every((client) => frames(client).length === 1), 'the first frame');
    sink.write = () => {
      throw new Error('a defect');
    };
    for (let n = 1; n <= 5; n++) publisher.message(9, frame(n), { messageStreamId: id });
    await harness.until(() => harness.closes.length === 1, 'the close');
    await harness.until(() => [one, two].every((client) => frames(client).length === 6), 'all frames');
    expect(harness.closes).toEqual(['ERR_PLAY_DEFECT']);
    expect(harness.playEnds).toEqual(['cam:error']);
    expect(harness.publishEnds).toEqual([]);
    expect([players.length, harness.hub.fanout.size]).toEqual([2, 2]);
    await victim.gone();
  });
});

describe('the end of a connection', () => {
  it('by the peer ends what it published, orderly or by reset, with the reason', async () => {
    harness = await ListenerHarness.open();
    const orderly = await harness.client();
    await orderly.publish('one');
    orderly.socket.end();
    await harness.until(() => harness.publishEnds.length === 1, 'the end');
    const reset = await harness.client();
    await reset.publish('two');
    reset.socket.resetAndDestroy();
    await harness.until(() => harness.publishEnds.length === 2, 'the end');
    expect(harness.publishEnds).toEqual(['one:client_closed', 'two:client_reset']);
    await harness.until(() => harness.closes.length === 2, 'the closes');
    expect(harness.closes).toEqual(['ERR_PEER_CLOSED', 'ERR_PEER_RESET']);
  });

  it('ends its plays also when the end of what it publishes fails inside the server', async () => {
    harness = await ListenerHarness.open();
    const both = await harness.client();
    await both.publish('mine');
    await (await harness.client()).publish('cam');
    await both.play('cam');
    const report = harness.report.bind(harness);
    harness.report = (message) => {
      if (message.kind === 'streamEnded') throw new Error('a defect');
      report(message);
    };
    both.socket.end();
    await harness.until(() => harness.closes.length === 1, 'the close');
    expect(harness.playEnds).toEqual(['cam:client_closed']);
  });

  it('by bytes that are no RTMP touches that connection only', async () => {
    harness = await ListenerHarness.open();
    const good = await harness.client();
    await good.publish('good');
    const bad = await harness.client();
    await bad.publish('bad');
    bad.send(Buffer.alloc(5000, 0xff));
    await bad.gone();
    await harness.until(() => harness.closes.length === 1, 'the close');
    expect(harness.closes[0]).toMatch(/^ERR_CHUNK_/);
    expect(harness.publishEnds).toEqual(['bad:protocol_error']);
    expect(harness.endDetails).toEqual(harness.closes);
    expect(good.closed).toBe(false);
    expect(harness.hub.isLive('live', 'good')).toBe(true);
  });

  it('by shutdown tells publishers and players, and each once', async () => {
    harness = await ListenerHarness.open();
    const publisher = await harness.client();
    await publisher.publish('cam');
    const player = await harness.client();
    await player.play('cam');
    const shaking = harness.keep(await RawRtmp.open({ port: harness.port }));
    await harness.until(() => harness.listener.connections.size === 3, 'the third connection');
    for (const connection of [...harness.listener.connections])
      connection.shutdown('server_drain', 'stopping', 'server_drain');
    await Promise.all([publisher.gone(), player.gone(), shaking.gone()]);
    expect(harness.publishEnds).toEqual(['cam:server_drain']);
    expect(harness.playEnds.length).toBe(1);
    await harness.until(() => harness.closes.length === 3, 'the closes');
    expect([...harness.closes].sort()).toEqual([
      'ERR_SESSION_PLAY_ENDED',
      'ERR_SESSION_SHUTDOWN',
      'ERR_SESSION_SHUTDOWN',
    ]);
    expect(harness.codecs.live).toBe(0);
  });

  it('of the publisher ends the play of a connection that goes on publishing something else', async () => {
    harness = await ListenerHarness.open();
    const publisher = await harness.client();
    const id = await publisher.publish('cam');
    const both = await harness.client();
    await both.publish('other');
    await both.play('cam');
    publisher.command(0, 'deleteStream', 0, null, id);
    await both.status('NetStream.Play.Stop');
    expect(harness.playEnds).toEqual(['cam:stream_ended']);
    expect(harness.hub.playersOf('live', 'cam')).toEqual([]);
    expect(both.closed).toBe(false);
    expect(harness.hub.isLive('live', 'other')).toBe(true);
  });
});

describe('several streams on one connection', () => {
  it('are published at once, each to its own players', async () => {
    harness = await ListenerHarness.open();
    const one = await harness.client();
    await one.play('one');
    const two = await harness.client();
    await two.play('two');
    const publisher = await harness.client();
    const first = await publisher.publish('one');
    const second = await publisher.publish('two');
    for (let n = 0; n < 10; n++) {
      publisher.message(9, frame(n), { messageStreamId: n % 2 === 0 ? first : second });
    }
    publisher.message(9, frame(99), { messageStreamId: 5 });
    await harness.until(() => frames(one).length === 5 && frames(two).length === 5, 'the frames');
    expect([numbers(one), numbers(two)]).toEqual([
      [0, 2, 4, 6, 8],
      [1, 3, 5, 7, 9],
    ]);
  });

  it('are played at once, each under its own message stream id', async () => {
    harness = await ListenerHarness.open();
    const publisher = await harness.client();
    const first = await publisher.publish('one');
    const second = await publisher.publish('two');
    const player = await harness.client();
    const a = await player.play('one');
    const b = await player.play('two');
    for (let n = 0; n < 10; n++) {
      publisher.message(9, frame(n), { messageStreamId: n % 2 === 0 ? first : second });
    }
    await harness.until(() => frames(player).length === 10, 'the frames');
    expect([numbers(player, a), numbers(player, b)]).toEqual([
      [0, 2, 4, 6, 8],
      [1, 3, 5, 7, 9],
    ]);
  });

  it('keeps the connection when one publish of two is refused, and blames nobody for it later', async () => {
    harness = await ListenerHarness.open();
    const first = await harness.client();
    await first.publish('taken');
    const second = await harness.client();
    await second.publish('mine');
    const id = await second.createStream();
    second.command(id, 'publish', 0, null, 'taken', 'live');
    await second.status('NetStream.Publish.BadName');
    expect(second.closed).toBe(false);
    second.socket.end();
    await harness.until(() => harness.closes.length === 1, 'the close');
    expect(harness.closes).toEqual(['ERR_PEER_CLOSED']);
    expect(harness.publishEnds).toEqual(['mine:client_closed']);
  });

  it('lets the same connection unpublish after many megabytes and publish again', async () => {
    harness = await ListenerHarness.open();
    const publisher = await harness.client();
    publisher.setChunkSize(60_000);
    for (const name of ['one', 'two']) {
      const id = await publisher.publish(name);
      for (let n = 0; n < 40; n++) publisher.message(9, frame(n, 60_000), { messageStreamId: id });
      await harness.until(() => harness.publications.get(name)?.videoFrames === 40, 'the frames');
      publisher.command(id, 'closeStream', 0, null);
      await publisher.status('NetStream.Unpublish.Success');
    }
    await harness.until(() => harness.publishEnds.length === 2, 'both ends');
    expect(harness.publishEnds).toEqual(['one:client_unpublish', 'two:client_unpublish']);
    expect(publisher.closed).toBe(false);
  });
});

describe('a player’s commands', () => {
  it('pause it, and let it go on', async () => {
    harness = await ListenerHarness.open();
    const publisher = await harness.client();
    const stream = await publisher.publish('cam');
    const player = await harness.client();
    const id = await player.play('cam');
    publisher.message(9, frame(1), { messageStreamId: stream });
    await harness.until(() => frames(player).length === 1, 'the first frame');
    player.command(id, 'pause', 0, null, true, 0);
    await player.status('NetStream.Pause.Notify');
    publisher.message(9, frame(2), { messageStreamId: stream });
    await harness.until(() => harness.publications.get('cam')!.videoFrames === 2, 'the second frame');
    publisher.message(9, frame(3), { messageStreamId: stream });
    await harness.until(() => harness.publications.get('cam')!.videoFrames === 3, 'the third frame');
    player.command(id, 'pause', 0, null, false, 0);
    await harness.until(() => frames(player).length === 2, 'the newest keyframe');
    expect(numbers(player)).toEqual([1, 3]);
  });

  it('are refused for a stream that is not there, with the status', async () => {
    harness = await ListenerHarness.open();
    const player = await harness.client();
    const id = await player.createStream();
    player.command(id, 'play', 0, null, 'none', -2000);
    await player.gone();
    expect(player.received.some((m) => statusOf(m).code === 'NetStream.Play.StreamNotFound')).toBe(true);
  });

  it('play another stream on the same NetStream instead of the first', async () => {
    harness = await ListenerHarness.open();
    const publisher = await harness.client();
    const one = await publisher.publish('one');
    const two = await publisher.publish('two');
    const player = await harness.client();
    const id = await player.play('one');
    player.command(id, 'play', 0, null, 'two', -2000);
    await harness.until(() => harness.hub.playersOf('live', 'two').length === 1, 'the other play');
    publisher.message(9, frame(1), { messageStreamId: one });
    publisher.message(9, frame(2), { messageStreamId: two });
    await harness.until(() => frames(player).length === 1, 'the frame');
    expect(numbers(player)).toEqual([2]);
    expect(harness.playEnds).toEqual(['one:client_stopped']);
  });
});
