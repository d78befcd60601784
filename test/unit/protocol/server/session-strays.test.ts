import { describe, expect, it } from 'vitest';
import { hex, inbound } from '../../../support/protocol/messages.js';
import { ServerPeer } from '../../../support/protocol/server-peer.js';

const text0 = (text: string): string =>
  `02 ${text.length.toString(16).padStart(4, '0')} ${Buffer.from(text).toString('hex')}`;

describe('what goes nowhere', () => {
  it('is counted by its cause', () => {
    const peer = new ServerPeer().play();
    for (const [type, cause] of [
      [16, 'object_unreadable'],
      [19, 'object_unreadable'],
      [22, 'message_type'],
    ] as const) {
      peer.message(inbound(type, 1, hex('00')));
      expect(peer.dropped).toEqual([cause]);
    }
    peer.message(inbound(18, 1, hex(text0('onX'))));
    expect(peer.dropped).toEqual(['data_without_publish']);
    peer.call(0, 'whatever', 0, null);
    expect(peer.dropped).toEqual(['command_unknown']);
    peer.call(0, 'whatever', 7, null);
    expect(peer.dropped).toEqual([]);
    const publisher = new ServerPeer().publish();
    publisher.message(inbound(18, 1, hex('00 00 00 00')));
    expect(publisher.dropped).toEqual(['data_without_name']);
  });
});

describe('media and data on a message stream without a publish', () => {
  it('are those of the only publish', () => {
    const peer = new ServerPeer().publish();
    expect([0, 1, 5].map((id) => peer.session.publishFor(id))).toEqual([1, 1, 1]);
    expect(peer.message(inbound(18, 0, hex(text0('onX'))))[0]).toContain('data messageStreamId=1');
  });

  it('are nobody’s where there are two publishes, and when they come late on one that has ended', () => {
    const peer = new ServerPeer().publish('one');
    peer.call(0, 'createStream', 4, null);
    peer.call(2, 'publish', 5, null, 'two');
    peer.acceptPublish();
    expect([0, 1, 2, 5].map((id) => peer.session.publishFor(id))).toEqual([undefined, 1, 2, undefined]);
    peer.call(0, 'deleteStream', 0, null, 1);
    expect([0, 1, 2].map((id) => peer.session.publishFor(id))).toEqual([2, undefined, 2]);
  });

  it('are nobody’s before anything is published, and on a stream that plays', () => {
    expect(new ServerPeer().connect().session.publishFor(0)).toBeUndefined();
    const peer = new ServerPeer().publish();
    peer.call(0, 'createStream', 4, null);
    peer.call(2, 'play', 0, null, 'other');
    expect(peer.session.publishFor(2)).toBeUndefined();
  });
});
