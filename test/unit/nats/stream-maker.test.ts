import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkStream } from '../../../src/events/bus/stream-setup.js';
import { resolveEventsOptions } from '../../../src/events/options.js';
import { AnswerTimeout } from '../../../src/nats/answer-timeout.js';
import type { NatsConnection } from '../../../src/nats/connection.js';
import { KvBucket } from '../../../src/nats/kv-bucket.js';
import { MISSING_ANSWERS, MISSING_PAUSE_MS, StreamMaker } from '../../../src/nats/stream-maker.js';
import { FakeJetStream } from '../../support/fake-jetstream.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const answerTimeout = new AnswerTimeout(2000, 5000);
const options = resolveEventsOptions({});

/** The ways to have a stream made: each keeps what it knows from one call to the next. */
const makers: [string, string, () => (connection: NatsConnection) => Promise<{ readonly kind: string }>][] = [
  [
    'the event stream',
    options.stream,
    () => {
      const maker = new StreamMaker(options.stream, answerTimeout);
      return (connection) => checkStream(connection, options, maker);
    },
  ],
  [
    'a bucket',
    'KV_B',
    () => {
      const bucket = new KvBucket('B', answerTimeout);
      return (connection) => bucket.ensure(connection, 1, '');
    },
  ],
];

describe.each(makers)('%s', (_name, stream, maker) => {
  const questions = ({ asked }: FakeJetStream) => asked.filter((subject) => subject.includes('.INFO.')).length;

  it('is made at once when this process has never seen it', async () => {
    const server = new FakeJetStream();
    await expect(maker()(server.connection)).resolves.toMatchObject({ kind: 'ok' });
    expect(server.streams.has(stream)).toBe(true);
    expect(questions(server)).toBe(1);
  });

  it.each([
    ['made', false],
    ['found', true],
  ])('is made anew, once it was %s, only when it has been missing in several answers', async (_how, isThere) => {
    const server = new FakeJetStream();
    if (isThere) server.streams.set(stream, []);
    const ensure = maker();
    await ensure(server.connection);
    server.asked.length = 0;
    server.streams.delete(stream);
    const ensured = ensure(server.connection);
    await vi.advanceTimersByTimeAsync((MISSING_ANSWERS - 1) * MISSING_PAUSE_MS - 1);
    expect(server.streams.has(stream)).toBe(false);
    expect(questions(server)).toBe(MISSING_ANSWERS - 1);
    await vi.advanceTimersByTimeAsync(1);
    await expect(ensured).resolves.toMatchObject({ kind: 'ok' });
    expect(server.streams.has(stream)).toBe(true);
    expect(questions(server)).toBe(MISSING_ANSWERS);
  });

  it('is used as it is when somebody else has made it meanwhile', async () => {
    const server = new FakeJetStream();
    const ensure = maker();
    await ensure(server.connection);
    server.streams.delete(stream);
    const ensured = ensure(server.connection);
    await vi.advanceTimersByTimeAsync(MISSING_PAUSE_MS);
    server.streams.set(stream, []);
    server.asked.length = 0;
    await vi.advanceTimersByTimeAsync(MISSING_PAUSE_MS);
    await ensured;
    expect(server.asked).toEqual([`$JS.API.STREAM.INFO.${stream}`]);
  });

  it('is not made while the server stands still, for that says nothing of whether it is missing', async () => {
    const server = new FakeJetStream();
    const ensure = maker();
    await ensure(server.connection);
    server.streams.delete(stream);
    const ensured = ensure(server.connection);
    await vi.advanceTimersByTimeAsync(MISSING_PAUSE_MS / 2);
    server.trouble = () => 'silence';
    await vi.advanceTimersByTimeAsync(60_000);
    await expect(ensured).resolves.toMatchObject({ kind: 'unavailable' });
    expect(server.streams.has(stream)).toBe(false);
  });
});
