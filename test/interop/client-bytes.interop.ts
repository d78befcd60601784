import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { amf, EcmaArray, readAmf } from '../support/amf.js';
import { type SeenEvent, SseWatcher } from '../support/events.js';
import { RawRtmp, type Received } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');
/** Main profile, level 3.0, 640 by 360. */
const AVC_HEADER = hex(
  '17 00 000000 014d401e ff e1 001b 674d401eeca0a02ff97016a0201a080000030008000003019078b16cb0 01 0004 68ebecb2',
);
const AVC_KEYFRAME = hex('17 01 000000 00000005 65 11111111');
const AAC_HEADER = hex('af 00 1190 56e500');
const AAC_FRAME = hex('af 01 211004608c1c');
const AV1_HEADER = hex('90 61763031 81010d00 0a0e0000000cc4ff6712be6f3b4b9014');
const AV1_KEYFRAME = Buffer.concat([hex('91 61763031 32 10'), Buffer.alloc(16, 0x22)]);
const AV1_END = hex('a2 61763031');

const AUDIO = 8;
const VIDEO = 9;
const DATA = 18;
const COMMAND = 20;
const FRAME_MS = 40;

let server: TestServer;
let events: SseWatcher;
const open: RawRtmp[] = [];

beforeAll(async () => {
  server = await spawnServer();
  events = await SseWatcher.open(server.http('/v1/events'));
});
afterEach(() => {
  for (const client of open.splice(0)) client.destroy();
});
afterAll(async () => {
  events.close();
  await server.stop();
});

async function client(extra: Record<string, number> = {}): Promise<RawRtmp> {
  const made = await RawRtmp.shaken({ port: server.rtmpPort });
  open.push(made);
  await made.connect('live', extra);
  made.setChunkSize(65_536);
  return made;
}

/** The first event of a type that tells of a stream. */
function told(type: string, name: string): Promise<SeenEvent> {
  return events.expect(type, (e) => e.subject === `live/${name}`, 15_000);
}

const kindsOf = (event: SeenEvent): string[] =>
  (event.data['tracks'] as { kind: string }[]).map((track) => track.kind).sort();

/** The answer to a command that RawRtmp has no method for: its values may be of a kind that tests do not read. */
function answerTo(peer: RawRtmp, transaction: number): Promise<Received> {
  return peer.expect(
    ({ type, values }) =>
      type === COMMAND && /^_(?:result|error)$/.test(String(values[0])) && values[1] === transaction,
    `an answer to transaction ${transaction}`,
  );
}

