import { describe, expect, it } from 'vitest';
import { type FenceNote, type FenceVerdict, StreamFence } from '../../../../src/events/bus/stream-fence.js';
import { type Emitter, type Envelope, ownEvent, streamEvent } from '../../../../src/events/envelope.js';
import type { EventType } from '../../../../src/events/event-types.js';
import type { JournalEntry } from '../../../../src/events/journal/journal.js';
import { AnswerTimeout } from '../../../../src/nats/answer-timeout.js';
import { FakeJetStream, natsErrors } from '../../../support/fake-jetstream.js';

const stream = { app: 'live', name: 'cam', streamId: '01ARZ3NDEKTSV4RRFFQ69G5FAV' };
const [here, elsewhere]: Emitter[] = ['b1', 'b2'].map((bootId) => ({ prefix: 'sluice.v1', nodeId: 'n', bootId }));

function event(emitter: Emitter, verb: string, sequence: number, reason = 'client_closed'): Envelope {
  return streamEvent(emitter, stream, `io.sluice.stream.${verb}` as EventType, sequence, 0, { reason } as never);
}

function entry(envelope: Envelope, position: number, own = true): JournalEntry {
  return { ...envelope, sequence: position, wallMs: 0, own };
}

function setUp() {
  const server = new FakeJetStream();
  server.streams.set('SLUICE_EVENTS', []);
  const fence = new StreamFence({ stream: 'SLUICE_EVENTS', answerTimeout: new AnswerTimeout(50, 50) });
  /** The events of one stream as long as they wait in memory together. */
  const note = (): FenceNote => ({ key: stream.streamId, checkedIn: -1 });
  const look = (of: FenceNote, what: JournalEntry): Promise<FenceVerdict> => fence.look(of, what, server.connection);
  const kinds = async (what: readonly JournalEntry[], of = note()): Promise<string[]> => {
    const out: string[] = [];
    for (const one of what) out.push((await look(of, one)).kind);
    return out;
  };
  return { server, fence, note, look, kinds };
}

const waiting = [entry(event(here, 'stalled', 3), 11), entry(event(here, 'ended', 4), 12)];

