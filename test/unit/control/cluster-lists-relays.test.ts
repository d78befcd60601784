import { describe, expect, it } from 'vitest';
import { gatherList } from '../../../src/control/cluster-lists.js';
import { HANDLERS } from '../../../src/control/handlers.js';
import type { Cluster, Facts } from '../../../src/control/ports.js';
import { FakeNode } from '../../support/control/fake-ports.js';

describe('the list of relays', () => {
  it('has each relay once, however small its parts are: also two rules with one glob and one place', async () => {
    const ports = new FakeNode().ports();
    const cluster: Cluster = {
      endOf: async () => undefined,
      askOwner: async () => undefined,
      gather: async (_verb, { limit, cursor }) => {
        const asked = { limit: Number(limit), ...(cursor === undefined ? {} : { cursor: String(cursor) }) };
        const answers = ['n1', 'n2'].map(async (nodeId) => ({
          ok: true,
          ...(await HANDLERS['relays.list']({ ...ports, nodeId }, asked, { actor: 'a test' })),
        }));
        return { missing: [], answers: await Promise.all(answers) };
      },
    };
    const seen: unknown[] = [];
    let cursor: string | undefined;
    do {
      const input = { limit: 1, ...(cursor === undefined ? {} : { cursor }) };
      const page = await gatherList(cluster, 'relays.list', input, { actor: 'a test' });
      for (const { nodeId, direction, name, rule } of page['items'] as readonly Facts[])
        seen.push([nodeId, direction, name ?? rule]);
      cursor = page['cursor'] as string | undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual([
      ['n1', 'push', 0],
      ['n1', 'push', 1],
      ['n2', 'push', 0],
      ['n2', 'push', 1],
      ['n1', 'copy', 'far'],
      ['n2', 'copy', 'far'],
    ]);
  });
});
