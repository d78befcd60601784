import { headers, type Msg, type NatsConnection } from 'nats';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AckInbox } from '../../../src/nats/ack-inbox.js';
import { AnswerTimeout } from '../../../src/nats/answer-timeout.js';
import type { PublishReply } from '../../../src/nats/jetstream.js';

const ACK = '{"stream":"S","seq":7}';
const FULL = '{"error":{"code":503,"err_code":10077,"description":"maximum messages exceeded"}}';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A connection that answers when it is told to. */
function setUp(mostMs = 1000) {
  const sent: { subject: string; reply: string; atMs: number }[] = [];
  let hear: (error: null, message: Msg) => void = () => undefined;
  const connection = {
    protocol: { options: {} },
    subscribe: (_subject: string, { callback }: { callback: typeof hear }) => {
      hear = callback;
    },
    publish: (subject: string, _data: Uint8Array, { reply }: { reply: string }) =>
      void sent.push({ subject, reply, atMs: performance.now() }),
  } as unknown as NatsConnection;
  const answerTimeout = new AnswerTimeout(1000, mostMs);
  const inbox = new AckInbox(connection, answerTimeout);
  const publish = (subject: string): { reply?: PublishReply } => {
    const told: { reply?: PublishReply } = {};
    void inbox.publish(subject, Buffer.from('{}'), headers()).then((reply) => {
      told.reply = reply;
    });
    return told;
  };
  const answer = (nth: number, text: string): void =>
    hear(null, { subject: sent[nth].reply, data: Buffer.from(text), string: () => text } as unknown as Msg);
  return { sent, answerTimeout, inbox, publish, answer };
}

const stored = { kind: 'ack', sequence: 7, duplicate: false };

describe('the inbox of acknowledgements', () => {
  it('gives an attempt up when no acknowledgement comes in time', async () => {
    const { publish } = setUp();
    const first = publish('a');
    await vi.advanceTimersByTimeAsync(900);
    expect(first.reply).toBeUndefined();
    await vi.advanceTimersByTimeAsync(200);
    expect(first.reply).toMatchObject({ kind: 'failed', code: 'TIMEOUT' });
  });

  it('settles the attempt under way with a late acknowledgement of an earlier one', async () => {
    const { publish, answer, sent } = setUp();
    publish('a');
    await vi.advanceTimersByTimeAsync(1200);
    const [other, second] = [publish('b'), publish('a')];
    await vi.advanceTimersByTimeAsync(500);
    answer(0, ACK);
    await vi.advanceTimersByTimeAsync(0);
    expect(second.reply).toEqual(stored);
    expect(other.reply).toBeUndefined();
    expect(sent).toHaveLength(3);
  });

  it('settles the next attempt, without sending it, with an acknowledgement that came between two', async () => {
    const { publish, answer, sent } = setUp();
    publish('a');
    await vi.advanceTimersByTimeAsync(1200);
    answer(0, ACK);
    const second = publish('a');
    await vi.advanceTimersByTimeAsync(0);
    expect(second.reply).toEqual(stored);
    expect(sent).toHaveLength(1);
  });

  it('gets everything through when each round trip takes longer than it may ever wait', async () => {
    const { publish, answer, sent } = setUp();
    let answered = 0;
    for (const subject of ['a', 'b', 'c']) {
      let told = publish(subject);
      for (let steps = 0; told.reply?.kind !== 'ack' && steps < 100; steps++) {
        await vi.advanceTimersByTimeAsync(100);
        if (told.reply?.kind === 'failed') told = publish(subject);
        if (answered < sent.length && performance.now() - sent[answered].atMs >= 3500) answer(answered++, ACK);
        await vi.advanceTimersByTimeAsync(0);
      }
      expect(told.reply, subject).toEqual(stored);
    }
    expect(sent.filter(({ subject }) => subject === 'a').length).toBeGreaterThan(1);
  });

  it('waits longer for the next once one has come late, and so does not send it twice', async () => {
    const { publish, answer, sent, answerTimeout } = setUp(5000);
    publish('a');
    await vi.advanceTimersByTimeAsync(2000);
    answer(0, ACK);
    expect(answerTimeout.ms).toBe(3000);
    const next = publish('b');
    await vi.advanceTimersByTimeAsync(2000);
    expect(next.reply).toBeUndefined();
    answer(1, ACK);
    await vi.advanceTimersByTimeAsync(0);
    expect(next.reply).toEqual(stored);
    expect(sent).toHaveLength(2);
  });

  it('takes nothing from a late refusal: the next attempt is sent and told what is so then', async () => {
    const { publish, answer, sent } = setUp();
    publish('a');
    await vi.advanceTimersByTimeAsync(1200);
    answer(0, FULL);
    const second = publish('a');
    await vi.advanceTimersByTimeAsync(0);
    expect(second.reply).toBeUndefined();
    expect(sent).toHaveLength(2);
  });

  it('forgets attempts that are more than a minute old', async () => {
    const { publish, answer, sent } = setUp();
    publish('a');
    await vi.advanceTimersByTimeAsync(61_000);
    publish('b');
    await vi.advanceTimersByTimeAsync(200);
    answer(0, ACK);
    publish('a');
    expect(sent.map(({ subject }) => subject)).toEqual(['a', 'b', 'a']);
  });

  it('expects nothing more of what was sent before the connection went', async () => {
    const { publish, answer, inbox, sent } = setUp();
    publish('a');
    await vi.advanceTimersByTimeAsync(1200);
    const second = publish('a');
    inbox.disconnected();
    await vi.advanceTimersByTimeAsync(0);
    expect(second.reply).toMatchObject({ kind: 'failed', code: 'DISCONNECT' });
    answer(0, ACK);
    publish('a');
    expect(sent).toHaveLength(3);
  });
});
