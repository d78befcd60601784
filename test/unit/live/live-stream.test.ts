import { describe, expect, it } from 'vitest';
import { LiveStreamsHarness } from '../../support/live/live-streams-harness.js';

describe('a stream with a resume window', () => {
  const resumeWindowMs = 10_000;

  it('outlives its connection: the same principal goes on under the same id, players stay', async () => {
    const harness = new LiveStreamsHarness({ resumeWindowMs });
    const run = await harness.run();
    harness.play();
    run.carry({ bytes: 4000, payloadBytes: 3900 });
    run.end('client_reset');
    expect(harness.last('streamSuspended')).toMatchObject({ cause: 'client_reset', resumeWindowMs });
    expect(harness.registry.streams()).toMatchObject([{ state: 'suspended', players: 1 }]);
    harness.pass(9999);
    const again = await harness.run();
    expect(again.streamId).toBe(run.streamId);
    expect(harness.last('streamResumed')).toMatchObject({ gapMs: 9999 });
    expect(harness.count('playEnded')).toBe(0);
    harness.pass(resumeWindowMs * 2);
    expect(harness.count('streamEnded')).toBe(0);
    again.end('client_unpublish');
    expect(harness.last('streamEnded')).toMatchObject({ payloadBytes: 3900, heldMs: 9999 });
  });

  it('that is being ended is given to nobody, and its name is free once it is over', async () => {
    const harness = new LiveStreamsHarness({ resumeWindowMs });
    const run = await harness.run();
    run.end('client_reset');
    harness.order = (order) => void harness.orders.push(order);
    harness.pass(resumeWindowMs);
    expect(harness.orders.at(-1)).toMatchObject({ kind: 'endStream', reason: 'client_reset' });
    harness.pass(250);
    expect(harness.orders.filter(({ kind }) => kind === 'endStream')).toHaveLength(1);
    const next = harness.publish();
    const read = harness.orders.at(-1)!;
    expect(read).toMatchObject({ kind: 'readPublisher', streamId: run.streamId });
    run.over('client_reset');
    if (read.kind === 'readPublisher') harness.report({ kind: 'publisherRead', id: read.id, silentMs: 0 });
    expect(await next).toMatchObject({ accept: true });
    expect(harness.names.filter((name) => /^stream(?:Ended|Resumed)/.test(name))).toEqual(['streamEnded']);
  });

  it('ends when the window is over, with the reason for which its connection went', async () => {
    const harness = new LiveStreamsHarness({ resumeWindowMs });
    (await harness.run()).end('dead_peer');
    harness.pass(resumeWindowMs - 1);
    expect(harness.count('streamEnded')).toBe(0);
    harness.pass(1);
    expect(harness.last('streamEnded')).toMatchObject({ reason: 'dead_peer' });
    expect(await harness.publish()).toMatchObject({ accept: true });
  });

  it('is given back neither to another key nor to another address', async () => {
    const harness = new LiveStreamsHarness({ resumeWindowMs });
    (await harness.run('keyed', 'key=a')).end('client_reset');
    expect(await harness.publish('keyed', 'key=b')).toMatchObject({ accept: false, code: 'ERR_PUBLISH_BUSY' });
    expect(await harness.publish('keyed', '')).toMatchObject({ accept: false });
    expect(await harness.publish('keyed', 'key=a', harness.facts('198.51.100.9'))).toMatchObject({ accept: true });
    (await harness.run('open')).end('client_reset');
    expect(await harness.publish('open', '', harness.facts('198.51.100.9'))).toMatchObject({ accept: false });
    expect(await harness.publish('open')).toMatchObject({ accept: true });
  });

  it('ends at once when its publisher said goodbye, was sent away, or the server stops', async () => {
    const harness = new LiveStreamsHarness({ resumeWindowMs });
    for (const reason of ['client_unpublish', 'kicked', 'protocol_error', 'server_drain'] as const) {
      (await harness.run()).end(reason);
      expect(harness.last('streamEnded')).toMatchObject({ reason });
    }
    (await harness.run()).end('client_closed');
    harness.registry.endSuspended('server_drain');
    expect(harness.last('streamEnded')).toMatchObject({ reason: 'server_drain' });
    expect(harness.registry.live).toBe(0);
  });
});
