import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KvBucket } from '../../../src/events/bus/kv.js';
import { Patience } from '../../../src/events/bus/patience.js';
import { FakeJetStream } from '../../support/fake-jetstream.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a bucket', () => {
  it('waits longer once answers have come late, so that writes get through', async () => {
    const server = new FakeJetStream();
    const bucket = new KvBucket('B', new Patience(2000, 5000));
    await bucket.ensure(server.connection, 1, '');
    server.delayMs = 3000;
    const kinds: string[] = [];
    for (let tries = 0; tries < 3; tries++) {
      const written = bucket.put(server.connection, 'k', {});
      await vi.advanceTimersByTimeAsync(3100);
      kinds.push((await written).kind);
    }
    expect(kinds).toEqual(['no_answer', 'ok', 'ok']);
  });
});
