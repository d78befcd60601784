import { describe, expect, it } from 'vitest';
import { BanTable, banValue, names } from '../../../../src/admission/bans/ban-table.js';
import type { Ban } from '../../../../src/model/ban.js';

const ban = (kind: Ban['kind'], value: string, untilMs = 1000): Ban => ({ kind, value, untilMs, reason: '', by: 't' });

describe('bans in memory', () => {
  it('match by principal, key, address block and name until they are over', () => {
    const table = new BanTable();
    for (const one of [ban('principal', 'anna'), ban('key', 'ABCDEF01'), ban('name', 'live/cam1')]) table.set(one);
    table.set(ban('address', '192.0.2.77/24'));
    table.set(ban('address', '2001:db8::/32'));
    const matched = (subject: object, nowMs = 999) => table.match(subject, nowMs)?.kind;
    expect(matched({ principal: 'anna' })).toBe('principal');
    expect(matched({ keyFingerprint: 'abcdef01' })).toBe('key');
    expect(matched({ name: 'live/cam1' })).toBe('name');
    expect(matched({ address: '192.0.2.1' })).toBe('address');
    expect(matched({ address: '::ffff:192.0.2.1' })).toBe('address');
    expect(matched({ address: '2001:db8:1::1' })).toBe('address');
    expect(matched({ address: '192.0.3.1', principal: 'bert', name: 'live/cam2' })).toBeUndefined();
    expect(matched({ principal: 'anna' }, 1000)).toBeUndefined();
    expect(table.expire(1000).length).toBe(5);
    expect(table.size).toBe(0);
  });

  it('are replaced on the same thing, in whatever form it is written, and removed so too', () => {
    const table = new BanTable();
    table.set(ban('address', '192.0.2.1/24'));
    table.set(ban('address', '192.0.2.2/24', 5000));
    expect([table.size, table.match({ address: '192.0.2.3' }, 2000)?.untilMs]).toEqual([1, 5000]);
    expect(table.remove('address', '::ffff:192.0.2.0/120')).toBe(true);
    expect([table.remove('address', '192.0.2.0/24'), table.match({ address: '192.0.2.3' }, 0)]).toEqual([
      false,
      undefined,
    ]);
  });

  it('take no value that is none of its kind', () => {
    for (const [kind, value] of [
      ['address', 'host'],
      ['key', 'abc'],
      ['principal', ''],
      ['name', 'a\nb'],
      ['principal', 'x'.repeat(1026)],
    ] as const)
      expect([value, banValue(kind, value), new BanTable().set(ban(kind, value))]).toEqual([value, undefined, false]);
  });

  it('keep 100,000, and the oldest goes for the next', () => {
    const table = new BanTable();
    for (let i = 0; i <= 100_000; i++) table.set(ban('principal', `p${i}`));
    expect(table.size).toBe(100_000);
    expect([table.match({ principal: 'p0' }, 0), table.match({ principal: 'p1' }, 0)?.value]).toEqual([
      undefined,
      'p1',
    ]);
  });

  it('name a subject one by one as the table does', () => {
    const subject = { address: '192.0.2.1', keyFingerprint: 'abcdef01', principal: 'anna', name: 'live/cam1' };
    for (const one of [
      ban('address', '192.0.2.0/24'),
      ban('key', 'abcdef01'),
      ban('principal', 'anna'),
      ban('name', 'live/cam1'),
    ]) {
      expect(names(one, subject)).toBe(true);
      expect(names(one, {})).toBe(false);
    }
  });
});
