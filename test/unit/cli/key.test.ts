import { createHash, scryptSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { TestIo } from '../../support/cli/test-io.js';

async function run(args: string[], secret = '') {
  const io = new TestIo({ secret });
  return { code: await main(['key', ...args], io), out: io.stdout, err: io.stderr };
}

describe('sluice key new', () => {
  it('prints a key of 128 bits and its SHA-256, another one each time', async () => {
    const [first, second] = [await run(['new']), await run(['new'])];
    const [, key = '', sha256] = /^key {5}([\w-]{22})\nsha256 {2}([0-9a-f]{64})\n$/.exec(first.out) ?? [];
    expect(sha256).toBe(createHash('sha256').update(key).digest('hex'));
    expect(second.out).not.toBe(first.out);
  });

  it('prints both as JSON', async () => {
    const { code, out } = await run(['new', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({ key: expect.any(String), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });
});

describe('sluice key hash', () => {
  it('prints the scrypt hash of the password that comes on standard input, salted', async () => {
    const [first, second] = [await run(['hash'], 'geheim7'), await run(['hash'], 'geheim7')];
    const [, salt = '', hash] = /^scrypt {2}scrypt:([\w-]+):([\w-]{43})\n$/.exec(first.out) ?? [];
    const made = scryptSync('geheim7', Buffer.from(salt, 'base64url'), 32, { N: 16_384, r: 8, p: 1 });
    expect(hash).toBe(made.toString('base64url'));
    expect(second.out).not.toBe(first.out);
    expect(first.out + first.err).not.toContain('geheim7');
  });

  it('refuses a password that everybody tries first', async () => {
    const { code, err } = await run(['hash'], 'Change-Me');
    expect(code).toBe(2);
    expect(err).toContain('everybody tries first');
  });

  it('takes no password as an argument, and does not repeat it', async () => {
    const { code, err } = await run(['hash', 'geheim7']);
    expect(code).toBe(2);
    expect(err).not.toContain('geheim7');
  });
});

describe('sluice key', () => {
  it('knows no other word', async () => {
    const { code, err } = await run(['old']);
    expect(code).toBe(2);
    expect(err).toContain('expected key new or key hash');
  });
});
