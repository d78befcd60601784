import { describe, expect, it } from 'vitest';
import { ERR_AMF_DEPTH } from '../../../../assembly/constants.js';
import { writeAmf0 } from '../../../../src/protocol/messages/amf0-writer.js';
import { COMMANDS } from '../../../../src/protocol/server/commands/index.js';
import { AmfRefusal } from '../../../../src/wasm/errors.js';
import { commandMessage, dataMessage, hex, inbound, u32 } from '../../../support/protocol/messages.js';
import { ServerPeer } from '../../../support/protocol/server-peer.js';

describe('NetStreams', () => {
  it('hands out the lowest free id from 1', () => {
    const peer = new ServerPeer().connect();
    expect(peer.call(0, 'createStream', 2, null)).toEqual(['_result(2)@0 1']);
    expect(peer.call(0, 'createStream', 3, null)).toEqual(['_result(3)@0 2']);
    expect(peer.call(0, 'deleteStream', 0, null, 1)).toEqual([]);
    expect(peer.call(2, 'publish', 0, null, 'cam')[0]).toContain('messageStreamId=2');
    expect(peer.call(0, 'createStream', 0, null)).toEqual(['_result(0)@0 1']);
  });

  it('refuses one more than the limit, and goes on', () => {
    const peer = new ServerPeer({ maxNetStreams: 2 }).connect();
    expect(peer.call(0, 'createStream', 2, null)).toEqual(['_result(2)@0 1']);
    expect(peer.call(0, 'createStream', 3, null)).toEqual(['_result(3)@0 2']);
    expect(peer.call(0, 'createStream', 4, null)).toEqual(['_error(4)@0 error NetConnection.Call.Failed']);
    expect(peer.call(3, 'publish', 5, null, 'cam')).toEqual([
      'onStatus(0)@3 error NetStream.Publish.BadName',
      '! close ERR_SESSION_PUBLISH_REFUSED',
    ]);
  });

  it('survives ten thousand createStream: errors until the rate closes the connection', () => {
    const peer = new ServerPeer().connect();
    const lines: string[] = [];
    for (let i = 0; i < 10_000; i++) lines.push(...peer.call(0, 'createStream', i + 2, null));
    expect(lines.filter((line) => line.startsWith('_result'))).toHaveLength(8);
    expect(lines.at(-1)).toBe('! close ERR_SESSION_COMMAND_RATE');
    expect(lines).toHaveLength(100);
  });

  for (const [what, args] of [
    ['a string that names it', ['cam']],
    ['a string that does not', ['other']],
    ['no argument', []],
    ['null', [null]],
    ['its id', [1]],
  ] as const) {
    it(`deleteStream with ${what} ends the only stream`, () => {
      const peer = new ServerPeer().publish();
      expect(peer.call(0, 'deleteStream', 0, null, ...args)).toEqual([
        '! publishStopped messageStreamId=1 reason=client_unpublish',
      ]);
    });
  }

  it('deleteStream with an id that does not exist, or no number at all, does nothing', () => {
    const peer = new ServerPeer().publish();
    for (const id of [7, -1, 0.5, Number.NaN]) expect(peer.call(0, 'deleteStream', 0, null, id)).toEqual([]);
    expect(peer.session.isPublishing(1)).toBe(true);
  });

  it('deleteStream by name finds the right one of two', () => {
    const peer = new ServerPeer().publish('one');
    peer.call(0, 'createStream', 4, null);
    peer.call(2, 'publish', 0, null, 'two');
    peer.acceptPublish();
    expect(peer.call(0, 'deleteStream', 0, null, 'two')[0]).toContain('messageStreamId=2');
    expect(peer.session.isPublishing(1)).toBe(true);
  });

  it('closeStream keeps the id, which publishes again', () => {
    const peer = new ServerPeer().publish();
    expect(peer.call(1, 'closeStream', 0, null)).toEqual([
      'onStatus(0)@1 status NetStream.Unpublish.Success',
      '! publishStopped messageStreamId=1 reason=client_unpublish',
    ]);
    expect(peer.call(1, 'publish', 0, null, 'cam')[0]).toContain('requestId=3 messageStreamId=1');
  });
});

