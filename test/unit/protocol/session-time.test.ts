import { describe, expect, it } from 'vitest';
import { ServerPeer } from './support/server-peer.js';

describe('deadlines', () => {
  it('connect must come in time', () => {
    const peer = new ServerPeer({ connectTimeoutMs: 500 });
    expect(peer.session.nextDeadlineMs()).toBe(1500);
    expect(peer.session.tick(1499)).toEqual([]);
    expect(peer.take(peer.session.tick(1500))).toEqual(['! close ERR_SESSION_CONNECT_TIMEOUT']);
    expect(peer.session.nextDeadlineMs()).toBe(Number.POSITIVE_INFINITY);
    expect(peer.session.tick(9999)).toEqual([]);
  });

  it('publish or play must come in time after connect, however much else is asked', () => {
    const peer = new ServerPeer({ connectTimeoutMs: 500 });
    peer.nowMs = 1400;
    peer.connect();
    peer.nowMs = 1800;
    peer.call(0, 'createStream', 2, null);
    expect(peer.session.nextDeadlineMs()).toBe(1900);
    expect(peer.take(peer.session.tick(1900))).toEqual(['! close ERR_SESSION_IDLE_TIMEOUT']);
  });

  it('stand still while an answer is awaited and while something runs, and begin anew when it ends', () => {
    const peer = new ServerPeer({ connectTimeoutMs: 500 }).connect();
    peer.call(1, 'publish', 0, null, 'cam');
    expect(peer.session.nextDeadlineMs()).toBe(Number.POSITIVE_INFINITY);
    peer.acceptPublish();
    expect(peer.session.tick(99_999)).toEqual([]);
    peer.nowMs = 100_000;
    peer.call(1, 'closeStream', 0, null);
    expect(peer.session.nextDeadlineMs()).toBe(100_500);
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
    expect(peer.take(peer.session.tick(151_000))).toEqual(['! close ERR_SESSION_PING_TIMEOUT']);
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
  it('kick: a status for each stream, then close', () => {
    const peer = new ServerPeer().publish();
    peer.call(0, 'createStream', 4, null);
    peer.call(2, 'play', 5, null, 'other');
    peer.acceptPlay();
    expect(peer.take(peer.session.kick({ description: 'by the operator' }))).toEqual([
      'onStatus(0)@1 error NetStream.Publish.Rejected',
      'onStatus(0)@2 status NetStream.Play.Stop',
      'StreamEOF 2',
      '! close ERR_SESSION_KICKED',
    ]);
    expect(peer.session.isPublishing(1)).toBe(false);
    expect(peer.session.kick({ description: 'again' })).toEqual([]);
  });

  it('kick of one stream leaves the other', () => {
    const peer = new ServerPeer().publish('one');
    peer.call(0, 'createStream', 4, null);
    peer.call(2, 'publish', 5, null, 'two');
    peer.acceptPublish();
    const kick = (messageStreamId: number) =>
      peer.take(peer.session.kick({ description: 'x', messageStreamId, publishStatus: 'NetStream.Publish.Denied' }));
    expect(kick(1)).toEqual(['onStatus(0)@1 error NetStream.Publish.Denied']);
    expect(peer.session.isPublishing(2)).toBe(true);
    expect(kick(2)).toEqual(['onStatus(0)@2 error NetStream.Publish.Denied', '! close ERR_SESSION_KICKED']);
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
