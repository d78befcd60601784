import { describe, expect, it } from 'vitest';
import type { OutsideRelay } from '../../../src/model/relay-snapshot.js';
import { type Copy, carriedWords, keyOfOutside, type Outside, relaysOf } from '../../../src/page/relays.js';

const since = '2026-01-01T12:00:00.000Z';
const push = (state: OutsideRelay['state'], more: Partial<Outside> = {}): Outside => ({
  ...({ nodeId: 'n1', direction: 'push', app: 'live', name: state, url: 'rtmp://h:1935/a/***', state } as const),
  ...{ since, bytes: 0 },
  ...more,
});
const copy = { app: 'live', name: 'far', state: 'running', players: 1, bytes: 9, since } as const;

describe('relays on the page', () => {
  it('are copies, and pushes and pulls with those first that do not work', () => {
    const states = ['waiting', 'running', 'failed', 'connecting', 'retrying'] as const;
    const relays = [{ ...copy, direction: 'copy' } as const, ...states.map((state) => push(state))];
    const { copies, outside } = relaysOf({ nodeId: 'n7', relays });
    expect(copies).toEqual([{ ...copy, direction: 'copy', nodeId: 'n7' }]);
    expect(outside.map(({ state, nodeId }) => `${state} ${nodeId}`)).toEqual([
      ...['failed n7', 'retrying n7', 'connecting n7', 'running n7', 'waiting n7'],
    ]);
  });

  it('keep the node of each in a list of all nodes; one that tells no direction is a copy', () => {
    const old = { ...copy, nodeId: 'n2' } as unknown as Copy;
    const { copies, outside } = relaysOf({ items: [push('running'), old] });
    expect([copies.map(({ nodeId }) => nodeId), outside.map(({ nodeId }) => nodeId)]).toEqual([['n2'], ['n1']]);
    expect(relaysOf({})).toEqual({ copies: [], outside: [] });
  });

  it('are told apart, two rules with the same glob as well', () => {
    const rules = [0, 1].map((rule) => push('waiting', { match: '**', rule }));
    expect(new Set([...rules, push('running', { relayId: 'r1' })].map(keyOfOutside)).size).toBe(3);
  });

  it('say what they carry', () => {
    expect(carriedWords(push('running'))).toBe('live/running');
    expect(carriedWords({ match: 'live/*' })).toBe('any of live/*');
  });
});
