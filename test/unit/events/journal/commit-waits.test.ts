import { describe, expect, it } from 'vitest';
import { CommitWaits } from '../../../../src/events/journal/commit-waits.js';

describe('waiting for a commit', () => {
  it('ends with the commit of that event for all who wait, and at once for one that is committed', async () => {
    const waits = new CommitWaits();
    const done: string[] = [];
    const wait = (who: string, sequence: number, isOpen: boolean) =>
      waits.until(sequence, isOpen).then(() => void done.push(who));
    const all = [wait('a', 3, true), wait('b', 3, true), wait('c', 4, true), wait('d', 2, false)];
    await all[3];
    expect(done).toEqual(['d']);
    waits.settled(5);
    waits.settled(3);
    await Promise.all(all.slice(0, 2));
    expect(done).toEqual(['d', 'a', 'b']);
    waits.settled(4);
    await all[2];
    expect(done).toEqual(['d', 'a', 'b', 'c']);
  });
});
