import { describe, expect, it } from 'vitest';
import { runAgainst } from '../../support/control/cli-run.js';

const RULES = { name: 'rules', decision: 'allow', why: 'the rule studio', latencyMs: 0.25 };

describe('sluice auth test', () => {
  const args = ['auth', 'test', '--app', 'live', '--name', 'cam1', '--query', '?key=secret'];

  it('prints what every responder says, and the decision', async () => {
    const body = { ok: true, decision: 'allow', responders: [RULES] };
    const { code, out, stub } = await runAgainst(() => ({ body }), args);
    expect(stub.got[0]).toMatchObject({
      ...{ method: 'POST', path: '/v1/auth/test' },
      body: { action: 'publish', app: 'live', name: 'cam1', query: 'key=secret' },
    });
    expect(out).toMatch(/^RESPONDER .*\nrules {6}allow {3}0\.3 {2}the rule studio\n\nallow\n$/);
    expect(code).toBe(0);
  });

  it('ends with 4 when the client would be refused', async () => {
    const body = { ok: true, decision: 'deny', code: 'ERR_AUTH_NO_RULE', message: 'no', responders: [] };
    const { code, out } = await runAgainst(() => ({ body }), args);
    expect([code, out]).toEqual([4, 'no responder is asked: auth.responders is empty\n\ndeny  ERR_AUTH_NO_RULE  no\n']);
  });
});
