import { describe, expect, it } from 'vitest';
import { ServerPeer } from '../../../support/protocol/server-peer.js';

const peerOf = (callApps: readonly string[] = ['live']) => new ServerPeer({ callApps }).connect();

describe('a command that Sluice does not have', () => {
  it('asks for its answer, which may come after those of others', () => {
    const peer = peerOf();
    expect(peer.call(0, 'add', 5, null, 1, 2)).toEqual([
      '! callRequested requestId=2 messageStreamId=0 method=add args=1,2 wantsAnswer=true',
    ]);
    expect(peer.call(0, 'hello', 6, { who: 'x' })).toEqual([
      '! callRequested requestId=3 messageStreamId=0 method=hello args= wantsAnswer=true',
    ]);
    const error = { kind: 'error', code: 'App.NotNow', description: 'later' } as const;
    expect(peer.take(peer.session.answerCall(3, error))).toEqual(['_error(6)@0 error App.NotNow']);
    expect(peer.take(peer.session.answerCall(2, { kind: 'result', value: 3 }))).toEqual(['_result(5)@0 3']);
    expect(peer.session.answerCall(2, { kind: 'result', value: 3 })).toEqual([]);
  });

  it('is passed on without an answer when it wants none', () => {
    const peer = peerOf(['*']);
    expect(peer.call(0, 'note', 0, null, 'x')).toHaveLength(1);
    expect(peer.session.answerCall(peer.requestId, { kind: 'result', value: 3 })).toEqual([]);
  });

  it('is refused as ever in other apps, and where no calls are passed on', () => {
    for (const peer of [peerOf(['other']), peerOf([])]) {
      expect(peer.call(0, 'add', 5, null, 1)).toEqual(['_error(5)@0 error NetConnection.Call.Failed']);
      expect(peer.call(0, 'add', 0, null, 1)).toEqual([]);
      expect(peer.dropped).toEqual(['command_unknown']);
    }
  });

  it('is refused when clients send it on their own, or its name is longer than 128 bytes', () => {
    const peer = peerOf();
    const refused = ['_error(5)@0 error NetConnection.Call.Failed'];
    for (const name of ['checkBandwidth', '_onbwcheck', 'onBWDone', '', 'x'.repeat(129)])
      expect(peer.call(0, name, 5, null)).toEqual(refused);
    expect(peer.call(0, 'x'.repeat(128), 5, null)[0]).toMatch(/^! callRequested/);
    // These have an answer of Sluice.
    for (const name of ['_checkbw', 'releaseStream'])
      expect(peer.call(0, name, 5, null, 'cam')[0]).toMatch(/^_result\(5\)/);
  });

  it('is refused while 16 calls of the connection wait for an answer', () => {
    const peer = peerOf();
    for (let n = 1; n <= 16; n++) expect(peer.call(0, 'add', n, null)[0]).toMatch(/^! callRequested/);
    const last = peer.requestId;
    expect(peer.call(0, 'add', 17, null)).toEqual(['_error(17)@0 error NetConnection.Call.Failed']);
    expect(peer.call(0, 'add', 0, null)).toEqual([]);
    peer.take(peer.session.answerCall(last, { kind: 'result', value: null }));
    expect(peer.call(0, 'add', 18, null)[0]).toMatch(/^! callRequested/);
  });

  it('gets no answer once the connection is over', () => {
    const peer = peerOf();
    peer.call(0, 'add', 5, null);
    peer.session.shutdown('');
    expect(peer.session.answerCall(peer.requestId, { kind: 'result', value: 3 })).toEqual([]);
  });
});

describe('a call to the client', () => {
  const call = (peer: ServerPeer, callId: number, deadlineMs = 9000) =>
    peer.session.callClient(callId, 'ping', [1, 'a'], deadlineMs);

  it('has a transaction id of its own, and is answered once', () => {
    const peer = new ServerPeer().publish();
    expect(peer.take(call(peer, 70)!)).toEqual(['ping(1)@0 1 a']);
    expect(peer.take(call(peer, 71)!)).toEqual(['ping(2)@0 1 a']);
    const answered = (): unknown => peer.actions[0];
    peer.call(0, '_error', 2, null, 'no');
    expect(answered()).toEqual({ kind: 'clientAnswered', callId: 71, answer: { kind: 'error', values: ['no'] } });
    peer.call(0, '_result', 1, null, { pong: true });
    expect(answered()).toMatchObject({ callId: 70, answer: { kind: 'result', values: [{ pong: true }] } });
    expect(peer.call(0, '_result', 1, null, 'again')).toEqual([]);
    expect(peer.call(0, '_result', 99, null, 'never asked')).toEqual([]);
  });

  it('is over when the client has not answered in time', () => {
    const peer = new ServerPeer().publish();
    call(peer, 70, 4000);
    call(peer, 71, 5000);
    expect(peer.session.nextDeadlineMs()).toBe(4000);
    expect(peer.session.tick(3999)).toEqual([]);
    const timeout = (callId: number) => [{ kind: 'clientAnswered', callId, answer: { kind: 'timeout' } }];
    expect(peer.session.tick(4000)).toEqual(timeout(70));
    expect(peer.call(0, '_result', 1, null, 'late')).toEqual([]);
    expect(peer.session.tick(5000)).toEqual(timeout(71));
    expect(peer.session.nextDeadlineMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it('is not sent while 16 wait, and not before connect', () => {
    const peer = new ServerPeer().publish();
    for (let n = 0; n < 16; n++) expect(call(peer, n)).toBeDefined();
    expect(call(peer, 16)).toBeUndefined();
    peer.call(0, '_result', 3, null);
    expect(call(peer, 17)).toBeDefined();
    expect(call(new ServerPeer(), 1)).toBeUndefined();
  });
});
