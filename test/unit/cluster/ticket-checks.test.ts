import { describe, expect, it } from 'vitest';
import { TICKET_CHECK, TicketChecks } from '../../../src/cluster/ticket-checks.js';
import type { NatsMessage, NatsOutcome } from '../../../src/nats/requests.js';
import { messageOf } from '../../support/cluster/yielding-nodes.js';

const QUESTIONS = [
  { template: 'record', token: 5, isNew: true },
  { template: 'record', token: 4, isNew: false },
];

/** Two nodes of which one asks and the other has every stream; what goes between them can be changed on its way. */
function nodes(secret = '0123456789abcdef') {
  const world = {
    subjects: [] as string[],
    there: (body: Uint8Array): Uint8Array => body,
    back: (body: Uint8Array): Uint8Array => body,
    bodies: [] as Buffer[],
    told: new Map<string, (message: NatsMessage) => void>(),
  };
  const request = async (subject: string, body: Uint8Array): Promise<NatsOutcome> => {
    world.subjects.push(subject);
    const answers: Uint8Array[] = [];
    owner.take(messageOf(world.there(body), (answer) => answers.push(world.back(answer))));
    world.bodies.push(...answers.map((answer) => Buffer.from(answer)));
    return answers[0] === undefined ? { kind: 'timeout' } : { kind: 'reply', reply: { body: answers[0], headers: {} } };
  };
  const requests = {
    request,
    subscribe: (subject: string, _queue: string | undefined, take: (message: NatsMessage) => void) => {
      world.told.set(subject, take);
      return { isRefused: false, close: () => void world.told.delete(subject) };
    },
  };
  const signal = (tokens: readonly string[]): void =>
    world.told.get(['p', ...tokens].join('.'))?.(messageOf(Buffer.alloc(0), () => {}));
  const asker = new TicketChecks({ prefix: 'p', secret: '0123456789abcdef', requests, signal });
  const owner = new TicketChecks({ prefix: 'p', secret, requests, signal });
  owner.jobs = {
    verdictsOn: (streamId, tickets) =>
      streamId === 's1' ? tickets.map(({ token }) => (token === 5 ? 'holds' : 'ERR_JOB_FENCED')) : undefined,
  };
  return { world, asker, owner };
}

describe('a question about tickets', () => {
  it('is answered by the node that has the stream, on a subject of the stream', async () => {
    const { world, asker } = nodes();
    expect(await asker.ask('s1', QUESTIONS)).toEqual(['holds', 'ERR_JOB_FENCED']);
    expect(world.subjects).toEqual([`p.ctl.s.s1.${TICKET_CHECK}`]);
    expect(await asker.ask('s2', QUESTIONS)).toBeUndefined();
  });

  it('is not answered when it is of no node of the cluster, or was changed', async () => {
    expect(await nodes('another secret of 16').asker.ask('s1', QUESTIONS)).toBeUndefined();
    const { world, asker } = nodes();
    world.there = (body) => Buffer.from(Buffer.from(body).toString('utf8').replace(':4', ':5'));
    expect(await asker.ask('s1', QUESTIONS)).toBeUndefined();
    expect(world.bodies).toEqual([]);
  });

  it('takes no answer that was changed, and none to another question', async () => {
    const { world, asker } = nodes();
    world.back = (body) => Buffer.from(Buffer.from(body).toString('utf8').replace('ERR_JOB_FENCED', 'holds'));
    expect(await asker.ask('s1', QUESTIONS)).toBeUndefined();
    world.back = (body) => body;
    await asker.ask('s1', QUESTIONS);
    world.back = () => world.bodies[1]!;
    expect(await asker.ask('s1', QUESTIONS)).toBeUndefined();
  });
});

it('that a ticket was issued is told to the nodes that listen for its stream', () => {
  const { asker, owner } = nodes();
  const told: string[] = [];
  const stop = asker.listen('s1', () => told.push('s1'));
  owner.tell('s1');
  owner.tell('s2');
  stop();
  owner.tell('s1');
  expect(told).toEqual(['s1']);
});
