import { afterEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/core/log.js';
import { Relays, type RelaysOptions } from '../../../src/relay/relays.js';
import { connectTcp } from '../../../src/transport/tcp/connect.js';
import { ManualClock } from '../../support/events-parts.js';
import { ListenerHarness } from '../../support/rtmp/listener-harness.js';
import type { RawRtmp } from '../../support/rtmp-client.js';
import { waitFor } from '../../support/wait.js';

const OPTIONS: RelaysOptions = {
  ...{ push: [], pull: [], maxRelays: 8, lingerMs: 2000, maxLagBytes: 2 ** 20 },
  limits: { connectTimeoutMs: 10_000, idleTimeoutMs: 15_000, chunkSize: 60_000 },
};

/** This server, the other one, and what the relays between them have told. */
class Two {
  readonly here: ListenerHarness;
  readonly there: ListenerHarness;
  readonly relays: Relays;
  readonly told: string[] = [];
  readonly failures: string[] = [];
  endedBytes = -1;
  options: RelaysOptions;

  private constructor(here: ListenerHarness, there: ListenerHarness, options: Partial<RelaysOptions>) {
    this.here = here;
    this.there = there;
    this.options = { ...OPTIONS, ...options };
    const { hub, door, codecs } = here;
    this.relays = new Relays(this.options, {
      ...{ hub, door, codecs, clock: new ManualClock() },
      nowMs: () => here.nowMs,
      log: createLogger({ level: 'silent' }),
      connect: ({ host, port }, signal) => connectTcp({ host, port, signal }),
      events: {
        started: (stream, sequence) => this.told.push(`started ${stream.streamId.slice(0, 8)} ${sequence}`),
        failed: (_stream, sequence, { code, detail }) => {
          this.told.push(`failed ${code} ${sequence}`);
          this.failures.push(detail);
        },
        ended: (_stream, sequence, { reason, bytes }) => {
          this.told.push(`ended ${reason} ${sequence}`);
          this.endedBytes = bytes;
        },
      },
    });
  }

  static async open(options: (port: number) => Partial<RelaysOptions>): Promise<Two> {
    const [here, there] = [await ListenerHarness.open(), await ListenerHarness.open()];
    return new Two(here, there, options(there.port));
  }

  /** Time passes for relays and for both servers. */
  pass(ms: number): void {
    this.here.pass(ms);
    this.there.pass(ms);
    this.relays.tick(this.here.nowMs);
  }

  until(look: () => boolean, what: string): Promise<true> {
    return waitFor(() => look() || undefined, { everyMs: 2, what: () => `${what}; told: ${this.told.join(', ')}` });
  }

  async close(): Promise<void> {
    this.relays.close();
    await this.here.close();
    await this.there.close();
  }
}

let two: Two;
afterEach(() => two.close());

const frame = (n: number, length = 40): Buffer => Buffer.concat([Buffer.from([0x12, n]), Buffer.alloc(length, n)]);
const isFrame = (n: number) => (message: { type: number; payload: Uint8Array }) =>
  message.type === 9 && message.payload[1] === n;
const codesOf = (connections: ListenerHarness): number => connections.codecs.live;

async function publishes(at: ListenerHarness, name: string): Promise<(n: number, length?: number) => void> {
  const client = await at.client();
  client.setChunkSize(4096);
  const id = await client.publish(name);
  return (n, length) => client.message(9, frame(n, length), { messageStreamId: id, timestamp: 40 * n });
}

async function plays(at: ListenerHarness, name: string): Promise<RawRtmp> {
  const player = await at.client();
  await player.play(name);
  return player;
}

describe('a push', () => {
  it('publishes what lies in the log as it is, large messages too, and ends with its stream', async () => {
    two = await Two.open((port) => ({ push: [{ match: 'live/*', url: `rtmp://127.0.0.1:${port}/live/{name}-copy` }] }));
    const send = await publishes(two.here, 'cam');
    two.relays.begun({ streamId: 'cam', app: 'live', name: 'cam', connectionId: 'c' });
    const player = await plays(two.there, 'cam-copy');
    send(1);
    await player.expect(isFrame(1), 'the first frame');
    send(2, 150_000);
    expect((await player.expect(isFrame(2), 'a large frame')).payload.equals(frame(2, 150_000))).toBe(true);
    expect(two.relays.count('push')).toEqual({ connected: 1, connecting: 0 });
    two.here.clients[0]!.destroy();
    await two.until(() => two.told.length === 2, 'the end');
    expect(two.told).toEqual(['started cam 1', 'ended stream_ended 2']);
    await two.until(() => two.there.publishEnds.length === 1, 'the end there');
    expect(two.there.publishEnds).toEqual(['cam-copy:client_unpublish']);
  });

  it('comes back when it was cut off, later each time, and while it is away the stream goes on', async () => {
    two = await Two.open((port) => ({ push: [{ match: '**', url: `rtmp://127.0.0.1:${port}/live` }] }));
    const send = await publishes(two.here, 'cam');
    two.relays.begun({ streamId: 'cam', app: 'live', name: 'cam', connectionId: 'c' });
    await two.until(() => two.told.length === 1, 'the connection');
    for (const connection of two.there.listener.connections) connection.destroy();
    await two.until(() => two.told.length === 2, 'the loss');
    expect(two.told[1]).toBe('failed ERR_CLIENT_LOST 2');
    two.pass(700);
    expect(codesOf(two.here)).toBe(1);
    two.pass(700);
    await two.until(() => two.told.length === 3, 'the next connection');
    const player = await plays(two.there, 'cam');
    send(3);
    await player.expect(isFrame(3), 'a frame after the loss');
  });

  it('is refused where the name is taken, and tries again', async () => {
    two = await Two.open((port) => ({ push: [{ match: '**', url: `rtmp://127.0.0.1:${port}/live` }] }));
    await publishes(two.there, 'cam');
    await publishes(two.here, 'cam');
    two.relays.begun({ streamId: 'cam', app: 'live', name: 'cam', connectionId: 'c' });
    await two.until(() => two.told.length === 1, 'the refusal');
    expect(two.told).toEqual(['failed ERR_CLIENT_REJECTED 1']);
    // The rest is the other server's own text, which may have the stream key in it.
    expect(two.failures[0]).toMatch(/^ERR_CLIENT_REJECTED: Net[A-Za-z.]+$/);
  });

  it('is not made past the most that there may be, nor to where nothing may be sent', async () => {
    two = await Two.open((port) => ({
      maxRelays: 1,
      push: [{ match: '**', url: `rtmp://127.0.0.1:${port}/live` }],
    }));
    for (const name of ['one', 'two', 'a#b']) {
      await publishes(two.here, name);
      two.relays.begun({ streamId: name, app: 'live', name, connectionId: 'c' });
    }
    await two.until(() => two.told.length === 1, 'the one');
    expect(two.relays.count('push')).toEqual({ connected: 1, connecting: 0 });
    expect(two.relays.list()).toMatchObject([
      { app: 'live', name: 'one', state: 'running' },
      {
        match: '**',
        rule: 0,
        url: expect.stringMatching(/\/live\/\{name\}$/),
        state: 'failed',
        code: 'ERR_RELAY_LIMIT',
      },
    ]);
  });

  it('is shown with what it carries, and without what may be a key; a rule without a stream waits', async () => {
    two = await Two.open((port) => ({
      push: [
        { match: 'live/*', url: `rtmp://127.0.0.1:${port}/live/cam-key?token=s3cret` },
        { match: 'other/*', url: `rtmp://127.0.0.1:${port}/{app}/x-key?token=s3cret` },
      ],
    }));
    const send = await publishes(two.here, 'cam');
    two.relays.begun({ streamId: 'cam', app: 'live', name: 'cam', connectionId: 'c' });
    const [begun, rule] = two.relays.list();
    expect(begun).toMatchObject({ direction: 'push', state: 'connecting', attempts: 1, bytes: 0, streamId: 'cam' });
    expect(rule).toMatchObject({ direction: 'push', match: 'other/*', rule: 1, state: 'waiting' });
    expect(rule).not.toHaveProperty('app');
    const player = await plays(two.there, 'cam-key');
    send(1, 5000);
    await player.expect(isFrame(1), 'the frame');
    two.pass(2000);
    const [shown] = two.relays.list();
    expect(shown).toMatchObject({
      app: 'live',
      name: 'cam',
      url: expect.stringMatching(/\/live\/\*\*\*$/),
      state: 'running',
    });
    expect(shown!.kbps).toBeGreaterThanOrEqual(20);
    expect(JSON.stringify(two.relays.list())).not.toMatch(/key|s3cret/);
  });

  it('is shown with why it is not connected, and when it tries again, until it is', async () => {
    two = await Two.open((port) => ({ push: [{ match: '**', url: `rtmp://127.0.0.1:${port}/live` }] }));
    await publishes(two.there, 'cam');
    await publishes(two.here, 'cam');
    two.relays.begun({ streamId: 'cam', app: 'live', name: 'cam', connectionId: 'c' });
    await two.until(() => two.told.length === 1, 'the refusal');
    const [refused] = two.relays.list();
    expect(refused).toMatchObject({ state: 'retrying', code: 'ERR_CLIENT_REJECTED', attempts: 1 });
    expect(Date.parse(refused!.nextTryAt!)).toBeGreaterThan(Date.parse(refused!.since));
    two.there.clients[0]!.destroy();
    await two.until(() => two.there.publishEnds.length === 1, 'the name to be free');
    two.pass(1400);
    expect(two.relays.list()).toMatchObject([{ state: 'connecting', code: 'ERR_CLIENT_REJECTED', attempts: 2 }]);
    await two.until(() => two.told.length === 2, 'the connection');
    const [running] = two.relays.list();
    expect(running).toMatchObject({ state: 'running', attempts: 2 });
    expect(running).not.toHaveProperty('code');
    expect(running).not.toHaveProperty('nextTryAt');
  });
});

describe('a pull', () => {
  const pull = (when: 'always' | 'wanted') => (port: number) => ({
    pull: [{ app: 'live', name: 'far', url: `rtmp://127.0.0.1:${port}/live/cam`, when }],
  });

  it('publishes here what is published there, with its metadata, and gives its memory back', async () => {
    two = await Two.open(pull('always'));
    const send = await publishes(two.there, 'cam');
    two.pass(1);
    await two.until(() => two.here.hub.isLive('live', 'far'), 'the stream here');
    const player = await plays(two.here, 'far');
    send(1);
    await player.expect(isFrame(1), 'a frame');
    send(2, 150_000);
    expect((await player.expect(isFrame(2), 'a large frame')).payload.equals(frame(2, 150_000))).toBe(true);
    two.there.clients[0]!.destroy();
    await two.until(() => two.here.publishEnds.length === 1, 'the end here');
    expect(two.told[0]).toBe('started far 1');
    player.destroy();
    await two.until(() => codesOf(two.here) === 0, 'the codecs');
  });

  it('that is wanted begins with the first player and ends some time after the last', async () => {
    two = await Two.open(pull('wanted'));
    const send = await publishes(two.there, 'cam');
    two.pass(1);
    expect(two.relays.has({ app: 'live', name: 'far' })).toBe(true);
    expect(two.relays.list()).toMatchObject([{ direction: 'pull', name: 'far', state: 'waiting', players: 0 }]);
    const player = await plays(two.here, 'far');
    two.relays.wanted({ app: 'live', name: 'far' }, true);
    await two.until(() => two.here.hub.isLive('live', 'far'), 'the stream here');
    two.relays.wanted({ app: 'live', name: 'far' }, false);
    send(1);
    await player.expect(isFrame(1), 'a frame');
    expect(two.relays.list()).toMatchObject([{ state: 'running', players: 1, streamId: 'far' }]);
    two.pass(3000);
    expect(two.told).toEqual(['started far 1']);
    player.destroy();
    await two.until(() => two.here.playEnds.length === 1, 'the player to be gone');
    two.pass(1);
    two.pass(1500);
    expect(two.told).toEqual(['started far 1']);
    two.pass(501);
    await two.until(() => two.told.length === 2, 'the end');
    expect(two.told[1]).toBe('ended idle 2');
    await two.until(() => two.here.publishEnds.length === 1, 'the end here');
  });

  it('of a name that is published here waits until it is free', async () => {
    two = await Two.open(pull('always'));
    await publishes(two.here, 'far');
    await publishes(two.there, 'cam');
    two.pass(1);
    expect(two.relays.count('pull')).toEqual({ connected: 0, connecting: 0 });
    two.here.clients[0]!.destroy();
    await two.until(() => !two.here.hub.isLive('live', 'far'), 'the name to be free');
    two.pass(1);
    await two.until(() => two.here.hub.isLive('live', 'far'), 'the pulled stream');
  });

  it('that is ended here rests for a while, and has counted what it carried', async () => {
    two = await Two.open(pull('always'));
    const send = await publishes(two.there, 'cam');
    two.pass(1);
    await two.until(() => two.here.hub.isLive('live', 'far'), 'the stream here');
    const player = await plays(two.here, 'far');
    send(1);
    await player.expect(isFrame(1), 'a frame');
    two.here.door.order({ kind: 'endStream', streamId: 'far', reason: 'kicked', description: 'kicked' });
    await two.until(() => two.told.length === 2, 'the end');
    expect(two.told[1]).toBe('ended ended_here 2');
    expect(two.endedBytes).toBeGreaterThan(40);
    two.pass(29_000);
    expect(two.relays.running).toBe(0);
    expect(two.relays.list()).toMatchObject([{ state: 'waiting', nextTryAt: expect.any(String) }]);
    two.pass(1001);
    expect(two.relays.running).toBe(1);
  });

  it('that the settings do not name any more ends', async () => {
    two = await Two.open(pull('always'));
    await publishes(two.there, 'cam');
    two.pass(1);
    await two.until(() => two.told.length === 1, 'the connection');
    two.relays.change({ ...two.options, pull: [] });
    await two.until(() => two.told.length === 2, 'the end');
    expect(two.told[1]).toBe('ended settings 2');
  });

  it('goes on when other settings change, and begins again after its end then', async () => {
    two = await Two.open(pull('wanted'));
    await publishes(two.there, 'cam');
    const far = { app: 'live', name: 'far' };
    two.relays.wanted(far, true);
    await two.until(() => two.here.hub.isLive('live', 'far'), 'the stream here');
    two.relays.change({ ...two.options, maxRelays: 7 });
    two.relays.wanted(far, false);
    two.pass(1);
    two.pass(2001);
    await two.until(() => two.told.length === 2, 'the end');
    two.relays.wanted(far, true);
    await two.until(() => two.told.length === 3, 'the pull that follows');
    expect(two.told.map((told) => told.replace(/ \d$/, ''))).toEqual(['started far', 'ended idle', 'started far']);
  });

  it('begins for those who wait when the place changes, though they are not told again', async () => {
    two = await Two.open(pull('wanted'));
    await publishes(two.there, 'cam');
    two.relays.wanted({ app: 'live', name: 'far' }, true);
    await two.until(() => two.here.hub.isLive('live', 'far'), 'the stream here');
    two.relays.change({
      ...two.options,
      pull: [{ ...two.options.pull[0]!, url: `${two.options.pull[0]!.url}?again` }],
    });
    await two.until(() => !two.here.hub.isLive('live', 'far'), 'the end of the old place');
    two.pass(1);
    await two.until(() => two.here.hub.isLive('live', 'far'), 'the stream of the new place');
  });
});
