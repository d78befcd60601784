import { describe, expect, it } from 'vitest';
import { readAmf } from '../../../support/amf.js';
import { dataMessage, hex, inbound, u32, userControl } from '../../../support/protocol/messages.js';
import { ServerPeer } from '../../../support/protocol/server-peer.js';

describe('data messages', () => {
  const object = '03 0001 61 00 3FF0000000000000 000009';
  const ecma = (count: string) => `08 ${count} 0001 61 00 3FF0000000000000 000009`;
  const setDataFrame = '02 000D 40736574446174614672616D65';
  const onMetaData = '02 000A 6F6E4D65746144617461';

  const PASSED: readonly [string, number, string, string][] = [
    ['@setDataFrame with an object', 18, `${setDataFrame} ${onMetaData} ${object}`, `${onMetaData} ${object}`],
    [
      '@setDataFrame with ECMA count 0',
      18,
      `${setDataFrame} ${onMetaData} ${ecma('00000000')}`,
      `${onMetaData} ${ecma('00000000')}`,
    ],
    [
      '@setDataFrame with a wrong ECMA count',
      18,
      `${setDataFrame} ${onMetaData} ${ecma('FFFFFFFF')}`,
      `${onMetaData} ${ecma('FFFFFFFF')}`,
    ],
    [
      '@setDataFrame without the end of its array, which is put right',
      18,
      `${setDataFrame} ${onMetaData} ${ecma('00000001').replace('000009', '')}`,
      `${onMetaData} ${ecma('00000001')}`,
    ],
    ['type 15 with its leading zero', 15, `00 ${setDataFrame} ${onMetaData} ${object}`, `${onMetaData} ${object}`],
    ['bare onMetaData', 18, `${onMetaData} ${object}`, `${onMetaData} ${object}`],
    ['anything else, unmodified', 18, '02 0004 6F6E4649 05 06', '02 0004 6F6E4649 05 06'],
  ];
  for (const [what, type, sent, received] of PASSED) {
    it(`passes on ${what}`, () => {
      const peer = new ServerPeer().publish();
      peer.message(inbound(type, 1, hex(sent), 1234));
      expect(peer.actions).toHaveLength(1);
      expect(peer.actions[0]).toMatchObject({
        kind: 'data',
        messageStreamId: 1,
        timestamp: 1234,
        payload: hex(received),
      });
    });
  }

  it('refuses what the codec cannot read, with its code, and goes on', () => {
    const peer = new ServerPeer().publish();
    const deep = inbound(18, 1, Buffer.concat([hex('02 0001 61'), ...Array(40).fill(hex('0A 00000001')), hex('05')]));
    peer.message(deep);
    expect(peer.actions).toEqual([{ kind: 'dataRefused', messageStreamId: 1, code: 'ERR_AMF_DEPTH' }]);
    peer.message(inbound(18, 1, hex(`${onMetaData} ${object}`)));
    expect(peer.actions.at(-1)).toMatchObject({ kind: 'data' });
  });

  it('hands over a copy of the payload and the values behind the name', () => {
    const peer = new ServerPeer().publish();
    const borrowed = hex(`${setDataFrame} ${onMetaData} ${object}`);
    peer.message(inbound(18, 1, borrowed));
    borrowed.fill(0);
    const [action] = peer.actions;
    if (action?.kind !== 'data') throw new Error('no data action');
    expect({ ...(action.values?.[0] as object) }).toEqual({ a: 1 });
    expect(readAmf(action.payload)[0]).toBe('onMetaData');
  });

  it('writes AMF3 values anew as AMF0', () => {
    const peer = new ServerPeer().publish();
    const payload = hex(`${setDataFrame} ${onMetaData} 11 0A 0B 01 03 61 05 3FF0000000000000 01`);
    // The codec's reader understands marker 11; the plain reader of these tests does not.
    const message = { ...inbound(18, 1, payload), readAmf0: () => ['@setDataFrame', 'onMetaData', { a: 1 }] };
    peer.message(message);
    expect(peer.actions[0]).toMatchObject({ payload: hex(`${onMetaData} ${ecma('00000001')}`) });
  });

  it('@clearDataFrame forgets', () => {
    const peer = new ServerPeer().publish();
    expect(peer.message(dataMessage(1, 0, '@clearDataFrame', 'onMetaData'))).toEqual([
      '! dataCleared messageStreamId=1 name=onMetaData',
    ]);
  });

  it('goes nowhere from a player, from a connection that publishes nothing, or from a NetStream that waits', () => {
    const message = dataMessage(1, 0, 'onMetaData', {});
    expect(new ServerPeer().play().message(message)).toEqual([]);
    expect(new ServerPeer().connect().message(message)).toEqual([]);
    const waiting = new ServerPeer().connect();
    waiting.call(1, 'publish', 0, null, 'cam');
    expect(waiting.message(message)).toEqual([]);
  });

  it('without a string name is ignored', () => {
    const peer = new ServerPeer().publish();
    for (const values of [[5], ['@setDataFrame', 5], ['@setDataFrame'], ['@clearDataFrame'], ['x'.repeat(257)]]) {
      expect(peer.message(dataMessage(1, 0, ...values))).toEqual([]);
    }
  });
});

describe('control messages', () => {
  it('acknowledges within the window that type 5 asks for, and wraps at 2^32', () => {
    const peer = new ServerPeer().connect();
    const { session } = peer;
    expect(session.received(1_000_000)).toEqual([]);
    peer.message(inbound(5, 0, u32(10_000)));
    expect(peer.take(session.received(1_000_100))).toEqual(['Acknowledgement 1000100']);
    expect(session.received(1_005_099)).toEqual([]);
    expect(peer.take(session.received(1_005_100))).toEqual(['Acknowledgement 1005100']);
    expect(peer.take(session.received(2 ** 32 + 7))).toEqual(['Acknowledgement 7']);
  });

  it('never acknowledges for a window of 0 or a message cut short', () => {
    const peer = new ServerPeer().connect();
    peer.message(inbound(5, 0, u32(0)));
    peer.message(inbound(5, 0, hex('0000')));
    expect(peer.session.received(1e9)).toEqual([]);
  });

  it('acknowledges a tiny window, once a window', () => {
    const peer = new ServerPeer().connect();
    peer.message(inbound(5, 0, u32(100)));
    expect(peer.session.received(99)).toEqual([]);
    expect(peer.session.received(100)).toHaveLength(1);
  });

  it('answers a ping with the same value, and ignores what it does not know or what is cut short', () => {
    const peer = new ServerPeer().connect();
    expect(peer.message(inbound(4, 0, userControl(6, 0xdeadbeef)))).toEqual(['Pong 3735928559']);
    for (const payload of [
      hex('0003 00000001 00000BB8'),
      hex('0003 00000001'),
      hex('0006 00'),
      hex(''),
      hex('00FF 00000000'),
    ]) {
      expect(peer.message(inbound(4, 0, payload))).toEqual([]);
    }
  });

  it('ignores shared objects, aggregates and unknown types', () => {
    const peer = new ServerPeer().connect();
    for (const type of [3, 6, 7, 10, 16, 19, 21, 22, 255]) {
      expect(peer.message(inbound(type, 0, hex('00000001')))).toEqual([]);
    }
  });
});
