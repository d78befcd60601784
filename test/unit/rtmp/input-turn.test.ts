import { describe, expect, it, vi } from 'vitest';
import { InputTurn, LoopShare } from '../../../src/rtmp/input-turn.js';
import { ListenerHarness } from '../../support/rtmp/listener-harness.js';

/** A clock that stands until work moves it, and what was done in which turn of the loop. */
function bench() {
  const time = { ms: 1000 };
  const share = new LoopShare(() => time.ms);
  const turns: string[][] = [[]];
  const work = (name: string, costMs: number) => (): void => {
    turns[turns.length - 1].push(name);
    time.ms += costMs;
  };
  const passTurn = async (): Promise<void> => {
    turns.push([]);
    await new Promise((next) => setImmediate(next));
  };
  return { time, share, turns, work, passTurn };
}

describe('what all connections do in one turn of the loop', () => {
  it('is done at once while there is time, and in order in later turns when there is none', async () => {
    const { share, turns, work, passTurn } = bench();
    for (const name of ['a', 'b', 'c', 'd', 'e']) share.run(work(name, 4));
    expect(turns).toEqual([['a', 'b']]);
    for (let n = 0; n < 3; n++) await passTurn();
    // The turn that was used up ends without more work.
    expect(turns).toEqual([['a', 'b'], [], ['c', 'd'], ['e']]);
  });

  it('does not let who comes later go before who waits', async () => {
    const { share, turns, work, passTurn } = bench();
    share.run(work('long', 8));
    share.run(work('waits', 1));
    await passTurn();
    share.run(work('late', 1));
    await passTurn();
    expect(turns).toEqual([['long'], [], ['waits', 'late']]);
  });

  it('begins anew with each turn, whatever the one before has taken', async () => {
    const { share, turns, work, passTurn } = bench();
    share.run(work('a', 100));
    await passTurn();
    share.run(work('b', 100));
    expect(turns).toEqual([['a'], ['b']]);
  });

  it('is nobody else’s loss: work that is put off again waits behind the others', async () => {
    const { share, turns, work, passTurn } = bench();
    const greedy = (): void => {
      work('greedy', 8)();
      share.later(greedy);
    };
    share.later(greedy);
    share.later(work('modest', 1));
    for (let n = 0; n < 4; n++) await passTurn();
    // The turn in which they were put off had its work.
    expect(turns).toEqual([[], [], ['greedy'], ['modest', 'greedy'], ['greedy']]);
  });
});

describe('the turn of one connection', () => {
  it('is over when its time is, and goes on in a later turn', async () => {
    const { time, share, passTurn } = bench();
    let calls = 0;
    const turn = new InputTurn(
      () => time.ms,
      share,
      () => calls++,
    );
    expect(turn.begin(false)).toBe(true);
    time.ms += 7.9;
    expect(turn.over()).toBe(false);
    time.ms += 0.1;
    expect(turn.over()).toBe(true);
    // It asks again before it is called back: that is one wait.
    expect(turn.over()).toBe(true);
    expect(turn.begin(false)).toBe(false);
    await passTurn();
    await passTurn();
    expect(calls).toBe(1);
    expect(turn.over()).toBe(false);
    time.ms += 8;
    expect(turn.over()).toBe(true);
  });

  it('does not begin when others have taken the turn of the loop', async () => {
    const { time, share, work, passTurn } = bench();
    let calls = 0;
    const turn: InputTurn = new InputTurn(
      () => time.ms,
      share,
      () => calls++,
    );
    share.run(work('others', 8));
    expect(turn.begin(false)).toBe(false);
    expect(calls).toBe(0);
    await passTurn();
    await passTurn();
    expect(calls).toBe(1);
    expect(turn.begin(false)).toBe(true);
  });

  it('begins for a publisher whatever others have taken, and is bounded all the same', () => {
    const { time, share, work } = bench();
    const turn = new InputTurn(
      () => time.ms,
      share,
      () => {},
    );
    share.run(work('others', 8));
    expect(turn.begin(true)).toBe(true);
    time.ms += 8;
    expect(turn.over()).toBe(true);
    expect(turn.begin(true)).toBe(false);
  });
});

describe('a client that publishes and closes many times in one read', () => {
  it('has no more of a turn of the loop than others, though each publish is decided at once', async () => {
    const harness = await ListenerHarness.open();
    const client = await harness.client();
    const id = await client.createStream();
    const ask = harness.ask.bind(harness);
    let turn = 0;
    let counts = true;
    const count = (): void => {
      turn++;
      if (counts) setImmediate(count);
    };
    setImmediate(count);
    const turns: number[] = [];
    vi.spyOn(harness, 'ask').mockImplementation((asked) => {
      turns.push(turn);
      harness.nowMs += 3;
      // As the fact side does: in the same turn, but not within the question.
      void Promise.resolve().then(() => ask(asked));
    });
    client.socket.cork();
    for (let n = 0; n < 20; n++) {
      client.command(id, 'publish', 0, null, `n${n}`);
      client.command(id, 'closeStream', 0, null);
    }
    client.socket.uncork();
    await harness.until(() => harness.publishEnds.length === 20, 'all of them');
    counts = false;
    const most = Math.max(...turns.map((one) => turns.filter((other) => other === one).length));
    expect([turns.length, most]).toEqual([20, 3]);
    await harness.close();
  });
});
