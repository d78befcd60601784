import { describe, expect, it } from 'vitest';
import { Drain } from '../../../src/server/drain.js';

const BUSY = { streams: 1, plays: 2, relays: 0, journalPending: 3 };
const IDLE = { streams: 0, plays: 0, relays: 0, journalPending: 3 };
const NOTHING = { logs: false, tells: false, ends: false };

/** A drain of 100 s that began at 1,000 ms. */
function draining(): Drain {
  const drain = new Drain();
  drain.begin(100_000, 4000, 1000);
  return drain;
}

describe('Drain', () => {
  it('has nothing to do while nobody asked for it', () => {
    const drain = new Drain();
    expect([drain.look(BUSY, 0), drain.state, drain.cancel()]).toEqual([NOTHING, 'serving', false]);
  });

  it('ends as soon as nothing runs any more, whatever waits in the journal', () => {
    const drain = draining();
    expect(drain.look(BUSY, 1000).ends).toBe(false);
    expect(drain.look(IDLE, 1250).ends).toBe(true);
    expect(drain.state).toBe('ending');
  });

  it('waits for streams, for players and for relays', () => {
    for (const kind of ['streams', 'plays', 'relays'])
      expect(draining().look({ ...IDLE, [kind]: 1 }, 2000).ends).toBe(false);
  });

  it('ends the rest in time for the process to have stopped at the deadline', () => {
    const drain = draining();
    expect(drain.deadlineMs).toBe(101_000);
    expect(drain.look(BUSY, 96_999).ends).toBe(false);
    expect(drain.look(BUSY, 97_000).ends).toBe(true);
  });

  it('keeps a fifth of a short drain for the end of the rest', () => {
    const drain = new Drain();
    drain.begin(5000, 4000, 0);
    expect([drain.look(BUSY, 3999).ends, drain.look(BUSY, 4000).ends]).toEqual([false, true]);
  });

  it('ends at once with a deadline of 0', () => {
    const drain = new Drain();
    drain.begin(0, 4000, 0);
    expect(drain.look(BUSY, 0).ends).toBe(true);
  });

  it('ends once', () => {
    const drain = draining();
    expect([drain.look(IDLE, 2000), drain.look(IDLE, 3000)]).toEqual([
      expect.objectContaining({ ends: true }),
      NOTHING,
    ]);
  });

  it('shows its progress every second, and tells it every ten', () => {
    const drain = draining();
    const due = { logs: 0, tells: 0 };
    for (let ms = 1000; ms < 61_000; ms += 250) {
      const { logs, tells } = drain.look(BUSY, ms);
      due.logs += logs ? 1 : 0;
      due.tells += tells ? 1 : 0;
    }
    expect(due).toEqual({ logs: 60, tells: 5 });
  });

  it('takes another deadline while it lasts, and says that it had begun', () => {
    const drain = draining();
    expect(drain.begin(10_000, 4000, 50_000)).toBe(false);
    expect(drain.deadlineMs).toBe(60_000);
    expect([drain.look(BUSY, 57_999).ends, drain.look(BUSY, 58_000).ends]).toEqual([false, true]);
  });

  it('can be taken back while it lasts, and begin anew', () => {
    const drain = draining();
    expect([drain.cancel(), drain.state, drain.look(IDLE, 2000)]).toEqual([true, 'serving', NOTHING]);
    expect([drain.begin(1000, 4000, 3000), drain.state]).toEqual([true, 'draining']);
  });

  it('cannot be taken back, nor begin, once the rest is being ended', () => {
    const drain = draining();
    drain.look(BUSY, 200_000);
    expect(() => drain.cancel()).toThrow(expect.objectContaining({ code: 'ERR_CTL_CONFLICT' }));
    expect(() => drain.begin(1000, 4000, 200_000)).toThrow(expect.objectContaining({ code: 'ERR_CTL_CONFLICT' }));
    const stopped = new Drain();
    stopped.end();
    expect(() => stopped.cancel()).toThrow(expect.objectContaining({ code: 'ERR_CTL_CONFLICT' }));
  });
});
