import { describe, expect, it } from 'vitest';
import { inbound, u32, userControl } from '../../../support/protocol/messages.js';
import { ServerPeer } from '../../../support/protocol/server-peer.js';

const setBuffer = (id: number, ms: number) => inbound(4, 0, Buffer.concat([userControl(3, id), u32(ms)]));

/** A client that plays a file on NetStream 1. */
class Viewer extends ServerPeer {
  started: string[] = [];

  constructor() {
    super();
    this.connect('vod');
    this.call(0, 'createStream', 2, null);
  }

  playFile(): this {
    this.call(1, 'play', 3, null, 'film', 0);
    this.started = this.take(this.session.answerPlay(this.requestId, { accept: true, isRecorded: true }, this.nowMs));
    return this;
  }
}

describe('a recorded stream', () => {
  it('is announced as recorded before it begins', () => {
    expect(new Viewer().playFile().started).toEqual([
      'StreamIsRecorded 1',
      'StreamBegin 1',
      'onStatus(0)@1 status NetStream.Play.Reset',
      'onStatus(0)@1 status NetStream.Play.Start',
      'data@1 |RtmpSampleAccess true true',
    ]);
  });

  it('seeks, playing and paused, to a time that is not below 0', () => {
    const viewer = new Viewer().playFile();
    const seeks = (ms: unknown) => viewer.call(1, 'seek', 0, null, ms as number);
    const told = (ms: number) => [
      'StreamEOF 1',
      'onStatus(0)@1 status NetStream.Seek.Notify',
      'StreamBegin 1',
      `! seekRequested messageStreamId=1 positionMs=${ms}`,
    ];
    expect(seeks(4500)).toEqual(told(4500));
    expect(seeks(-5)).toEqual(told(0));
    expect(seeks('x')).toEqual(told(0));
    viewer.call(1, 'pause', 0, null, true, 4500);
    expect(seeks(100)).toEqual(told(100));
  });

  it('hands on how much the client wants in advance, said before the play or while it runs', () => {
    const early = new Viewer();
    expect(early.message(setBuffer(1, 3000))).toEqual([]);
    expect(early.playFile().started.at(-1)).toBe('! bufferChanged messageStreamId=1 bufferMs=3000');
    const viewer = new Viewer().playFile();
    expect(viewer.message(setBuffer(1, 500))).toEqual(['! bufferChanged messageStreamId=1 bufferMs=500']);
    // GStreamer sends it on message stream 0.
    expect(viewer.message(setBuffer(0, 700))).toEqual(['! bufferChanged messageStreamId=1 bufferMs=700']);
    expect(viewer.message(setBuffer(9, 700))).toEqual([]);
    expect(viewer.message(inbound(4, 0, userControl(3, 1)))).toEqual([]);
  });

  it('ends with Play.Complete, Play.Stop and StreamEOF, and with it the connection on which nothing else runs', () => {
    const viewer = new Viewer().playFile();
    const lines = viewer.take(viewer.session.playCompleted(1, 9.96, 1000));
    expect(lines.slice(0, 3)).toEqual([
      'data@1 onPlayStatus status NetStream.Play.Complete',
      'onStatus(0)@1 status NetStream.Play.Stop',
      'StreamEOF 1',
    ]);
    expect(lines[3]).toMatch(/^! close .*ERR_SESSION_PLAY_ENDED/);
    expect(viewer.session.playCompleted(1, 9.96, 1000)).toEqual([]);
  });

  it('does not change what a live stream does that is played after it', () => {
    const viewer = new Viewer().playFile();
    viewer.call(1, 'play', 0, null, 'cam', -1);
    viewer.acceptPlay();
    expect(viewer.call(1, 'seek', 0, null, 4500)).toEqual(['onStatus(0)@1 error NetStream.Seek.Failed']);
    expect(viewer.message(setBuffer(1, 500))).toEqual([]);
  });
});

describe('getStreamLength', () => {
  it('is asked of the owner, and answered in seconds', () => {
    const viewer = new Viewer();
    expect(viewer.call(0, 'getStreamLength', 5, null, 'mp4:film?t=1')).toEqual([
      expect.stringMatching(/^! lengthRequested .*app=vod name=film query=t=1 container=mp4/),
    ]);
    expect(viewer.take(viewer.session.answerCall(viewer.requestId, { kind: 'result', value: 9.5 }))).toEqual([
      '_result(5)@0 9.5',
    ]);
  });

  it('is 0 for a name that is none or too long, and while 16 calls wait', () => {
    const viewer = new Viewer();
    expect(viewer.call(0, 'getStreamLength', 5, null, 7)).toEqual(['_result(5)@0 0']);
    expect(viewer.call(0, 'getStreamLength', 5, null, 'x'.repeat(4000))).toEqual(['_result(5)@0 0']);
    expect(viewer.call(0, 'getStreamLength', 0, null, 'film')).toEqual([]);
    for (let i = 0; i < 16; i++) viewer.call(0, 'getStreamLength', 5, null, 'film');
    expect(viewer.call(0, 'getStreamLength', 5, null, 'film')).toEqual(['_result(5)@0 0']);
  });
});
