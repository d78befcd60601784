import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { amf, EcmaArray } from '../support/amf.js';
import { type SeenEvent, SseWatcher } from '../support/events.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');
/** Constrained Baseline, level 1.3, 320 by 240. */
const AVCC = '01 42c00d ff e1 0016 6742c00dd90141fb0110000003001000000303c0f1429920 01 0005 68cb83cb20';

/**
 * Track 0 as every encoder sends it, a second picture and a second language as OBS does (Enhanced RTMP v2, OneTrack).
 */
const HEADERS: readonly (readonly [type: number, payload: Buffer])[] = [
  [9, hex(`17 00 000000 ${AVCC}`)],
  [8, hex('af 00 1210')],
  [9, hex(`96 00 61766331 01 ${AVCC}`)],
  [8, hex('95 00 6d703461 02 1210')],
];
const VIDEO = hex('17 01 000000 0000000165');
const AUDIO = hex('af 01 21');
const SECOND_PICTURE = hex('96 01 61766331 01 000000 0000000165');
const SECOND_LANGUAGE = hex('95 01 6d703461 02 21');

/** An encoder that sends the tracks it is told to, 25 times a second, until it is stopped. */
class Encoder {
  readonly client: RawRtmp;
  readonly id: number;
  tracks: readonly (readonly [type: number, payload: Buffer])[];
  #timestamp = 0;
  readonly #timer: NodeJS.Timeout;

  private constructor(client: RawRtmp, id: number, tracks: Encoder['tracks']) {
    this.client = client;
    this.id = id;
    this.tracks = tracks;
    this.#timer = setInterval(() => this.#send(), 40);
  }

  static async start(server: TestServer, name: string, tracks: Encoder['tracks']): Promise<Encoder> {
    const client = await RawRtmp.connected({ port: server.rtmpPort });
    const id = await client.publish(name);
    for (const [type, payload] of HEADERS) client.message(type, payload, { messageStreamId: id });
    return new Encoder(client, id, tracks);
  }

  #send(): void {
    this.#timestamp += 40;
    for (const [type, payload] of this.tracks) {
      this.client.message(type, payload, { timestamp: this.#timestamp, messageStreamId: this.id });
    }
  }

  metadata(values: Record<string, number | string>): void {
    const payload = amf('@setDataFrame', 'onMetaData', new EcmaArray(values));
    this.client.message(18, payload, { messageStreamId: this.id });
  }

  stop(): void {
    clearInterval(this.#timer);
    this.client.destroy();
  }
}

const tracksOf = (event: SeenEvent): unknown[] =>
  (event.data['tracks'] as { kind: string; id: number }[]).map(({ kind, id }) => `${kind} ${id}`);

describe('facts of a running stream', () => {
  let server: TestServer;
  let events: SseWatcher;
  beforeAll(async () => {
    server = await spawnServer({ settings: { 'publish.stallAfterMs': 800 } });
    events = await SseWatcher.open(server.http('/v1/events'));
  });
  afterAll(async () => {
    events.close();
    await server.stop();
  });

  it('tell of the one Enhanced RTMP track that stops, while others of its kind go on, and that it is back', async () => {
    const all: Encoder['tracks'] = [
      [9, VIDEO],
      [8, AUDIO],
      [9, SECOND_PICTURE],
      [8, SECOND_LANGUAGE],
    ];
    const encoder = await Encoder.start(server, 'multitrack', all);
    const mine = (event: SeenEvent): boolean => event.subject === 'live/multitrack';
    const ready = await events.expect('stream.ready', mine);
    expect(tracksOf(ready)).toEqual(['video 0', 'video 1', 'audio 0', 'audio 2']);

    encoder.tracks = all.filter(([, payload]) => payload !== SECOND_PICTURE);
    const stalled = await events.expect('stream.stalled', mine);
    expect(stalled.data).toMatchObject({ kind: 'video', trackId: 1, cause: 'no_frames' });
    expect(Number(stalled.data['gapMs'])).toBeGreaterThanOrEqual(800);
    encoder.tracks = all;
    const recovered = await events.expect('stream.recovered', mine);
    expect(recovered.data).toMatchObject({ kind: 'video', trackId: 1 });

    encoder.tracks = all.filter(([, payload]) => payload !== VIDEO);
    const main = await events.expect('stream.stalled', (e) => mine(e) && e.data['trackId'] === 0);
    expect(main.data).toMatchObject({ kind: 'video', trackId: 0, cause: 'no_frames' });
    encoder.stop();
    const ended = await events.expect('stream.ended', mine);
    expect(events.types(String(ended.streamid)).filter((type) => type === 'stream.stalled')).toHaveLength(2);
  });

  it('tell of metadata that says something new in mid-stream, and only then', async () => {
    const encoder = await Encoder.start(server, 'metadata', [
      [9, VIDEO],
      [8, AUDIO],
    ]);
    const mine = (event: SeenEvent): boolean => event.subject === 'live/metadata';
    encoder.metadata({ width: 320, height: 240, framerate: 25, videodatarate: 400, encoder: 'one' });
    await events.expect('stream.ready', mine);
    encoder.metadata({
      encoder: 'one',
      videodatarate: 400,
      framerate: 25,
      height: 240,
      width: 320,
      comment: 'same facts',
    });
    encoder.metadata({ width: 320, height: 240, framerate: 25, videodatarate: 900, encoder: 'two' });
    const updated = await events.expect('stream.updated', mine);
    expect(updated.data['before']).toMatchObject({ metadata: { videoKbps: 400, encoder: 'one' } });
    expect(updated.data['after']).toMatchObject({ metadata: { videoKbps: 900, encoder: 'two', fps: 25, width: 320 } });
    encoder.stop();
    await events.expect('stream.ended', mine);
  });
});
