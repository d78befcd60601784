import { describe, expect, it } from 'vitest';
import type { EventsOptions } from '../../src/events/options.js';
import { holds } from '../support/faults/contract.js';
import { isEventPublish, isPubAck } from '../support/faults/nats-frames.js';
import type { NatsProcess } from '../support/faults/nats-process.js';
import { NodeUnderTest } from '../support/faults/node-under-test.js';
import { SEED, scaled } from '../support/faults/scale.js';
import { afterwards, broker, eventsFor } from '../support/faults/setting.js';
import { TcpProxy } from '../support/faults/tcp-proxy.js';

/** A server, a proxy before it, and a node that knows only the proxy. */
async function behindProxy(
  o: { streams?: number; stepMs?: number; events?: EventsOptions } = {},
): Promise<{ server: NatsProcess; proxy: TcpProxy; node: NodeUnderTest }> {
  const server = await broker();
  const proxy = await TcpProxy.start(server.port);
  afterwards(() => proxy.stop());
  const node = await NodeUnderTest.start(eventsFor(proxy.url, o.events), {
    seed: SEED,
    streams: o.streams ?? 200,
    stepMs: o.stepMs ?? 100,
  });
  afterwards(() => node.kill());
  return { server, proxy, node };
}

const told = (node: NodeUnderTest): number => node.ledger.filter((line) => line.t === 'started').length;

describe('a connection to the broker', () => {
  it('on which packets vanish is given up, streams go on, and what was on its way arrives late without doubling', async () => {
    const { server, proxy, node } = await behindProxy({ streams: scaled(200, 2500), stepMs: 200 });
    for (let stalls = 0; stalls < scaled(1, 5); stalls++) {
      const before = (node.stats()?.['published'] as number | undefined) ?? 0;
      await node.until((stats) => (stats['published'] as number) > before + 50);
      proxy.stall();
      const startedBefore = told(node);
      await node.until((stats) => stats['busState'] === 'disconnected');
      expect(told(node), 'encoders are let in meanwhile').toBeGreaterThan(startedBefore);
      proxy.pass();
    }
    await holds(node, server.url);
  });

  it('that is reset is made anew as often as it takes', async () => {
    const { server, proxy, node } = await behindProxy({ streams: scaled(200, 2500), stepMs: 150 });
    for (let resets = 0; resets < scaled(3, 20); resets++) {
      const before = (node.stats()?.['published'] as number | undefined) ?? 0;
      await node.until((stats) => (stats['published'] as number) > before + 30);
      proxy.reset();
      await node.until((stats) => stats['busState'] === 'disconnected');
      proxy.pass();
    }
    await holds(node, server.url);
  });

  it('that is slow delays events only: they get through also when every acknowledgement takes longer than the node waits', async () => {
    // Long enough to go on while the way is slow.
    const { server, proxy, node } = await behindProxy({ streams: 600, events: { publishTimeoutMs: 500 } });
    await node.until((stats) => (stats['published'] as number) > 50);
    proxy.delay(100);
    const before = (node.stats()?.['published'] as number | undefined) ?? 0;
    await node.until((stats) => (stats['published'] as number) > before + 100);
    const { published } = node.stats() as Record<string, number>;
    // A retry need not show: the answer to the first attempt may arrive before the retry is sent.
    proxy.delay(400);
    await node.until((stats) => (stats['published'] as number) > published + 500);
    proxy.delay(20);
    await holds(node, server.url);
  });

  it('that loses acknowledgements, repeats others and repeats publishes leaves one stored event of each', async () => {
    const { server, proxy, node } = await behindProxy({ streams: scaled(100, 400), events: { publishTimeoutMs: 300 } });
    let acks = 0;
    let publishes = 0;
    proxy.fromServer = (message) => {
      if (!isPubAck(message)) return 1;
      acks++;
      return acks % 40 === 0 ? 0 : acks % 7 === 0 ? 2 : 1;
    };
    proxy.fromClient = (message) => (isEventPublish(message) && ++publishes % 11 === 0 ? 3 : 1);
    const counters = await holds(node, server.url);
    expect(acks).toBeGreaterThan(200);
    // A lost answer need not be noticed: the answer to a repeated publish does as well.
    expect(counters['retries']).toBeGreaterThan(0);
  });
});
