import { describe, expect, it } from 'vitest';
import { problemOf } from '../../../src/core/problem.js';
import { runAgainst } from '../../support/control/cli-run.js';

const STATE = { deadlineAt: '2026-01-01T00:05:00.000Z', streams: 2, plays: 3, journalPending: 4 };
const NODE = {
  ...{ nodeId: 'n1', bootId: 'B1', version: '1.0.0', rtmp: '127.0.0.1:1935' },
  events: { openStreams: 2, busState: 'ready' },
};

describe('sluice nodes', () => {
  it('prints a table of this node, or of all through it', async () => {
    const one = await runAgainst(() => ({ body: { ok: true, nodeId: 'n1', nodes: [NODE] } }), ['nodes']);
    expect(one.stub.asked).toEqual(['GET /v1/nodes']);
    expect(one.out).toMatch(/^NODE .*\nn1 {4}up {5}1\.0\.0 {4}127\.0\.0\.1:1935 +2 {2}ready {2}B1\n$/);
    const items = [{ ...NODE, drain: STATE }];
    const all = await runAgainst(
      () => ({ body: { ok: true, items, partial: false, missing: [] } }),
      ['nodes', '--cluster'],
    );
    expect(all.stub.asked).toEqual(['GET /v1/nodes?scope=cluster']);
    expect(all.out).toContain('draining');
  });
});

describe('sluice drain', () => {
  it('begins with a deadline, and undrain takes it back', async () => {
    const { out, stub } = await runAgainst(() => ({ body: { ok: true, ...STATE } }), ['drain', '--deadline', '5m']);
    expect(out).toBe('drains until 2026-01-01T00:05:00.000Z\n');
    expect(stub.got[0]).toMatchObject({ path: '/v1/node/drain', body: { deadlineMs: 300_000 } });
    const undrain = await runAgainst(() => ({ body: { ok: true } }), ['undrain']);
    expect([undrain.out, undrain.stub.asked]).toEqual(['takes work again\n', ['POST /v1/node/undrain']]);
  });

  it('shows with --wait what is left until the node has stopped', async () => {
    let looks = 0;
    const { code, err } = await runAgainst(
      ({ method }) => {
        if (method === 'POST') return { body: { ok: true, ...STATE } };
        looks += 1;
        // What stands in the way of a node that has gone answers without a word of Sluice.
        return looks === 1 ? { body: { ...NODE, ok: true, drain: STATE } } : { status: 502, text: '' };
      },
      ['drain', '--wait'],
    );
    expect([code, err]).toEqual([
      0,
      'draining  2 streams, 3 plays, 4 events to send, until 2026-01-01T00:05:00.000Z\nthe node has stopped\n',
    ]);
  });

  it('ends with 4 when somebody takes it back meanwhile', async () => {
    const { code, err } = await runAgainst(
      ({ method }) => ({ body: { ok: true, ...(method === 'POST' ? STATE : NODE) } }),
      ['drain', '--wait'],
    );
    expect([code, err]).toEqual([4, 'sluice: the drain was taken back\n']);
  });

  it('ends with the refusal when it may not', async () => {
    const body = problemOf('ERR_CTL_FORBIDDEN', 'admin', { scope: 'admin' });
    const { code } = await runAgainst(() => ({ status: 403, body }), ['drain', '--wait']);
    expect(code).toBe(4);
  });
});
