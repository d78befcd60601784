import { expect, it } from 'vitest';
import type { Admission, Question, Verdict } from '../../../src/live/admission.js';
import type { Decided } from '../../../src/traces/span.js';
import { TracedAdmission } from '../../../src/traces/traced-admission.js';

it('an admission that is traced decides as it did, and tells of connects and publishes alone', async () => {
  const told: Decided[] = [];
  const denial: Verdict = { decision: 'deny', code: 'ERR_AUTH_DENIED', message: '', responder: 'rules' };
  const asked = {
    decide: ({ action }: Question) => (action === 'connect' ? denial : Promise.resolve(denial)),
    isNameKey: (app: string) => app === 'keys',
    isBanned: () => true,
    guessed: () => undefined,
  } as Admission;
  let nowMs = 0;
  const traced = new TracedAdmission(
    asked,
    (decided) => told.push(decided),
    () => ++nowMs,
  );
  const question = (action: string, reason = 'start') =>
    traced.decide({ action, reason, facts: { connectionId: 'c1' }, query: 'key=secret' } as never);
  expect(question('connect')).toBe(denial);
  expect(await question('publish')).toBe(denial);
  expect(await question('publish', 'renew')).toBe(denial);
  expect(await question('play')).toBe(denial);
  const common = { connectionId: 'c1', decision: 'deny', code: 'ERR_AUTH_DENIED', responder: 'rules' };
  expect(told).toEqual([
    { ...common, action: 'connect', startMs: 1, endMs: 2 },
    { ...common, action: 'publish', startMs: 3, endMs: 4 },
  ]);
  expect([traced.isNameKey('keys'), traced.isNameKey('live'), traced.isBanned({})]).toEqual([true, false, true]);
});
