import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newId } from '../../../../src/core/ids.js';
import { JetStreamPublisher } from '../../../../src/events/bus/jetstream-publisher.js';
import { Quarantine } from '../../../../src/events/bus/quarantine.js';
import { streamEvent } from '../../../../src/events/envelope.js';
import { Journal } from '../../../../src/events/journal/journal.js';
import { journalOptions } from '../../../../src/events/journal/options.js';
import { MemoryStorage } from '../../../../src/events/journal/storage.js';
import { resolveEventsOptions } from '../../../../src/events/options.js';
import { AnswerTimeout } from '../../../../src/nats/answer-timeout.js';
import { publish } from '../../../../src/nats/jetstream.js';
import { emitter, ManualClock, RecordingLog, someEvent } from '../../../support/events-parts.js';
import { FakeJetStream, natsErrors, type Trouble } from '../../../support/fake-jetstream.js';
import { tempDir } from '../../../support/temp.js';

const [one, two] = [newId(1), newId(2)];
const closing: (() => void)[] = [];
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  for (const close of closing.splice(0)) close();
  vi.useRealTimers();
});

/** The longest pause between two attempts, and more than an answer is waited for. */
const LONG_MS = 40_000;
const pass = (ms = 100): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** A publisher of an empty journal, in front of a server that has the stream. */
async function setUp() {
  const server = new FakeJetStream();
  server.streams.set('SLUICE_EVENTS', []);
  const [clock, log, dir] = [new ManualClock(), new RecordingLog(), tempDir('publisher')];
  const nobody = { event: () => undefined, carried: () => undefined, moved: () => undefined, boot: () => undefined };
  const { journal } = await Journal.open(new MemoryStorage(), journalOptions(8 << 20), nobody, { log, clock });
  const answerTimeout = new AnswerTimeout(500, 1000);
  const { connection } = server;
  const link = { isUp: true };
  const waits: (string | undefined)[] = [];
  const publisher = new JetStreamPublisher(resolveEventsOptions({ maxInFlight: 8 }), {
    ...{ journal, log, clock, answerTimeout, quarantine: new Quarantine(dir) },
    connection: () => (link.isUp ? connection : undefined),
    acks: () => ({ publish: (subject, data, hdrs) => publish(connection, subject, data, hdrs, answerTimeout) }),
    onWait: (why) => waits.push(why),
  });
  closing.push(() => publisher.close());
  publisher.start();
  await pass();
  const emit = async (streamId: string, ...sequences: number[]): Promise<void> => {
    for (const sequence of sequences) journal.append(someEvent(streamId, sequence));
    await pass();
  };
  const stored = () => server.events.map(({ event }) => event['id']);
  const quarantined = () =>
    readFileSync(join(dir, 'quarantine.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
  return { server, journal, log, link, waits, publisher, emit, stored, quarantined };
}

describe('the publisher', () => {
  it('stores every event, each stream in its order, and commits it in the journal', async () => {
    const { journal, publisher, emit, stored } = await setUp();
    await emit(one, 1, 2, 3);
    await emit(two, 1, 2);
    expect(stored().filter((id) => String(id).startsWith(one))).toEqual([1, 2, 3].map((n) => `${one}:${n}`));
    expect(stored().filter((id) => String(id).startsWith(two))).toEqual([1, 2].map((n) => `${two}:${n}`));
    expect(publisher.counts).toEqual({ published: 5, retries: 0, quarantined: 0, superseded: 0 });
    expect([journal.table.pending, publisher.idle]).toEqual([0, true]);
  });

  const blocked: [string, string, Trouble][] = [
    ['no stream takes the subject', 'stream_missing', natsErrors.noResponders()],
    ['the stream does not exist', 'stream_missing', { err_code: 10059, description: 'stream not found' }],
    ['the disk is full', 'stream_full', { err_code: 10077, description: 'no space left on device' }],
    ['the account is at its limit', 'stream_full', { err_code: 10047, description: 'insufficient storage' }],
    ['the cluster has no leader', 'not_answering', { err_code: 10008, description: 'temporarily unavailable' }],
    ['nobody answers', 'not_answering', 'silence'],
  ];
  it.each(blocked)('waits with everything while %s (%s), and goes on afterwards', async (_name, why, trouble) => {
    const { server, waits, publisher, emit, stored } = await setUp();
    server.trouble = () => trouble;
    await emit(one, 1, 2);
    await emit(two, 1);
    await pass(LONG_MS);
    expect(new Set(waits)).toEqual(new Set([why]));
    expect(stored()).toEqual([]);
    const { retries } = publisher.counts;
    expect(retries).toBeGreaterThan(1);
    server.trouble = () => undefined;
    await pass(LONG_MS);
    expect(waits.at(-1)).toBeUndefined();
    expect([...stored()].sort()).toEqual([`${one}:1`, `${one}:2`, `${two}:1`].sort());
    expect(publisher.counts).toMatchObject({ published: 3, quarantined: 0 });
    expect(publisher.idle).toBe(true);
  });

  it('asks with one event at a time while everything waits', async () => {
    const { server, emit } = await setUp();
    server.trouble = () => natsErrors.noResponders();
    await emit(one, 1);
    server.asked.length = 0;
    for (let i = 0; i < 8; i++) await emit(newId(10 + i), 1);
    await pass(20_000);
    // Pauses grow to five seconds at most: a burst would be eight at once.
    expect(server.asked.length).toBeLessThan(15);
  });

  it('tries at once when it is told that the way may be free', async () => {
    const { server, publisher, emit, stored } = await setUp();
    server.trouble = () => natsErrors.noResponders();
    await emit(one, 1);
    await pass(LONG_MS);
    server.trouble = () => undefined;
    publisher.retry();
    await pass(1);
    expect(stored()).toEqual([`${one}:1`]);
  });

  it('sends nothing without a connection, and what waited when there is one', async () => {
    const { server, link, publisher, emit, stored } = await setUp();
    link.isUp = false;
    await emit(one, 1);
    expect([server.asked, publisher.idle]).toEqual([[], false]);
    link.isUp = true;
    publisher.retry();
    await pass();
    expect(stored()).toEqual([`${one}:1`]);
  });

  it('sets an event aside that can never be stored, and goes on with its stream', async () => {
    const { server, journal, log, publisher, emit, stored, quarantined } = await setUp();
    server.trouble = (subject) =>
      subject.endsWith('.data.1') ? { err_code: 10054, description: 'message size exceeds maximum' } : undefined;
    await emit(one, 1, 2);
    await vi.waitFor(() => expect(stored()).toEqual([`${one}:2`]));
    expect(publisher.counts).toMatchObject({ published: 1, quarantined: 1 });
    await vi.waitFor(() => expect(quarantined()).toMatchObject([{ reason: 'message size exceeds maximum' }]));
    expect(journal.table.pending).toBe(0);
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('sets an event aside that is refused again and again while others get through, after twenty refusals', async () => {
    const { server, publisher, emit, stored, quarantined } = await setUp();
    const isRefused = (subject: string): boolean => subject.includes(one);
    server.trouble = (subject) => (isRefused(subject) ? { err_code: 19999, description: 'something new' } : undefined);
    await emit(one, 1, 2);
    const tries = () => server.asked.filter((subject) => subject.includes(one) && subject.endsWith('.data.1')).length;
    for (let i = 1; publisher.counts.quarantined === 0 && i < 60; i++) {
      await emit(two, i);
      await pass(LONG_MS);
    }
    expect(tries()).toBeGreaterThanOrEqual(20);
    expect(publisher.counts.published).toBeGreaterThan(10);
    expect(publisher.counts.quarantined).toBe(1);
    await vi.waitFor(() => expect(quarantined()).toMatchObject([{ reason: '19999 something new' }]));
    expect(stored()).toHaveLength(publisher.counts.published);
  });

  it('keeps an event for ever that is refused while nothing else gets through', async () => {
    const { server, waits, publisher, emit } = await setUp();
    server.trouble = () => natsErrors.denied();
    await emit(one, 1);
    for (let i = 0; i < 40; i++) await pass(LONG_MS);
    expect(publisher.counts.quarantined).toBe(0);
    expect(new Set(waits)).toEqual(new Set(['denied']));
  });

  it('takes an event for stored whose subject holds it already', async () => {
    const { journal, server, publisher, emit, stored } = await setUp();
    server.storeEvent(someEvent(one, 1));
    await emit(one, 1, 2);
    expect(stored()).toEqual([`${one}:1`, `${one}:2`]);
    expect(publisher.counts).toMatchObject({ published: 2, quarantined: 0 });
    expect(journal.table.pending).toBe(0);
  });

  it('sets an event aside whose subject holds another message', async () => {
    const { server, publisher, emit, quarantined } = await setUp();
    server.storeEvent({ ...someEvent(one, 1), id: 'another' });
    await emit(one, 1);
    expect(publisher.counts.quarantined).toBe(1);
    const reason = expect.stringMatching(/holds another message/) as string;
    await vi.waitFor(() => expect(quarantined()).toMatchObject([{ reason }]));
  });

  it('takes the refusal for an answer when it may not read the subject back', async () => {
    const { server, publisher, emit } = await setUp();
    server.storeEvent(someEvent(one, 1));
    server.trouble = (subject) => (subject.includes('MSG.GET') ? natsErrors.denied() : undefined);
    await emit(one, 1);
    expect(publisher.counts).toMatchObject({ published: 1, quarantined: 0 });
  });

  it('settles what is left of streams that another node has ended, and sends none of it', async () => {
    const { journal, publisher, emit, stored } = await setUp();
    publisher.fence([one]);
    await emit(one, 2, 3);
    await emit(two, 1);
    expect(stored()).toEqual([`${two}:1`]);
    expect(publisher.counts).toMatchObject({ published: 1, superseded: 2 });
    expect(journal.table.pending).toBe(0);
  });

  it('looks up each stream after it was taken for lost, and sends nothing behind an end', async () => {
    const { server, link, publisher, emit, stored } = await setUp();
    link.isUp = false;
    await emit(one, 2);
    await emit(two, 2);
    const stream = { streamId: one, app: 'live', name: 'cam' };
    server.storeEvent(streamEvent(emitter, stream, 'io.sluice.stream.ended', 3, 0, {} as never));
    publisher.doubtAll();
    link.isUp = true;
    publisher.retry();
    await pass();
    expect(stored()).toEqual([`${one}:end`, `${two}:2`]);
    expect(publisher.counts).toMatchObject({ published: 1, superseded: 1 });
  });

  it('reads a backlog from the journal that is longer than what it holds in memory', async () => {
    const { link, journal, publisher, stored } = await setUp();
    link.isUp = false;
    const streams = Array.from({ length: 43 }, (_, i) => newId(100 + i));
    for (let sequence = 1; sequence <= 100; sequence++)
      for (const streamId of streams) journal.append(someEvent(streamId, sequence));
    await pass();
    link.isUp = true;
    publisher.retry();
    for (let i = 0; i < 200 && !publisher.idle; i++) await pass(50);
    expect(stored()).toHaveLength(4300);
    expect(publisher.counts.published).toBe(4300);
    expect(journal.table.pending).toBe(0);
  });

  it('says when everything is settled, and at once when it is closed', async () => {
    const { link, publisher, emit } = await setUp();
    await expect(publisher.whenIdle()).resolves.toBeUndefined();
    link.isUp = false;
    await emit(one, 1);
    const idle = publisher.whenIdle();
    link.isUp = true;
    publisher.retry();
    await pass();
    await expect(idle).resolves.toBeUndefined();
    link.isUp = false;
    await emit(one, 2);
    const never = publisher.whenIdle();
    publisher.close();
    await expect(never).resolves.toBeUndefined();
    expect(publisher.idle).toBe(false);
  });
});
