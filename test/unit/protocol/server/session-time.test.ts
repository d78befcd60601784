import { describe, expect, it } from 'vitest';
import { ServerPeer } from '../../../support/protocol/server-peer.js';

/** What a client gets before the connection is closed for a reason of the server's. */
const TOLD = 'onStatus(0)@0 status NetConnection.Connect.Closed';

describe('deadlines', () => {
  it('connect must be accepted in time, counted from accept', () => {
    const peer = new ServerPeer({ acceptedMs: 200, connectTimeoutMs: 1500 });
    expect(peer.session.nextDeadlineMs()).toBe(1700);
    expect(peer.session.tick(1699)).toEqual([]);
    expect(peer.take(peer.session.tick(1700))).toEqual(['! close ERR_SESSION_CONNECT_TIMEOUT']);
    expect(peer.session.nextDeadlineMs()).toBe(Number.POSITIVE_INFINITY);
    expect(peer.session.tick(9999)).toEqual([]);
  });

  it('a connected client may be idle for its time, and is told why it has to go, whatever it asked for meanwhile', () => {
    const peer = new ServerPeer({ connectTimeoutMs: 500, idleMs: 3000 });
    peer.nowMs = 1400;
    peer.connect();
    peer.nowMs = 1800;
    peer.call(0, 'createStream', 2, null);
    expect(peer.session.nextDeadlineMs()).toBe(4400);
    expect(peer.session.tick(4399)).toEqual([]);
    expect(peer.take(peer.session.tick(4400))).toEqual([TOLD, '! close ERR_SESSION_IDLE_TIMEOUT']);
  });

  it('stand still while an answer is awaited and while something runs, and begin anew when it ends', () => {
    const peer = new ServerPeer({ connectTimeoutMs: 500, idleMs: 3000 }).connect();
    expect(peer.session.idleSinceMs).toBe(1000);
    peer.call(1, 'publish', 0, null, 'cam');
    expect([peer.session.nextDeadlineMs(), peer.session.idleSinceMs]).toEqual([Number.POSITIVE_INFINITY, undefined]);
    peer.acceptPublish();
    expect(peer.session.tick(99_999)).toEqual([]);
    peer.nowMs = 100_000;
    peer.call(1, 'closeStream', 0, null);
    expect([peer.session.nextDeadlineMs(), peer.session.idleSinceMs]).toEqual([103_000, 100_000]);
    peer.nowMs = 102_999;
    peer.call(1, 'play', 0, null, 'cam');
    peer.acceptPlay();
    peer.nowMs = 200_000;
    peer.call(1, 'deleteStream', 0, null, 1);
    expect(peer.take(peer.session.tick(202_999))).toEqual([]);
    expect(peer.take(peer.session.tick(203_000))).toEqual([TOLD, '! close ERR_SESSION_IDLE_TIMEOUT']);
  });
});

describe('an idle connection', () => {
  const options = { pingIntervalMs: 60_000, pingTimeoutMs: 30_000, idleMs: 600_000 };

  it('is pinged, and stays for as long as it answers, to the end of its time', () => {
    const peer = new ServerPeer(options).connect();
    let bytes = 5000;
    let pings = 0;
    for (let atMs = 0; atMs < 601_000; ) {
      peer.session.received(bytes);
      atMs = peer.session.nextDeadlineMs();
      const lines = peer.take(peer.session.tick(atMs));
      if (atMs === 601_000) expect(lines).toEqual([TOLD, '! close ERR_SESSION_IDLE_TIMEOUT']);
      else if (lines.length > 0) {
        expect(lines).toEqual([`Ping ${atMs}`]);
        pings++;
        bytes += 18;
      }
    }
    expect(pings).toBe(6);
  });

  it('is told and closed when it answers no more', () => {
    const peer = new ServerPeer(options).connect();
    peer.session.received(5000);
    peer.session.tick(61_000);
    expect(peer.take(peer.session.tick(121_000))).toEqual(['Ping 121000']);
    expect(peer.session.tick(150_999)).toEqual([]);
    expect(peer.take(peer.session.tick(151_000))).toEqual([TOLD, '! close ERR_SESSION_PING_TIMEOUT']);
  });

  it('is told when its place is needed; one that is not idle stays', () => {
    const idle = new ServerPeer().connect();
    const lines = idle.take(idle.session.endIdle('ERR_LIMIT_IDLE'));
    expect(lines).toEqual([TOLD, '! close ERR_LIMIT_IDLE']);
    expect(idle.session.idleSinceMs).toBeUndefined();
    for (const peer of [new ServerPeer(), new ServerPeer().publish(), new ServerPeer().play()]) {
      expect(peer.session.idleSinceMs).toBeUndefined();
      expect(peer.session.endIdle('ERR_LIMIT_IDLE')).toEqual([]);
    }
  });
});

