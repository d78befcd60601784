import { afterEach, describe, expect, it } from 'vitest';
import { ListenerHarness } from '../../support/rtmp/listener-harness.js';
import { type RawRtmp, statusOf } from '../../support/rtmp-client.js';

let harness: ListenerHarness;
afterEach(() => harness.close());

/** Every status that a client got, as `code@message stream: description`. */
function statuses(client: RawRtmp): string[] {
  return client.received
    .filter(({ values }) => values[0] === 'onStatus')
    .map((message) => `${statusOf(message).code}@${message.messageStreamId}: ${statusOf(message).description}`);
}

describe('what the fact side ends on a connection', () => {
  it('a publish: its client is told on its NetStream, and the connection is closed', async () => {
    harness = await ListenerHarness.open();
    const client = await harness.client();
    await client.publish('cam');
    harness.door.order({
      ...{ kind: 'endStream', streamId: 'cam', reason: 'kicked', description: 'ERR_SESSION_KICKED: out [01J]' },
      ...{ status: 'NetStream.Publish.Rejected', code: 'ERR_SESSION_KICKED' },
    });
    await client.gone();
    expect(statuses(client).at(-1)).toBe('NetStream.Publish.Rejected@1: ERR_SESSION_KICKED: out [01J]');
    expect([harness.publishEnds, harness.endDetails]).toEqual([['cam:kicked'], ['ERR_SESSION_KICKED']]);
    await harness.until(() => harness.closes.length === 1, 'the close');
    expect(harness.closes).toEqual(['ERR_SESSION_KICKED']);
  });

  it('a publish without a code: its client is told that the server stops, and may come back', async () => {
    harness = await ListenerHarness.open();
    const client = await harness.client();
    await client.publish('cam');
    harness.door.order({ kind: 'endStream', streamId: 'cam', reason: 'node_lost', description: 'elsewhere' });
    await client.gone();
    expect(statuses(client).at(-1)).toBe('NetConnection.Connect.AppShutdown@1: elsewhere');
    expect([harness.publishEnds, harness.endDetails]).toEqual([['cam:node_lost'], []]);
  });

  it('a play, live or waiting: Failed and Stop, and the connection is closed', async () => {
    harness = await ListenerHarness.open();
    const publisher = await harness.client();
    await publisher.publish('cam');
    for (const name of ['cam', 'nobody-yet']) {
      const player = await harness.client();
      await player.play(name);
      const [playId] = [...harness.playIds].find(([, played]) => played === name)!;
      const told = { status: 'NetStream.Play.Failed', code: 'ERR_SESSION_KICKED', description: 'out' } as const;
      harness.door.order({ kind: 'stopPlay', playId, reason: 'kicked', told });
      await player.gone();
      expect(statuses(player).slice(-2)).toEqual(['NetStream.Play.Failed@1: out', 'NetStream.Play.Stop@1: out']);
      harness.door.order({ kind: 'stopPlay', playId, reason: 'kicked', told });
    }
    expect(harness.playEnds).toEqual(['cam:kicked', 'nobody-yet:kicked']);
    expect(harness.hub.playersOf('live', 'cam')).toEqual([]);
    expect(harness.hub.isLive('live', 'cam')).toBe(true);
  });

  it('one of two publishes leaves the other, and media of the ended one goes nowhere', async () => {
    harness = await ListenerHarness.open();
    const client = await harness.client();
    const one = await client.publish('one');
    await client.publish('two');
    const status = 'NetStream.Publish.Rejected';
    harness.door.order({
      ...{ kind: 'endStream', streamId: 'one', reason: 'limit', description: 'too much' },
      ...{ status, code: 'ERR_LIMIT_KBPS' },
    });
    await client.status(status);
    client.message(8, Buffer.from([0xaf, 1, 0]), { messageStreamId: one });
    await harness.until(() => harness.drops.length > 0, 'the drop');
    expect([harness.publishEnds, harness.drops]).toEqual([['one:limit'], ['media_without_publish:1!']]);
    expect([client.closed, harness.hub.isLive('live', 'two')]).toEqual([false, true]);
  });
});

describe('a publisher that is replaced by a newer connection', () => {
  it('is told BadName and closed; the stream and its player go on with the newer one', async () => {
    harness = await ListenerHarness.open();
    harness.replacePublishers = true;
    const older = await harness.client();
    const id = await older.publish('cam');
    const player = await harness.client();
    await player.play('cam');
    const sound = (n: number) => Buffer.from([0xaf, 1, n]);
    older.message(8, sound(1), { messageStreamId: id, timestamp: 1000 });
    await player.expect(({ type, payload }) => type === 8 && payload[2] === 1, 'the first sound');
    const newer = await harness.client();
    const newId = await newer.publish('cam');
    await older.gone();
    expect(statuses(older).at(-1)).toMatch(/^NetStream\.Publish\.BadName@1: ERR_PUBLISH_REPLACED: the same publisher/);
    newer.message(8, sound(2), { messageStreamId: newId, timestamp: 5 });
    const { timestamp } = await player.expect(
      ({ type, payload }) => type === 8 && payload[2] === 2,
      'the second sound',
    );
    expect(timestamp).toBe(1040);
    expect([harness.publishEnds, player.closed]).toEqual([[], false]);
    await harness.until(() => harness.closes.length === 1, 'the close');
    expect(harness.closes).toEqual(['ERR_PUBLISH_REPLACED']);
  });
});

describe('a request to connect again', () => {
  it('reaches the publisher of a stream and the client of a play that understand it', async () => {
    harness = await ListenerHarness.open();
    const publisher = await harness.knowing();
    await publisher.publish('cam');
    const player = await harness.knowing();
    await player.play('cam');
    const [playId] = [...harness.playIds.keys()];
    for (const of of [{ streamId: 'cam' }, { playId }, { streamId: 'gone' }, { playId: 'gone' }])
      harness.door.order({ kind: 'requestReconnect', of, tcUrl: 'rtmp://b.example/live', description: 'moved' });
    for (const client of [publisher, player]) {
      const status = await client.status('NetConnection.Connect.ReconnectRequest');
      expect(statusOf(status)).toMatchObject({ description: 'moved', tcUrl: 'rtmp://b.example/live' });
      expect(client.closed).toBe(false);
    }
    const deaf = await harness.client();
    await deaf.publish('other');
    harness.door.order({ kind: 'requestReconnect', of: { streamId: 'other' }, tcUrl: undefined, description: '' });
    deaf.command(0, 'getStreamLength', 77, null, 'x');
    await deaf.expect(({ values }) => values[1] === 77, 'an answer');
    expect(statuses(deaf).some((status) => status.startsWith('NetConnection'))).toBe(false);
  });
});
