import { describe, expect, it } from 'vitest';
import type { ConnectionFacts, Order } from '../../../src/live/access.js';
import { ClientCalls } from '../../../src/live/client-calls.js';

function setUp(capsEx = 1, suspended = false) {
  const orders: Order[] = [];
  const facts = { info: { capsEx } } as ConnectionFacts;
  const calls = new ClientCalls({
    bytes: { answer: () => {}, order: (order) => void orders.push(order) },
    streams: new Map([['s', { facts, suspended }]]),
    plays: { play: (id) => (id === 'p' ? {} : undefined) },
  });
  return { calls, orders };
}

describe('a request to connect again', () => {
  it('is ordered for a publisher that understands it', () => {
    const { calls, orders } = setUp();
    expect(calls.reconnect('s', 'rtmp://b/live', 'moved')).toBe('done');
    const of = { streamId: 's' };
    expect(orders).toEqual([{ kind: 'requestReconnect', of, tcUrl: 'rtmp://b/live', description: 'moved' }]);
  });

  it('is not, when there is none that does', () => {
    const { calls, orders } = setUp(14);
    expect([calls.reconnect('s', undefined, ''), calls.reconnect('x', undefined, '')]).toEqual([
      'unsupported',
      'unknown',
    ]);
    expect(setUp(1, true).calls.reconnect('s', undefined, '')).toBe('already');
    expect(orders).toEqual([]);
  });
});

describe('a data message', () => {
  it('is ordered with its values, unless its handler says what the stream is', () => {
    const { calls, orders } = setUp();
    expect(calls.send('s', 'onText', [1])).toBe('done');
    expect(orders).toEqual([{ kind: 'sendData', streamId: 's', handler: 'onText', values: [1] }]);
    for (const handler of ['onMetaData', '@setDataFrame', '@clearDataFrame', '|RtmpSampleAccess'])
      expect(calls.send('s', handler, [])).toBe('refused');
    expect(calls.send('x', 'onText', [])).toBe('unknown');
    expect(orders).toHaveLength(1);
  });

  it('may have 64 KiB of values, each nested 32 deep', () => {
    const { calls } = setUp();
    const nested = (levels: number): unknown[] => (levels === 0 ? [] : [nested(levels - 1)]);
    const send = (value: unknown) => calls.send('s', 'onText', [value as string]);
    expect([send('x'.repeat(65_532)), send('x'.repeat(65_533))]).toEqual(['done', 'refused']);
    expect([send(nested(31)), send(nested(32))]).toEqual(['done', 'refused']);
  });
});

describe('a call', () => {
  it('resolves with the answer that is reported for it', async () => {
    const { calls, orders } = setUp();
    const answer = calls.call({ playId: 'p' }, 'ping', [1], 500);
    expect(orders).toEqual([
      { kind: 'callClient', callId: 1, of: { playId: 'p' }, method: 'ping', values: [1], timeoutMs: 500 },
    ]);
    calls.answered(7, { kind: 'gone' });
    calls.answered(1, { kind: 'result', values: [2] });
    expect(await answer).toEqual({ kind: 'result', values: [2] });
  });

  it('of nobody is unknown, and one with too many values is answered with an error', async () => {
    const { calls, orders } = setUp();
    expect(await calls.call({ streamId: 'x' }, 'ping', [], 500)).toBe('unknown');
    expect(await calls.call({ playId: 'x' }, 'ping', [], 500)).toBe('unknown');
    expect(await calls.call({ streamId: 's' }, 'ping', ['x'.repeat(65_536)], 500)).toMatchObject({ kind: 'error' });
    expect(orders).toEqual([]);
  });
});
