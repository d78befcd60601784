import { describe, expect, it } from 'vitest';
import { pictureOf } from '../../../support/cluster/numbered-media.js';
import { checkPlayers, longestGap, PlayerLog } from '../../../support/cluster/player-log.js';

interface Got {
  readonly session: number;
  readonly frame: number;
  readonly timestamp: number;
  readonly atMs: number;
}

/** Pictures of two connections of an encoder, 40 ms apart, with one timeline. */
function twoSessions(): Got[] {
  return Array.from({ length: 20 }, (_, at) => ({
    session: at < 10 ? 1 : 2,
    frame: at < 10 ? at : at - 10,
    timestamp: at * 40,
    atMs: 1000 + at * 40,
  }));
}

function played(list: readonly Got[]): PlayerLog {
  const log = new PlayerLog('p');
  for (const { session, frame, timestamp, atMs } of list)
    log.take({ type: 9, timestamp, payload: pictureOf({ session, frame }) }, atMs);
  return log;
}

describe('what a player sees', () => {
  it('is without fault over two connections of its encoder', () => {
    const log = played(twoSessions());
    expect(checkPlayers([log], 0)).toEqual([]);
    expect(log).toMatchObject({
      pictures: 20,
      missing: 0,
      firstMs: 1000,
      lastMs: 1760,
      mark: { session: 2, frame: 9 },
    });
  });

  it.each<[string, (list: Got[]) => Got[], RegExp]>([
    [
      'a step back in time',
      (l) => l.map((one) => ({ ...one, timestamp: one.frame * 40 })),
      /timestamp 0 of type 9 comes after 360/,
    ],
    ['a picture that comes twice', (l) => [...l.slice(0, 5), ...l.slice(4)], /picture 1\/4 comes after picture 1\/4/],
    [
      'pictures of the connection before',
      (l) => [...l, { ...l[5], timestamp: 900, atMs: 1800 }],
      /picture 1\/5 comes after picture 2\/9/,
    ],
    ['nothing at all', () => [], /has seen nothing/],
    [
      'a stillness that is too long',
      (l) => l.map((o, at) => ({ ...o, atMs: o.atMs + (at > 9 ? 900 : 0) })),
      /for 940 ms, 500/,
    ],
  ])('has %s found', (_name, damage, says) => {
    expect(checkPlayers([played(damage(twoSessions()))], 500).join('\n')).toMatch(says);
  });

  it('has a lost connection found, and the word that the stream is over', () => {
    const log = played(twoSessions());
    log.statuses.push({ atMs: 1, code: 'NetStream.Play.Start' });
    expect(checkPlayers([log], 0)).toEqual([]);
    log.statuses.push({ atMs: 2, code: 'NetStream.Play.UnpublishNotify' });
    log.lostMs = 3;
    expect(checkPlayers([log], 0)).toEqual(['p: lost its connection', 'p: was told NetStream.Play.UnpublishNotify']);
  });

  it('counts skipped pictures, and measures stillness within a span', () => {
    const log = played(twoSessions().filter((_, at) => at < 2 || at > 12));
    expect(log.missing).toBe(0);
    expect(played(twoSessions().filter((_, at) => at !== 4)).missing).toBe(1);
    expect(log.gaps).toEqual([{ fromMs: 1040, toMs: 1520 }]);
    expect(longestGap(log)).toBe(480);
    expect(longestGap(log, 1521)).toBe(0);
    expect(longestGap(log, 0, 1039)).toBe(0);
  });

  it('takes sound into the order of time, and no decoder configuration for a picture', () => {
    const log = played(twoSessions());
    log.take({ type: 8, timestamp: 40, payload: Buffer.from([0xaf, 1]) }, 2000);
    log.take({ type: 9, timestamp: 800, payload: Buffer.from([0x17, 0, 0, 0, 0]) }, 2000);
    expect(log.pictures).toBe(20);
    expect(log.faults).toEqual([]);
    log.take({ type: 9, timestamp: 840, payload: Buffer.from([0x27, 1, 0, 0, 0, 9]) }, 2040);
    expect(log, 'the picture of an encoder that does not number them').toMatchObject({ pictures: 21, faults: [] });
    log.take({ type: 8, timestamp: 39, payload: Buffer.from([0xaf, 1]) }, 2000);
    expect(log.faults).toEqual(['p: timestamp 39 of type 8 comes after 40']);
  });
});
