import { afterEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../../src/core/log.js';
import type { Dispatcher } from '../../../../src/jobs/dispatch/dispatcher.js';
import { DispatchService, dispatchSubject } from '../../../../src/jobs/nats/dispatch-service.js';
import { FakeBus } from '../../../support/control/fake-requests.js';
import { JobsWorld } from '../../../support/jobs/jobs-world.js';
import { seeded } from '../../../support/random.js';

const A = '01JZ8Z3K6YQ4Q0V5N7W2T9B1CA';
const VERBS = ['lease', 'beat', 'done'] as const;
type Asked = Pick<Dispatcher, (typeof VERBS)[number] | 'drain'>;

const worlds: JobsWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

function serve(dispatcher: Asked, bus = new FakeBus()) {
  const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
  const log = createLogger({ level: 'silent' });
  const service = new DispatchService({
    ...{ dispatcher, requests: bus.client(), prefix: 'p', runnerId: 'r1', bootId: 'B1', version: '1.2.3', clock, log },
  });
  return { bus, service };
}

async function world(): Promise<{ readonly world: JobsWorld; readonly dispatcher: Dispatcher }> {
  const made = new JobsWorld();
  worlds.push(made);
  made.template({ name: 'record', run: { worker: {} } });
  const { dispatcher } = await made.start();
  return { world: made, dispatcher };
}

/** Sends a text and waits for the answer, however long it takes. */
async function ask(bus: FakeBus, verb: (typeof VERBS)[number], text: string) {
  return new Promise<{ body: Record<string, unknown>; headers: Readonly<Record<string, string>> }>((resolve) => {
    const [taker] = bus.takersOf(dispatchSubject('p', verb));
    taker?.take({
      subject: dispatchSubject('p', verb),
      body: Buffer.from(text, 'utf8'),
      headers: {},
      wantsReply: true,
      reply: (body, headers = {}) => {
        resolve({ body: JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>, headers });
        return true;
      },
    });
  });
}

describe('the service for workers', () => {
  it('answers lease, beat and done, as one of its queue group', async () => {
    const { world: streams, dispatcher } = await world();
    const { bus, service } = serve(dispatcher);
    serve(dispatcher, bus);
    await streams.ready(A, 'cam');
    const { body: job } = await ask(bus, 'lease', '{"worker":"w1","templates":["record"],"waitMs":10000}');
    expect(job).toMatchObject({ ok: true, jobId: `${A}/record`, attempt: 1 });
    const { jobId, token } = job;
    expect((await ask(bus, 'beat', JSON.stringify({ jobId, token, progress: { fps: 25 } }))).body).toEqual({
      ...{ ok: true, state: 'running' },
    });
    expect((await ask(bus, 'done', JSON.stringify({ jobId, token, outcome: 'succeeded' }))).body).toEqual({ ok: true });
    const late = await ask(bus, 'beat', JSON.stringify({ jobId, token }));
    expect(late.body).toMatchObject({ code: 'ERR_JOB_FENCED', status: 409 });
    expect(late.headers).toMatchObject({ 'Nats-Service-Error-Code': '409' });
    expect(bus.takersOf(dispatchSubject('p', 'lease'))).toHaveLength(1);
    service.drain();
    expect(bus.takersOf(dispatchSubject('p', 'beat'))).toHaveLength(1);
  });

  it('describes itself as NATS services do', async () => {
    const { bus } = serve((await world()).dispatcher);
    const found: unknown[] = [];
    await bus.client().gather('$SRV.INFO.sluice-jobs', Buffer.alloc(0), 1000, ({ body }) => {
      found.push(JSON.parse(Buffer.from(body).toString()));
      return false;
    });
    expect(found).toMatchObject([{ name: 'sluice-jobs', endpoints: VERBS.map((name) => ({ name })) }]);
  });

  it.each([
    ['lease', '', '/worker'],
    ['lease', '[]', ''],
    ['lease', '{', ''],
    ['lease', '{"worker":"a.b","templates":["record"]}', '/worker'],
    ['lease', '{"worker":"w","templates":[]}', '/templates'],
    ['lease', `{"worker":"w","templates":[${'"a",'.repeat(64)}"a"]}`, '/templates'],
    ['lease', '{"worker":"w","templates":["A>"]}', '/templates/0'],
    ['lease', '{"worker":"w","templates":["a"],"waitMs":30001}', '/waitMs'],
    ['lease', '{"worker":"w","templates":["a"],"waitMs":1.5}', '/waitMs'],
    ['lease', '{"worker":"w","templates":["a"],"labels":{"a":1}}', '/labels/a'],
    ['lease', '{"worker":"w","templates":["a"],"__proto__":{}}', ''],
    ['lease', '{"worker":"w","templates":["a"],"slots":1}', '/slots'],
    ['beat', '{"jobId":"a/b"}', '/token'],
    ['beat', '{"jobId":"a/b","token":0}', '/token'],
    ['beat', '{"jobId":"a/b","token":1,"progress":{"frame":"1"}}', '/progress/frame'],
    ['beat', '{"jobId":"a/b","token":1,"progress":{"eta":1}}', '/progress/eta'],
    ['done', '{"jobId":"a/b","token":1}', '/outcome'],
    ['done', '{"jobId":"a/b","token":1,"outcome":"lost"}', '/outcome'],
    ['done', '{"jobId":"a/b","token":1,"outcome":"failed","exit":256}', '/exit'],
    ['done', `{"jobId":"a/b","token":1,"outcome":"failed","reason":"${'x'.repeat(4097)}"}`, '/reason'],
  ] as const)('refuses %s %s, and says where', async (verb, text, pointer) => {
    const { bus } = serve((await world()).dispatcher);
    const { body } = await ask(bus, verb, text);
    expect(body).toMatchObject({ code: 'ERR_CTL_BAD_REQUEST', status: 400, errors: expect.any(Array) });
    expect((body['errors'] as { pointer: string }[]).map((error) => error.pointer)).toContain(pointer);
  });

  it('answers any body with an answer or a problem, and changes no job for one that is wrong', async () => {
    const { world: streams, dispatcher } = await world();
    const { bus } = serve(dispatcher);
    await streams.ready(A, 'cam');
    const job = await dispatcher.lease({ worker: 'w1', templates: ['record'], labels: {}, waitMs: 10_000 });
    const writes = streams.jobs.writes.length;
    const seed = 20_261_126;
    const random = seeded(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const values = [null, true, -1, 0, 1e308, '', 'x', 'a/b', '\u0000', '*.>', [], {}, ['record'], { a: { b: [[]] } }];
    const keys = ['worker', 'templates', 'labels', 'waitMs', 'jobId', 'token', 'progress', 'outcome', 'reason', 'exit'];
    for (let round = 0; round < 3000; round++) {
      const members = Array.from({ length: Math.floor(random() * 6) }, () => [pick(keys), pick(values)]);
      let text = JSON.stringify(Object.fromEntries(members));
      if (random() < 0.2) text = text.slice(0, Math.floor(random() * text.length));
      if (random() < 0.05) text = `${text.slice(0, -1)},"${'y'.repeat(70_000)}":1}`;
      const verb = pick(VERBS);
      const { body } = await ask(bus, verb, text);
      const isAnswer = body['ok'] === true && verb === 'lease' && body['jobId'] === null;
      const what = `seed ${seed}, round ${round}: ${verb} ${text.slice(0, 200)}`;
      expect(isAnswer || ['ERR_CTL_BAD_REQUEST', 'ERR_JOB_FENCED'].includes(String(body['code'])), what).toBe(true);
      expect(JSON.stringify(body).length, what).toBeLessThan(20_000);
    }
    expect(streams.jobs.writes).toHaveLength(writes);
    expect(job.jobId).toBe(`${A}/record`);
  });

  it('refuses what comes while too much is being answered, and is there again after that', async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow: Asked = {
      lease: async () => ({ ok: true, jobId: null }),
      beat: async () => {
        await held;
        return { ok: true, state: 'running' };
      },
      done: async () => ({ ok: true }),
      drain: () => {},
    };
    const { bus } = serve(slow);
    const beat = '{"jobId":"a/b","token":1}';
    const answers = Array.from({ length: 512 }, () => ask(bus, 'beat', beat));
    expect((await ask(bus, 'beat', beat)).body).toMatchObject({ code: 'ERR_JOB_BUSY', status: 429 });
    release();
    expect((await Promise.all(answers)).every(({ body }) => body['ok'] === true)).toBe(true);
    expect((await ask(bus, 'beat', beat)).body).toMatchObject({ ok: true });
  });
});
