import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Claim, Hub } from '../../../src/hub/hub.js';
import { Player } from '../../../src/hub/player.js';
import type { Publication } from '../../../src/hub/publication.js';
import { batch, message } from '../../support/hub/media.js';
import { LIMITS, words } from '../../support/hub/publication-harness.js';
import { RecordingSink, type SinkMode } from '../../support/hub/sinks.js';

const LINGER_MS = 5000;
const OBSERVER = { ready: () => {}, updated: () => {}, codecRefused: () => {} };

function newHub(lingerMs = LINGER_MS): Hub {
  return new Hub({ ...LIMITS, lingerMs, maxDelayMs: 20, playersAtMaxDelay: 2 }, () => Date.now());
}

function subscribe(hub: Hub, mode: SinkMode = 'sync', name = 'cam', endsWithStream = false): RecordingSink {
  const sink = new RecordingSink(mode);
  sink.player = new Player('p', sink, 1, { maxLagBytes: 2 ** 20 });
  sink.player.endsWithStream = endsWithStream;
  hub.subscribe('live', name, sink.player);
  return sink;
}

function publish(hub: Hub, name = 'cam'): { claim: Claim; publication: Publication } {
  const claim = hub.claim('live', name)!;
  return { claim, publication: claim.open('stream', OBSERVER, Date.now()) };
}

function send(publication: Publication, from: number, count: number, bytes = 200): void {
  for (let n = from; n < from + count; n++) {
    publication.append(batch(message(n === from ? 'key' : 'inter', n, bytes)), Date.now());
  }
}

