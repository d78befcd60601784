import { describe, expect, it } from 'vitest';
import { NodeAges } from '../../../../src/events/bus/node-ages.js';
import type { NodeState } from '../../../../src/events/event-types.js';
import { AnswerTimeout } from '../../../../src/nats/answer-timeout.js';
import { KvBucket } from '../../../../src/nats/kv-bucket.js';
import { ManualClock } from '../../../support/events-parts.js';
import { FakeJetStream, natsErrors } from '../../../support/fake-jetstream.js';

const LEASE_MS = 15_000;

async function setUp() {
  const server = new FakeJetStream();
  const { connection } = server;
  const bucket = new KvBucket<NodeState>('NODES', new AnswerTimeout(2000, 5000));
  await bucket.ensure(connection, 1, 'heartbeats');
  const clock = new ManualClock();
  const ages = new NodeAges(bucket, clock, LEASE_MS);
  const beat = (more: Partial<NodeState> = {}) =>
    bucket.put(connection, 'n.b', { nodeId: 'n', bootId: 'b', state: 'up', leaseMs: LEASE_MS, ...more } as NodeState);
  const remove = () => bucket.remove(connection, 'n.b');
  return { server, clock, ages, beat, remove, isLost: () => ages.isLost(connection, 'n.b') };
}

describe('whether another process is lost', () => {
  it('is so when its heartbeat is the same for longer than its lease, from the first question on', async () => {
    const { clock, beat, isLost } = await setUp();
    await beat();
    clock.pass(1e6);
    expect(await isLost()).toBe(false);
    clock.pass(LEASE_MS);
    expect(await isLost()).toBe(false);
    clock.pass(1);
    expect(await isLost()).toBe(true);
    await beat();
    expect(await isLost()).toBe(false);
  });

  it('goes by the longer one of two leases', async () => {
    const { clock, beat, isLost } = await setUp();
    await beat({ leaseMs: 2 * LEASE_MS });
    await isLost();
    clock.pass(2 * LEASE_MS);
    expect(await isLost()).toBe(false);
    clock.pass(1);
    expect(await isLost()).toBe(true);
  });

  it('does not go by the time that a heartbeat tells', async () => {
    const { clock, beat, isLost } = await setUp();
    await beat({ time: '1970-01-01T00:00:00.000Z' });
    expect(await isLost()).toBe(false);
    clock.wall += 3_600_000;
    expect(await isLost()).toBe(false);
  });

  it('is so at once when its heartbeat is marked, or was removed', async () => {
    const { beat, remove, isLost } = await setUp();
    await beat({ state: 'lost' });
    expect(await isLost()).toBe(true);
    await beat();
    expect(await isLost()).toBe(false);
    await remove();
    expect(await isLost()).toBe(true);
  });

  it('is so after a lease where there is no trace of it', async () => {
    const { clock, isLost } = await setUp();
    expect(await isLost()).toBe(false);
    clock.pass(LEASE_MS + 1);
    expect(await isLost()).toBe(true);
  });

  it('is not known when the server does not answer, nor from before the connection was lost', async () => {
    const { server, clock, ages, beat, isLost } = await setUp();
    await beat();
    await isLost();
    clock.pass(LEASE_MS + 1);
    server.trouble = () => natsErrors.noResponders();
    expect(await isLost()).toBe(false);
    server.trouble = () => undefined;
    ages.forget();
    expect(await isLost()).toBe(false);
  });
});
