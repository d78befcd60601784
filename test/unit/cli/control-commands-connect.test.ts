import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { TestIo } from '../../support/cli/test-io.js';
import { runAgainst } from '../../support/control/cli-run.js';
import { tempDir } from '../../support/temp.js';

const answer = () => ({ body: { ok: true, nodeId: 'n1', streams: [] } });

describe('where a command of control asks', () => {
  it('is a server over HTTP, with the token of the environment or of a file', async () => {
    const none = await runAgainst(answer, ['ls']);
    expect(none.stub.got[0]?.headers.authorization).toBeUndefined();
    const fromEnvironment = await runAgainst(answer, ['ls'], { SLUICE_HTTP_TOKEN: 'token-of-env' });
    expect(fromEnvironment.stub.got[0]?.headers.authorization).toBe('Bearer token-of-env');
    const file = join(tempDir('token'), 'token');
    writeFileSync(file, 'token-of-file\n');
    const fromFile = await runAgainst(answer, ['ls', '--token-file', file], { SLUICE_HTTP_TOKEN: 'token-of-env' });
    expect(fromFile.stub.got[0]?.headers.authorization).toBe('Bearer token-of-file');
  });

  it('is told when it cannot be asked, with the address and exit code 3', async () => {
    const io = new TestIo();
    const { stub } = await runAgainst(answer, ['ls']);
    expect(await main(['ls', '--http', `http://127.0.0.1:${stub.port}`], io)).toBe(3);
    expect(io.stderr).toContain(`http://127.0.0.1:${stub.port}: ECONNREFUSED`);
    expect(io.stderr).toContain('code: ERR_CTL_SERVER_UNREACHABLE');
  });

  it('is one place: both flags, a file without a token and an address that is none are mistakes', async () => {
    const file = join(tempDir('token'), 'token');
    writeFileSync(file, 'two words');
    for (const args of [
      ['ls', '--http', '127.0.0.1:1', '--nats', 'nats://127.0.0.1:1'],
      ['ls', '--token-file', file],
      ['ls', '--token-file', `${file}-missing`],
      ['ls', '--http', 'nowhere'],
    ])
      expect([args, await main(args, new TestIo())]).toEqual([args, 2]);
  });

  it('is a NATS server that cannot be reached: exit code 3', async () => {
    const io = new TestIo();
    expect(await main(['ls', '--nats', 'nats://127.0.0.1:1'], io)).toBe(3);
    expect(io.stderr).toContain('nats://127.0.0.1:1');
  });
});
