import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../../src/core/log.js';
import { NatsLink } from '../../../src/nats/connection.js';
import { LinkRequests } from '../../../src/nats/link-requests.js';
import { NatsWireServer, type Published } from '../../support/nats/wire-server.js';
import { waitFor } from '../../support/wait.js';

/** A client, and a server that answers its requests as the test says. */
async function asking() {
  const wire = await NatsWireServer.open();
  const link = new NatsLink({ urls: [wire.url] }, silentLogger);
  onTestFinished(() => link.close());
  const requests = new LinkRequests(link);
  link.start();
  await waitFor(() => requests.isConnected, { what: 'a connection' });
  const answer = ({ reply }: Published, ...bodies: string[]): void =>
    wire.deliver(
      ...bodies.map((body) => ({
        pattern: `${reply.slice(0, reply.lastIndexOf('.'))}.*`,
        ...{ subject: reply, body: Buffer.from(body) },
      })),
    );
  return { wire, requests, answer };
}

describe('answers that nobody waits for any more', () => {
  it('are told to who asked: the first answer counts, all others are surplus', async () => {
    const { wire, requests, answer } = await asking();
    wire.onPublished = (asked) => answer(asked, 'yes', 'no', 'perhaps');
    const surplus: string[] = [];
    const outcome = await requests.request('ask', Buffer.from('?'), 60_000, undefined, (kind) => surplus.push(kind));
    if (outcome.kind !== 'reply') throw new Error(outcome.kind);
    expect(Buffer.from(outcome.reply.body).toString()).toBe('yes');
    await waitFor(() => surplus.length === 2, { what: 'two more' });
    expect(surplus).toEqual(['second', 'second']);
  });

  it('are late when the time was over before the first', async () => {
    const { wire, requests, answer } = await asking();
    const surplus: string[] = [];
    expect(await requests.request('ask', Buffer.from('?'), 10, undefined, (kind) => surplus.push(kind))).toEqual({
      kind: 'timeout',
    });
    answer(wire.published[0]!, 'yes');
    await waitFor(() => surplus.length === 1, { what: 'the late one' });
    expect(surplus).toEqual(['late']);
  });

  it('are told for the last 1024 requests; a server that answers older ones is not listened to', async () => {
    const { wire, requests, answer } = await asking();
    const surplus: number[] = [];
    wire.onPublished = (asked) => answer(asked, 'yes');
    for (let i = 0; i <= 1024; i++)
      await requests.request('ask', Buffer.from('?'), 60_000, undefined, () => surplus.push(i));
    for (const i of [0, 1, 1024]) answer(wire.published[i]!, 'again');
    await waitFor(() => surplus.includes(1024), { what: 'the newest' });
    expect(surplus).toEqual([1, 1024]);
  });

  it('are dropped when nobody wants to know', async () => {
    const { wire, requests, answer } = await asking();
    wire.onPublished = (asked) => answer(asked, 'yes', 'no');
    expect(await requests.request('ask', Buffer.from('?'), 60_000)).toMatchObject({ kind: 'reply' });
    expect(await requests.request('ask', Buffer.from('?'), 60_000)).toMatchObject({ kind: 'reply' });
  });
});
