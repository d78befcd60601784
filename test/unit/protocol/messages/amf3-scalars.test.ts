import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../../../src/core/errors.js';
import { readScalars } from '../../../../src/protocol/messages/amf3-scalars.js';
import type { InboundMessage } from '../../../../src/protocol/messages/inbound-message.js';
import { AmfScanner } from '../../../../src/wasm/amf-scanner.js';
import { hex, inbound } from '../../../support/protocol/messages.js';
import { ServerPeer } from '../../../support/protocol/server-peer.js';

const scanner = new AmfScanner();

/** A message whose AMF0 is read as the codec reads it, which refuses AMF3. */
function wire(type: number, messageStreamId: number, payload: Buffer): InboundMessage {
  const skip = type === 15 || type === 17 ? 1 : 0;
  return { ...inbound(type, messageStreamId, payload), readAmf0: () => scanner.scan(payload.subarray(skip)).values };
}

const text0 = (text: string): string =>
  `02 ${text.length.toString(16).padStart(4, '0')} ${Buffer.from(text).toString('hex')}`;
const text3 = (text: string): string =>
  `11 06 ${(text.length * 2 + 1).toString(16).padStart(2, '0')} ${Buffer.from(text).toString('hex')}`;
const OBJECT3 = '11 0a 0b 01 03 61 04 01 01';

describe('simple AMF3 values', () => {
  it.each([
    ['11 00', undefined],
    ['11 01', null],
    ['11 02', false],
    ['11 03', true],
    ['11 04 7f', 127],
    ['11 04 81 00', 128],
    ['11 04 bf ff ff ff', 0x0fffffff],
    ['11 04 ff ff ff ff', -1],
    ['11 05 3ff8000000000000', 1.5],
    ['11 06 01', ''],
    ['11 06 07 c3a9 61', 'éa'],
    ['00 4000000000000000', 2],
    ['01 01', true],
    ['02 0001 78', 'x'],
    ['05', null],
    ['06', undefined],
  ])('%s is read', (bytes, value) => {
    expect(readScalars(hex(bytes), 0)).toEqual({ values: [value], complete: true });
  });

  it('are read up to the first that is not simple, and a string may refer to one before', () => {
    const bytes = hex(`${text3('cam')} 11 06 00 ${OBJECT3} 11 03`);
    expect(readScalars(bytes, 0)).toEqual({ values: ['cam', 'cam'], complete: false });
  });

  it('that are cut off anywhere are not read, and nothing is thrown', () => {
    for (const whole of [
      text3('cam'),
      text0('cam'),
      '11 05 3ff8000000000000',
      '11 04 ff ff ff ff',
      '00 4000000000000000',
      '01 01',
    ]) {
      const bytes = hex(whole);
      for (let length = 1; length < bytes.length; length++) {
        expect(readScalars(bytes.subarray(0, length), 0)).toEqual({ values: [], complete: false });
      }
    }
    expect(readScalars(hex('11 06 00'), 0).values).toEqual([]);
    expect(readScalars(hex('11 06 ffffffff 61'), 0).values).toEqual([]);
  });
});

describe('a command in AMF3', () => {
  it('of simple values is read and answered: Red5 sends all of them behind marker 11', () => {
    const peer = new ServerPeer().connect();
    const createStream = hex(`${text3('createStream')} 11 04 02 11 01`);
    expect(peer.message(wire(20, 0, createStream))).toEqual(['_result(2)@0 1']);
    const publish = hex(`00 ${text3('publish')} 11 04 00 11 01 ${text3('cam')} ${text3('live')}`);
    expect(peer.message(wire(17, 1, publish))[0]).toContain('messageStreamId=1 app=live name=cam');
  });

  it('that cannot be read is answered with an error where it has a transaction id, and counted in any case', () => {
    const peer = new ServerPeer().connect();
    expect(peer.message(wire(20, 0, hex(`${text3('createStream')} 11 04 02 ${OBJECT3}`)))).toEqual([
      '_error(2)@0 error NetConnection.Call.Failed',
    ]);
    expect(peer.dropped).toEqual(['command_unreadable']);
    expect(peer.message(wire(20, 0, hex(`${text0('createStream')} 00 0000000000000000 ${OBJECT3}`)))).toEqual([]);
    expect(peer.dropped).toEqual(['command_unreadable']);
    expect(peer.message(wire(20, 0, hex(OBJECT3)))).toEqual([]);
    expect(peer.dropped).toEqual(['command_without_name']);
  });
});

describe('data in AMF3', () => {
  const data = (type: number, bytes: string) => {
    const peer = new ServerPeer().publish();
    const payload = hex(bytes);
    expect(() => wire(type, 1, payload).readAmf0()).toThrow(SluiceError);
    peer.message(wire(type, 1, payload));
    const [action] = peer.actions;
    return action?.kind === 'data' ? { ...action, payload: action.payload.toString('hex') } : peer.dropped;
  };

  it.each([
    ['of type 15', 15, `00 ${text0('onCuePoint')} ${OBJECT3}`],
    ['behind marker 11 in type 18', 18, `${text0('onCuePoint')} ${OBJECT3}`],
    ['with its name in AMF3, too', 18, `${text3('onCuePoint')} ${OBJECT3}`],
  ])('%s reaches players as it came', (_what, type, bytes) => {
    expect(data(type, bytes)).toMatchObject({
      name: 'onCuePoint',
      type,
      payload: hex(bytes).toString('hex'),
      values: undefined,
    });
  });

  it('loses its @setDataFrame, which is for the server, and nothing else', () => {
    const metadata = `${text0('onMetaData')} ${OBJECT3}`;
    expect(data(15, `00 ${text0('@setDataFrame')} ${metadata}`)).toMatchObject({
      name: 'onMetaData',
      type: 15,
      payload: hex(`00 ${metadata}`).toString('hex'),
    });
  });

  it('without a name goes nowhere, and is counted', () => {
    expect(data(18, OBJECT3)).toEqual(['data_without_name']);
  });
});

describe('what goes nowhere', () => {
  it('is counted by its cause', () => {
    const peer = new ServerPeer().play();
    for (const type of [16, 19, 22]) {
      peer.message(inbound(type, 1, hex('00')));
      expect(peer.dropped).toEqual(['message_type']);
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
