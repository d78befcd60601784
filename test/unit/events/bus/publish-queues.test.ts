import { describe, expect, it } from 'vitest';
import { type PublishQueue, PublishQueues } from '../../../../src/events/bus/publish-queues.js';
import type { JournalEntry } from '../../../../src/events/journal/entry.js';

function entry(sequence: number, type = 'io.sluice.stream.data'): JournalEntry {
  return { sequence, wallMs: 0, subject: `s.${sequence}`, id: `k:${sequence}`, type, own: true, json: Buffer.alloc(0) };
}

/** Queues with an event each, in the order of the keys' letters: `aab` makes two events of `a` and one of `b`. */
function queues(keys: string): PublishQueues {
  const all = new PublishQueues();
  for (const [i, key] of [...keys].entries()) all.push(key, entry(i + 1));
  return all;
}

/** Sends everything that may be sent, one after the other. @returns the sequences in the order of sending */
function drain(all: PublishQueues): number[] {
  const sent: number[] = [];
  for (let queue = all.take(); queue !== undefined; queue = all.take()) sent.push(all.settle(queue)!.sequence);
  return sent;
}

describe('publish queues', () => {
  it.each([
    ['a', [1]],
    ['abc', [1, 2, 3]],
    ['aab', [1, 3, 2]],
    ['aaabbb', [1, 4, 2, 5, 3, 6]],
  ])('of %s send in turn, and each in its own order', (keys, order) => {
    const all = queues(keys);
    expect(drain(all)).toEqual(order);
    expect([all.size, all.inFlight, all.passed, all.hasReady]).toEqual([0, 0, order.length, false]);
  });

  it('have one event each on its way at a time', () => {
    const all = queues('aab');
    const [a, b] = [all.take()!, all.take()!];
    expect([a.key, b.key]).toEqual(['a', 'b']);
    expect(all.take()).toBeUndefined();
    expect([all.size, all.inFlight]).toEqual([3, 2]);
    all.settle(b);
    expect(all.take()).toBeUndefined();
    all.settle(a);
    expect(all.take()!.entries[0].sequence).toBe(2);
  });

  it('hold an event that did not get through until they are woken', () => {
    const all = queues('ab');
    const a = all.take()!;
    all.rest(a);
    expect(all.inFlight).toBe(0);
    expect(all.take()!.key).toBe('b');
    expect(all.take()).toBeUndefined();
    all.wake(a);
    expect(all.take()).toBe(a);
    expect(a.entries[0].sequence).toBe(1);
  });

  it('are not woken while they are busy or empty', () => {
    const all = queues('a');
    const a = all.take()!;
    all.wake(a);
    expect(all.hasReady).toBe(false);
    all.settle(a);
    all.wake(a);
    expect(all.take()).toBeUndefined();
  });

  it('forget failures with the event that failed', () => {
    const all = queues('aa');
    const a: PublishQueue = all.take()!;
    Object.assign(a, { tries: 3, refusals: 2 });
    all.settle(a);
    expect([a.tries, a.refusals]).toEqual([0, 0]);
  });

  it('send that the node has stopped when nothing else is left', () => {
    const all = new PublishQueues();
    all.push('node', entry(1, 'io.sluice.node.stopped'));
    all.push('a', entry(2));
    all.push('b', entry(3));
    expect(drain(all)).toEqual([2, 3, 1]);
  });

  it('take new events of a key that was done with', () => {
    const all = queues('a');
    expect(drain(all)).toEqual([1]);
    all.push('a', entry(9));
    expect(drain(all)).toEqual([9]);
  });

  it('keep their order over thousands of events', () => {
    const all = new PublishQueues();
    for (let i = 1; i <= 3000; i++) all.push(`k${i % 7}`, entry(i));
    const byKey = new Map<number, number>();
    const sent = drain(all);
    expect(sent).toHaveLength(3000);
    for (const sequence of sent) {
      expect(sequence).toBeGreaterThan(byKey.get(sequence % 7) ?? 0);
      byKey.set(sequence % 7, sequence);
    }
  });
});
