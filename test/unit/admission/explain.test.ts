import { expect, it } from 'vitest';
import { explain } from '../../../src/admission/explain.js';
import { ChainHarness, FakeResponder } from '../../support/admission/chain-harness.js';

const test = {
  action: 'publish',
  app: 'live',
  name: 'cam1',
  query: 'key=CANARY',
  address: '192.0.2.7',
  transport: 'rtmp',
} as const;

it('a test of a question shows every answer and what comes of them, and changes nothing', async () => {
  const quiet = new FakeResponder('quiet', { decision: 'next' });
  quiet.actions = ['play'];
  const responders = [
    new FakeResponder('rules', { decision: 'next', why: 'no rule fits' }),
    quiet,
    new FakeResponder('webhook', async () => ({ decision: 'deny', code: 'NOT_PAID', message: 'pay first' })),
    new FakeResponder('broken', { decision: 'invalid', pointer: '/ttlMs', expected: 'a number' }),
    new FakeResponder('nats', () => Promise.reject(new Error('CANARY'))),
    new FakeResponder('last', { decision: 'allow' }),
  ];
  const harness = new ChainHarness(responders);
  for (let i = 0; i < 20; i++) await explain({ ...test, query: `key=${i}` }, harness.options, harness.deps);
  const told = await explain(test, harness.options, harness.deps);
  expect(told).toMatchObject({
    decision: 'deny',
    code: 'ERR_AUTH_DENIED',
    message: 'pay first',
    responders: [
      { name: 'bans', decision: 'next', why: 'no ban fits' },
      { name: 'rules', decision: 'next', why: 'no rule fits' },
      { name: 'quiet', decision: 'next', why: 'it is not asked about publish' },
      { name: 'webhook', decision: 'deny', why: 'it says NOT_PAID' },
      { name: 'broken', decision: 'invalid', why: 'its reply cannot be used: /ttlMs: a number' },
      { name: 'nats', decision: 'unavailable' },
      { name: 'last', decision: 'allow' },
    ],
  });
  expect(JSON.stringify(told)).not.toContain('CANARY');
  expect([harness.chain.stats.decisions.size, harness.lines, harness.bans.size]).toEqual([0, [], 0]);
  await harness.bans.add({
    kind: 'address',
    value: '192.0.2.7',
    untilMs: harness.clock.wallMs() + 9,
    reason: '',
    by: '',
  });
  expect(await explain(test, harness.options, harness.deps)).toMatchObject({
    code: 'ERR_AUTH_BANNED',
    responders: [{ name: 'bans', decision: 'deny' }, ...responders.map(({ name }) => ({ name }))],
  });
});
