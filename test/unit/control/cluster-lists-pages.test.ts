import { describe, expect, it } from 'vitest';
import { gatherList } from '../../../src/control/cluster-lists.js';
import { pageOf } from '../../../src/control/page.js';
import type { Cluster, Facts } from '../../../src/control/ports.js';

/** Nodes with streams by id; each sends at most so many of them at once. */
function clusterOf(
  nodes: Readonly<Record<string, { readonly ids: readonly string[]; readonly most: number }>>,
): Cluster {
  return {
    endOf: async () => undefined,
    askOwner: async () => undefined,
    gather: async (_verb, { limit, cursor }) => ({
      missing: [],
      answers: Object.entries(nodes).map(([nodeId, { ids, most }]) => {
        const size = Math.min(most, Number(limit));
        const page = pageOf(ids, (id) => id, size, cursor as string | undefined);
        const streams = page.items.map((streamId) => ({ streamId }));
        return { ok: true, nodeId, streams, ...(page.cursor === undefined ? {} : { cursor: page.cursor }) };
      }),
    }),
  };
}

describe('a list of all nodes', () => {
  it('has every item once, in order, also when a node sends less at once than was asked for', async () => {
    const ids = Array.from({ length: 60 }, (_, i) => `S${String(i).padStart(2, '0')}`);
    const cluster = clusterOf({
      n1: { ids: ids.filter((_, i) => i % 3 !== 0), most: 7 },
      n2: { ids: ids.filter((_, i) => i % 3 === 0), most: 100 },
    });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const input = { limit: 10, ...(cursor === undefined ? {} : { cursor }) };
      const page = await gatherList(cluster, 'streams.list', input, { actor: 'a test' });
      for (const { streamId } of page['items'] as readonly Facts[]) seen.push(String(streamId));
      cursor = page['cursor'] as string | undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(ids);
  });

  it('is a part where somebody answers with something that is no such list', async () => {
    const streams = [{ streamId: 'S1' }];
    for (const odd of [{}, { streams: 'S2' }, { streams: [null] }]) {
      const answers: Facts[] = [
        { ok: true, nodeId: 'n1', streams },
        { ok: true, nodeId: 'n2', ...odd },
      ];
      const cluster: Cluster = { ...clusterOf({}), gather: async () => ({ missing: [], answers }) };
      expect(await gatherList(cluster, 'streams.list', {}, { actor: 'a test' })).toEqual({
        ...{ items: [{ streamId: 'S1', nodeId: 'n1' }], partial: true, missing: [] },
      });
    }
  });
});
