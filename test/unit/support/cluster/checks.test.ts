import { describe, expect, it } from 'vitest';
import {
  checkEpochs,
  checkHops,
  checkLosers,
  checkPulls,
  checkRelays,
  checkStreams,
} from '../../../support/cluster/checks.js';
import type { OwnerRevision } from '../../../support/cluster/owners.js';
import type { Stored } from '../../../support/faults/checker.js';

let position = 0;

/** An event of a stream; `data` says what it tells besides the names. */
function told(streamid: string, verb: string, sequence: number, data: Record<string, unknown> = {}): Stored {
  const last = verb === 'stream.ended' ? 'end' : String(sequence);
  return {
    position: ++position,
    subject: `sluice.v1.evt.live.cam.${streamid}.${verb}.${last}`,
    msgId: `${streamid}:${last}`,
    event: {
      ...{
        id: `${streamid}:${last}`,
        type: `io.sluice.${verb}`,
        sequence: String(sequence).padStart(10, '0'),
        streamid,
      },
      data: { app: 'live', name: 'cam', nodeId: 'n1', ...data },
    },
  };
}

/** An event of a relay between nodes, which counts on its own. */
function relayed(relayid: string, verb: string, sequence: number, data: Record<string, unknown> = {}): Stored {
  const own = told('s1', verb, sequence, data);
  const last = `${relayid}-${verb === 'relay.ended' ? 'end' : sequence}`;
  return {
    ...own,
    subject: own.subject.replace(/\.[^.]+$/, `.${last}`),
    event: { ...own.event, relayid },
  };
}

/** Two streams of one name, one after the other. */
function twoStreams(): Stored[] {
  return [
    told('s1', 'stream.started', 1, { registry: 'r', epoch: 5 }),
    told('s1', 'stream.ready', 2),
    told('s1', 'stream.ended', 3),
    told('s2', 'stream.started', 1, { registry: 'r', epoch: 9, nodeId: 'n2' }),
    told('s2', 'stream.ended', 2, { nodeId: 'n2' }),
  ];
}

function owner(revision: number, nodeId: string, streamId: string, state: 'live' | 'released' = 'live'): OwnerRevision {
  return { key: 'live.cam', revision, timeMs: revision, value: { state, nodeId, bootId: 'b', streamId } };
}

const OWNERS = [owner(5, 'n1', 's1'), owner(7, 'n1', 's1', 'released'), owner(9, 'n2', 's2')];

describe('the check of streams', () => {
  it('finds nothing wrong with whole streams, refused publishes and events of nodes', () => {
    const refused = told('attempt', 'stream.rejected', 1);
    expect(checkStreams([...twoStreams(), refused, told('', 'node.ready', 2)])).toEqual([]);
    expect(checkStreams(twoStreams().slice(0, 2), new Set(['s1']))).toEqual([]);
  });

  it.each<[string, (stored: Stored[]) => Stored[], RegExp]>([
    ['a lost event', (s) => s.filter((_, at) => at !== 1), /s1: position 1 holds sequence 0*3/],
    ['an event told twice', (s) => [...s.slice(0, 2), ...s.slice(1)], /s1: position 2 holds sequence 0*2/],
    ['a lost start', (s) => s.slice(1), /s1: begins with stream.ready/],
    ['a second start', (s) => [s[0], ...s], /s1: started 2 times/],
    ['a lost end', (s) => s.slice(0, 2), /s1: has 0 ends/],
    ['a second end', (s) => [...s, s[4]], /s2: has 2 ends/],
    ['an event behind the end', (s) => [...s, told('s2', 'stream.ready', 3)], /s2: stream.ready follow its end/],
    [
      'an event of a refused publish',
      (s) => [...s, told('a', 'stream.rejected', 1), told('a', 'stream.ended', 2)],
      /a: was refused, and has/,
    ],
  ])('finds %s', (_name, damage, says) => {
    expect(checkStreams(damage(twoStreams())).join('\n')).toMatch(says);
  });
});

