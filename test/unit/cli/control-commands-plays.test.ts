import { describe, expect, it } from 'vitest';
import { runAgainst } from '../../support/control/cli-run.js';

const PLAY = {
  ...{ playId: 'P1', connectionId: 'C1', app: 'live', name: 'cam1', streamId: 'S1', client: 'VLC' },
  ...{ peer: { address: '192.0.2.7', port: 5000 }, startedAt: new Date().toISOString() },
};

describe('sluice plays', () => {
  it('ls prints a table of those that flags select', async () => {
    const body = { ok: true, nodeId: 'n1', plays: [PLAY] };
    const { code, out, stub } = await runAgainst(() => ({ body }), ['plays', 'ls', '--stream', 'S1']);
    expect(code).toBe(0);
    expect(stub.asked).toEqual(['GET /v1/plays?streamId=S1&limit=1000']);
    expect(out).toMatch(/^PLAY .*\nP1 {4}live\/cam1 .*192\.0\.2\.7:5000 {2}VLC .*n1/);
  });

  it('kick ends one by its id, or those that flags select', async () => {
    const body = { ok: true, nodeId: 'n1', matched: 1, kicked: ['P1'] };
    const one = await runAgainst(() => ({ body }), ['plays', 'kick', 'P1', '--reason', 'r']);
    expect([one.out, one.stub.asked]).toEqual(['kicked P1\n', ['POST /v1/plays/P1/kick']]);
    const some = await runAgainst(() => ({ body }), ['plays', 'kick', '--ip', '192.0.2.7']);
    expect([some.out, some.stub.asked]).toEqual(['kicked 1\n', ['POST /v1/plays/kick', 'POST /v1/plays/kick']]);
  });
});