describe('server pings', () => {
  const options = { pingIntervalMs: 60_000, pingTimeoutMs: 30_000 };

  it('go out after a silent interval, and silence after them ends the connection', () => {
    const peer = new ServerPeer(options).play();
    peer.session.received(5000);
    expect(peer.session.nextDeadlineMs()).toBe(61_000);
    expect(peer.session.tick(61_000)).toEqual([]);
    expect(peer.take(peer.session.tick(121_000))).toEqual(['Ping 121000']);
    expect(peer.session.nextDeadlineMs()).toBe(151_000);
    expect(peer.take(peer.session.tick(151_000))).toEqual([TOLD, '! close ERR_SESSION_PING_TIMEOUT']);
  });

  it('never end a connection that sends something other than a pong', () => {
    const peer = new ServerPeer(options).publish();
    for (let minute = 1; minute <= 20; minute++) {
      peer.session.received(minute * 1000);
      expect(peer.session.tick(1000 + minute * 60_000)).toEqual([]);
    }
    expect(peer.take(peer.session.tick(1000 + 21 * 60_000))).toEqual([`Ping ${1000 + 21 * 60_000}`]);
    peer.session.received(20_001);
    expect(peer.session.tick(1000 + 21 * 60_000 + 30_000)).toEqual([]);
  });
});

describe('endings from our side', () => {
  const kicked = { code: 'ERR_SESSION_KICKED', description: 'by the operator' } as const;

  it('a publish that is ended gets its status, then the connection is closed', () => {
    const peer = new ServerPeer().publish();
    expect(peer.take(peer.session.end(1, { status: 'NetStream.Publish.Rejected', ...kicked }))).toEqual([
      'onStatus(0)@1 error NetStream.Publish.Rejected',
      '! close ERR_SESSION_KICKED',
    ]);
    expect(peer.session.isPublishing(1)).toBe(false);
    expect(peer.session.end(1, { status: 'NetStream.Publish.Rejected', ...kicked })).toEqual([]);
  });

  it('a play that is ended for a fault gets Failed and Stop, one that is over gets Stop only', () => {
    const end = (status: 'NetStream.Play.Failed' | 'NetStream.Play.Stop') => {
      const peer = new ServerPeer().play();
      return peer.take(peer.session.end(1, { status, ...kicked }));
    };
    const stop = ['onStatus(0)@1 status NetStream.Play.Stop', 'StreamEOF 1', '! close ERR_SESSION_KICKED'];
    expect(end('NetStream.Play.Failed')).toEqual(['onStatus(0)@1 error NetStream.Play.Failed', ...stop]);
    expect(end('NetStream.Play.Stop')).toEqual(stop);
  });

  it('one NetStream that is ended leaves the other', () => {
    const peer = new ServerPeer().publish('one');
    peer.call(0, 'createStream', 4, null);
    peer.call(2, 'publish', 5, null, 'two');
    peer.acceptPublish();
    const end = (messageStreamId: number) =>
      peer.take(peer.session.end(messageStreamId, { status: 'NetStream.Publish.BadName', ...kicked }));
    expect(end(1)).toEqual(['onStatus(0)@1 error NetStream.Publish.BadName']);
    expect(peer.session.isPublishing(2)).toBe(true);
    // Nothing runs on the first one any more, and there never was a third.
    expect([end(1), end(3)]).toEqual([[], []]);
    expect(end(2)).toEqual(['onStatus(0)@2 error NetStream.Publish.BadName', '! close ERR_SESSION_KICKED']);
  });

  it('shutdown: AppShutdown on the connection and the publisher, Play.Stop for players', () => {
    const peer = new ServerPeer().publish();
    expect(peer.take(peer.session.shutdown('maintenance'))).toEqual([
      'onStatus(0)@0 error NetConnection.Connect.AppShutdown',
      'onStatus(0)@1 error NetConnection.Connect.AppShutdown',
      '! close ERR_SESSION_SHUTDOWN',
    ]);
    const player = new ServerPeer().play();
    expect(player.take(player.session.shutdown('maintenance'))).toEqual([
      'onStatus(0)@0 error NetConnection.Connect.AppShutdown',
      'onStatus(0)@1 status NetStream.Play.Stop',
      'StreamEOF 1',
      '! close ERR_SESSION_SHUTDOWN',
    ]);
    const fresh = new ServerPeer();
    expect(fresh.take(fresh.session.shutdown('maintenance'))).toEqual(['! close ERR_SESSION_SHUTDOWN']);
  });
});
