import { afterEach, describe, expect, it } from 'vitest';
import { amf } from '../../support/amf.js';
import { Desk } from '../../support/rtmp/listener-harness.js';

let desk: Desk;
afterEach(() => desk.close());

const KEYFRAME = Buffer.from([0x17, 1, 0, 0, 0, 1]);

/** What was counted, with what is counted by now. */
function counted(desk: Desk): readonly string[] {
  desk.pass(0);
  return desk.drops;
}

describe('media on message stream 0', () => {
  it('belongs to the only publish of its connection', async () => {
    desk = await Desk.open();
    const relay = await desk.client();
    await relay.publish('cam');
    relay.message(9, KEYFRAME, { messageStreamId: 0, timestamp: 40 });
    await desk.until(() => desk.publications.get('cam')!.videoFrames === 1, 'the frame');
    expect(desk.drops).toEqual([]);
  });

  it('is counted where nothing is published, and told once', async () => {
    desk = await Desk.open();
    const client = await desk.client();
    await client.createStream();
    for (let n = 0; n < 3; n++) {
      client.message(9, KEYFRAME, { messageStreamId: 0 });
      await desk.until(() => counted(desk).length === n + 1, 'the count');
    }
    expect(desk.drops).toEqual(['media_without_publish:1!', 'media_without_publish:1', 'media_without_publish:1']);
  });

  it('is counted when it comes after the end of the publish, as are messages of unknown type', async () => {
    desk = await Desk.open();
    const client = await desk.client();
    const id = await client.publish('cam');
    client.command(id, 'closeStream', 0, null);
    await desk.until(() => desk.publishEnds.length === 1, 'the end');
    client.message(9, KEYFRAME, { messageStreamId: id });
    client.message(99, KEYFRAME, { messageStreamId: id });
    await desk.until(() => desk.drops.length === 2, 'the counts');
    expect(desk.drops).toEqual(['media_without_publish:1!', 'message_type:1!']);
  });
});

describe('a data message in an odd form', () => {
  it('is put in order and counted; one in the usual form is neither', async () => {
    desk = await Desk.open();
    const client = await desk.client();
    const messageStreamId = await client.publish('cam');
    client.message(18, amf('@setDataFrame', 'onMetaData', { width: 320 }), { messageStreamId });
    client.message(18, amf('setDataFrame', 'onMetaData', { width: 640 }), { messageStreamId });
    await desk.until(() => counted(desk).length === 0 && desk.mended > 0, 'the count');
    expect([desk.mended, desk.drops]).toEqual([1, []]);
  });
});
