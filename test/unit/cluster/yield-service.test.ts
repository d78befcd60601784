import { describe, expect, it } from 'vitest';
import { principalHash } from '../../../src/cluster/owner-value.js';
import { type YieldRequest, YieldSeal } from '../../../src/cluster/yield-messages.js';
import { SharedRegistry } from '../../support/cluster/memory-registry.js';
import { messageOf, YieldingNode } from '../../support/cluster/yielding-nodes.js';

const SECRET = '0123456789abcdef';

async function holder() {
  const node = new YieldingNode(new SharedRegistry(), 'a', new Map(), { news: new Map(), isPatient: true });
  const { clock } = node;
  await node.win('s1');
  const request = (more: Partial<YieldRequest> = {}): YieldRequest => ({
    ...{
      streamId: 's1',
      holderBoot: node.bootId,
      byNode: 'b',
      byStreamId: 's2',
      principalHash: principalHash('p'),
      address: '::1',
    },
    ...{ conflict: 'resume', isAnonymous: false, isUnauthenticated: false, nonce: 'n1', timeMs: clock.wallMs() },
    ...more,
  });
  const ask = async (body: Uint8Array): Promise<Uint8Array[]> => {
    const answers: Uint8Array[] = [];
    await node.service.take(messageOf(body, (answer) => answers.push(answer)));
    return answers;
  };
  return { node, clock, request, ask, seal: new YieldSeal(SECRET, clock) };
}

describe('a request for a stream', () => {
  it('is answered to nodes of the cluster alone, each one once', async () => {
    const { node, request, ask, seal, clock } = await holder();
    expect(await ask(new YieldSeal('another secret of 16', clock).request(request()))).toEqual([]);
    expect(await ask(Buffer.from('{"text":"{}","mac":"x"}'))).toEqual([]);
    expect(await ask(Buffer.from('nothing'))).toEqual([]);
    const body = seal.request(request());
    const forged = Buffer.from(body.toString('utf8').replace('s1', 's9'));
    expect(await ask(forged)).toEqual([]);
    expect(node.done).toEqual([]);
    const [answer] = await ask(body);
    expect(seal.readReply('n1', answer!)).toMatchObject({ kind: 'moved', revision: 2 });
    expect(seal.readReply('n2', answer!)).toBeUndefined();
    expect(seal.readRequest(answer!)).toBeUndefined();
    expect(await ask(body)).toEqual([]);
    expect([node.done, node.service.counts.forged]).toEqual([['yields s1'], 5]);
  });

  it('counts at the process that was asked alone: sent again, it does not move a stream once more', async () => {
    const { node, request, ask, seal } = await holder();
    expect(await ask(seal.request(request({ holderBoot: 'the one that had the stream before' })))).toEqual([]);
    expect([node.done, node.service.counts.forged]).toEqual([[], 1]);
  });

  it('of a node whose clock is another one moves nothing, and says so', async () => {
    const { node, request, ask, seal, clock } = await holder();
    for (const ms of [-31_000, 31_000]) {
      const nonce = String(ms);
      const [answer] = await ask(seal.request(request({ nonce, timeMs: clock.wallMs() + ms })));
      expect(seal.readReply(nonce, answer!)).toEqual({ kind: 'clock' });
    }
    expect(node.done).toEqual([]);
  });

  it('for a stream that is not here, or whose name the registry does not know, moves nothing', async () => {
    const { request, ask, seal } = await holder();
    const [answer] = await ask(seal.request(request({ streamId: 'other' })));
    expect(seal.readReply('n1', answer!)).toEqual({ kind: 'unknown' });
  });

  it('by a second node is put off while the stream moves', async () => {
    const { request, ask, seal } = await holder();
    await ask(seal.request(request()));
    const [answer] = await ask(seal.request(request({ nonce: 'n2', byNode: 'c' })));
    expect(seal.readReply('n2', answer!)).toEqual({ kind: 'moving' });
  });
});