describe('the check of relays', () => {
  const whole = (): Stored[] => [
    relayed('r1', 'relay.started', 1),
    relayed('r1', 'play.started', 2),
    relayed('r1', 'play.ended', 3),
    relayed('r1', 'relay.ended', 4),
  ];

  it('finds nothing wrong with a whole relay, whose events are none of the stream', () => {
    expect(checkRelays(whole())).toEqual([]);
    expect(checkStreams(whole())).toEqual([]);
    expect(checkRelays(whole().slice(0, 3), new Set(['r1']))).toEqual([]);
  });

  it('takes the end of a process for that of its relays', () => {
    const open = whole().slice(0, 3);
    for (const one of open) one.event.data['bootId'] = 'b1';
    const told1 = (verb: string, bootId: string): Stored => told('', `node.${verb}`, 1, { bootId });
    expect(checkRelays([told1('started', 'b1'), ...open])).toEqual(['relay r1: has 0 ends']);
    expect(checkRelays([told1('started', 'b1'), ...open, told1('lost', 'b1')])).toEqual([]);
    expect(checkRelays([told1('started', 'b1'), ...open, told1('started', 'b2')])).toEqual([]);
    expect(checkRelays([told1('started', 'b1'), ...open, told1('lost', 'b2')])).toEqual(['relay r1: has 0 ends']);
  });

  it.each<[string, (stored: Stored[]) => Stored[], RegExp]>([
    ['a lost event', (s) => s.filter((_, at) => at !== 1), /relay r1: position 1 holds sequence 0*3/],
    ['a lost start', (s) => s.slice(1), /relay r1: begins with play.started/],
    ['a lost end', (s) => s.slice(0, 3), /relay r1: has 0 ends/],
    ['a second end', (s) => [...s, s[3]], /relay r1: has 2 ends/],
    ['an event behind the end', (s) => [...s, relayed('r1', 'play.ended', 5)], /relay r1: play.ended follow its end/],
  ])('finds %s', (_name, damage, says) => {
    expect(checkRelays(damage(whole())).join('\n')).toMatch(says);
  });
});

describe('the check of epochs', () => {
  it('finds nothing wrong when each start has its own, and the registry says the same', () => {
    expect(checkEpochs(twoStreams(), OWNERS)).toEqual([]);
  });

  it.each<[string, Stored[], readonly OwnerRevision[], RegExp]>([
    [
      'two owners of one epoch',
      [...twoStreams(), told('s3', 'stream.started', 1, { registry: 'r', epoch: 9 })],
      OWNERS,
      /live\/cam: epoch 9 is of s2 and of s3/,
    ],
    ['an epoch that steps back', twoStreams().toReversed(), OWNERS, /live\/cam: epoch 5 of s1 comes after 9/],
    ['an epoch that the registry does not know', twoStreams(), OWNERS.slice(0, 2), /has no owner of epoch 9/],
    [
      'an epoch of another stream',
      twoStreams(),
      [OWNERS[0], owner(9, 'n2', 's4')],
      /epoch 9 is of s4 on n2, and n2 tells of s2/,
    ],
    [
      'an epoch of another node',
      twoStreams(),
      [OWNERS[0], owner(9, 'n3', 's2')],
      /epoch 9 is of s2 on n3, and n2 tells of s2/,
    ],
  ])('finds %s', (_name, stored, owners, says) => {
    expect(checkEpochs(stored, owners).join('\n')).toMatch(says);
  });

  it('compares no epoch 0, which is that of a registry that could not be asked', () => {
    const alone = ['s3', 's4'].map((id) => told(id, 'stream.started', 1, { epoch: 0 }));
    expect(checkEpochs(alone, [])).toEqual([]);
  });
});

describe('the check of losers', () => {
  it('finds a stream that tells something and never was an owner', () => {
    expect(checkLosers(twoStreams(), OWNERS)).toEqual([]);
    expect(checkLosers(twoStreams(), OWNERS.slice(0, 2))).toEqual([
      's2: has events, and never was the owner of its name',
    ]);
    expect(checkLosers(twoStreams(), OWNERS.slice(0, 2), new Set(['s2']))).toEqual([]);
  });
});

describe('the check of hops and pulls', () => {
  const pulls = (count: number): Stored[] =>
    Array.from({ length: count }, (_, at) => relayed(`r${at}`, 'relay.started', 1, { hops: at + 1 }));

  it('finds more hops than are allowed', () => {
    expect(checkHops(pulls(4), 4)).toEqual([]);
    expect(checkHops(pulls(5), 4)).toEqual(['s1:1: 5 hops']);
  });

  it('finds more pulls than nodes with players, and a name that nobody pulls', () => {
    expect(checkPulls(pulls(2), new Map([['live/cam', 2]]))).toEqual([]);
    expect(checkPulls(pulls(3), new Map([['live/cam', 2]]))).toEqual(['live/cam: 3 pulls where 2 are enough']);
    expect(checkPulls([], new Map([['live/cam', 2]]))).toEqual(['live/cam: no pull where 2 are due']);
  });
});
