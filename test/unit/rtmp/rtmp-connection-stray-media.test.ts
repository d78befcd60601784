import { afterEach, describe, expect, it } from 'vitest';
import { amf } from '../../support/amf.js';
import { ListenerHarness } from '../../support/rtmp/listener-harness.js';

let harness: ListenerHarness;
afterEach(() => harness.close());

const KEYFRAME = Buffer.from([0x17, 1, 0, 0, 0, 1]);

/** What was counted, with what is counted by now. */
function counted(harness: ListenerHarness): readonly string[] {
  harness.pass(0);
  return harness.drops;
}

describe('media on message stream 0', () => {
  it('belongs to the only publish of its connection', async () => {
    harness = await ListenerHarness.open();
    const relay = await harness.client();
    await relay.publish('cam');
    relay.message(9, KEYFRAME, { messageStreamId: 0, timestamp: 40 });
    await harness.until(() => harness.publications.get('cam')!.videoFrames === 1, 'the frame');
    expect(harness.drops).toEqual([]);
  });

  it('is counted where nothing is published, and told once', async () => {
    harness = await ListenerHarness.open();
    const client = await harness.client();
    await client.createStream();
    for (let n = 0; n < 3; n++) {
      client.message(9, KEYFRAME, { messageStreamId: 0 });
      await harness.until(() => counted(harness).length === n + 1, 'the count');
    }
    expect(harness.drops).toEqual(['media_without_publish:1!', 'media_without_publish:1', 'media_without_publish:1']);
  });

  it('is counted when it comes after the end of the publish, as are messages of unknown type', async () => {
    harness = await ListenerHarness.open();
    const client = await harness.client();
    const id = await client.publish('cam');
    client.command(id, 'closeStream', 0, null);
    await harness.until(() => harness.publishEnds.length === 1, 'the end');
    client.message(9, KEYFRAME, { messageStreamId: id });
    client.message(99, KEYFRAME, { messageStreamId: id });
    await harness.until(() => harness.drops.length === 2, 'the counts');
    expect(harness.drops).toEqual(['media_without_publish:1!', 'message_type:1!']);
  });
});

describe('a data message in an odd form', () => {
  it('is put in order and counted; one in the usual form is neither', async () => {
    harness = await ListenerHarness.open();
    const client = await harness.client();
    const messageStreamId = await client.publish('cam');
    client.message(18, amf('@setDataFrame', 'onMetaData', { width: 320 }), { messageStreamId });
    client.message(18, amf('setDataFrame', 'onMetaData', { width: 640 }), { messageStreamId });
    await harness.until(() => counted(harness).length === 0 && harness.mended > 0, 'the count');
    expect([harness.mended, harness.drops]).toEqual([1, []]);
  });
});
