import { describe, expect, it } from 'vitest';
import { Members } from '../../../../src/events/bus/members.js';
import type { NodeState } from '../../../../src/events/event-types.js';
import { AnswerTimeout } from '../../../../src/nats/answer-timeout.js';
import { KvBucket } from '../../../../src/nats/kv-bucket.js';
import type { NatsMessage } from '../../../../src/nats/requests.js';
import { ManualClock } from '../../../support/events-parts.js';
import { FakeJetStream, natsErrors } from '../../../support/fake-jetstream.js';

const EVERY_MS = 30_000;

async function setUp(random = () => 0.5) {
  const server = new FakeJetStream();
  const nodes = new KvBucket<NodeState>('NODES', new AnswerTimeout(50, 100));
  await nodes.ensure(server.connection, 1, '');
  const clock = new ManualClock();
  let take: ((message: NatsMessage) => void) | undefined;
  const heard: string[] = [];
  const requests = {
    subscribe: (subject: string, _queue: string | undefined, taking: (message: NatsMessage) => void) => {
      heard.push(subject);
      take = taking;
      return { isRefused: false, close: () => undefined };
    },
  };
  const members = new Members({ nodes, requests, clock, prefix: 'sluice.v1', everyMs: EVERY_MS, random });
  members.start();
  const lists = () => server.asked.filter((subject) => subject.includes('STREAM.INFO.KV_NODES')).length;
  return {
    ...{ server, clock, members, heard, lists },
    write: (key: string) => server.write('NODES', key, { state: 'up' }),
    refresh: () => members.refresh(server.connection),
    tell: (subject: string) => take?.({ subject } as NatsMessage),
    known: () => [...members.after('own.b')].sort(),
  };
}

describe('the list of processes', () => {
  it('is read at once and then from time to time, not by all nodes together', async () => {
    let random = 0;
    const { clock, refresh, lists } = await setUp(() => random);
    const before = lists();
    await refresh();
    clock.pass(0.8 * EVERY_MS - 1);
    await refresh();
    expect(lists() - before).toBe(1);
    random = 1;
    clock.pass(1);
    await refresh();
    clock.pass(1.2 * EVERY_MS - 1);
    await refresh();
    expect(lists() - before).toBe(2);
    clock.pass(1);
    await refresh();
    expect(lists() - before).toBe(3);
  });

  it('has who says that it has come, and loses who says that it has gone', async () => {
    const { members, heard, write, refresh, tell, known } = await setUp();
    const joined: string[] = [];
    members.onJoined = (key) => joined.push(key);
    write('a.1');
    await refresh();
    tell('sluice.v1.ring.b.1.joined');
    tell('sluice.v1.ring.a.1.left');
    tell('sluice.v1.ring.c.1.something');
    expect(heard).toEqual(['sluice.v1.ring.*.*.*']);
    expect(known()).toEqual(['b.1']);
    expect(joined).toEqual(['b.1']);
  });

  it('is made right by the next read: who was missed comes, who has no key goes', async () => {
    const { clock, write, refresh, tell, known } = await setUp();
    await refresh();
    tell('sluice.v1.ring.forged.1.joined');
    write('old.1');
    expect(known()).toEqual(['forged.1']);
    clock.pass(EVERY_MS);
    await refresh();
    expect(known()).toEqual(['old.1']);
  });

  it('is read at once after the connection was lost', async () => {
    const { members, write, refresh, known } = await setUp();
    await refresh();
    write('a.1');
    members.forget();
    await refresh();
    expect(known()).toEqual(['a.1']);
  });

  it('leaves out a key without a heartbeat until the next read, or until its process is back', async () => {
    const { clock, members, write, refresh, tell, known } = await setUp();
    for (const key of ['a.1', 'b.1']) write(key);
    await refresh();
    members.gone('a.1');
    members.gone('b.1');
    expect(known()).toEqual([]);
    tell('sluice.v1.ring.a.1.joined');
    expect(known()).toEqual(['a.1']);
    clock.pass(EVERY_MS);
    await refresh();
    expect(known()).toEqual(['a.1', 'b.1']);
  });

  it('says that it could not be read, and is tried again', async () => {
    const { server, refresh, write, known } = await setUp();
    write('a.1');
    server.trouble = () => natsErrors.noResponders();
    expect(await refresh()).toBe(false);
    server.trouble = () => undefined;
    expect(await refresh()).toBe(true);
    expect(known()).toEqual(['a.1']);
  });

  it('takes no more from messages than ten thousand', async () => {
    const { tell, known } = await setUp();
    for (let i = 0; i < 10_050; i++) tell(`sluice.v1.ring.n${i}.b.joined`);
    expect(known()).toHaveLength(10_000);
  });

  it('knows the processes of one node', async () => {
    const { members, write, refresh } = await setUp();
    for (const key of ['a.1', 'a.2', 'ab.1']) write(key);
    await refresh();
    expect(members.ofNode('a')).toEqual(['a.1', 'a.2']);
  });
});
