import { describe, expect, it } from 'vitest';
import { Office } from '../../support/live/live-streams-harness.js';

describe('a stream with a resume window', () => {
  const resumeWindowMs = 10_000;

  it('outlives its connection: the same principal goes on under the same id, players stay', async () => {
    const office = new Office({ resumeWindowMs });
    const run = await office.run();
    office.play();
    run.carry({ bytes: 4000, payloadBytes: 3900 });
    run.end('client_reset');
    expect(office.last('streamSuspended')).toMatchObject({ cause: 'client_reset', resumeWindowMs });
    expect(office.registry.streams()).toMatchObject([{ state: 'suspended', players: 1 }]);
    office.pass(9999);
    const again = await office.run();
    expect(again.streamId).toBe(run.streamId);
    expect(office.last('streamResumed')).toMatchObject({ gapMs: 9999 });
    expect(office.count('playEnded')).toBe(0);
    office.pass(resumeWindowMs * 2);
    expect(office.count('streamEnded')).toBe(0);
    again.end('client_unpublish');
    expect(office.last('streamEnded')).toMatchObject({ payloadBytes: 3900, heldMs: 9999 });
  });

  it('is not taken for stalled by a sample of the time before its publisher came back', async () => {
    const office = new Office({ resumeWindowMs });
    const run = await office.run();
    const activity = [{ kind: 'video' as const, trackId: 0, lastMs: office.nowMs }];
    run.sample(activity);
    run.end('client_reset');
    office.pass(8000);
    await office.run();
    run.sample(activity);
    expect(office.count('streamStalled')).toBe(0);
  });

  it('that is being ended is given to nobody, and its name is free once it is over', async () => {
    const office = new Office({ resumeWindowMs });
    const run = await office.run();
    run.end('client_reset');
    office.order = (order) => void office.orders.push(order);
    office.pass(resumeWindowMs);
    expect(office.orders.at(-1)).toMatchObject({ kind: 'endStream', reason: 'client_reset' });
    office.pass(250);
    expect(office.orders.filter(({ kind }) => kind === 'endStream')).toHaveLength(1);
    const next = office.publish();
    const read = office.orders.at(-1)!;
    expect(read).toMatchObject({ kind: 'readPublisher', streamId: run.streamId });
    run.over('client_reset');
    if (read.kind === 'readPublisher') office.report({ kind: 'publisherRead', id: read.id });
    expect(await next).toMatchObject({ accept: true });
    expect(office.names.filter((name) => /^stream(?:Ended|Resumed)/.test(name))).toEqual(['streamEnded']);
  });

  it('ends when the window is over, with the reason for which its connection went', async () => {
    const office = new Office({ resumeWindowMs });
    (await office.run()).end('dead_peer');
    office.pass(resumeWindowMs - 1);
    expect(office.count('streamEnded')).toBe(0);
    office.pass(1);
    expect(office.last('streamEnded')).toMatchObject({ reason: 'dead_peer' });
    expect(await office.publish()).toMatchObject({ accept: true });
  });

  it('is given back neither to another key nor to another address', async () => {
    const office = new Office({ resumeWindowMs });
    (await office.run('keyed', 'key=a')).end('client_reset');
    expect(await office.publish('keyed', 'key=b')).toMatchObject({ accept: false, code: 'ERR_PUBLISH_BUSY' });
    expect(await office.publish('keyed', '')).toMatchObject({ accept: false });
    expect(await office.publish('keyed', 'key=a', office.facts('198.51.100.9'))).toMatchObject({ accept: true });
    (await office.run('open')).end('client_reset');
    expect(await office.publish('open', '', office.facts('198.51.100.9'))).toMatchObject({ accept: false });
    expect(await office.publish('open')).toMatchObject({ accept: true });
  });

  it('ends at once when its publisher said goodbye, was sent away, or the server stops', async () => {
    const office = new Office({ resumeWindowMs });
    for (const reason of ['client_unpublish', 'kicked', 'protocol_error', 'server_drain'] as const) {
      (await office.run()).end(reason);
      expect(office.last('streamEnded')).toMatchObject({ reason });
    }
    (await office.run()).end('client_closed');
    office.registry.endSuspended('server_drain');
    expect(office.last('streamEnded')).toMatchObject({ reason: 'server_drain' });
    expect(office.registry.live).toBe(0);
  });
});
