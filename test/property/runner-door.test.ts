import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import { RunnerDoor } from '../../src/jobs/nats/runner-door.js';
import { logTo } from '../support/admission/chain-harness.js';
import { FakeBus } from '../support/control/fake-requests.js';
import { LogInMemory } from '../support/jobs/log-in-memory.js';

const SEED = 20_261_126;
const CANARY = 'CANARY-of-a-caller';
const JOB = '01JZ8Z3K6YQ4Q0V5N7W2T9B1CD/record';
const MOST_ANSWER_BYTES = 65_536;

const value = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 0, 1e308, 2 ** 53, '', CANARY, JOB, '../x', '*', '\ud800', [], {}),
  fc.double(),
  fc.record({ file: fc.integer(), offset: fc.integer() }),
  fc.array(fc.constant(CANARY), { maxLength: 40 }),
);
const members = fc.constantFrom('jobId', 'attempt', 'place', 'waitMs', 'deadlineMs', CANARY, '__proto__', '');
const body = fc.oneof(
  { weight: 3, arbitrary: fc.dictionary(members, value, { maxKeys: 6 }).map((each) => JSON.stringify(each)) },
  { weight: 1, arbitrary: fc.string({ maxLength: 200 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('[', '['.repeat(20_000), '{"jobId":', 'null', '0', `"${CANARY}"`, ' '.repeat(70_000)),
  },
);
const verbs = fc.constantFrom('info', 'drain', 'logs', 'logs', 'other', '__proto__', '*', '>');

describe('the door of a runner, asked anything', () => {
  it('answers each request once, shortly, without the words of the caller, and tells no defect', async () => {
    const bus = new FakeBus();
    const lines: string[] = [];
    const log = logTo(lines);
    const logs = new LogInMemory(JOB);
    logs.print('here\n');
    logs.end();
    const door = new RunnerDoor({
      ...{ requests: bus.client(), prefix: 'sluice.v1', runnerId: 'r1', logs, clock: systemClock, log },
      progressOf: () => undefined,
      info: () => ({ runnerId: 'r1' }),
      drain: () => false,
    });
    const client = bus.client();
    await fc.assert(
      fc.asyncProperty(verbs, body, async (verb, text) => {
        const answers: string[] = [];
        await client.gather(`sluice.v1.ctl.r.r1.${verb}`, Buffer.from(text), 1000, ({ body: bytes }) => {
          answers.push(Buffer.from(bytes).toString());
          return false;
        });
        expect(answers).toHaveLength(1);
        expect(Buffer.byteLength(answers[0]!)).toBeLessThan(MOST_ANSWER_BYTES);
        const answer = JSON.parse(answers[0]!) as { ok?: boolean; code?: string };
        expect(answer.ok === true || /^ERR_(?:CTL_BAD_REQUEST|JOB_LOG_LOST)$/.test(answer.code ?? '')).toBe(true);
        if (answer.ok !== true) expect(answers[0]!.replaceAll(`/${CANARY}`, '')).not.toContain(CANARY);
      }),
      { seed: SEED, numRuns: 500 },
    );
    door.close();
    expect(lines.filter((line) => line.includes('ERR_INTERNAL'))).toEqual([]);
  });
});
