import { describe, expect, it } from 'vitest';
import { type Stored, violations } from '../../../support/faults/checker.js';
import type { LedgerLine } from '../../../support/faults/node-under-test.js';

/** A whole session as it should be stored. */
function whole(): Stored[] {
  const verbs = ['started', 'ready', 'updated', 'ended'];
  return verbs.map((verb, i) => {
    const id = verb === 'ended' ? 's:end' : `s:${i + 1}`;
    return {
      position: i + 1,
      subject: `sluice.v1.evt.live.cam.s.stream.${verb}.${verb === 'ended' ? 'end' : i + 1}`,
      msgId: id,
      event: { id, type: `io.sluice.stream.${verb}`, sequence: i + 1, streamid: 's', data: {} },
    };
  });
}

const told: LedgerLine[] = [
  { t: 'asked', id: 's' },
  { t: 'started', id: 's' },
];

describe('the checker of the fault suite', () => {
  it('finds nothing wrong with a whole session', () => {
    expect(violations(whole(), [told])).toEqual([]);
  });

  const broken: [string, (stored: Stored[]) => Stored[], readonly LedgerLine[], RegExp][] = [
    ['a lost event', (s) => s.filter((_, i) => i !== 1), told, /position 1 holds sequence 3/],
    ['a lost start', (s) => s.slice(1), told, /0 starts are stored/],
    ['a lost end', (s) => s.slice(0, 3), told, /0 ends are stored/],
    ['a lost session', () => [], told, /0 starts are stored/],
    ['an event stored twice', (s) => [...s.slice(0, 2), s[1], ...s.slice(2)], told, /stored 2 times/],
    ['two events in the wrong order', (s) => [s[0], s[2], s[1], s[3]], told, /position 1 holds sequence 3/],
    ['an event behind the end', (s) => [s[0], s[1], s[3], s[2]], told, /something follows its end/],
    ['an event of a refused publish', (s) => s, [{ t: 'refused', id: 's' }], /refused, yet it has 4 events/],
    [
      'a start without an end where nobody heard the answer',
      (s) => s.slice(0, 3),
      [{ t: 'asked', id: 's' }],
      /1 starts and 0 ends/,
    ],
    ['a session that nobody asked for', (s) => s, [], /nobody asked for it/],
    ['an id that is not the message id', (s) => s.map((m) => ({ ...m, msgId: 'x' })), told, /Nats-Msg-Id is x/],
  ];

  it.each(broken)('finds %s', (_name, damage, ledger, says) => {
    expect(violations(damage(whole()), [ledger]).join('\n')).toMatch(says);
  });
});