describe('publish', () => {
  const busy = { accept: false, code: 'NetStream.Publish.BadName', description: 'in use' } as const;

  it('refused: an error status on the stream, then close', () => {
    const peer = new ServerPeer().connect();
    peer.call(0, 'createStream', 2, null);
    peer.call(1, 'publish', 3, null, 'cam');
    expect(peer.take(peer.session.answerPublish(peer.requestId, busy, peer.nowMs))).toEqual([
      'onStatus(0)@1 error NetStream.Publish.BadName',
      '! close ERR_SESSION_PUBLISH_REFUSED',
    ]);
    expect(peer.session.isPublishing(1)).toBe(false);
    expect(peer.session.nextDeadlineMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it('refused beside a running one: the running one goes on', () => {
    const peer = new ServerPeer().publish('one');
    peer.call(0, 'createStream', 4, null);
    peer.call(2, 'publish', 5, null, 'two');
    expect(peer.take(peer.session.answerPublish(peer.requestId, busy, peer.nowMs))).toEqual([
      'onStatus(0)@2 error NetStream.Publish.BadName',
    ]);
    expect(peer.session.isPublishing(1)).toBe(true);
  });

  it('answered after the client gave up, twice, or with an unknown id: nothing happens', () => {
    const peer = new ServerPeer().connect();
    peer.call(0, 'createStream', 2, null);
    peer.call(1, 'publish', 3, null, 'cam');
    expect(peer.call(1, 'closeStream', 0, null)).toEqual([
      '! publishStopped messageStreamId=1 reason=client_unpublish',
    ]);
    expect(peer.acceptPublish()).toEqual([]);
    expect(peer.session.isPublishing(1)).toBe(false);
    expect(peer.take(peer.session.answerPlay(99, { accept: true }, 0))).toEqual([]);
  });

  it('a name that is no string, or too long, is refused', () => {
    const tooLong = 'x'.repeat(257);
    for (const name of [7, true, {}, [], new Date(0), tooLong, 'é'.repeat(129), `x?${'q'.repeat(4097)}`]) {
      const peer = new ServerPeer().connect();
      expect(peer.call(1, 'publish', 0, null, name)).toEqual([
        'onStatus(0)@1 error NetStream.Publish.BadName',
        '! close ERR_SESSION_PUBLISH_REFUSED',
      ]);
    }
    expect(new ServerPeer().connect().call(1, 'publish', 0, null, 'x'.repeat(256))).toHaveLength(1);
  });

  it('a missing name is an empty one', () => {
    const lines = new ServerPeer().connect('').call(1, 'publish', 0, null);
    expect(lines).toEqual(['! publishRequested requestId=2 messageStreamId=1 app= name= query= publishType=live']);
  });

  it('merges the queries of app and name and splits the path the same way for all', () => {
    for (const [app, name] of [
      ['a/b?x=1', 'c?y=2'],
      ['a?x=1', 'b/c?y=2'],
      ['a/b/c?x=1&y=2', ''],
    ] as const) {
      const peer = new ServerPeer().connect(app);
      expect(peer.call(1, 'publish', 0, null, name)[0]).toContain('app=a/b name=c query=x=1&y=2');
    }
  });

  it('on a NetStream that publishes or plays is refused, and what runs goes on', () => {
    const publisher = new ServerPeer().publish();
    expect(publisher.call(1, 'publish', 0, null, 'b')).toEqual(['onStatus(0)@1 error NetStream.Publish.BadName']);
    expect(publisher.call(1, 'play', 0, null, 'b')).toEqual(['onStatus(0)@1 error NetStream.Play.Failed']);
    expect(publisher.session.isPublishing(1)).toBe(true);
    expect(new ServerPeer().play().call(1, 'publish', 0, null, 'b')).toEqual([
      'onStatus(0)@1 error NetStream.Publish.BadName',
    ]);
  });
});

describe('commands on message stream 0', () => {
  it('are about the NetStream that was created last: it publishes, and is answered on its own id', () => {
    const peer = new ServerPeer().connect();
    peer.call(0, 'createStream', 2, null);
    peer.call(0, 'createStream', 3, null);
    expect(peer.call(0, 'publish', 4, null, 'cam')[0]).toContain('requestId=2 messageStreamId=2 app=live name=cam');
    expect(peer.acceptPublish()).toEqual(['StreamBegin 2', 'onStatus(0)@2 status NetStream.Publish.Start']);
    expect(peer.call(0, 'closeStream', 0, null)).toEqual([
      'onStatus(0)@2 status NetStream.Unpublish.Success',
      '! publishStopped messageStreamId=2 reason=client_unpublish',
    ]);
  });

  it('play, pause and switch what is received there, too', () => {
    const peer = new ServerPeer().connect();
    peer.call(0, 'createStream', 2, null);
    expect(peer.call(0, 'play', 0, null, 'cam')[0]).toContain('messageStreamId=1 app=live name=cam');
    peer.acceptPlay();
    expect(peer.call(0, 'pause', 0, null, true, 0)).toContain('! pauseChanged messageStreamId=1 paused=true');
    expect(peer.call(0, 'receiveAudio', 0, null, false)).toContain('! receiveChanged messageStreamId=1 audio=false');
  });

  it('are refused where none was created, or the last one was deleted', () => {
    const publishFails = ['onStatus(0)@0 error NetStream.Publish.BadName', '! close ERR_SESSION_PUBLISH_REFUSED'];
    expect(new ServerPeer().connect().call(0, 'publish', 0, null, 'cam')).toEqual(publishFails);
    const peer = new ServerPeer().connect();
    peer.call(0, 'createStream', 2, null);
    peer.call(0, 'deleteStream', 0, null, 1);
    expect(peer.call(0, 'publish', 0, null, 'cam')).toEqual(publishFails);
  });
});

describe('answers', () => {
  it('never hold undefined, which some clients cannot read: null stands for it', () => {
    for (const name of [...COMMANDS.keys(), 'unknown']) {
      const peer = new ServerPeer().connect();
      peer.call(0, 'createStream', 2, null);
      const lines = peer.call(name.startsWith('FC') || name === 'releaseStream' ? 0 : 1, name, 7, null, 'cam');
      expect(lines.join('\n')).not.toContain('undefined');
    }
    const peer = new ServerPeer().connect();
    expect(peer.call(0, 'releaseStream', 2, null, 'cam')).toEqual(['_result(2)@0']);
  });
});

describe('calls', () => {
  it('an unknown one is answered with Call.Failed, and only if it wants an answer', () => {
    const peer = new ServerPeer().connect();
    expect(peer.call(0, 'whatever', 9, null, 1)).toEqual(['_error(9)@0 error NetConnection.Call.Failed']);
    expect(peer.call(0, 'whatever', 0, null, 1)).toEqual([]);
    expect(peer.call(0, 'toString', 9, null)).toEqual(['_error(9)@0 error NetConnection.Call.Failed']);
    expect(peer.call(0, '__proto__', Number.POSITIVE_INFINITY, null)).toEqual([]);
  });

  it('an answer to nothing is not answered', () => {
    const peer = new ServerPeer().connect();
    for (const name of ['_result', '_error', 'onStatus']) expect(peer.call(0, name, 9, null)).toEqual([]);
  });

  it('one whose arguments cannot be read is answered with Call.Failed', () => {
    const peer = new ServerPeer().connect();
    const bomb = Buffer.concat([writeAmf0('createStream', 5, null), hex('0A FFFFFFFF')]);
    expect(peer.message(inbound(20, 0, bomb))).toEqual(['_error(5)@0 error NetConnection.Call.Failed']);
    expect(peer.message(inbound(17, 0, Buffer.concat([hex('00'), bomb])))).toHaveLength(1);
    for (const bytes of [hex(''), hex('02'), hex('02 FFFF 61'), hex('02 0001 61 0A FFFFFFFF'), hex('00')]) {
      expect(peer.message(inbound(20, 0, bytes))).toEqual([]);
    }
  });

  it('a failure of the codec that is no peer error is not swallowed', () => {
    const peer = new ServerPeer().connect();
    const trap = (error: Error) => ({
      ...commandMessage(0, 'x', 1, null),
      readAmf0: () => {
        throw error;
      },
    });
    expect(() => peer.message(trap(new RangeError('trap')))).toThrow(RangeError);
    expect(peer.message(trap(new AmfRefusal(ERR_AMF_DEPTH, ['x', 1])))).toEqual([
      '_error(1)@0 error NetConnection.Call.Failed',
    ]);
  });

  it('pass at the limit a second and close the connection one over it', () => {
    const peer = new ServerPeer({ maxCommandsPerSecond: 10 }).connect();
    for (let i = 0; i < 9; i++) expect(peer.call(0, 'x', 0, null)).toEqual([]);
    peer.nowMs += 100;
    expect(peer.call(0, 'x', 0, null)).toEqual([]);
    expect(peer.call(0, 'x', 0, null)).toEqual(['! close ERR_SESSION_COMMAND_RATE']);
  });

  it("do not count acknowledgements and a publisher's data", () => {
    const peer = new ServerPeer({ maxCommandsPerSecond: 10 }).publish();
    for (let i = 0; i < 50; i++) {
      expect(peer.message(inbound(3, 0, u32(i)))).toEqual([]);
      expect(peer.message(dataMessage(1, i, 'onFI', i))).toHaveLength(1);
    }
  });
});
