import { describe, expect, it } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { TestIo } from '../../support/cli/test-io.js';

async function completion(shell: string) {
  const io = new TestIo();
  return { code: await main(['completion', shell], io), out: io.stdout, err: io.stderr };
}

describe('sluice completion', () => {
  it.each(['bash', 'zsh', 'fish'])('prints a script for %s that names commands, flags and settings', async (shell) => {
    const { code, out } = await completion(shell);
    expect(code).toBe(0);
    for (const word of ['doctor', 'token-file', 'limits.maxConnections', 'silent']) expect(out).toContain(word);
    expect(out).not.toContain('undefined');
  });

  it('says which shells there are', async () => {
    const { code, err } = await completion('tcsh');
    expect(code).toBe(2);
    expect(err).toContain('bash, zsh or fish was expected');
  });
});
