import { describe, expect, it } from 'vitest';
import { AmfEcmaArray, writeAmf0 } from '../../../../src/protocol/messages/amf0-writer.js';
import { dataMessage, hex, inbound, u32, userControl } from '../../../support/protocol/messages.js';
import { ServerPeer } from '../../../support/protocol/server-peer.js';

const CONNECT_REPLY = [
  'Window Ack Size 2500000',
  'Set Peer Bandwidth 2500000',
  'Set Chunk Size 60000',
  '_result(1)@0 {fmsVer,capabilities,mode} status NetConnection.Connect.Success',
];
const CREATED_1 = (transactionId: number) => [`_result(${transactionId})@0 1`];
const FC_PUBLISH = 'onFCPublish(0)@0 status NetStream.Publish.Start';
const FC_UNPUBLISH = 'onFCUnpublish(0)@0 status NetStream.Unpublish.Success';
const STOPPED = [
  'onStatus(0)@1 status NetStream.Unpublish.Success',
  '! publishStopped messageStreamId=1 reason=client_unpublish',
];
const PUBLISH_START = ['StreamBegin 1', 'onStatus(0)@1 status NetStream.Publish.Start'];
const PLAY_START = [
  'StreamBegin 1',
  'onStatus(0)@1 status NetStream.Play.Reset',
  'onStatus(0)@1 status NetStream.Play.Start',
  'data@1 |RtmpSampleAccess true true',
];

function publishRequest(name: string, rest = 'query= publishType=live', app = 'live'): string[] {
  return [`! publishRequested requestId=2 messageStreamId=1 app=${app} name=${name} ${rest}`];
}