/** Time passes for the fan-out and for the hub. */
function pass(hub: Hub, ms: number): void {
  for (let left = ms; left > 0; left -= 100) {
    vi.advanceTimersByTime(Math.min(left, 100));
    hub.tick(Date.now());
  }
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('claiming a name', () => {
  it('is won by one publisher at a time, also while the publish is still being decided', () => {
    const hub = newHub();
    const claim = hub.claim('live', 'cam')!;
    expect(hub.claim('live', 'cam')).toBeUndefined();
    expect(hub.isLive('live', 'cam')).toBe(false);
    claim.open('s', OBSERVER, Date.now());
    expect(hub.isLive('live', 'cam')).toBe(true);
    expect(hub.claim('live', 'cam')).toBeUndefined();
    expect(hub.claim('live', 'other')).toBeDefined();
    expect(hub.claim('liv', 'ecam')).toBeDefined();
    claim.close(Date.now());
    expect(hub.claim('live', 'cam')).toBeDefined();
  });

  it('may be closed twice, and a late second close does not end the publisher that came after', () => {
    const hub = newHub();
    const { claim } = publish(hub);
    claim.close(Date.now());
    publish(hub);
    claim.close(Date.now());
    expect(hub.isLive('live', 'cam')).toBe(true);
  });

  it('leaves nothing behind when it is given up or ended and nobody waits', () => {
    const hub = newHub();
    hub.claim('live', 'cam')!.close(Date.now());
    const { claim, publication } = publish(hub);
    send(publication, 1, 5);
    claim.close(Date.now());
    expect(hub.size).toBe(0);
    expect(hub.fanout.size).toBe(0);
    expect(publication.ended).toBe(true);
  });
});

describe('players and their publisher', () => {
  it('that waits is told when the publisher comes, and gets everything from the start', () => {
    const hub = newHub();
    const sink = subscribe(hub);
    expect(sink.notices).toEqual([]);
    const { publication } = publish(hub);
    expect(sink.notices).toEqual(['came']);
    send(publication, 1, 3);
    pass(hub, 100);
    expect(words(sink)).toBe('K1 I2 I3');
    expect(hub.playersOf('live', 'cam').length).toBe(1);
  });

  it('get the rest when the publisher ends, also those that are behind, and are told after the linger time', () => {
    const hub = newHub();
    const fast = subscribe(hub);
    const slow = subscribe(hub, 'slow');
    const { claim, publication } = publish(hub);
    send(publication, 1, 3);
    pass(hub, 100);
    send(publication, 4, 20, 20_000);
    claim.close(Date.now());
    expect(fast.messages().length).toBe(23);
    while (slow.drain()) pass(hub, 100);
    expect(slow.messages().length).toBe(23);
    pass(hub, 1000);
    expect([fast.notices, slow.notices]).toEqual([['came'], ['came']]);
    pass(hub, LINGER_MS);
    expect([fast.notices, slow.notices]).toEqual([
      ['came', 'gone'],
      ['came', 'gone'],
    ]);
    pass(hub, 3 * LINGER_MS);
    expect(fast.notices.length).toBe(2);
  });

  it('get a small rest too when the last write was under way as the publisher ended', () => {
    const hub = newHub();
    const slow = subscribe(hub, 'slow');
    const { claim, publication } = publish(hub);
    send(publication, 1, 1);
    pass(hub, 100);
    send(publication, 2, 2);
    pass(hub, 100);
    claim.close(Date.now());
    slow.mode = 'sync';
    slow.drain();
    pass(hub, 200);
    expect(words(slow)).toBe('K1 K2 I3');
  });

  it('that read no more are not waited for longer than three seconds past the linger time', () => {
    const hub = newHub(0);
    const stuck = subscribe(hub, 'stuck');
    const fast = subscribe(hub);
    const { claim, publication } = publish(hub);
    send(publication, 1, 3);
    pass(hub, 100);
    send(publication, 4, 3);
    claim.close(Date.now());
    pass(hub, 2900);
    expect(stuck.notices).toEqual(['came']);
    pass(hub, 200);
    expect([stuck.notices, fast.notices]).toEqual([
      ['came', 'gone'],
      ['came', 'gone'],
    ]);
    expect(publication.ended).toBe(true);
  });

  it('are told at once when there is no linger time and all have the rest', () => {
    const hub = newHub(0);
    const sink = subscribe(hub);
    const { claim, publication } = publish(hub);
    send(publication, 1, 3);
    claim.close(Date.now());
    expect(sink.messages().length).toBe(3);
    expect(sink.notices).toEqual(['came', 'gone']);
  });

  it('stay for a publisher that is back in time: headers again, no notice, and where time stood is told', () => {
    const hub = newHub();
    const sink = subscribe(hub);
    const first = publish(hub);
    expect(first.claim.resumeTimestamp).toBeUndefined();
    first.publication.append(batch(message('videoHeader', 1), message('key', 2, 200, 4000)), Date.now());
    pass(hub, 100);
    first.claim.close(Date.now());
    pass(hub, LINGER_MS - 200);
    const second = publish(hub);
    expect(second.claim.resumeTimestamp).toBe(4000);
    second.publication.append(batch(message('videoHeader', 3), message('key', 4, 200, 4040)), Date.now());
    pass(hub, LINGER_MS * 2);
    expect(words(sink)).toBe('V1 K2 V3 K4');
    expect(sink.notices).toEqual(['came']);
  });

  it('are not told while the publish of somebody who may be the one they wait for is being decided', () => {
    const hub = newHub();
    const sink = subscribe(hub);
    publish(hub).claim.close(Date.now());
    pass(hub, LINGER_MS - 100);
    const claim = hub.claim('live', 'cam')!;
    pass(hub, 500);
    expect(sink.notices).toEqual(['came']);
    claim.close(Date.now());
    pass(hub, 100);
    expect(sink.notices).toEqual(['came', 'gone']);
  });

  it('that came after the end wait on when the others are told, and hear of the next publisher', () => {
    const hub = newHub();
    const there = subscribe(hub);
    publish(hub).claim.close(Date.now());
    const later = subscribe(hub);
    pass(hub, LINGER_MS + 100);
    expect([there.notices, later.notices]).toEqual([['came', 'gone'], []]);
    publish(hub);
    expect(later.notices).toEqual(['came']);
  });

  it('that came after the end hear of a publisher that is back within the linger time', () => {
    const hub = newHub();
    const there = subscribe(hub);
    publish(hub).claim.close(Date.now());
    const later = subscribe(hub);
    publish(hub);
    expect([there.notices, later.notices]).toEqual([['came'], ['came']]);
  });

  it('may leave while they are told, all of them', () => {
    const hub = newHub(0);
    const sinks = Array.from({ length: 10 }, () => subscribe(hub));
    for (const sink of sinks) sink.publisherGone = () => hub.unsubscribe('live', 'cam', sink.player!);
    const { claim, publication } = publish(hub);
    send(publication, 1, 2);
    claim.close(Date.now());
    expect(hub.size).toBe(0);
    expect(hub.fanout.size).toBe(0);
    expect(hub.playersOf('live', 'cam').length).toBe(0);
  });

  it('may leave twice, and from a name that is not there', () => {
    const hub = newHub();
    const sink = subscribe(hub);
    hub.unsubscribe('live', 'cam', sink.player!);
    hub.unsubscribe('live', 'cam', sink.player!);
    hub.unsubscribe('live', 'none', sink.player!);
    expect(hub.size).toBe(0);
  });

  it('of one stream get nothing of another', () => {
    const hub = newHub();
    const one = subscribe(hub, 'sync', 'one');
    const two = subscribe(hub, 'sync', 'two');
    send(publish(hub, 'one').publication, 1, 3);
    send(publish(hub, 'two').publication, 100, 2);
    pass(hub, 100);
    expect([words(one), words(two)]).toEqual(['K1 I2 I3', 'K100 I101']);
  });
});

describe('players that end with their stream', () => {
  const tied = (hub: Hub, mode: SinkMode = 'sync'): RecordingSink => subscribe(hub, mode, 'cam', true);

  it('are told at its end, while others stay for the next publisher', () => {
    const hub = newHub();
    const { claim, publication } = publish(hub);
    const [job, viewer] = [tied(hub), subscribe(hub)];
    send(publication, 0, 3);
    claim.close(Date.now());
    expect([job.notices, viewer.notices]).toEqual([['gone'], []]);
    expect(words(job)).toEqual(words(viewer));
  });

  it('get the rest first', () => {
    const hub = newHub();
    const { claim, publication } = publish(hub);
    const job = tied(hub, 'slow');
    send(publication, 0, 3);
    pass(hub, 100);
    send(publication, 3, 3);
    claim.close(Date.now());
    expect(job.notices).toEqual([]);
    job.drain();
    pass(hub, 100);
    expect(job.notices).toEqual([]);
    job.drain();
    pass(hub, 100);
    expect(job.notices).toEqual(['gone']);
    expect(words(job)).toBe('K0 I1 I2 K3 I4 I5');
  });

  it('get nothing of a stream that follows, also when they are behind as it begins', () => {
    const hub = newHub();
    const { claim, publication } = publish(hub);
    const job = tied(hub, 'stuck');
    send(publication, 0, 3);
    pass(hub, 100);
    claim.close(Date.now());
    expect(job.notices).toEqual([]);
    const next = publish(hub);
    expect(job.notices).toEqual(['gone']);
    expect(job.player!.publication).toBeUndefined();
    send(next.publication, 0, 3);
    pass(hub, 100);
    expect(job.writes).toHaveLength(1);
  });

  it('that came while their stream was about to begin get it', () => {
    const hub = newHub();
    const claim = hub.claim('live', 'cam')!;
    const job = tied(hub);
    const publication = claim.open('stream', OBSERVER, Date.now());
    send(publication, 0, 2);
    pass(hub, 100);
    expect(words(job)).toBe('K0 I1');
    claim.close(Date.now());
    expect(job.notices).toEqual(['came', 'gone']);
  });

  it('are nobody for whom timestamps have to go on', () => {
    const hub = newHub();
    const { claim, publication } = publish(hub);
    tied(hub, 'stuck');
    send(publication, 0, 3);
    pass(hub, 100);
    claim.close(Date.now());
    expect(hub.claim('live', 'cam')!.resumeTimestamp).toBeUndefined();
  });
});

describe('the memory of a hub', () => {
  it('is counted while it is held: live, ending and pooled', () => {
    const hub = newHub();
    const stuck = subscribe(hub, 'stuck');
    const { claim, publication } = publish(hub);
    send(publication, 1, 50, 20_000);
    pass(hub, 100);
    send(publication, 51, 5, 20_000);
    const live = hub.heldBytes;
    expect(live).toBeGreaterThan(10 ** 6);
    claim.close(Date.now());
    expect(hub.heldBytes).toBe(live);
    hub.unsubscribe('live', 'cam', stuck.player!);
    pass(hub, 60_000);
    // What its socket still sends from is held until the socket is done with it.
    expect(hub.heldBytes).toBeGreaterThan(0);
    stuck.player!.drained();
    expect(hub.heldBytes).toBe(0);
  });
});
