import { describe, expect, it } from 'vitest';
import { type News, OF, settle } from '../../support/cluster/claiming-node.js';
import { SharedRegistry } from '../../support/cluster/memory-registry.js';
import { movedStream, type Way, YieldingNode } from '../../support/cluster/yielding-nodes.js';

/** Two nodes; the first has the name with the stream s1. */
async function pair(way?: () => Way) {
  const shared = new SharedRegistry();
  const nodes = new Map<string, YieldingNode>();
  const news: News = new Map();
  const a = new YieldingNode(shared, 'a', nodes, { news, way, isPatient: true });
  const b = new YieldingNode(shared, 'b', nodes, { news, way });
  expect(await a.win('s1')).toMatchObject({ kind: 'won', epoch: { revision: 1 } });
  return { shared, a, b };
}

const states = (shared: SharedRegistry) =>
  shared.log.map(({ value }) => `${value.state} ${value.nodeId} ${value.streamId}`);

describe('a name that is handed over', () => {
  it('is moving, and then of the node that takes its stream: one owner, and a higher epoch', async () => {
    const { shared, a, b } = await pair();
    const won = await b.win('s2', { conflict: 'resume' });
    expect(won).toMatchObject({ kind: 'moved', epoch: { revision: 3 }, stream: movedStream('s1') });
    await settle();
    expect(states(shared)).toEqual(['live a s1', 'moving a s1', 'live b s1']);
    expect(shared.of(OF).value).toMatchObject({ principalHash: shared.log[0]!.value.principalHash });
    expect([a.done, b.done]).toEqual([['yields s1', 'gone s1'], ['announced s1']]);
    expect([a.claims.owned, b.claims.owned]).toEqual([0, 1]);
    // Whatever the first node tells of it from now on writes nothing.
    a.claims.release('s1');
    await settle();
    expect(shared.log).toHaveLength(3);
    b.claims.release('s1');
    await settle();
    expect(states(shared).at(-1)).toBe('released b s1');
  });

  it('goes to the same publish once more where the answer was lost', async () => {
    const ways: Way[] = ['answer lost', 'there and back'];
    const { shared, a, b } = await pair(() => ways.shift() ?? 'there and back');
    expect(await b.win('s2')).toMatchObject({ kind: 'moved' });
    await settle();
    expect(states(shared)).toEqual(['live a s1', 'moving a s1', 'live b s1']);
    expect(a.done).toEqual(['yields s1', 'gone s1']);
  });

  it('is taken back when nobody takes it in three seconds, and may be handed over again', async () => {
    let way: Way = 'answer lost';
    const { shared, a, b } = await pair(() => way);
    let asked = 0;
    const gone = b.win('s2', { isWanted: () => asked++ < 1 });
    expect(await gone).toMatchObject({ kind: 'refused' });
    expect(shared.of(OF).value?.state).toBe('moving');
    await a.pass(2999);
    expect(shared.of(OF).value?.state).toBe('moving');
    await a.pass(1);
    expect(states(shared)).toEqual(['live a s1', 'moving a s1', 'live a s1']);
    expect(a.done).toEqual(['yields s1', 'back s1']);
    expect(a.service.counts).toMatchObject({ takenBack: 1 });
    way = 'there and back';
    expect(await b.win('s3')).toMatchObject({ kind: 'moved', epoch: { revision: 5 } });
  });

  it('is not taken for a publisher that has left meanwhile, so that its stream waits where it was', async () => {
    const { shared, a, b } = await pair();
    let asked = 0;
    const gone = b.win('s2', { isWanted: () => asked++ < 1 });
    expect(await gone).toMatchObject({ kind: 'refused' });
    await a.pass(3000);
    expect(states(shared)).toEqual(['live a s1', 'moving a s1', 'live a s1']);
    expect([a.done, b.done]).toEqual([['yields s1', 'back s1'], []]);
  });

  it('is taken back at once where the registry does not answer the write, when it was not done', async () => {
    for (const fault of ['away', 'lost'] as const) {
      const { shared, a, b } = await pair();
      const faults = [fault];
      a.registry.fault = () => faults.shift();
      b.answer = 'moved';
      const won = await b.win('s2');
      // The stream came back to its node, and went once more.
      expect(won).toMatchObject({ kind: 'moved' });
      await settle(60);
      expect(a.done.slice(0, 2)).toEqual(['yields s1', 'back s1']);
      expect(states(shared).at(-1)).toBe('live b s1');
      expect(a.done.at(-1)).toBe('gone s1');
    }
  });

  it('has one owner when the claim of the other node and the one that takes it back race', async () => {
    const owners = new Set<string>();
    for (let round = 0; round < 8; round++) {
      const { shared, a, b } = await pair();
      let requests = 0;
      b.registry.delay = async () => {
        // The claim over the moving name is its third request.
        if (++requests !== 3) return;
        const passed = a.pass(round < 4 ? 2999 : 3000);
        for (let i = 0; i < round; i++) await new Promise(setImmediate);
        if (round % 4 > 1) await passed;
      };
      void b.win('s2');
      await settle(60);
      const live = shared.log.filter(({ value }) => value.state === 'live').map(({ value }) => value.nodeId);
      expect(live.at(-1)).toBe(shared.of(OF).value!.nodeId);
      const isGone = a.done.includes('gone s1');
      expect([isGone, a.done.includes('back s1')]).toEqual(live[1] === 'b' ? [true, false] : [isGone, true]);
      owners.add(live[1]!);
    }
    expect(owners).toEqual(new Set(['a', 'b']));
  });
});