describe('a publish as real encoders do it', () => {
  it('ffmpeg 5.1: pipelined releaseStream, FCPublish, createStream; publish with a token in the name; deleteStream', () => {
    const peer = new ServerPeer();
    expect(
      peer.call(0, 'connect', 1, {
        app: 'live',
        type: 'nonprivate',
        flashVer: 'FMLE/3.0 (compatible; Lavf59.27.100)',
        tcUrl: 'rtmp://127.0.0.1:1935/live',
      }),
    ).toEqual([...CONNECT_REPLY, '! connected live']);
    expect(peer.session.info.flashVer).toBe('FMLE/3.0 (compatible; Lavf59.27.100)');
    expect(peer.call(0, 'releaseStream', 2, null, 'cam?token=s')).toEqual(['_result(2)@0']);
    expect(peer.call(0, 'FCPublish', 3, null, 'cam?token=s')).toEqual(['_result(3)@0', FC_PUBLISH]);
    expect(peer.call(0, 'createStream', 4, null)).toEqual(CREATED_1(4));
    expect(peer.call(1, 'publish', 5, null, 'cam?token=s', 'live')).toEqual(
      publishRequest('cam', 'query=token=s publishType=live'),
    );
    expect(peer.session.isPublishing(1)).toBe(false);
    expect(peer.acceptPublish()).toEqual(PUBLISH_START);
    expect(peer.session.isPublishing(1)).toBe(true);
    expect(peer.session.isPublishing(2)).toBe(false);
    const metadata = new AmfEcmaArray({ width: 1280 });
    expect(peer.message(dataMessage(1, 0, '@setDataFrame', 'onMetaData', metadata))).toEqual([
      '! data messageStreamId=1 timestamp=0 name=onMetaData',
    ]);
    expect(peer.call(0, 'FCUnpublish', 6, null, 'cam?token=s')).toEqual([...STOPPED, '_result(6)@0', FC_UNPUBLISH]);
    expect(peer.call(0, 'deleteStream', 7, null, 1)).toEqual([]);
    expect(peer.session.isPublishing(1)).toBe(false);
  });

  it('OBS 30: everything before publish on one lane, an Acknowledgement and no pong, FCUnpublish and deleteStream', () => {
    const peer = new ServerPeer();
    peer.connect('live');
    expect(peer.call(0, 'releaseStream', 2, null, 'key')).toEqual(['_result(2)@0']);
    expect(peer.call(0, 'FCPublish', 3, null, 'key')).toEqual(['_result(3)@0', FC_PUBLISH]);
    expect(peer.call(0, 'createStream', 4, null)).toEqual(CREATED_1(4));
    expect(peer.message(inbound(3, 0, u32(3073)))).toEqual([]);
    expect(peer.call(1, 'publish', 5, null, 'key', 'live')).toEqual(publishRequest('key'));
    expect(peer.acceptPublish()).toEqual(PUBLISH_START);
    expect(peer.call(0, 'FCUnpublish', 6, null, 'key').slice(0, 2)).toEqual(STOPPED);
    expect(peer.call(0, 'deleteStream', 7, null, 1)).toEqual([]);
  });

  it('OBS with the whole path in the server field and no key: the last segment is the name', () => {
    const peer = new ServerPeer();
    peer.connect('live/cam');
    peer.call(0, 'createStream', 2, null);
    expect(peer.call(1, 'publish', 3, null, '', 'live')).toEqual(publishRequest('cam'));
  });

  it('librtmp and rtmpsink: as ffmpeg, then a fresh acknowledgement every few messages', () => {
    const peer = new ServerPeer();
    peer.connect();
    peer.call(0, 'releaseStream', 2, null, 'cam');
    peer.call(0, 'FCPublish', 3, null, 'cam');
    expect(peer.call(0, 'createStream', 4, null)).toEqual(CREATED_1(4));
    expect(peer.call(1, 'publish', 5, null, 'cam', 'live')).toEqual(publishRequest('cam'));
    for (let i = 0; i < 500; i++) expect(peer.message(inbound(3, 0, u32(i * 250_000)))).toEqual([]);
    expect(peer.acceptPublish()).toEqual(PUBLISH_START);
  });

  it('gst rtmp2sink: transaction id 0 everywhere, type 5 after connect, deleteStream with the stream name on id 0', () => {
    const peer = new ServerPeer();
    peer.connect();
    expect(peer.message(inbound(5, 0, u32(2_500_000)))).toEqual([]);
    expect(peer.call(0, 'releaseStream', 0, null, 'cam')).toEqual([]);
    expect(peer.call(0, 'FCPublish', 0, null, 'cam')).toEqual([FC_PUBLISH]);
    expect(peer.call(0, 'createStream', 2, null)).toEqual(CREATED_1(2));
    expect(peer.call(1, 'publish', 0, null, 'cam', 'live')).toEqual(publishRequest('cam'));
    expect(peer.acceptPublish()).toEqual(PUBLISH_START);
    expect(peer.call(0, 'FCUnpublish', 0, null, 'cam')).toEqual([...STOPPED, FC_UNPUBLISH]);
    expect(peer.call(0, 'deleteStream', 0, null, 'cam')).toEqual([]);
  });

  it('Haivision: createStream before FCPublish, and _checkbw gets an answer', () => {
    const peer = new ServerPeer().connect();
    expect(peer.call(0, '_checkbw', 2, null)).toEqual(['_result(2)@0']);
    expect(peer.call(0, 'createStream', 3, null)).toEqual(CREATED_1(3));
    expect(peer.call(0, 'FCPublish', 4, null, 'cam')).toEqual(['_result(4)@0', FC_PUBLISH]);
    expect(peer.call(1, 'publish', 5, null, 'cam')).toEqual(publishRequest('cam'));
  });

  it('Flash: commands as type 17, publish(false) ends it, the same id publishes again, also after deleteStream', () => {
    const peer = new ServerPeer().publish();
    const asAmf3 = inbound(17, 1, Buffer.concat([Buffer.from([0]), writeAmf0('publish', 0, null, false)]));
    expect(peer.message(asAmf3)).toEqual([
      'onStatus(0)@1 status NetStream.Unpublish.Success',
      '! publishStopped messageStreamId=1 reason=client_unpublish',
    ]);
    expect(peer.call(1, 'publish', 0, null, 'cam', 'record')[0]).toContain('publishType=record');
    expect(peer.acceptPublish()).toEqual(PUBLISH_START);
    peer.call(0, 'deleteStream', 0, null, 1);
    expect(peer.call(1, 'publish', 0, null, 'cam', 'append')[0]).toContain('publishType=append');
    expect(peer.acceptPublish()).toEqual(PUBLISH_START);
  });

  it('DJI: Set Peer Bandwidth to the server asks nothing', () => {
    const peer = new ServerPeer();
    expect(peer.message(inbound(6, 0, u32(2_500_000, 2)))).toEqual([]);
    expect(peer.connect().message(inbound(6, 0, u32(1, 2)))).toEqual([]);
  });

  it('GoPro: an empty stream name, so that the app is what names the stream', () => {
    const peer = new ServerPeer().connect();
    peer.call(0, 'createStream', 2, null);
    expect(peer.call(1, 'publish', 3, null, '', 'live')).toEqual([
      '! publishRequested requestId=2 messageStreamId=1 app= name=live query= publishType=live',
    ]);
  });

  it('an unreadable time code message from ffmpeg changes nothing', () => {
    const peer = new ServerPeer().publish();
    expect(peer.message(inbound(18, 1, hex('00 00 00 00')))).toEqual([]);
    expect(peer.session.isPublishing(1)).toBe(true);
  });
});