describe('the fence', () => {
  it('passes on what counts on its own, also behind an end, and asks nothing about it', async () => {
    const { server, fence, kinds } = setUp();
    server.storeEvent(event(here, 'started', 1));
    server.storeEvent(event(elsewhere, 'ended', 2));
    fence.doubt(12);
    fence.close([stream.streamId]);
    const of = { stream, ownId: '01ARZ3NDEKTSV4RRFFQ69G5FAR', type: 'io.sluice.record.ended', sequence: 2 } as const;
    expect(await kinds([entry(ownEvent(here, { ...of, isEnd: true }, 0, {} as never), 11, false)])).toEqual(['send']);
    expect(server.asked).toEqual([]);
  });

  it('finds the last event of a stream behind which something was told that counts on its own', async () => {
    const { server, fence, look, note } = setUp();
    server.storeEvent(event(here, 'started', 1));
    server.storeEvent(event(here, 'ready', 7));
    const of = { stream, ownId: '01ARZ3NDEKTSV4RRFFQ69G5FAR', type: 'io.sluice.record.started', sequence: 1 } as const;
    server.storeEvent(ownEvent(here, of, 0, {} as never));
    fence.doubt(12);
    const verdict = await look(note(), entry(event(here, 'ended', 3), 12));
    expect(verdict.kind).toBe('send');
    expect(JSON.parse((verdict as { json: Buffer }).json.toString())).toMatchObject({ sequence: '0000000008' });
  });

  it('asks nothing about events of a process that nobody took for lost', async () => {
    const { server, kinds } = setUp();
    expect(await kinds(waiting)).toEqual(['send', 'send']);
    expect(server.asked).toEqual([]);
  });

  it('passes over all that waited at the time of the loss of a stream that another node has ended, its end included', async () => {
    const { server, fence, kinds } = setUp();
    for (const [verb, n] of [
      ['started', 1],
      ['ready', 2],
      ['ended', 3],
    ] as const)
      server.storeEvent(event(n < 3 ? here : elsewhere, verb, n));
    fence.doubt(12);
    expect(await kinds(waiting)).toEqual(['over', 'over']);
  });

  it('does so also when the events come from the journal long after, in pieces', async () => {
    const { server, fence, kinds, note } = setUp();
    server.storeEvent(event(here, 'started', 1));
    server.storeEvent(event(elsewhere, 'ended', 2));
    fence.doubt(12);
    for (const one of waiting) expect(await kinds([one], note())).toEqual(['over']);
    const next = await kinds([entry(event(here, 'ended', 4), 12)], note());
    expect(next, 'an end that is met alone is looked up alone').toEqual(['over']);
  });

  it('looks a stream up once as long as its events wait together, and again after another loss', async () => {
    const { server, fence, kinds, note } = setUp();
    fence.doubt(12);
    const together = note();
    expect(await kinds([...waiting.slice(0, 1), entry(event(here, 'recovered', 4), 12)], together)).toEqual([
      'send',
      'send',
    ]);
    expect(server.asked).toHaveLength(1);
    server.storeEvent(event(elsewhere, 'ended', 5));
    fence.doubt(20);
    expect(await kinds([entry(event(here, 'stalled', 5), 19)], together)).toEqual(['over']);
  });

  it('does not trust an answer that was asked for before the latest loss', async () => {
    const { server, fence, note, look } = setUp();
    fence.doubt(12);
    server.delayMs = 20;
    const asked = look(note(), waiting[0]);
    fence.doubt(12);
    server.storeEvent(event(elsewhere, 'ended', 3));
    expect((await asked).kind).toBe('over');
  });

  it('leaves alone what was written after the loss', async () => {
    const { server, fence, kinds } = setUp();
    fence.doubt(10);
    expect(await kinds(waiting)).toEqual(['send', 'send']);
    expect(server.asked).toEqual([]);
  });

  it('passes over what is written later of a stream that is known to be over, until its end', async () => {
    const { fence, kinds } = setUp();
    fence.doubt(10);
    fence.close([stream.streamId]);
    expect(await kinds(waiting)).toEqual(['over', 'over']);
    expect(await kinds([entry(event(here, 'started', 1), 13)]), 'nothing is remembered for ever').toEqual(['send']);
  });

  it('takes an end that this process itself had stored for stored', async () => {
    const { server, fence, kinds } = setUp();
    server.storeEvent(event(here, 'ended', 4));
    fence.doubt(12);
    expect(await kinds(waiting.slice(1))).toEqual(['stored']);
  });

  it('has an end that a restart made follow what is stored', async () => {
    const { server, look, note } = setUp();
    server.storeEvent(event(here, 'ready', 7));
    const verdict = await look(note(), entry(event(elsewhere, 'ended', 3, 'node_restart'), 11));
    expect(verdict.kind === 'send' && JSON.parse(verdict.json.toString('utf8'))).toMatchObject({
      sequence: '0000000008',
    });
  });

  it('looks up what an earlier process wrote without being told of a loss', async () => {
    const { server, kinds } = setUp();
    server.storeEvent(event(elsewhere, 'ended', 3));
    expect(await kinds(waiting.map((one) => ({ ...one, own: false })))).toEqual(['over', 'over']);
  });

  it('waits when it cannot be read, and sends where this user may not read', async () => {
    const { server, fence, kinds } = setUp();
    fence.doubt(12);
    server.trouble = () => ({ err_code: 10008, description: 'unavailable' });
    for (const one of waiting) expect(await kinds([one])).toEqual(['unknown']);
    server.trouble = () => natsErrors.denied();
    for (const one of waiting) expect(await kinds([one])).toEqual(['send']);
  });
});
