import { describe, expect, it } from 'vitest';
import {
  type Absence,
  checkOwners,
  type Owner,
  type OwnerRevision,
  writesOf,
} from '../../../support/cluster/owners.js';

const owner = (state: Owner['state'], nodeId: string, streamId: string, bootId = `boot of ${nodeId}`): Owner => ({
  ...{ state, nodeId, bootId, streamId },
});

/** Writes to one name, a second apart. */
function history(...values: (Owner | undefined)[]): OwnerRevision[] {
  return values.map((value, at) => ({ key: 'live.cam', revision: at + 1, timeMs: at * 1000, value }));
}

const claimed = owner('live', 'n1', 's1');

describe('the check of the registry', () => {
  it.each<[string, OwnerRevision[], readonly Absence[]]>([
    [
      'a claim, a release and the next claim',
      history(claimed, owner('released', 'n1', 's1'), owner('live', 'n2', 's2')),
      [],
    ],
    [
      'a claim after a released name was deleted',
      history(claimed, owner('released', 'n1', 's1'), undefined, claimed),
      [],
    ],
    ['a move', history(claimed, owner('moving', 'n1', 's1'), owner('live', 'n2', 's1')), []],
    ['a move that nobody took', history(claimed, owner('moving', 'n1', 's1'), claimed), []],
    ['a claim over an older boot of the node', history(claimed, owner('live', 'n1', 's2', 'next boot')), []],
    [
      'a claim over a node that was away',
      history(claimed, owner('live', 'n2', 's2')),
      [{ nodeId: 'n1', fromMs: 500, toMs: 1500 }],
    ],
  ])('takes %s', (_name, owners, absences) => {
    expect(checkOwners(owners, absences)).toEqual([]);
  });

  it.each<[string, OwnerRevision[], readonly Absence[], RegExp]>([
    [
      'a name taken from a living owner',
      history(claimed, owner('live', 'n2', 's2')),
      [],
      /live s2 on n2 takes it from live s1 on n1/,
    ],
    [
      'a name taken before its owner was away',
      history(claimed, owner('live', 'n2', 's2')),
      [{ nodeId: 'n1', fromMs: 1001, toMs: 5000 }],
      /takes it from/,
    ],
    [
      'a name taken when its owner was back',
      history(claimed, owner('live', 'n2', 's2')),
      [{ nodeId: 'n1', fromMs: 0, toMs: 999 }],
      /takes it from/,
    ],
    ['a second claim by one boot', history(claimed, owner('live', 'n1', 's2')), [], /takes it from/],
    [
      'a release by who lost it',
      history(claimed, owner('released', 'n2', 's2')),
      [],
      /released s2 on n2 where the owner is live s1/,
    ],
    [
      'a move by who lost it',
      history(claimed, owner('moving', 'n2', 's2')),
      [],
      /moving s2 on n2 where the owner is live s1/,
    ],
    [
      'a move that another stream takes',
      history(owner('moving', 'n1', 's1'), owner('live', 'n2', 's2')),
      [],
      /takes it from moving s1/,
    ],
    ['a release of what nobody owns', history(undefined, owner('released', 'n1', 's1')), [], /where nobody owned it/],
    ['a deletion while it is owned', history(claimed, undefined), [], /deleted while it is live s1 on n1/],
  ])('finds %s', (_name, owners, absences, says) => {
    expect(checkOwners(owners, absences).join('\n')).toMatch(says);
  });

  it('keeps names apart', () => {
    const [one, other] = history(claimed, owner('live', 'n2', 's2'));
    expect(checkOwners([one, { ...other, key: 'live.cam2' }])).toEqual([]);
  });

  it('tells what a node has written since a time', () => {
    const owners = history(claimed, owner('released', 'n1', 's1'));
    expect(writesOf(owners, 'n1', 1)).toEqual(['live.cam, revision 2: released s1 on n1']);
    expect(writesOf(owners, 'n1', 1001)).toEqual([]);
    expect(writesOf(owners, 'n2', 0)).toEqual([]);
  });
});
