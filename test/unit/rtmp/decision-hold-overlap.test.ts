import { describe, expect, it } from 'vitest';
import type { Asker, OpenRequest } from '../../../src/doors/requests.js';
import { DecisionHold } from '../../../src/rtmp/decision-hold.js';

describe('the hold of a connection', () => {
  /** A hold with two requests, which tells what comes of them. */
  function twoRequests() {
    const told: string[] = [];
    const hold = new DecisionHold({ goOn: () => told.push('goes on'), fail: () => told.push('failed') });
    const askers: Asker<undefined, string>[] = [];
    for (const name of ['one', 'two'])
      hold.until(
        (asker: Asker<undefined, string>): OpenRequest => {
          askers.push(asker);
          return { withdraw: (reason) => void told.push(`${name} withdrawn: ${reason}`) };
        },
        () => told.push(`${name} decided`),
      );
    return { hold, told, askers };
  }

  it('is on until the last request is decided or has failed', () => {
    const { hold, told, askers } = twoRequests();
    askers[0]!.answered({ accept: true, run: undefined });
    expect(hold.on).toBe(true);
    askers[1]!.failed(new Error('no'));
    expect(hold.on).toBe(false);
    expect(told).toEqual(['one decided', 'goes on', 'failed']);
  });

  it('withdraws every request that is not decided', () => {
    const { hold, told, askers } = twoRequests();
    askers[0]!.answered({ accept: true, run: undefined });
    hold.withdraw('client_closed', 'client_closed');
    expect(told).toEqual(['one decided', 'goes on', 'two withdrawn: client_closed']);
    expect(hold.on).toBe(false);
  });
});
