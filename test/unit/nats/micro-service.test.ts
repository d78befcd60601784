import { describe, expect, it } from 'vitest';
import { problemOf } from '../../../src/core/problem.js';
import { MicroService } from '../../../src/nats/micro-service.js';
import { FakeBus } from '../../support/control/fake-requests.js';

const FACTS = {
  ...{ name: 'sluice', id: 'B1', version: '1.2.3', description: 'text' },
  metadata: { nodeId: 'n1', bootId: 'B1', rtmp: '127.0.0.1:1935' },
};
const ENDPOINT = {
  name: 'streams-list',
  subject: 'p.ctl.all.streams.list',
  queueGroup: 'n1',
  metadata: { mutates: 'false' },
};

function serviceOn(bus: FakeBus, id = 'B1') {
  return new MicroService({ ...FACTS, id }, [ENDPOINT], bus.client(), Date.UTC(2026, 0, 1));
}

async function ask(bus: FakeBus, subject: string): Promise<unknown[]> {
  const answers: unknown[] = [];
  await bus.client().gather(subject, Buffer.alloc(0), 1000, ({ body }) => {
    answers.push(JSON.parse(Buffer.from(body).toString()));
    return false;
  });
  return answers;
}

describe('a NATS service', () => {
  it('answers PING and INFO on the three subjects of ADR-32', async () => {
    const bus = new FakeBus();
    serviceOn(bus);
    const common = { name: 'sluice', id: 'B1', version: '1.2.3', metadata: FACTS.metadata };
    for (const subject of ['$SRV.PING', '$SRV.PING.sluice', '$SRV.PING.sluice.B1'])
      expect(await ask(bus, subject)).toEqual([{ type: 'io.nats.micro.v1.ping_response', ...common }]);
    expect(await ask(bus, '$SRV.INFO.sluice')).toEqual([
      {
        ...{ type: 'io.nats.micro.v1.info_response', ...common, description: 'text' },
        endpoints: [
          {
            ...{ name: 'streams-list', subject: 'p.ctl.all.streams.list', queue_group: 'n1' },
            metadata: { mutates: 'false' },
          },
        ],
      },
    ]);
  });

  it('answers for every instance, or for the one whose id is asked for', async () => {
    const bus = new FakeBus();
    serviceOn(bus, 'B1');
    serviceOn(bus, 'B2');
    expect(await ask(bus, '$SRV.PING.sluice')).toHaveLength(2);
    expect(await ask(bus, '$SRV.PING.sluice.B2')).toMatchObject([{ id: 'B2' }]);
    expect(await ask(bus, '$SRV.PING.other')).toEqual([]);
  });

  it('counts requests, refusals and time by endpoint for STATS, times in ns', async () => {
    const bus = new FakeBus();
    const service = serviceOn(bus);
    service.count('streams-list', 1.5, undefined);
    service.count('streams-list', 0.5, problemOf('ERR_CTL_BAD_REQUEST', 'text'));
    service.count('of-nobody', 1, undefined);
    expect(await ask(bus, '$SRV.STATS.sluice')).toMatchObject([
      {
        ...{ type: 'io.nats.micro.v1.stats_response', started: '2026-01-01T00:00:00.000Z' },
        endpoints: [
          {
            ...{ name: 'streams-list', num_requests: 2, num_errors: 1, last_error: '400:ERR_CTL_BAD_REQUEST: text' },
            ...{ processing_time: 2_000_000, average_processing_time: 1_000_000 },
          },
        ],
      },
    ]);
  });

  it('says when this user may not be asked, and answers nothing once closed', async () => {
    const bus = new FakeBus();
    const service = serviceOn(bus);
    expect(service.isRefused).toBe(false);
    bus.refused.add('$SRV.INFO');
    expect(service.isRefused).toBe(true);
    service.close();
    expect(await ask(bus, '$SRV.PING')).toEqual([]);
  });
});
