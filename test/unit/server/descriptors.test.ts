import { closeSync, openSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type DescriptorFacts,
  Descriptors,
  KEPT_FOR_EVENTS,
  KEPT_FOR_HTTP,
  softLimit,
} from '../../../src/server/descriptors.js';

/** Descriptors of a made-up process with connections, a clock and a system in the test's hand. */
class Made {
  rtmp = 0;
  http = 0;
  nowMs = 0;
  asked = 0;
  readonly descriptors: Descriptors;

  constructor(public facts: DescriptorFacts | undefined) {
    const users = { rtmp: () => this.rtmp, http: () => this.http };
    const ask = (): DescriptorFacts | undefined => {
      this.asked++;
      return this.facts;
    };
    this.descriptors = new Descriptors(users, () => this.nowMs, ask);
  }

  later(facts: DescriptorFacts | undefined): void {
    this.facts = facts;
    this.nowMs += 1000;
  }
}

describe('descriptors', () => {
  it('are for RTMP connections but for those in use, those kept for events and those kept for HTTP', () => {
    const { descriptors } = new Made({ limit: 100, open: 30 });
    expect(descriptors.rtmpShare).toBe(100 - 30 - KEPT_FOR_EVENTS - KEPT_FOR_HTTP);
    expect([descriptors.open, descriptors.limit]).toEqual([30, 100]);
  });

  it('are short exactly when as many connections are open as there are descriptors for', () => {
    const made = new Made({ limit: 100, open: 30 });
    const share = made.descriptors.rtmpShare;
    made.rtmp = share - 1;
    expect(made.descriptors.shortage).toBeUndefined();
    made.rtmp = share;
    expect(made.descriptors.shortage).toMatch(/^76 of 100 file descriptors are open, .*new connections are refused$/);
    made.rtmp = share - 1;
    expect(made.descriptors.shortage).toBeUndefined();
  });

  it('are counted again before a connection is refused, for sockets that were being closed', () => {
    const made = new Made({ limit: 100, open: 90 });
    expect(made.descriptors.rtmpShareAt(1)).toBe(0);
    made.facts = { limit: 100, open: 31 };
    made.nowMs += 4;
    expect([made.descriptors.rtmpShareAt(1), made.asked]).toEqual([0, 1]);
    made.nowMs += 1;
    const share = 100 - 30 - KEPT_FOR_EVENTS - KEPT_FOR_HTTP;
    expect([made.descriptors.rtmpShareAt(1), made.asked]).toEqual([share, 2]);
    // While there is room it is not asked again.
    made.nowMs += 10;
    expect([made.descriptors.rtmpShareAt(1), made.asked]).toEqual([share, 2]);
  });

  it('count connections of this moment without asking the system for each', () => {
    const made = new Made({ limit: 100, open: 30 });
    for (made.rtmp = 0; made.rtmp < 20; made.rtmp++) expect(made.descriptors.open).toBe(30 + made.rtmp);
    expect(made.asked).toBe(1);
    made.later({ limit: 100, open: 55 });
    expect(made.descriptors.open).toBe(55);
    made.rtmp = 0;
    expect(made.descriptors.open).toBe(35);
  });

  it('do not count a socket twice that was just accepted and that nobody counts yet', () => {
    const made = new Made({ limit: 100, open: 31 });
    const share = made.descriptors.rtmpShareAt(1);
    made.rtmp = 1;
    made.later({ limit: 100, open: 31 });
    expect(made.descriptors.rtmpShare).toBe(share);
  });

  it('are for HTTP up to a quarter, and RTMP gets what HTTP leaves', () => {
    const made = new Made({ limit: 1024, open: 24 });
    const connections = 1024 - 24 - KEPT_FOR_EVENTS;
    expect(made.descriptors.httpShareAt(0)).toBe(connections / 4);
    made.http = connections / 4;
    expect(made.descriptors.rtmpShare).toBe((connections * 3) / 4);
  });

  it('are left for HTTP when RTMP has all it gets, and one when nothing is left', () => {
    const made = new Made({ limit: 100, open: 30 });
    made.rtmp = made.descriptors.rtmpShare;
    expect(made.descriptors.httpShareAt(0)).toBe(KEPT_FOR_HTTP);
    made.later({ limit: 20, open: 80 });
    expect(made.descriptors.httpShareAt(0)).toBe(1);
    expect(made.descriptors.rtmpShare).toBe(0);
    expect(made.descriptors.shortage).toBeDefined();
  });

  it('follow a limit that is changed while the process runs, and a count that cannot be had keeps the one before', () => {
    const made = new Made({ limit: 1000, open: 30 });
    expect(made.descriptors.limit).toBe(1000);
    made.later({ limit: 80, open: undefined });
    expect([made.descriptors.limit, made.descriptors.open]).toEqual([80, 30]);
  });

  it('bound nothing where the system does not say', () => {
    const { descriptors } = new Made(undefined);
    expect([descriptors.rtmpShare, descriptors.httpShareAt(0), descriptors.shortage]).toEqual([
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      undefined,
    ]);
  });

  it('of this very process are counted', () => {
    let nowMs = 0;
    const descriptors = new Descriptors({ rtmp: () => 0, http: () => 0 }, () => nowMs);
    const before = descriptors.open;
    expect(before).toBeGreaterThan(3);
    expect(descriptors.limit).toBeGreaterThan(before);
    const files = Array.from({ length: 50 }, () => openSync('/dev/null', 'r'));
    nowMs += 10_000;
    const after = descriptors.open;
    for (const file of files) closeSync(file);
    // Other parts of the test process open and close files too.
    expect(after).toBeGreaterThanOrEqual(before + 25);
  });
});

describe('the soft limit', () => {
  const text = [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max open files            1024                 4096                 files     ',
    'Max address space         unlimited            unlimited            bytes     ',
  ].join('\n');

  it('is the first number of its line, infinite when unlimited, and unknown when it is not there', () => {
    expect(softLimit(text, 'Max open files')).toBe(1024);
    expect(softLimit(text, 'Max address space')).toBe(Number.POSITIVE_INFINITY);
    expect(softLimit(text, 'Max pending signals')).toBeUndefined();
  });
});
