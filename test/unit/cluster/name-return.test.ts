import { describe, expect, it } from 'vitest';
import { nameKey } from '../../../src/live/name-key.js';
import { ClaimingNode, type News, OF, settle } from '../../support/cluster/claiming-node.js';
import { SharedRegistry } from '../../support/cluster/memory-registry.js';

function pair(o: ConstructorParameters<typeof ClaimingNode>[1] = {}) {
  const shared = new SharedRegistry();
  const news: News = new Map();
  const a = new ClaimingNode(shared, { ...o, news, nodeId: 'a' });
  const b = new ClaimingNode(shared, { ...o, news, nodeId: 'b' });
  return { shared, news, a, b };
}

describe('a node that may write again', () => {
  it('keeps the names that the registry says are its own', async () => {
    const { shared, a } = pair();
    await a.win('s1');
    a.claims.returned();
    await settle();
    expect([a.lost, a.adopted, shared.log.length]).toEqual([[], [], 1]);
  });

  it('ends what another node has claimed, and writes nothing', async () => {
    const { shared, a, b } = pair();
    await a.win('s1');
    b.judge = () => 'gone';
    a.registry.isAway = true;
    await b.win('s2');
    await settle();
    expect(a.lost).toEqual([]);
    a.registry.isAway = false;
    a.claims.returned();
    await settle();
    expect(a.lost).toEqual(['s1']);
    a.claims.release('s1');
    await settle();
    expect(shared.log.map(({ value }) => value.nodeId)).toEqual(['a', 'b']);
  });

  it('claims its names again in a registry that was made again', async () => {
    const { shared, a, b } = pair();
    await a.win('s1');
    shared.remake();
    a.claims.returned();
    await settle();
    const epoch = { registry: shared.created, revision: 1 };
    expect(a.adopted).toEqual([['s1', epoch]]);
    expect(a.told.at(-1)).toEqual({ state: 'live', nodeId: 'a', epoch });
    expect(await b.win('s2')).toMatchObject({ kind: 'refused' });
  });

  it('looks a name up once more, however much is told of it meanwhile', async () => {
    const { a, news, shared } = pair();
    await a.win('s1');
    const { reads } = a.registry;
    const item = { state: 'live', nodeId: 'x', epoch: { registry: shared.created, revision: 9 } } as const;
    for (let n = 0; n < 500; n++) for (const told of news.get(nameKey(OF)) ?? []) told(item);
    await settle();
    expect(a.registry.reads - reads).toBe(2);
    expect(a.lost).toEqual([]);
  });

  it('says once why the registry cannot be used, before anybody publishes', async () => {
    const { a } = pair();
    a.registry.isAway = true;
    for (let n = 0; n < 2; n++) {
      a.claims.returned();
      await settle();
    }
    expect(a.log.lines).toMatchObject([{ level: 'warn', fields: { cause: 'away' } }]);
  });

  it('notices a registry that was made again soon after its first name', async () => {
    const { shared, a } = pair();
    await a.win('s1');
    shared.remake();
    a.claims.tick(0);
    a.claims.tick(31_000);
    await settle();
    expect(shared.of(OF).value).toMatchObject({ nodeId: 'a', streamId: 's1' });
  });

  it('notices by itself that the registry was made again', async () => {
    const { shared, a } = pair();
    await a.win('s1');
    for (const seconds of [0, 31, 62]) a.claims.tick(seconds * 1000);
    await settle();
    shared.remake();
    a.claims.tick(93_000);
    await settle();
    expect(shared.of(OF).value).toMatchObject({ nodeId: 'a', streamId: 's1' });
    expect(a.adopted).toHaveLength(1);
  });

  it('finds out that the registry answers again, also when nothing is published', async () => {
    const { a } = pair();
    a.registry.isAway = true;
    await a.win('s1');
    expect(a.registry.trouble).not.toBe('');
    a.registry.isAway = false;
    a.claims.tick(0);
    a.claims.tick(30_000);
    await settle();
    expect(a.registry.trouble).toBe('');
  });

  it('looks again later while the registry does not answer', async () => {
    const { shared, a } = pair();
    await a.win('s1');
    shared.remake();
    a.registry.isAway = true;
    a.claims.returned();
    await settle();
    a.registry.isAway = false;
    a.claims.tick(10_000);
    a.claims.tick(11_000);
    await settle();
    expect(a.adopted).toEqual([]);
    a.claims.tick(12_000);
    await settle();
    expect(a.adopted).toHaveLength(1);
  });
});

describe('a node that is told of a claim of its name', () => {
  it('ends its stream', async () => {
    const { a, b } = pair();
    await a.win('s1');
    b.judge = () => 'gone';
    await b.win('s2');
    await settle();
    expect(a.lost).toEqual(['s1']);
    expect(a.claims.owned).toBe(0);
  });

  it('believes the registry, and not who told it', async () => {
    const { shared, a, news } = pair();
    await a.win('s1');
    const { registry, revision } = shared.of(OF).epoch;
    const told = { state: 'live', nodeId: 'x', epoch: { registry, revision: revision + 5 } } as const;
    for (const listener of news.get(nameKey(OF)) ?? []) listener(told);
    await settle();
    expect(a.registry.reads).toBe(1);
    expect([a.lost, shared.log.length]).toEqual([[], 1]);
  });
});

describe('a name that was taken while the registry was away', () => {
  it('has epoch 0, and is claimed when it is back', async () => {
    const { shared, a } = pair({ onRegistryDown: 'local' });
    a.registry.isAway = true;
    expect(await a.win('s1')).toMatchObject({ kind: 'won', epoch: { revision: 0 } });
    a.registry.isAway = false;
    a.claims.returned();
    await settle();
    expect(a.adopted).toEqual([['s1', { registry: shared.created, revision: 1 }]]);
  });

  it('is left to the older claim when two nodes have taken it', async () => {
    for (const [older, younger] of ['ab', 'ba']) {
      const { shared, a, b } = pair({ onRegistryDown: 'local' });
      const nodes = { a, b };
      for (const node of [a, b]) node.registry.isAway = true;
      for (const id of [older!, younger!] as const) {
        const node = nodes[id as 'a' | 'b'];
        node.clock.wall += id === older ? 0 : 60_000;
        await node.win(`s-${id}`);
      }
      for (const node of [a, b]) node.registry.isAway = false;
      // Whoever comes back first.
      a.claims.returned();
      await settle();
      b.claims.returned();
      await settle();
      expect(shared.of(OF).value).toMatchObject({ nodeId: older, state: 'live' });
      expect(nodes[younger as 'a' | 'b'].lost).toEqual([`s-${younger}`]);
      expect(nodes[older as 'a' | 'b'].lost).toEqual([]);
    }
  });

  it('that has ended before the registry is back leaves no trace', async () => {
    const { shared, a } = pair({ onRegistryDown: 'local' });
    a.registry.isAway = true;
    await a.win('s1');
    a.claims.release('s1');
    a.registry.isAway = false;
    a.claims.returned();
    await settle();
    expect(shared.log).toEqual([]);
  });

  it('that may have been written is released when it ends', async () => {
    const { shared, a } = pair({ onRegistryDown: 'local' });
    let writes = 0;
    a.registry.fault = () => (++writes === 1 ? 'lost' : 'away');
    const read = a.registry.read.bind(a.registry);
    a.registry.read = async () => ({ kind: 'down', why: 'away', isUnsure: false });
    await a.win('s1');
    a.registry.fault = () => undefined;
    a.registry.read = read;
    a.claims.release('s1');
    await settle();
    expect(shared.of(OF).value).toMatchObject({ state: 'released', streamId: 's1' });
  });
});
