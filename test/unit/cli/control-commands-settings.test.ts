import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { TestIo } from '../../support/cli/test-io.js';
import { runAgainst } from '../../support/control/cli-run.js';
import { tempDir } from '../../support/temp.js';

const HOLDS = { ok: true, nodeId: 'n1', revision: 'r1', config: { log: { level: 'info' } } };
const CHANGED = { ok: true, revision: 'r2', changed: ['log.level'], restart: ['rtmp.listen'] };

describe('sluice config', () => {
  it('get prints the settings of a running server, or one of them', async () => {
    const all = await runAgainst(() => ({ body: HOLDS }), ['config', 'get']);
    expect([all.stub.asked, JSON.parse(all.out)]).toEqual([['GET /v1/config'], { log: { level: 'info' } }]);
    expect((await runAgainst(() => ({ body: HOLDS }), ['config', 'get', 'log.level'])).out).toBe('info\n');
    expect((await runAgainst(() => ({ body: HOLDS }), ['config', 'get', 'log.nothing'])).code).toBe(2);
    const json = await runAgainst(() => ({ body: HOLDS }), ['config', 'get', '--json']);
    expect(JSON.parse(json.out)).toEqual(HOLDS);
  });

  it('set sends a patch, with values as JSON or text', async () => {
    const args = ['config', 'set', 'log.level=debug', 'log.bufferBytes=65536', '--revision', 'r1', '--reauthorise'];
    const { out, stub } = await runAgainst(() => ({ body: CHANGED }), args);
    expect(out).toBe('changed log.level\nafter a restart: rtmp.listen\n');
    expect(stub.got[0]).toMatchObject({
      ...{ method: 'PATCH', path: '/v1/config?reauthorise=true' },
      body: { log: { level: 'debug', bufferBytes: 65_536 } },
      headers: { 'if-match': '"r1"' },
    });
  });

  it('reload says when nothing has changed', async () => {
    const body = { ok: true, already: true, revision: 'r1', changed: [] };
    const { out, stub } = await runAgainst(() => ({ body }), ['config', 'reload']);
    expect([out, stub.asked]).toEqual(['already so: nothing changed\n', ['POST /v1/config/reload']]);
  });

  it('validate asks a running server about KEY=VALUE', async () => {
    const problems = [{ key: 'log.level', message: 'expected one of debug, info' }];
    const body = { ok: true, valid: false, problems, changed: [] };
    const { code, out } = await runAgainst(() => ({ body }), ['config', 'validate', 'log.level=loud']);
    expect([code, out]).toEqual([2, 'log.level: expected one of debug, info\nnot valid\n']);
  });

  it('validate reads a file as a server would at its start, and asks nobody', async () => {
    const file = join(tempDir('config'), 'sluice.yaml');
    const check = async (text: string) => {
      writeFileSync(file, text);
      const io = new TestIo();
      return { code: await main(['config', 'validate', file], io), out: io.stdout, err: io.stderr };
    };
    expect(await check('log:\n  level: debug\n')).toEqual({ code: 0, out: 'valid\n', err: '' });
    const wrong = await check('log:\n  level: loud\n');
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('log.level is "loud"')]);
  });

  it('still prints what a server would run with', async () => {
    const io = new TestIo();
    expect(await main(['config', '--json'], io)).toBe(0);
    expect(JSON.parse(io.stdout)).toHaveProperty(['rtmp.listen']);
  });
});