describe('a play as real players do it', () => {
  it('ffmpeg: type 5, createStream, getStreamLength, play with start in milliseconds, SetBufferLength', () => {
    const peer = new ServerPeer();
    expect(
      peer.call(0, 'connect', 1, {
        app: 'live',
        flashVer: 'LNX 9,0,124,2',
        tcUrl: 'rtmp://127.0.0.1:1935/live',
        fpad: false,
        capabilities: 15,
        audioCodecs: 4071,
        videoCodecs: 252,
        videoFunction: 1,
      }),
    ).toEqual([...CONNECT_REPLY, '! connected live']);
    expect(peer.message(inbound(5, 0, u32(2_500_000)))).toEqual([]);
    expect(peer.call(0, 'createStream', 2, null)).toEqual(CREATED_1(2));
    expect(peer.call(0, 'getStreamLength', 3, null, 'cam')).toEqual([
      '! lengthRequested requestId=2 app=live name=cam query=',
    ]);
    expect(peer.call(1, 'play', 4, null, 'cam', -2000)).toEqual([
      '! playRequested requestId=3 messageStreamId=1 app=live name=cam query= start=-2 duration=-1 reset=true',
    ]);
    expect(peer.message(inbound(4, 0, Buffer.concat([userControl(3, 1), u32(3000)])))).toEqual([]);
    expect(peer.acceptPlay()).toEqual(PLAY_START);
    expect(peer.call(0, 'deleteStream', 5, null, 1)).toEqual(['! playStopped messageStreamId=1']);
  });

  it('rtmpdump: SetBufferLength before createStream, FCSubscribe, play with start -1000 for live', () => {
    const peer = new ServerPeer().connect();
    peer.message(inbound(5, 0, u32(2_500_000)));
    expect(peer.message(inbound(4, 0, Buffer.concat([userControl(3, 0), u32(300)])))).toEqual([]);
    expect(peer.call(0, 'createStream', 2, null)).toEqual(CREATED_1(2));
    expect(peer.call(0, 'FCSubscribe', 3, null, 'cam')).toEqual(['onFCSubscribe(0)@0 status NetStream.Play.Start']);
    expect(peer.call(1, 'play', 4, null, 'cam', -1000)[0]).toContain('start=-1 ');
    expect(peer.acceptPlay()).toEqual(PLAY_START);
    expect(peer.call(1, 'pause', 0, null, true, 1000)).toEqual([
      'StreamEOF 1',
      'onStatus(0)@1 status NetStream.Pause.Notify',
      '! pauseChanged messageStreamId=1 paused=true',
    ]);
    expect(peer.call(1, 'pause', 0, null, false, 1000)).toEqual([
      'StreamBegin 1',
      'onStatus(0)@1 status NetStream.Unpause.Notify',
      '! pauseChanged messageStreamId=1 paused=false',
    ]);
  });

  it('gst rtmp2src: play with transaction id 0 and only a name', () => {
    const peer = new ServerPeer().connect();
    peer.call(0, 'createStream', 2, null);
    expect(peer.call(1, 'play', 0, null, 'cam')[0]).toContain('start=-2 duration=-1 reset=true');
    expect(peer.acceptPlay()).toEqual(PLAY_START);
  });

  it('Flash: prefix and query cut from the name, reset false leaves out Play.Reset', () => {
    const peer = new ServerPeer().connect();
    peer.call(0, 'createStream', 2, null);
    expect(peer.call(1, 'play', 0, null, 'mp4:cam?t=1', 5, 10, false)).toEqual([
      '! playRequested requestId=2 messageStreamId=1 app=live name=cam query=t=1 container=mp4 start=5 duration=10 reset=false',
    ]);
    expect(peer.acceptPlay()).toEqual(PLAY_START.filter((line) => !line.includes('Reset')));
  });

  it('a player that waits gets Play.Start at once and PublishNotify when a publisher comes', () => {
    const peer = new ServerPeer().connect();
    peer.call(0, 'createStream', 2, null);
    peer.call(1, 'play', 3, null, 'cam');
    const { session } = peer;
    expect(peer.take(session.answerPlay(peer.requestId, { accept: true, waiting: true }, peer.nowMs))).toEqual(
      PLAY_START,
    );
    expect(peer.take(session.publisherCame(1))).toEqual(['onStatus(0)@1 status NetStream.Play.PublishNotify']);
    expect(peer.take(session.publisherGone(1, { stays: true }))).toEqual([
      'onStatus(0)@1 status NetStream.Play.UnpublishNotify',
    ]);
    expect(peer.take(session.publisherGone(1, { stays: false }))).toEqual([
      'onStatus(0)@1 status NetStream.Play.Stop',
      'StreamEOF 1',
      '! close ERR_SESSION_PLAY_ENDED',
    ]);
    expect(peer.take(session.publisherCame(1))).toEqual([]);
  });

  it('the end of one played stream leaves a publish on the same connection alone', () => {
    const peer = new ServerPeer().publish();
    expect(peer.call(0, 'createStream', 4, null)).toEqual(['_result(4)@0 2']);
    peer.call(2, 'play', 5, null, 'other');
    peer.acceptPlay();
    expect(peer.take(peer.session.publisherGone(2, { stays: false }))).toEqual([
      'onStatus(0)@2 status NetStream.Play.Stop',
      'StreamEOF 2',
    ]);
    expect(peer.session.isPublishing(1)).toBe(true);
  });

  it('play on a playing NetStream ends the one and asks for the other', () => {
    const peer = new ServerPeer().play();
    const lines = peer.call(1, 'play', 0, null, 'other');
    expect(lines[0]).toBe('! playStopped messageStreamId=1');
    expect(lines[1]).toContain('requestId=3 messageStreamId=1 app=live name=other');
  });

  it('receiveAudio and receiveVideo: told as a change, and Seek.Notify with Play.Start when it comes back', () => {
    const peer = new ServerPeer().play();
    expect(peer.call(1, 'receiveVideo', 0, null, false)).toEqual(['! receiveChanged messageStreamId=1 video=false']);
    expect(peer.call(1, 'receiveVideo', 0, null, 25)).toEqual([
      'onStatus(0)@1 status NetStream.Seek.Notify',
      'onStatus(0)@1 status NetStream.Play.Start',
      '! receiveChanged messageStreamId=1 video=true',
    ]);
    expect(peer.call(1, 'receiveAudio', 0, null, 0)).toEqual(['! receiveChanged messageStreamId=1 audio=false']);
  });

  it('receiveVideo(false) before play is told once play is accepted', () => {
    const peer = new ServerPeer().connect();
    peer.call(0, 'createStream', 2, null);
    expect(peer.call(1, 'receiveVideo', 0, null, false)).toEqual([]);
    peer.call(1, 'play', 0, null, 'cam');
    expect(peer.acceptPlay().at(-1)).toBe('! receiveChanged messageStreamId=1 audio=true video=false');
  });

  it('seek and play2 are refused with a status and change nothing', () => {
    const peer = new ServerPeer().play();
    expect(peer.call(1, 'seek', 0, null, 5000)).toEqual(['onStatus(0)@1 error NetStream.Seek.Failed']);
    expect(peer.call(1, 'play2', 0, null, { streamName: 'x' })).toEqual(['onStatus(0)@1 error NetStream.Play.Failed']);
    expect(peer.take(peer.session.publisherCame(1))).toHaveLength(1);
  });
});
