import { describe, expect, it } from 'vitest';
import { runAgainst } from '../../support/control/cli-run.js';

const WEBHOOK = {
  ...{
    name: 'billing',
    url: 'https://h.example',
    format: 'srs',
    state: 'failing',
    pending: 4,
    unread: 2,
    delivered: 12,
  },
  ...{ failed: 3, deadLetters: 1, lagMs: 61_000, problem: 'status 500' },
};

describe('sluice webhooks', () => {
  it('lists how each webhook is', async () => {
    const { code, out, stub } = await runAgainst(
      () => ({ body: { ok: true, nodeId: 'n1', webhooks: [WEBHOOK] } }),
      ['webhooks', 'ls'],
    );
    expect(stub.got[0]).toMatchObject({ method: 'GET', path: '/v1/webhooks' });
    const [head, row] = out.split('\n');
    expect(head!.split(/ {2,}/)).toEqual([
      'NAME',
      'STATE',
      'PENDING',
      'DELIVERED',
      'FAILED',
      'DEAD',
      'LAG',
      'FORMAT',
      'URL',
      'PROBLEM',
    ]);
    expect(row!.split(/ {2,}/)).toEqual([
      'billing',
      'failing',
      '6',
      '12',
      '3',
      '1',
      expect.any(String),
      'srs',
      'https://h.example',
      'status 500',
    ]);
    expect(code).toBe(0);
  });

  it('says what a test came to, with 4 when the receiver does not take it', async () => {
    const taken = await runAgainst(
      () => ({ body: { ok: true, taken: true, status: 204, why: 'status 204', latencyMs: 3 } }),
      ['webhooks', 'test', 'billing'],
    );
    expect(taken.stub.got[0]).toMatchObject({ method: 'POST', path: '/v1/webhooks/billing/test' });
    expect([taken.code, taken.out]).toEqual([0, 'billing takes it: status 204, 3 ms\n']);
    const not = await runAgainst(
      () => ({ body: { ok: true, taken: false, why: 'nobody listens there', latencyMs: 1 } }),
      ['webhooks', 'test', 'billing'],
    );
    expect([not.code, not.out]).toEqual([4, 'billing does not take it: nobody listens there, 1 ms\n']);
  });

  it('replays since a time or for a while back, and nothing without', async () => {
    const answer = () => ({ body: { ok: true, events: 7 } });
    const { code, out, stub } = await runAgainst(answer, [
      'webhooks',
      'replay',
      'billing',
      '--since',
      '2026-01-01T00:00:00Z',
    ]);
    expect(stub.got[0]).toMatchObject({
      path: '/v1/webhooks/billing/replay',
      body: { since: '2026-01-01T00:00:00.000Z' },
    });
    expect([code, out]).toEqual([0, 'billing: 7 events since 2026-01-01T00:00:00.000Z are looked at again\n']);
    const back = await runAgainst(answer, ['webhooks', 'replay', 'billing', '--since', '2h']);
    const { since } = (back.stub.got[0] as unknown as { body: { since: string } }).body;
    expect(Math.abs(Date.now() - 7_200_000 - Date.parse(since))).toBeLessThan(60_000);
    for (const args of [[], ['--since', 'yesterday']])
      expect((await runAgainst(answer, ['webhooks', 'replay', 'billing', ...args])).code).toBe(2);
  });
});
