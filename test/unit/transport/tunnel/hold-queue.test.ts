import { describe, expect, it } from 'vitest';
import { HoldQueue } from '../../../../src/transport/tunnel/hold-queue.js';
import { waitFor } from '../../../support/wait.js';

describe('HoldQueue', () => {
  it('calls each once, in order, none before its time', async () => {
    const hold = new HoldQueue(10, () => performance.now());
    const beganMs = performance.now();
    const called: { name: string; atMs: number }[] = [];
    const add = (name: string): void => hold.add(() => called.push({ name, atMs: performance.now() - beganMs }));
    add('a');
    add('b');
    await waitFor(() => called.length === 2);
    add('c');
    await waitFor(() => called.length === 3);
    expect(called.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(called[0].atMs).toBeGreaterThanOrEqual(8);
    expect(called[2].atMs).toBeGreaterThanOrEqual(called[1].atMs + 8);
  });

  it('calls nothing after it was stopped', async () => {
    const hold = new HoldQueue(1, () => performance.now());
    let called = 0;
    hold.add(() => called++);
    hold.stop();
    const other = new HoldQueue(5, () => performance.now());
    await new Promise<void>((resolve) => other.add(resolve));
    expect(called).toBe(0);
  });
});