describe('a stream that is handed over', () => {
  it('is not announced where the journal cannot keep that, and goes back', async () => {
    const { shared, a, b } = await pair();
    b.announced = () => Promise.reject(new Error('EIO'));
    expect(await b.win('s2')).toMatchObject({ kind: 'refused' });
    await a.pass(3000);
    expect([b.done, shared.of(OF).value?.nodeId]).toEqual([[], 'a']);
    expect(a.done).toContain('back s1');
  });

  it('comes where its claim was written and the answer lost', async () => {
    const { shared, b } = await pair();
    const faults = [undefined, 'lost'] as const;
    let writes = 0;
    b.registry.fault = () => faults[writes++];
    expect(await b.win('s2')).toMatchObject({ kind: 'moved', epoch: { revision: 3 } });
    expect([states(shared).at(-1), b.done]).toEqual(['live b s1', ['announced s1']]);
  });

  it('ends with its next number where the claim shows to be written only after its publisher has gone', async () => {
    const { shared, b } = await pair();
    const { clock } = b;
    const faults = [undefined, 'lost'] as const;
    let writes = 0;
    b.registry.fault = () => {
      const fault = faults[writes++];
      if (fault === 'lost') b.registry.isAway = true;
      return fault;
    };
    const until = clock.mono + 9000;
    const won = b.win('s2', { isWanted: () => clock.mono < until });
    await settle(200);
    expect(await won).toMatchObject({ kind: 'refused' });
    b.registry.isAway = false;
    await settle(60);
    expect(b.done).toEqual(['announced s1', 'ended s1']);
    expect(states(shared).slice(-2)).toEqual(['live b s1', 'released b s1']);
  });

  it('is let go where another node has claimed the name over it', async () => {
    const { shared, a, b } = await pair();
    b.announced = async () => {
      const { value, epoch } = shared.of(OF);
      shared.put(OF, { ...value!, state: 'live', nodeId: 'c', streamId: 's9', nonce: 'n' }, epoch.revision);
    };
    expect(await b.win('s2')).toMatchObject({ kind: 'refused' });
    await a.pass(3000);
    expect(b.done).toEqual(['announced s1', 'settled s1']);
    // Its own node takes it back after its time, finds the name lost, and ends it.
    expect(a.done).toEqual(['yields s1', 'back s1', 'lost s1']);
  });
});

describe('a holder that keeps its name', () => {
  it('is asked once, and the publish is refused or tries again', async () => {
    for (const [answer, asks] of [
      ['busy', 1],
      ['unacked', 1],
    ] as const) {
      const { a, b, shared } = await pair();
      a.answer = answer;
      expect(await b.win('s2')).toMatchObject({ kind: 'refused', refusal: { code: 'ERR_PUBLISH_BUSY' } });
      expect([a.done.length, shared.log.length]).toEqual([asks, 1]);
    }
  });

  it('has ended its stream: the name is claimed once it is released', async () => {
    const { a, b, shared } = await pair();
    a.answer = 'ended';
    const won = b.win('s2', { conflict: 'takeover' });
    await settle(4);
    a.claims.release('s1');
    expect(await won).toMatchObject({ kind: 'won' });
    expect(states(shared)).toEqual(['live a s1', 'released a s1', 'live b s2']);
  });
});
