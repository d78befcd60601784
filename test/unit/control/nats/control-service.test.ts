import { describe, expect, it } from 'vitest';
import { ControlService } from '../../../../src/control/nats/control-service.js';
import { OPERATIONS } from '../../../../src/control/operations.js';
import { problemOf } from '../../../../src/core/problem.js';
import { FakeBus } from '../../../support/control/fake-requests.js';

/** A service whose operations answer with what they were asked. */
function serviceOn(bus: FakeBus, nodeId: string) {
  const requests = bus.client();
  const service = new ControlService({
    ...{ requests, nodeId, bootId: `boot-of-${nodeId}`, version: '1.0.0', prefix: 'p', http: undefined },
    rtmp: '127.0.0.1:1935',
    clock: { monotonicMs: () => 0, wallMs: () => 0 },
    dispatch: {
      run: async (verb, input, { isForAll }) =>
        Object.hasOwn(OPERATIONS, verb)
          ? { ok: true, answer: { ok: true, nodeId, verb, input: input as never, isForAll: isForAll as never } }
          : { ok: false, problem: problemOf('ERR_CTL_BAD_REQUEST', verb) },
    },
  });
  return { service, requests };
}

async function ask(bus: FakeBus, subject: string, body = '{}') {
  const answers: Record<string, unknown>[] = [];
  const kind = await bus.client().gather(subject, Buffer.from(body), 1000, (reply) => {
    answers.push(JSON.parse(Buffer.from(reply.body).toString()) as Record<string, unknown>);
    return false;
  });
  return { kind, answers };
}

describe('control over NATS', () => {
  it('is answered by every node where all are asked, and by one where one is', async () => {
    const bus = new FakeBus();
    for (const nodeId of ['n1', 'n2', 'n3']) serviceOn(bus, nodeId);
    const all = await ask(bus, 'p.ctl.all.streams.list', '{"app":"live"}');
    expect(all.answers.map(({ nodeId }) => nodeId)).toEqual(['n1', 'n2', 'n3']);
    expect(all.answers[0]).toMatchObject({ verb: 'streams.list', input: { app: 'live' }, isForAll: true });
    expect((await ask(bus, 'p.ctl.n.n2.config.get')).answers).toEqual([
      { ok: true, nodeId: 'n2', verb: 'config.get', input: {} },
    ]);
  });

  it('is answered for a stream while it lives, by its node only', async () => {
    const bus = new FakeBus();
    const { service } = serviceOn(bus, 'n1');
    serviceOn(bus, 'n2');
    service.opened('S1');
    service.opened('S1');
    expect(service.streams).toBe(1);
    const { answers } = await ask(bus, 'p.ctl.s.S1.kick', '{"reason":"r"}');
    expect(answers).toEqual([{ ok: true, nodeId: 'n1', verb: 'kick', input: { reason: 'r', streamId: 'S1' } }]);
    service.ended('S1');
    expect(await ask(bus, 'p.ctl.s.S1.kick')).toEqual({ kind: 'no_responders', answers: [] });
    expect(service.streams).toBe(0);
  });

  it('refuses a verb that does not exist in words', async () => {
    const bus = new FakeBus();
    const { service } = serviceOn(bus, 'n1');
    service.opened('S1');
    for (const subject of ['p.ctl.all.nonsense', 'p.ctl.n.n1.streams', 'p.ctl.s.S1.nonsense'])
      expect((await ask(bus, subject)).answers).toMatchObject([{ code: 'ERR_CTL_BAD_REQUEST' }]);
  });

  it('carries out nothing on a subject where it does not belong, since permissions are by subject', async () => {
    const bus = new FakeBus();
    const { service } = serviceOn(bus, 'n1');
    service.opened('S1');
    const subjects = ['all.drain', 'all.config.set', 'all.bans.add', 'all.kick', 'n.n1.streams.kick', 'n.n1.kick'];
    for (const subject of [...subjects, 's.S1.drain', 's.S1.info'])
      expect((await ask(bus, `p.ctl.${subject}`)).answers).toMatchObject([{ code: 'ERR_CTL_BAD_REQUEST' }]);
  });

  it('is a service with an endpoint for each operation, and counts what was asked', async () => {
    const bus = new FakeBus();
    serviceOn(bus, 'n1');
    await ask(bus, 'p.ctl.all.streams.list');
    const [info] = (await ask(bus, '$SRV.INFO')).answers;
    expect(info).toMatchObject({
      name: 'sluice',
      id: 'boot-of-n1',
      metadata: { nodeId: 'n1', rtmp: '127.0.0.1:1935' },
    });
    const endpoints = info!['endpoints'] as { name: string; subject: string }[];
    expect(endpoints).toContainEqual({
      ...{ name: 'streams-list', subject: 'p.ctl.all.streams.list', queue_group: 'n1' },
      metadata: { schema: 'urn:sluice:operation:streams.list', mutates: 'false' },
    });
    expect(endpoints.map(({ name }) => name)).toContain('node-drain');
    expect(new Set(endpoints.map(({ name }) => name)).size).toBe(endpoints.length);
    const [stats] = (await ask(bus, '$SRV.STATS')).answers;
    const counted = stats!['endpoints'] as { name: string; num_requests: number }[];
    expect(counted.find(({ name }) => name === 'streams-list')?.num_requests).toBe(1);
  });

  it('says which subjects this user may not subscribe to', () => {
    const bus = new FakeBus();
    const { service } = serviceOn(bus, 'n1');
    service.opened('S1');
    expect(service.trouble).toBe('');
    for (const pattern of ['$SRV.PING', 'p.ctl.all.>', 'p.ctl.s.S1.*']) bus.refused.add(pattern);
    expect(service.trouble).toBe('this user may not subscribe to $SRV.>, p.ctl.>, p.ctl.s.*.*');
  });

  it('answers nothing once closed, and takes no streams any more', async () => {
    const bus = new FakeBus();
    const { service } = serviceOn(bus, 'n1');
    service.opened('S1');
    service.close();
    service.opened('S2');
    expect(bus.subscribers.size).toBe(0);
  });
});
