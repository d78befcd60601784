import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { shownSettings } from '../../../src/config/describe.js';
import { loadConfig } from '../../../src/config/load.js';
import { TestIo } from '../../support/cli/test-io.js';
import { runAgainst } from '../../support/control/cli-run.js';
import { tempDir } from '../../support/temp.js';

const SHOWN = shownSettings(loadConfig());
/** The answer of a server, as it makes it. */
const HOLDS = { ok: true, nodeId: 'n1', revision: 'r1', config: SHOWN };
const CHANGED = { ok: true, revision: 'r2', changed: ['log.level'], restart: ['rtmp.listen'] };

describe('sluice config', () => {
  it('get prints the settings of a running server, or one of them', async () => {
    const all = await runAgainst(() => ({ body: HOLDS }), ['config', 'get']);
    expect([all.stub.asked, JSON.parse(all.out)]).toEqual([['GET /v1/config'], SHOWN]);
    expect((await runAgainst(() => ({ body: HOLDS }), ['config', 'get', 'log.level'])).out).toBe('info\n');
    expect((await runAgainst(() => ({ body: HOLDS }), ['config', 'get', 'log.nothing'])).code).toBe(2);
    const group = await runAgainst(() => ({ body: HOLDS }), ['config', 'get', 'publish']);
    expect(JSON.parse(group.out)).toMatchObject({ 'publish.conflict': { value: 'auto', reload: 'new' } });
    const json = await runAgainst(() => ({ body: HOLDS }), ['config', 'get', '--json']);
    expect(JSON.parse(json.out)).toEqual(HOLDS);
  });

  it('set sends a patch, with values as JSON or text', async () => {
    const args = ['config', 'set', 'log.level=debug', 'log.bufferBytes=65536', '--revision', 'r1', '--reauthorise'];
    const { out, stub } = await runAgainst(() => ({ body: CHANGED }), args);
    expect(out).toBe('changed log.level\nafter a restart: rtmp.listen\n');
    expect(stub.got[0]).toMatchObject({
      ...{ method: 'PATCH', path: '/v1/config?reauthorise=true' },
      body: { 'log.level': 'debug', 'log.bufferBytes': 65_536 },
      headers: { 'if-match': '"r1"' },
    });
  });

  it.each(['auth.webhook.secret=hunter2', 'auth={"webhook":{"secret":"hunter2"}}', 'http.tokens=[]'])(
    'set takes no secret, which others could read on the command line: %s',
    async (assignment) => {
      const { code, err, stub } = await runAgainst(() => ({ body: CHANGED }), ['config', 'set', assignment]);
      expect([code, stub.asked]).toEqual([2, []]);
      expect(err).toContain('ERR_CONFIG_SECRET_IN_FLAG');
      expect(err).not.toContain('hunter2');
    },
  );

  it('set takes a secret back, and a group that holds none', async () => {
    const args = ['config', 'set', 'auth.webhook.secret=null', 'auth={"budgetMs":100}', '__proto__.x=1'];
    const { code, stub } = await runAgainst(() => ({ body: CHANGED }), args);
    expect(code).toBe(0);
    const body = { 'auth.webhook.secret': null, auth: { budgetMs: 100 }, '__proto__.x': 1 };
    expect(stub.got[0]).toMatchObject({ body });
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
