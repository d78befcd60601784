import { describe, expect, it } from 'vitest';
import { AmfEcmaArray, type AmfInput, writeAmf0 } from '../../../../src/protocol/messages/amf0-writer.js';
import { readAmf } from '../../../support/amf.js';
import { dataMessage, hex, inbound, userControl } from '../../../support/protocol/messages.js';
import { ServerPeer } from '../../../support/protocol/server-peer.js';
import { Transcript } from '../../../support/protocol/transcript.js';

/** The info object of the last answer to a connect with this object. */
function connectInfo(object: AmfInput): Record<string, unknown> {
  const peer = new ServerPeer();
  peer.call(0, 'connect', 1, object);
  const reply = new Transcript().messages(peer.actions).find((message) => message.type === 20);
  return readAmf(reply!.payload)[3] as Record<string, unknown>;
}

describe('connect', () => {
  const TOLERATED: readonly [string, readonly AmfInput[]][] = [
    ['an ECMA array', [1, new AmfEcmaArray({ app: 'live' })]],
    ['no tcUrl', [1, { app: 'live' }]],
    ['extra arguments', [1, { app: 'live' }, 'user', 3, { more: true }]],
    ['undefined and null fields', [1, { app: 'live', tcUrl: undefined, flashVer: null, swfUrl: undefined }]],
    ['fields of other types', [1, { app: 'live', tcUrl: 7, flashVer: true, capsEx: 'x', objectEncoding: 'a' }]],
    ['tcurl in lower case and no app', [1, { tcurl: 'rtmp://host/live' }]],
    ['a NaN transaction id', [Number.NaN, { app: 'live' }]],
  ];
  for (const [what, values] of TOLERATED) {
    it(`succeeds with ${what}`, () => {
      const lines = new ServerPeer().call(0, 'connect', ...values);
      expect(lines[3]).toBe('_result(1)@0 {fmsVer,capabilities,mode} status NetConnection.Connect.Success');
      expect(lines[4]).toBe('! connected live');
    });
  }

  it('succeeds without a command object, with an empty app', () => {
    expect(new ServerPeer().call(0, 'connect', 1).at(-1)).toBe('! connected ');
  });

  const APPS: readonly [string, string, string][] = [
    ['live', 'live', ''],
    ['live/', 'live', ''],
    ['/live//a/', 'live/a', ''],
    ['live/_definst_', 'live', ''],
    ['live/_definst_/', 'live', ''],
    ['"live"', 'live', ''],
    ["'live'", 'live', ''],
    ['live?token=s', 'live', 'token=s'],
    ['live/?a=1&b=2', 'live', 'a=1&b=2'],
    ['live?authmod=adobe&user=U', 'live', 'authmod=adobe&user=U'],
    ['_definst_', '', ''],
    ['', '', ''],
  ];
  for (const [sent, app, query] of APPS) {
    it(`reads app ${JSON.stringify(sent)} as ${JSON.stringify(app)} with query ${JSON.stringify(query)}`, () => {
      const peer = new ServerPeer();
      peer.call(0, 'connect', 1, { app: sent });
      expect(peer.actions.at(-1)).toMatchObject({ kind: 'connected', app, query });
    });
  }

  it('keeps neither query nor credentials of a URL', () => {
    const peer = new ServerPeer();
    const long = `rtmp://${'u'.repeat(2000)}:pass@host/live`;
    peer.call(0, 'connect', 1, { app: 'live', tcUrl: 'rtmp://user:p@ss@host/live?key=s', swfUrl: long });
    expect(peer.session.info).toMatchObject({ tcUrl: 'rtmp://host/live', swfUrl: 'rtmp://host/live' });
  });

  it('echoes objectEncoding', () => {
    expect(connectInfo({ app: 'live', objectEncoding: 3 })['objectEncoding']).toBe(3);
    expect(connectInfo({ app: 'live' })['objectEncoding']).toBe(0);
  });

  it('answers Enhanced RTMP clients with capsEx, a list and maps that forward every codec, and others without', () => {
    for (const sign of [{ fourCcList: ['av01'] }, { videoFourCcInfoMap: { '*': 4 } }, { capsEx: 1 }]) {
      const info = connectInfo({ app: 'live', ...sign });
      expect(info).toMatchObject({ capsEx: 15, fourCcList: ['*'] });
      expect(info).toMatchObject({ videoFourCcInfoMap: { '*': 4 }, audioFourCcInfoMap: { '*': 4 } });
    }
    expect(connectInfo({ app: 'live', capsEx: null })).not.toHaveProperty('capsEx');
  });

  it('keeps what a client announces', () => {
    const peer = new ServerPeer();
    peer.call(0, 'connect', 1, { app: 'live', capsEx: 3, videoFourCcInfoMap: { hvc1: 1 } });
    expect(peer.session.info).toMatchObject({ isEnhanced: true, capsEx: 3, codecs: { video: { hvc1: 1 }, audio: {} } });
  });

  it('refuses an app that is no string, or over the limit, with _error and a close', () => {
    const refused = ['_error(1)@0 error NetConnection.Connect.InvalidApp', '! close ERR_SESSION_CONNECT_REFUSED'];
    expect(new ServerPeer().call(0, 'connect', 1, { app: 5 })).toEqual(refused);
    expect(new ServerPeer().call(0, 'connect', 1, { app: 'x'.repeat(1025) })).toEqual(refused);
    expect(new ServerPeer().call(0, 'connect', 1, { app: `x?${'q'.repeat(4097)}` })).toEqual(refused);
    expect(new ServerPeer().call(0, 'connect', 1, { app: 'x'.repeat(1024) })).toHaveLength(5);
  });

  it('refuses a connect whose arguments cannot be read', () => {
    const broken = Buffer.concat([writeAmf0('connect', 1), hex('0A FFFFFFFF')]);
    expect(new ServerPeer().message(inbound(20, 0, broken))).toEqual([
      '_error(1)@0 error NetConnection.Connect.Rejected',
      '! close ERR_SESSION_CONNECT_REFUSED',
    ]);
  });

  it('ends the connection at a second connect', () => {
    const peer = new ServerPeer().connect();
    expect(peer.call(0, 'connect', 2, { app: 'other' })).toEqual([
      '_error(2)@0 error NetConnection.Connect.Rejected',
      '! close ERR_SESSION_ALREADY_CONNECTED',
    ]);
    expect(peer.call(0, 'createStream', 3, null)).toEqual([]);
  });

  it('ends the connection at a command or data before connect, yet takes control messages', () => {
    const early = ['! close ERR_SESSION_NOT_CONNECTED'];
    expect(new ServerPeer().call(1, 'publish', 1, null, 'cam')).toEqual(early);
    expect(new ServerPeer().message(dataMessage(1, 0, 'onMetaData', {}))).toEqual(early);
    expect(new ServerPeer().message(inbound(20, 0, hex('FF')))).toEqual(early);
    expect(new ServerPeer().message(inbound(4, 0, userControl(6, 9)))).toEqual(['Pong 9']);
  });
});

