import { describe, expect, it } from 'vitest';
import { type ConflictOutcome, Replacements, settleConflict } from '../../../src/live/conflict.js';
import type { Grant } from '../../../src/model/grant.js';

const PLAIN: Grant = { labels: {}, conflict: 'reject', limits: {} };

describe('a name that is held', () => {
  interface Case {
    suspended?: boolean;
    holder?: string;
    newcomer?: string;
    from?: string;
    grant?: Partial<Grant>;
  }
  const ann = { principal: 'ann', conflict: 'resume' } as const;
  const address = { holder: 'peer:::1', newcomer: 'peer:::1' };
  const key = { holder: 'key:1', newcomer: 'key:1' };

  it.each<[string, Case, ConflictOutcome]>([
    ['is kept from a stranger', { grant: { principal: 'bob', conflict: 'resume' }, newcomer: 'bob' }, 'busy'],
    ['goes to the same named principal', { grant: ann }, 'replace'],
    ['is kept from the same key where the grant rejects', key, 'busy'],
    ['goes to the same key where the grant says so', { ...key, grant: { conflict: 'resume' } }, 'replace'],
    ['never goes to the same address while it is open', { ...address, grant: { conflict: 'resume' } }, 'busy'],
    ['goes to the same address when its publisher has gone', { ...address, suspended: true }, 'resume'],
    ['is kept from a stranger when its publisher has gone', { suspended: true, newcomer: 'bob' }, 'busy'],
    ['is taken over where the grant says so', { grant: { conflict: 'takeover' }, newcomer: 'bob' }, 'take_over'],
    [
      'is taken over also when its publisher has gone',
      { suspended: true, newcomer: 'bob', grant: { conflict: 'takeover' } },
      'take_over',
    ],
    [
      'goes back to the same principal, whose grant rejects others, when its publisher has gone',
      { suspended: true, grant: { conflict: 'reject' } },
      'resume',
    ],
    ['is kept from the same principal whose grant rejects', { grant: { ...ann, conflict: 'reject' } }, 'busy'],
    ['is kept from one that nobody has authorised', { grant: { ...ann, isUnauthenticated: true } }, 'busy'],
    [
      'goes back to the same address under a rule without a key',
      { suspended: true, grant: { isAnonymous: true } },
      'resume',
    ],
    [
      'is kept from another address under a rule without a key',
      { suspended: true, from: '192.0.2.2', grant: { isAnonymous: true } },
      'busy',
    ],
    ['is kept from one of whom nothing was checked', { grant: { ...ann, isAnonymous: true } }, 'busy'],
  ])('%s', (_, { suspended = false, holder = 'ann', newcomer = 'ann', from = '192.0.2.1', grant = {} }, outcome) => {
    const held = { principal: holder, address: '192.0.2.1', suspended, replacements: new Replacements() };
    const wish = { principal: newcomer, address: from, grant: { ...PLAIN, ...grant } };
    expect(settleConflict(held, wish, 0)).toBe(outcome);
  });

  it('is replaced three times in a minute, not four: two live encoders with one key do not go on for ever', () => {
    const held = { principal: 'ann', address: '::1', suspended: false, replacements: new Replacements() };
    const wish = { principal: 'ann', address: '::2', grant: { ...PLAIN, ...ann } };
    const at = (ms: number) => settleConflict(held, wish, ms);
    expect([0, 100, 200, 300, 59_999, 60_000, 60_001].map(at)).toEqual([
      ...['replace', 'replace', 'replace', 'busy', 'busy', 'replace', 'busy'],
    ]);
  });
});
