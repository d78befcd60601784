import { describe, expect, it } from 'vitest';
import { type ConflictOutcome, Replacements, settleConflict } from '../../../src/live/conflict.js';
import type { Conflict, Grant } from '../../../src/model/grant.js';

const PLAIN: Grant = { labels: {}, limits: {} };

describe('a name that is held', () => {
  it.each<
    [
      string,
      { suspended?: boolean; holder?: string; newcomer?: string; grant?: Partial<Grant> },
      Conflict | 'auto',
      ConflictOutcome,
    ]
  >([
    ['is kept from a stranger', { grant: { principal: 'bob' }, newcomer: 'bob' }, 'auto', 'busy'],
    ['goes to the same named principal', { grant: { principal: 'ann' } }, 'auto', 'replace'],
    ['is kept from the same key when nobody named a principal', { holder: 'key:1', newcomer: 'key:1' }, 'auto', 'busy'],
    ['goes to the same key where the setting says so', { holder: 'key:1', newcomer: 'key:1' }, 'resume', 'replace'],
    ['never goes to the same address while it is open', { holder: 'peer:::1', newcomer: 'peer:::1' }, 'resume', 'busy'],
    [
      'goes to the same address when its publisher has gone',
      { suspended: true, holder: 'peer:::1', newcomer: 'peer:::1' },
      'auto',
      'resume',
    ],
    ['is kept from a stranger when its publisher has gone', { suspended: true, newcomer: 'bob' }, 'resume', 'busy'],
    [
      'is taken over by a stranger whose grant says so',
      { grant: { conflict: 'takeover' }, newcomer: 'bob' },
      'reject',
      'take_over',
    ],
    ['is taken over also when its publisher has gone', { suspended: true, newcomer: 'bob' }, 'takeover', 'take_over'],
    [
      'goes back to the same principal whose grant rejects others, when its publisher has gone',
      { suspended: true, grant: { conflict: 'reject' } },
      'auto',
      'resume',
    ],
    [
      'is kept from the same principal whose grant rejects',
      { grant: { principal: 'ann', conflict: 'reject' } },
      'resume',
      'busy',
    ],
    [
      'is kept from one that nobody has authorised',
      { grant: { principal: 'ann', isUnauthenticated: true } },
      'resume',
      'busy',
    ],
  ])('%s', (_, { suspended = false, holder = 'ann', newcomer = 'ann', grant = {} }, setting, outcome) => {
    const held = { principal: holder, suspended, replacements: new Replacements() };
    expect(settleConflict(held, { principal: newcomer, grant: { ...PLAIN, ...grant } }, setting, 0)).toBe(outcome);
  });

  it('is replaced three times in a minute, not four: two live encoders with one key do not go on for ever', () => {
    const held = { principal: 'ann', suspended: false, replacements: new Replacements() };
    const at = (ms: number) =>
      settleConflict(held, { principal: 'ann', grant: { ...PLAIN, principal: 'ann' } }, 'auto', ms);
    expect([0, 100, 200, 300, 59_999, 60_000, 60_001].map(at)).toEqual([
      ...['replace', 'replace', 'replace', 'busy', 'busy', 'replace', 'busy'],
    ]);
  });
});
