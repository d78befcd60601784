import { afterEach, describe, expect, it } from 'vitest';
import { ListenerHarness } from '../../support/rtmp/listener-harness.js';
import { statusOf } from '../../support/rtmp-client.js';

let harness: ListenerHarness;
afterEach(() => harness.close());

const sound = (n: number) => Buffer.from([0xaf, 1, n]);

describe('a call of a client', () => {
  it('is asked with what runs on its connection; media goes on while its answer is awaited', async () => {
    harness = await ListenerHarness.open({ callApps: ['live'] });
    const client = await harness.client();
    const id = await client.publish('cam');
    client.command(0, 'add', 40, null, 1, { at: undefined });
    await harness.until(() => harness.calls.length === 1, 'the call');
    expect(harness.calls[0]!.call).toEqual({
      ...{ app: 'live', streamId: 'cam', method: 'add' },
      args: [1, { at: { $amf: 'undefined' } }],
    });
    const player = await harness.client();
    await player.play('cam');
    client.message(8, sound(7), { messageStreamId: id, timestamp: 20 });
    await player.expect(({ type, payload }) => type === 8 && payload[2] === 7, 'the sound');
    client.command(0, 'sub', 41, null);
    await harness.until(() => harness.calls.length === 2, 'the second call');
    const [first, second] = harness.calls.map((ask) => ask.id);
    harness.door.answer({ kind: 'callAnswered', id: second!, reply: { kind: 'error', code: 'App.No', message: 'no' } });
    const failed = await client.expect(({ values }) => values[1] === 41, 'the error');
    expect([failed.values[0], { ...statusOf(failed) }]).toEqual([
      '_error',
      { level: 'error', code: 'App.No', description: 'no' },
    ]);
    const value = { sum: 3, when: { $amf: 'date', value: 5 } };
    harness.door.answer({ kind: 'callAnswered', id: first!, reply: { kind: 'result', value } });
    const { values } = await client.expect((message) => message.values[1] === 40, 'the result');
    expect([values[0], values[2], { ...(values[3] as object) }]).toEqual([
      '_result',
      null,
      { sum: 3, when: new Date(5) },
    ]);
  });

  it('of a client that plays has the play, and the command object when it is one', async () => {
    harness = await ListenerHarness.open({ callApps: ['*'] });
    const client = await harness.client();
    await client.play('cam');
    client.command(0, 'hello', 0, { who: 'me' }, null);
    await harness.until(() => harness.calls.length === 1, 'the call');
    const [playId] = [...harness.playIds.keys()];
    expect(harness.calls[0]!.call).toEqual({
      ...{ app: 'live', playId, method: 'hello', object: { who: 'me' }, args: [null] },
    });
  });

  it('with more than 64 KiB of arguments is refused, and a defect is told as one that failed', async () => {
    harness = await ListenerHarness.open({ callApps: ['live'] });
    const client = await harness.client();
    // A control character takes six bytes as JSON.
    client.command(0, 'add', 40, null, '\u0001'.repeat(11_000));
    const refused = await client.expect(({ values }) => values[1] === 40, 'the refusal');
    expect(statusOf(refused)).toMatchObject({ code: 'NetConnection.Call.Failed' });
    client.command(0, 'add', 41, null, 1);
    await harness.until(() => harness.calls.length === 1, 'the call');
    harness.door.answer({ kind: 'askFailed', id: harness.calls[0]!.id, description: 'a secret of ours' });
    const failed = await client.expect(({ values }) => values[1] === 41, 'the failure');
    expect(statusOf(failed)['code']).toBe('NetConnection.Call.Failed');
    expect(statusOf(failed)['description']).not.toContain('secret');
    expect(client.closed).toBe(false);
  });

  it('is withdrawn when its client goes', async () => {
    harness = await ListenerHarness.open({ callApps: ['live'] });
    const client = await harness.client();
    client.command(0, 'add', 40, null);
    await harness.until(() => harness.calls.length === 1, 'the call');
    client.destroy();
    await harness.until(() => harness.closes.length === 1, 'the close');
    expect(harness.withdrawn).toHaveLength(1);
    harness.door.answer({ kind: 'callAnswered', id: harness.calls[0]!.id, reply: { kind: 'result', value: 1 } });
  });
});

describe('a call to a client', () => {
  const call = (callId: number, of: { streamId: string } | { playId: string }, timeoutMs = 5000) =>
    harness.door.order({ kind: 'callClient', callId, of, method: 'ping', values: [1, { a: undefined }], timeoutMs });
  const answered = (callId: number) =>
    harness.until(() => harness.clientAnswers.has(callId), `the answer to call ${callId}`);

  it('reaches the publisher of a stream and the client of a play, and brings their answers back', async () => {
    harness = await ListenerHarness.open();
    const publisher = await harness.client();
    await publisher.publish('cam');
    const player = await harness.client();
    await player.play('cam');
    const [playId] = [...harness.playIds.keys()];
    call(1, { streamId: 'cam' });
    call(2, { playId: playId! });
    for (const [index, client] of [publisher, player].entries()) {
      const { values } = await client.expect((message) => message.values[0] === 'ping', 'the call');
      expect(values.slice(1, 4)).toEqual([1, null, 1]);
      client.command(0, index === 0 ? '_result' : '_error', 1, null, undefined);
      await answered(index + 1);
    }
    const values = [{ $amf: 'undefined' }];
    expect([...harness.clientAnswers]).toEqual([
      [1, { kind: 'result', values }],
      [2, { kind: 'error', values }],
    ]);
  });

  it('says that there is nobody, that the client has gone, or that it has not answered in time', async () => {
    harness = await ListenerHarness.open();
    call(1, { streamId: 'cam' });
    call(2, { playId: 'cam' });
    const client = await harness.client();
    await client.publish('cam');
    call(3, { streamId: 'cam' }, 1000);
    harness.pass(1000);
    call(4, { streamId: 'cam' });
    client.destroy();
    await answered(4);
    expect([...harness.clientAnswers].map(([id, { kind }]) => [id, kind])).toEqual([
      [1, 'gone'],
      [2, 'gone'],
      [3, 'timeout'],
      [4, 'gone'],
    ]);
  });
});

describe('a data message of the operator', () => {
  it('reaches players in order with the media, at the time of the stream, and is not told', async () => {
    harness = await ListenerHarness.open();
    const publisher = await harness.client();
    const id = await publisher.publish('cam');
    const player = await harness.client();
    await player.play('cam');
    publisher.message(8, sound(1), { messageStreamId: id, timestamp: 500 });
    await player.expect(({ type }) => type === 8, 'the sound');
    harness.door.order({ kind: 'sendData', streamId: 'cam', handler: 'onText', values: [{ text: 'hi' }, 2] });
    harness.door.order({ kind: 'sendData', streamId: 'gone', handler: 'onText', values: [] });
    publisher.message(8, sound(2), { messageStreamId: id, timestamp: 600 });
    await player.expect(({ type, payload }) => type === 8 && payload[2] === 2, 'the second sound');
    const media = player.received.filter(({ type, values }) => type === 8 || values[0] === 'onText');
    expect(media.map(({ type, timestamp }) => [type, timestamp])).toEqual([
      [8, 500],
      [18, 500],
      [8, 600],
    ]);
    expect(media[1]!.values.slice(1).map((value) => (typeof value === 'object' ? { ...value } : value))).toEqual([
      { text: 'hi' },
      2,
    ]);
    expect(harness.data).toEqual([]);
  });
});
