import { describe, expect, it } from 'vitest';
import { LostNode } from '../../../../src/events/bus/lost-node.js';
import type { OwnerEntry } from '../../../../src/events/bus/stream-owners.js';
import { streamEvent } from '../../../../src/events/envelope.js';
import type { StreamState } from '../../../../src/events/event-types.js';
import { AnswerTimeout } from '../../../../src/nats/answer-timeout.js';
import { KvBucket } from '../../../../src/nats/kv-bucket.js';
import { FakeJetStream } from '../../../support/fake-jetstream.js';

const streamId = '01ARZ3NDEKTSV4RRFFQ69G5FA0';
const lostBoot = { nodeId: 'gone', bootId: 'b1' };
const otherBoot = { nodeId: 'here', bootId: 'b2' };
const KEY = 'live.cam';

/**
 * A node that is lost, and one stream.
 *
 * @param of who started it, and whom `SLUICE_STREAMS` and the registry name; undefined: they have nothing
 */
async function setUp(of: { started: object; shown?: object; owner?: OwnerEntry; registry?: boolean }) {
  const server = new FakeJetStream();
  server.streams.set('SLUICE_EVENTS', []);
  const answerTimeout = new AnswerTimeout(50, 100);
  const { connection } = server;
  const streams = new KvBucket<StreamState>('STREAMS', answerTimeout);
  const owners = new KvBucket<OwnerEntry>('OWNERS', answerTimeout);
  await streams.ensure(connection, 1, '');
  if (of.registry !== false) await owners.ensure(connection, 1, '');
  const stream = { streamId, app: 'live', name: 'cam', connectionId: 'c', ...(of.started as typeof lostBoot) };
  const data = { ...stream, peer: { address: '::1', port: 1 }, transport: 'rtmp' as const };
  server.storeEvent(streamEvent({ prefix: 'sluice.v1', ...otherBoot }, stream, 'io.sluice.stream.started', 1, 0, data));
  const state = { state: 'ready', seq: 1, startedAt: '2026-01-01T00:00:00.000Z', transport: 'rtmp', tracks: [] };
  if (of.shown !== undefined) server.write('STREAMS', KEY, { ...stream, ...state, ...of.shown });
  if (of.owner !== undefined) server.write('OWNERS', KEY, { streamId, state: 'live', ...of.owner });
  const emitter = { prefix: 'sluice.v1', nodeId: 'reaper', bootId: 'b3' };
  const deps = { streams, emitter, stream: 'SLUICE_EVENTS', answerTimeout, owners };
  const lost = new LostNode({ ...lostBoot, time: '2026-01-02T03:00:00.000Z' }, connection, deps);
  const ends = () => server.events.slice(1).map(({ event }) => event);
  return { server, lost, ends, owner: () => server.values('OWNERS')[KEY] };
}

describe('a stream that has moved', () => {
  it('away from the lost node goes on, and is still shown', async () => {
    const { server, lost, ends } = await setUp({ started: lostBoot, shown: lostBoot, owner: otherBoot });
    expect(await lost.endStreams()).toBe(0);
    expect(ends()).toEqual([]);
    expect(server.values('STREAMS')).toHaveProperty([KEY]);
  });

  it('to the lost node is ended, whoever started it and whatever is shown', async () => {
    for (const shown of [undefined, otherBoot, lostBoot]) {
      const { lost, ends } = await setUp({
        started: otherBoot,
        owner: lostBoot,
        ...(shown === undefined ? {} : { shown }),
      });
      expect(await lost.endStreams()).toBe(1);
      expect(ends()).toMatchObject([{ streamid: streamId, data: { reason: 'node_lost', ...lostBoot } }]);
    }
  });

  it('to the lost node is ended where only SLUICE_STREAMS says so', async () => {
    const { lost, ends } = await setUp({ started: otherBoot, shown: lostBoot });
    expect(await lost.endStreams()).toBe(1);
    expect(ends()).toMatchObject([{ data: lostBoot }]);
  });

  it('has a move that was not finished stopped before it is ended', async () => {
    const { lost, ends, owner } = await setUp({ started: lostBoot, owner: { ...lostBoot, state: 'moving' } });
    expect(await lost.endStreams()).toBe(1);
    expect(owner()).toMatchObject({ state: 'released', streamId });
    expect(ends()).toHaveLength(1);
  });

  it('goes on when its move is finished while it is being stopped', async () => {
    const { server, lost, ends } = await setUp({ started: lostBoot, owner: { ...lostBoot, state: 'moving' } });
    let isOver = false;
    server.trouble = (subject) => {
      if (subject === `$KV.OWNERS.${KEY}` && !isOver) {
        isOver = true;
        server.write('OWNERS', KEY, { streamId, state: 'live', ...otherBoot });
      }
      return undefined;
    };
    expect(await lost.endStreams()).toBe(0);
    expect(ends()).toEqual([]);
  });
});

describe('a stream of a lost node', () => {
  it('leaves its name free once it has its end, and what was claimed meanwhile alone', async () => {
    const { lost, owner } = await setUp({ started: lostBoot, owner: lostBoot });
    expect(await lost.endStreams()).toBe(1);
    expect(owner()).toMatchObject({ state: 'released', streamId, ...lostBoot });
    const other = await setUp({ started: lostBoot, owner: { ...otherBoot, streamId: 'another' } });
    expect(await other.lost.endStreams()).toBe(1);
    expect(other.owner()).toMatchObject({ state: 'live', streamId: 'another', ...otherBoot });
  });

  it.each([
    ['the registry names another stream', { owner: { ...otherBoot, streamId: 'another' } }],
    ['the registry has released the name', { owner: { ...lostBoot, state: 'released' } }],
    ['the registry does not know the name', {}],
    ['there is no registry', { registry: false }],
  ])('is ended by what its start says when %s', async (_name, more) => {
    const { lost, ends } = await setUp({ started: lostBoot, ...more });
    expect(await lost.endStreams()).toBe(1);
    expect(ends()).toHaveLength(1);
    const other = await setUp({ started: otherBoot, ...more });
    expect(await other.lost.endStreams()).toBe(0);
    expect(other.ends()).toEqual([]);
  });

  it('is not ended while the registry does not answer', async () => {
    const { server, lost, ends } = await setUp({ started: lostBoot, owner: lostBoot });
    server.trouble = (subject) =>
      subject.includes('KV_OWNERS') ? { err_code: 10008, description: 'temporarily unavailable' } : undefined;
    expect(await lost.endStreams()).toBeUndefined();
    expect(ends()).toEqual([]);
  });

  it('of which there is no registry asks for it once', async () => {
    const { server, lost } = await setUp({ started: lostBoot, shown: lostBoot, registry: false });
    await lost.endStreams();
    expect(server.asked.filter((subject) => subject.includes('KV_OWNERS'))).toHaveLength(1);
  });
});