describe('bytes as they are sent', () => {
  it('by OBS at the end of an AV1 stream, SequenceEnd with timestamp 0, are no jump of its time', async () => {
    const obs = await client();
    const id = await obs.publish('av1');
    const send = (type: number, payload: Buffer, timestamp: number): void =>
      obs.message(type, payload, { timestamp, messageStreamId: id, csid: 4 });
    send(VIDEO, AV1_HEADER, 0);
    send(AUDIO, AAC_HEADER, 0);
    for (let i = 0; i < 40; i++) {
      send(VIDEO, AV1_KEYFRAME, i * FRAME_MS);
      send(AUDIO, AAC_FRAME, i * FRAME_MS);
    }
    send(VIDEO, AV1_END, 0);
    obs.command(0, 'FCUnpublish', 6, null, 'av1');
    obs.command(0, 'deleteStream', 7, null, id);
    const ended = await told('stream.ended', 'av1');
    expect(ended.data).toMatchObject({ reason: 'client_unpublish' });
    expect(ended.data['timestampJumps'] ?? 0).toBe(0);
  });

  it('by the relay of Node-Media-Server, media on message stream 0, are that of its one publish', async () => {
    const relay = await client();
    await relay.publish('on-zero');
    const player = await client();
    await player.play('on-zero');
    const send = (type: number, payload: Buffer, timestamp: number): void =>
      relay.message(type, payload, { timestamp, messageStreamId: 0, csid: type === VIDEO ? 5 : 4 });
    send(VIDEO, AVC_HEADER, 0);
    send(AUDIO, AAC_HEADER, 0);
    for (let i = 0; i < 20; i++) {
      send(VIDEO, AVC_KEYFRAME, i * FRAME_MS);
      send(AUDIO, AAC_FRAME, i * FRAME_MS);
    }
    expect(kindsOf(await told('stream.ready', 'on-zero'))).toEqual(['audio', 'video']);
    await player.expect((m) => m.type === VIDEO && m.payload.equals(AVC_KEYFRAME), 'the picture');
    await player.expect((m) => m.type === AUDIO && m.payload.equals(AAC_FRAME), 'the sound');
  });

  it('by xiu, publish on message stream 0, mean the stream that it created last', async () => {
    const xiu = await client();
    const id = await xiu.createStream();
    xiu.command(0, 'publish', 5, null, 'xiu', 'live');
    await xiu.status('NetStream.Publish.Start');
    xiu.message(VIDEO, AVC_HEADER, { messageStreamId: id });
    xiu.message(VIDEO, AVC_KEYFRAME, { messageStreamId: id });
    await told('stream.started', 'xiu');
  });

  it('by xiu, play on message stream 0, are answered and served', async () => {
    const encoder = await client();
    const id = await encoder.publish('for-xiu');
    const xiu = await client();
    await xiu.createStream();
    xiu.command(0, 'play', 5, null, 'for-xiu');
    await xiu.status('NetStream.Play.Start');
    encoder.message(VIDEO, AVC_HEADER, { messageStreamId: id });
    encoder.message(VIDEO, AVC_KEYFRAME, { messageStreamId: id });
    await xiu.expect((m) => m.type === VIDEO && m.payload.equals(AVC_KEYFRAME), 'the picture');
  });

  it.each(['releaseStream', 'FCPublish'])(
    'by xiu, %s, are answered without an undefined, which it cannot read',
    async (name) => {
      const xiu = await client();
      const from = xiu.received.length;
      xiu.command(0, name, 42, null, 'cam');
      // A client that waits for an answer to FCPublish gets onFCPublish as well; every reply is read.
      const after = await xiu.createStream();
      expect(after).toBe(1);
      const replies = xiu.received.slice(from).filter((m) => m.type === COMMAND);
      expect(replies.length).toBeGreaterThan(0);
      for (const reply of replies) expect(readAmf(reply.payload)).not.toContain(undefined);
    },
  );

  it('by the client of Red5 in AMF3, a command whose every value is behind marker 11, are answered', async () => {
    const red5 = await client({ objectEncoding: 3 });
    // createStream, transaction 2, null.
    red5.message(COMMAND, hex('11 06 19 63726561746553747265616d 11 04 02 11 01'));
    await answerTo(red5, 2);
  });

  it('by nginx-rtmp, a picture that begins seconds after the sound, are awaited when the metadata promise it', async () => {
    const relay = await client();
    const id = await relay.publish('late');
    const send = (type: number, payload: Buffer, timestamp: number): void =>
      relay.message(type, payload, { timestamp, messageStreamId: id });
    const metadata = { width: 640, height: 360, videocodecid: 7, audiocodecid: 10, framerate: 30 };
    send(DATA, amf('@setDataFrame', 'onMetaData', new EcmaArray(metadata)), 0);
    send(AUDIO, AAC_HEADER, 0);
    // The sound goes on in real time, as a relay's does, until the picture comes.
    let frames = 0;
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        frames++;
        send(AUDIO, AAC_FRAME, frames * FRAME_MS);
        if (frames * FRAME_MS < 2500) return;
        clearInterval(timer);
        resolve();
      }, FRAME_MS);
    });
    send(VIDEO, AVC_HEADER, frames * FRAME_MS);
    send(VIDEO, AVC_KEYFRAME, frames * FRAME_MS);
    expect(kindsOf(await told('stream.ready', 'late'))).toEqual(['audio', 'video']);
  });
});
