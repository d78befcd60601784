import { describe, expect, it } from 'vitest';
import { type AmfInput, writeAmf0 } from '../../../../src/protocol/messages/amf0-writer.js';
import type { InboundMessage } from '../../../../src/protocol/messages/inbound-message.js';
import { AmfScanner } from '../../../../src/wasm/amf-scanner.js';
import { hex, inbound } from '../../../support/protocol/messages.js';
import { ServerPeer } from '../../../support/protocol/server-peer.js';

const scanner = new AmfScanner();

/** A message that is read as the codec reads it. */
function wire(type: number, messageStreamId: number, payload: Buffer): InboundMessage {
  const skip = type === 15 || type === 17 ? 1 : 0;
  return { ...inbound(type, messageStreamId, payload), readAmf0: () => scanner.scan(payload.subarray(skip)).values };
}

const text0 = (text: string): string =>
  `02 ${text.length.toString(16).padStart(4, '0')} ${Buffer.from(text).toString('hex')}`;
const text3 = (text: string): string =>
  `11 06 ${(text.length * 2 + 1).toString(16).padStart(2, '0')} ${Buffer.from(text).toString('hex')}`;
const OBJECT3 = '11 0a 0b 01 03 61 04 01 01';
/** An externalizable object of a class that nobody knows. */
const UNREADABLE = '11 0a 07 03 58 04 01';

describe('a command in AMF3', () => {
  it('of simple values is read and answered: Red5 sends all of them behind marker 11', () => {
    const peer = new ServerPeer().connect();
    const createStream = hex(`${text3('createStream')} 11 04 02 11 01`);
    expect(peer.message(wire(20, 0, createStream))).toEqual(['_result(2)@0 1']);
    const publish = hex(`00 ${text3('publish')} 11 04 00 11 01 ${text3('cam')} ${text3('live')}`);
    expect(peer.message(wire(17, 1, publish))[0]).toContain('messageStreamId=1 app=live name=cam');
  });

  it('takes arguments of every kind: a connect may be one AMF3 object', () => {
    const peer = new ServerPeer();
    const object = '11 0a 0b 01 07 617070 06 09 6c697665 1d 6f626a656374456e636f64696e67 04 03 01';
    const connect = hex(`${text0('connect')} 00 3ff0000000000000 ${object}`);
    peer.message(wire(20, 0, connect));
    expect(peer.session.info).toMatchObject({ app: 'live', objectEncoding: 3 });
  });

  it('that cannot be read is answered with an error where it has a transaction id, and counted in any case', () => {
    const peer = new ServerPeer().connect();
    expect(peer.message(wire(20, 0, hex(`${text3('createStream')} 11 04 02 ${UNREADABLE}`)))).toEqual([
      '_error(2)@0 error NetConnection.Call.Failed',
    ]);
    expect(peer.dropped).toEqual(['command_unreadable']);
    expect(peer.message(wire(20, 0, hex(`${text0('createStream')} 00 0000000000000000 ${UNREADABLE}`)))).toEqual([]);
    expect(peer.dropped).toEqual(['command_unreadable']);
    expect(peer.message(wire(20, 0, hex(UNREADABLE)))).toEqual([]);
    expect(peer.dropped).toEqual(['command_without_name']);
    expect(peer.message(wire(20, 0, hex(`${text0('x'.repeat(65))} 00 4000000000000000 ${UNREADABLE}`)))).toEqual([]);
    expect(peer.dropped).toEqual(['command_without_name']);
  });
});

describe('data in AMF3', () => {
  const data = (type: number, bytes: string) => {
    const peer = new ServerPeer().publish();
    peer.message(wire(type, 1, hex(bytes)));
    const [action] = peer.actions;
    return action?.kind === 'data' ? { ...action, payload: action.payload.toString('hex') } : action;
  };
  const plain = (...values: readonly AmfInput[]): string => writeAmf0(...values).toString('hex');

  it.each([
    ['of type 15', 15, `00 ${text0('onCuePoint')} ${OBJECT3}`],
    ['behind marker 11 in type 18', 18, `${text0('onCuePoint')} ${OBJECT3}`],
    ['with its name in AMF3, too', 18, `${text3('onCuePoint')} ${OBJECT3}`],
  ])('%s reaches players as AMF0', (_what, type, bytes) => {
    expect(data(type, bytes)).toMatchObject({ name: 'onCuePoint', type: 18, values: [{ a: 1 }] });
    expect(data(type, bytes)).toMatchObject({ payload: expect.stringMatching(/^02000a6f6e437565506f696e7408/) });
  });

  it.each([
    ['in type 15, with @setDataFrame in AMF0', 15, `00 ${text0('@setDataFrame')} ${text0('onMetaData')} ${OBJECT3}`],
    ['in type 15, with @setDataFrame in AMF3', 15, `00 ${text3('@setDataFrame')} ${text3('onMetaData')} ${OBJECT3}`],
    ['in type 18, as an array with keys', 18, `${text0('onMetaData')} 11 09 01 03 61 04 01 01`],
  ])('that is metadata %s is normalised', (_what, type, bytes) => {
    const array = `02000a${Buffer.from('onMetaData').toString('hex')}08000000010001610${'03ff0000000000000000009'}`;
    expect(data(type, bytes)).toMatchObject({ name: 'onMetaData', type: 18, payload: array, values: [{ a: 1 }] });
  });

  it('with a byte array stays AMF3 there, as OBS before 30.2 sends the audio of its VOD track', () => {
    const message = `${text0('additionalMedia')} 03 00056d65646961 11 0c 07 af01ff 000009`;
    expect(data(18, message)).toMatchObject({
      name: 'additionalMedia',
      payload: hex(message).toString('hex'),
      values: [{ media: Buffer.from([0xaf, 0x01, 0xff]) }],
    });
    const bare = data(15, `00 ${text0('audio')} 11 0c 07 af01ff`);
    expect(bare).toMatchObject({ payload: plain('audio', Buffer.from([0xaf, 0x01, 0xff])) });
    expect(bare).toMatchObject({ payload: expect.stringMatching(/110c07af01ff$/) });
  });

  it('that refers to one long string again and again is refused, not written out', () => {
    const long = `11 06 8801 ${'78'.repeat(512)}`;
    expect(data(18, `${text0('onX')} ${long} ${'11 06 00'.repeat(100)}`)).toMatchObject({
      kind: 'dataRefused',
      code: 'ERR_AMF_UNWRITABLE',
    });
  });

  it('that cannot be read is refused with a code, and without a name counted', () => {
    expect(data(18, `${text0('onX')} ${UNREADABLE}`)).toMatchObject({
      kind: 'dataRefused',
      code: 'ERR_AMF_EXTERNALIZABLE',
    });
    expect(data(18, `${text3('onX')} ${UNREADABLE}`)).toMatchObject({ code: 'ERR_AMF_EXTERNALIZABLE' });
    expect(data(18, OBJECT3)).toMatchObject({ kind: 'dropped', cause: 'data_without_name' });
    expect(data(18, UNREADABLE)).toMatchObject({ kind: 'dropped', cause: 'data_without_name' });
  });
});
