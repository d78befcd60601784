import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRtmpUrl } from '../../../src/client/rtmp-url.js';
import type { SluiceError } from '../../../src/core/errors.js';
import type { NodeHello } from '../../../src/model/node-link.js';
import { Attempt, type AttemptLimits } from '../../../src/relay/attempt.js';
import { ListenerHarness } from '../../support/rtmp/listener-harness.js';
import { MemoryChannel } from '../../support/transport/memory-channel.js';

const LIMITS: AttemptLimits = { connectTimeoutMs: 3000, idleTimeoutMs: 3000, pingAfterMs: 1500, chunkSize: 60_000 };
const HELLO: NodeHello = { nodeId: 'edge', bootId: '01JZ8Z3K6YQ4Q0V5N7W2T9B1CD', ticket: 'a.b', path: ['edge'] };

let harness: ListenerHarness;
beforeEach(async () => {
  harness = await ListenerHarness.open();
});
afterEach(async () => {
  await harness.close();
});

/** An attempt at the listener, joined in memory. */
class Tried {
  readonly attempt: Attempt;
  isReady = false;
  over: { readonly error: SluiceError | undefined } | undefined;

  constructor(mode: 'publish' | 'play', hello?: NodeHello, limits = LIMITS) {
    const connect = async () => {
      const [near, far] = MemoryChannel.pair();
      harness.listener.take(far);
      return near;
    };
    this.attempt = new Attempt(
      parseRtmpUrl('rtmp://memory/live/cam'),
      mode,
      limits,
      { codecs: harness.codecs, nowMs: () => harness.nowMs, connect },
      {
        ready: () => {
          this.isReady = true;
        },
        media: () => {},
        news: () => {},
        over: (error) => {
          this.over = { error };
        },
      },
      hello,
    );
  }

  async ready(): Promise<this> {
    await harness.until(() => this.isReady || this.over !== undefined, 'the attempt to be ready');
    expect(this.over).toBeUndefined();
    return this;
  }

  /** Lets time pass, in steps of a quarter of a second, with turns of the event loop between them. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 250) {
      harness.nowMs += 250;
      this.attempt.tick(harness.nowMs);
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

describe('a connection to another server', () => {
  it('outlives the silence of a stream that it plays, because the other end answers its pings', async () => {
    await new Tried('publish').ready();
    const player = await new Tried('play').ready();
    await player.pass(30_000);
    expect(player.over).toBeUndefined();
    player.attempt.stop();
    await harness.until(() => player.over !== undefined, 'the end');
    expect(player.over).toEqual({ error: undefined });
  });

  it('without pings is stalled when nothing comes', async () => {
    await new Tried('publish').ready();
    const { pingAfterMs: _, ...limits } = LIMITS;
    const player = await new Tried('play', undefined, limits).ready();
    await player.pass(3000);
    expect(player.over).toBeUndefined();
    await player.pass(250);
    expect(player.over?.error?.code).toBe('ERR_RELAY_STALLED');
  });

  it('is stalled when the other end answers no ping', async () => {
    await new Tried('publish').ready();
    const player = await new Tried('play').ready();
    for (const connection of harness.listener.connections) connection.run = () => {};
    await player.pass(3250);
    expect(player.over?.error?.code).toBe('ERR_RELAY_STALLED');
  });

  it('is given up when a node was expected and what answers is none', async () => {
    await new Tried('publish').ready();
    const player = new Tried('play', HELLO);
    await harness.until(() => player.over !== undefined, 'the end');
    expect([player.isReady, player.over?.error?.code]).toEqual([false, 'ERR_RELAY_UNREACHABLE']);
  });
});
