import { describe, expect, it } from 'vitest';
import { NatsResponder } from '../../../../src/admission/responders/nats.js';
import { systemClock } from '../../../../src/core/clock.js';
import type { NatsOutcome, NatsRequests, SurplusReply } from '../../../../src/nats/requests.js';
import { admissionRequest } from '../../../support/admission/request.js';

/** A responder over a NATS of which each request ends like that, the last one again and again. */
function natsThatAnswers(...outcomes: (NatsOutcome | string)[]) {
  const asked: { subject: string; body: string; timeoutMs: number }[] = [];
  const more: ((kind: SurplusReply) => void)[] = [];
  const requests = {
    request: (...[subject, body, timeoutMs, , surplus]: Parameters<NatsRequests['request']>): Promise<NatsOutcome> => {
      more.push(surplus!);
      const outcome = outcomes[Math.min(asked.length, outcomes.length - 1)]!;
      asked.push({ subject, body: Buffer.from(body).toString(), timeoutMs });
      return Promise.resolve(
        typeof outcome === 'string' ? { kind: 'reply', reply: { body: Buffer.from(outcome), headers: {} } } : outcome,
      );
    },
  } as NatsRequests;
  const options = { prefix: 'sluice.v1', timeoutMs: 2000, actions: ['publish', 'play'] } as const;
  return { responder: new NatsResponder(options, requests, systemClock), asked, more };
}

describe('a responder on NATS', () => {
  it('is asked on the subject of the action, and what it replies counts', async () => {
    const { responder, asked } = natsThatAnswers('{"decision":"deny","code":"NO_PAY","message":"pay first"}');
    const request = admissionRequest({ question: { action: 'play' } });
    expect(await responder.answer(request)).toEqual({ decision: 'deny', code: 'NO_PAY', message: 'pay first' });
    expect(asked).toEqual([{ subject: 'sluice.v1.auth.play', body: request.json(), timeoutMs: 2000 }]);
    expect([responder.asks('connect'), responder.asks('publish')]).toEqual([false, true]);
  });

  it('is asked once more after a moment when nobody subscribes', async () => {
    const { responder, asked } = natsThatAnswers({ kind: 'no_responders' }, '{"decision":"allow"}');
    expect(await responder.answer(admissionRequest())).toEqual({ decision: 'allow' });
    expect(asked).toHaveLength(2);
  });

  it('is asked twice at most', async () => {
    const { responder, asked } = natsThatAnswers({ kind: 'no_responders' });
    expect(await responder.answer(admissionRequest())).toMatchObject({
      decision: 'unavailable',
      kind: 'no_responders',
    });
    expect(asked).toHaveLength(2);
  });

  it.each(['timeout', 'away', 'refused'] as const)('is not asked again after %s', async (kind) => {
    const { responder, asked } = natsThatAnswers({ kind });
    expect(await responder.answer(admissionRequest())).toMatchObject({ decision: 'unavailable', kind });
    expect(asked).toHaveLength(1);
  });

  it('is not asked again when nobody waits any more, or when there is no time', async () => {
    const { responder, asked } = natsThatAnswers({ kind: 'no_responders' });
    await responder.answer(admissionRequest({ question: { isWanted: () => false } }));
    await responder.answer(admissionRequest({ budgetMs: 90 }));
    expect(asked).toHaveLength(2);
    expect(asked[1]?.timeoutMs).toBeLessThanOrEqual(90);
  });

  it('cannot be used when it replies with what is no reply', async () => {
    const { responder } = natsThatAnswers('{"decision":"perhaps"}');
    expect(await responder.answer(admissionRequest())).toMatchObject({ decision: 'invalid', pointer: '/decision' });
  });

  it('tells the chain of answers that come after the first, and too late', async () => {
    const { responder, more } = natsThatAnswers('{"decision":"allow"}');
    const told: unknown[] = [];
    const surplus = (...answer: unknown[]): void => void told.push(answer);
    await responder.answer(admissionRequest({ origin: { surplus } }));
    for (const kind of ['second', 'late'] as const) more[0]!(kind);
    expect(told).toEqual(['second', 'late'].map((kind) => ['nats', '01JREQUEST', kind]));
  });

  it('is unavailable when no NATS is configured', async () => {
    const options = { prefix: 'sluice.v1', timeoutMs: 2000, actions: ['publish'] } as const;
    const responder = new NatsResponder(options, undefined, systemClock);
    expect(await responder.answer(admissionRequest())).toMatchObject({ decision: 'unavailable', kind: 'away' });
  });
});
