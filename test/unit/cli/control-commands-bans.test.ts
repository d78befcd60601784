import { describe, expect, it } from 'vitest';
import { runAgainst } from '../../support/control/cli-run.js';

const BAN = { kind: 'address', value: '192.0.2.0/24', untilMs: 4_000_000_000_000, reason: 'guesses keys', by: 'ops' };

describe('sluice ban', () => {
  it('add sets one for a time, and says until when', async () => {
    const args = ['ban', 'add', 'address', '192.0.2.0/24', '--for', '2h', '--reason', 'guesses keys'];
    const { out, stub } = await runAgainst(() => ({ body: { ok: true, ban: BAN } }), args);
    expect(out).toBe('banned address 192.0.2.0/24 until 2096-10-02T07:06:40.000Z\n');
    expect(stub.got[0]).toMatchObject({
      ...{ method: 'POST', path: '/v1/bans' },
      body: { kind: 'address', value: '192.0.2.0/24', ttlMs: 7_200_000, reason: 'guesses keys' },
    });
  });

  it('ls prints a table, rm lifts one', async () => {
    const { out } = await runAgainst(() => ({ body: { ok: true, bans: [BAN] } }), ['ban', 'ls', '--kind', 'address']);
    expect(out).toMatch(/^KIND .*\naddress {2}192\.0\.2\.0\/24 .* guesses keys {2}ops/);
    const rm = await runAgainst(() => ({ body: { ok: true } }), ['ban', 'rm', 'address', '192.0.2.0/24']);
    expect([rm.out, rm.stub.asked]).toEqual([
      'lifted the ban of address 192.0.2.0/24\n',
      ['DELETE /v1/bans/address/192.0.2.0%2F24'],
    ]);
  });

  it('of a kind that does not exist is a mistake of the command line', async () => {
    const { code, err, stub } = await runAgainst(() => ({ body: {} }), ['ban', 'add', 'adress', '192.0.2.7']);
    expect([code, stub.asked]).toEqual([2, []]);
    expect(err).toContain('did you mean address?');
  });
});