describe('a connect that is being decided', () => {
  const pending = (): ServerPeer => {
    const peer = new ServerPeer({ connectTimeoutMs: 15_000 });
    peer.holdsConnects = true;
    expect(peer.call(0, 'connect', 1, { app: 'live?key=s' })).toEqual(['! connectRequested requestId=1 query=key=s']);
    expect([peer.session.isConnected, peer.session.info.app]).toEqual([false, 'live']);
    return peer;
  };

  it('is answered once it is accepted, and no second time', () => {
    const peer = pending();
    expect(peer.answerConnect({ accept: true }, 7)).toEqual([]);
    expect(peer.answerConnect({ accept: true }, 1).at(-1)).toBe('! connected live');
    expect(peer.session.isConnected).toBe(true);
    expect(peer.answerConnect({ accept: true }, 1)).toEqual([]);
  });

  it('is refused with _error, a status and a description, and ends the connection', () => {
    const peer = pending();
    const refusal = { accept: false, code: 'NetConnection.Connect.Rejected', description: 'not you' } as const;
    expect(peer.answerConnect(refusal, 1)).toEqual([
      '_error(1)@0 error NetConnection.Connect.Rejected',
      '! close ERR_SESSION_CONNECT_REFUSED',
    ]);
    expect(peer.answerConnect({ accept: true }, 1)).toEqual([]);
  });

  it('costs the connection when it is asked again or something else is, and takes control messages', () => {
    expect(pending().call(0, 'connect', 1, { app: 'live' })).toContain('! close ERR_SESSION_ALREADY_CONNECTED');
    expect(pending().call(0, 'createStream', 2, null)).toEqual(['! close ERR_SESSION_NOT_CONNECTED']);
    expect(pending().message(inbound(4, 0, userControl(6, 1234)))).toEqual(['Pong 1234']);
  });

  it('is over when the time for connect is', () => {
    const peer = pending();
    expect(peer.session.nextDeadlineMs()).toBe(peer.nowMs + 15_000);
    peer.nowMs += 15_000;
    expect(peer.take(peer.session.tick(peer.nowMs))).toEqual(['! close ERR_SESSION_CONNECT_TIMEOUT']);
    expect(peer.answerConnect({ accept: true }, 1)).toEqual([]);
  });
});
