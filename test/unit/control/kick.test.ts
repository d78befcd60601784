import { describe, expect, it } from 'vitest';
import type { Cluster, RequestContext } from '../../../src/control/ports.js';
import { FakeNode, playOf, streamOf } from '../../support/control/fake-ports.js';
import { answer, problem } from '../../support/control/outcomes.js';

const BY: RequestContext = { actor: 'ops' };

describe('a selector', () => {
  function crowd(): FakeNode {
    const node = new FakeNode();
    node.streams = [
      streamOf(1, { principal: 'ann', labels: { room: 'a1' } }),
      streamOf(2, { principal: 'ann', labels: { room: 'b2' } }),
      streamOf(3, { app: 'test' }),
    ];
    node.plays = [playOf(1, node.streams[0]!), playOf(2, node.streams[1]!), playOf(3, node.streams[2]!)];
    return node;
  }
  const names = (node: FakeNode) => node.streams.map(({ name }) => name);

  it.each([
    [{ app: 'live' }, ['cam1', 'cam2']],
    [{ name: 'cam3' }, ['cam3']],
    [{ ip: '192.0.2.2' }, ['cam2']],
    [{ principal: 'ann' }, ['cam1', 'cam2']],
    [{ label: 'room' }, ['cam1', 'cam2']],
    [{ label: 'room=b2' }, ['cam2']],
    [{ app: 'live', label: 'room=c3' }, []],
  ])('%j lists %j, and the plays of these streams', async (selector, expected) => {
    const dispatcher = crowd().dispatcher();
    const { streams } = answer(await dispatcher.run('streams.list', selector, BY)) as { streams: { name: string }[] };
    expect(streams.map(({ name }) => name)).toEqual(expected);
    if ('ip' in selector || 'principal' in selector) return;
    const { plays } = answer(await dispatcher.run('plays.list', selector, BY)) as { plays: { name: string }[] };
    expect(plays.map(({ name }) => name)).toEqual(expected);
  });

  it('that matches more than one needs the number confirmed', async () => {
    const node = crowd();
    const dispatcher = node.dispatcher();
    expect(problem(await dispatcher.run('streams.kick', { app: 'live' }, BY))).toMatchObject({
      ...{ status: 409, code: 'ERR_CTL_CONFLICT', count: 2 },
    });
    expect(problem(await dispatcher.run('streams.kick', { app: 'live', confirm: 3 }, BY)).status).toBe(409);
    expect(answer(await dispatcher.run('streams.kick', { app: 'live', dryRun: true }, BY))).toMatchObject({
      matched: 2,
    });
    expect(names(node)).toHaveLength(3);
    expect(answer(await dispatcher.run('streams.kick', { app: 'live', confirm: 2 }, BY))).toEqual({
      ...{ ok: true, nodeId: 'n1', matched: 2, kicked: [streamOf(1).streamId, streamOf(2).streamId] },
    });
    expect(names(node)).toEqual(['cam3']);
    expect(answer(await dispatcher.run('streams.kick', {}, BY))).toMatchObject({ matched: 1 });
    expect(answer(await dispatcher.run('streams.kick', {}, BY))).toMatchObject({ matched: 0, already: true });
    expect(node.audited.map(({ result }) => result)).toEqual([
      ...['ERR_CTL_CONFLICT', 'ERR_CTL_CONFLICT', 'done', 'done', 'already'],
    ]);
  });

  describe('that every node has got', () => {
    const forAll = { ...BY, isFromBus: true, isForAll: true };

    /** A node, and what others count when it asks them. */
    function among(others: Readonly<Record<string, number>>, missing: readonly string[] = []) {
      const node = crowd();
      const asked: [string, unknown, unknown][] = [];
      const cluster = {
        gather: async (verb: string, body: unknown, context: unknown) => {
          asked.push([verb, body, context]);
          const answers = Object.entries({ n1: 2, ...others }).map(([nodeId, matched]) => ({
            ...{ ok: true, nodeId, matched, kicked: [] },
          }));
          return { answers, missing };
        },
      };
      return { node, asked, dispatcher: node.dispatcher({ cluster: cluster as unknown as Cluster }) };
    }

    it('is confirmed with the number where one node has all that it matches', async () => {
      const { dispatcher, asked } = among({ n2: 0 });
      expect(problem(await dispatcher.run('streams.kick', { app: 'live' }, forAll))).toMatchObject({
        ...{ status: 409, count: 2, counts: { n1: 2 }, detail: expect.stringContaining('confirm: 2 ') },
      });
      const confirmed = { app: 'live', confirm: 2, banTtlMs: 1000 };
      expect(answer(await dispatcher.run('streams.kick', confirmed, forAll))).toMatchObject({ matched: 2 });
      const body = { app: 'live', banTtlMs: 1000, reason: expect.any(String), dryRun: true };
      expect(asked[1]).toEqual(['streams.kick', body, { actor: 'ops' }]);
    });

    it.each([2, 4, 5, undefined])('ends nothing where others have some too, confirmed with %s', async (confirm) => {
      const { node, dispatcher } = among({ n2: 1, n3: 2, n4: 0 });
      const given = confirm === undefined ? {} : { confirm };
      expect(problem(await dispatcher.run('streams.kick', { app: 'live', ...given }, forAll))).toMatchObject({
        ...{ status: 409, code: 'ERR_CTL_CONFLICT', count: 5, counts: { n1: 2, n2: 1, n3: 2 } },
        detail: expect.stringContaining('confirm: {"n1":2,"n2":1,"n3":2}'),
      });
      expect(names(node)).toHaveLength(3);
    });

    it('ends not even one where others have one too, or have not counted', async () => {
      const ofOne = { name: 'cam3' };
      expect(problem(await among({ n2: 1 }).dispatcher.run('streams.kick', ofOne, forAll))).toMatchObject({ count: 2 });
      expect(problem(await among({}, ['n2']).dispatcher.run('streams.kick', ofOne, forAll))).toMatchObject({
        ...{ status: 409, count: 1, missing: ['n2'], detail: expect.stringContaining('confirm: {"n1":1}') },
      });
      expect(answer(await among({ n2: 0 }).dispatcher.run('streams.kick', ofOne, forAll))).toMatchObject({
        matched: 1,
      });
    });

    it('is confirmed by node, where each holds to its own number and asks nobody', async () => {
      const { node, dispatcher, asked } = among({ n2: 1 });
      const kick = (confirm: object) => dispatcher.run('streams.kick', { app: 'live', confirm }, forAll);
      for (const counts of [{ n2: 2 }, { n1: 1, n2: 2 }, { n1: 3 }])
        expect(problem(await kick(counts))).toMatchObject({ status: 409, counts: { n1: 2 } });
      expect(names(node)).toHaveLength(3);
      expect(answer(await kick({ n1: 2, n2: 1 }))).toMatchObject({ matched: 2 });
      expect(names(node)).toEqual(['cam3']);
      expect(asked).toEqual([]);
    });

    it('of one play asks nobody, and neither does a node that has nothing of it', async () => {
      const { dispatcher, asked } = among({ n2: 3 }, ['n3']);
      expect(answer(await dispatcher.run('streams.kick', { app: 'none' }, forAll))).toMatchObject({ already: true });
      const { playId } = playOf(1, streamOf(1));
      expect(answer(await dispatcher.run('plays.kick', { playId }, forAll))).toMatchObject({ kicked: [playId] });
      expect(asked).toEqual([]);
    });
  });

  it('of one play kicks it, and says when there is none', async () => {
    const node = crowd();
    const dispatcher = node.dispatcher();
    const { playId } = node.plays[0]!;
    expect(answer(await dispatcher.run('plays.kick', { playId, banTtlMs: 1000 }, BY))).toMatchObject({
      ...{ kicked: [playId], banned: [{ kind: 'address', value: '198.51.100.1' }] },
    });
    expect(problem(await dispatcher.run('plays.kick', { playId }, BY)).code).toBe('ERR_CTL_STREAM_UNKNOWN');
  });

  it('gives a list in parts, none twice and none left out, while others come and go', async () => {
    const node = new FakeNode();
    node.streams = Array.from({ length: 9 }, (_, n) => streamOf(9 - n));
    const dispatcher = node.dispatcher();
    const seen: string[] = [];
    let cursor: unknown;
    do {
      const part = answer(
        await dispatcher.run('streams.list', { limit: 2, ...(cursor === undefined ? {} : { cursor }) }, BY),
      ) as { streams: { name: string }[]; cursor?: string };
      expect(part.streams.length).toBeLessThanOrEqual(2);
      seen.push(...part.streams.map(({ name }) => name));
      node.streams = node.streams.filter(({ name }) => name !== 'cam1');
      cursor = part.cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(['cam1', 'cam2', 'cam3', 'cam4', 'cam5', 'cam6', 'cam7', 'cam8', 'cam9']);
  });
});
