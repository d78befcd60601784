import { describe, expect, it } from 'vitest';
import { Audience } from '../../../src/hub/audience.js';
import { Fanout } from '../../../src/hub/fanout.js';
import { Publication } from '../../../src/hub/publication.js';
import { SlabPool } from '../../../src/hub/slab-pool.js';
import { ChunkCodec } from '../../../src/wasm/chunk-codec.js';
import { CHUNK_SIZE } from '../../support/hub/media.js';
import { LIMITS } from '../../support/hub/publication-harness.js';
import { chunks } from '../../support/rtmp-wire.js';

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');
const size = (bytes: number): Buffer => Buffer.from([bytes >> 16, (bytes >> 8) & 255, bytes & 255]);

const H264 = hex('27 01 000000 01');
const AAC = hex('af 01 21');
/** OneTrack: a coded frame of one track; video, or audio with 0x95 as its first byte. */
const oneTrack = (id: number, b0 = 0xa6): Buffer =>
  Buffer.concat([Buffer.from([b0, 0x01]), hex('61766331'), Buffer.from([id, 0, 0, 0])]);

/** ManyTracks or ManyTracksManyCodecs with so many bytes a track. */
function manyTracks(bytes: number, manyCodecs: boolean, ...ids: readonly number[]): Buffer {
  const fourCc = hex('61766331');
  const parts = [Buffer.from([0xa6, manyCodecs ? 0x21 : 0x11]), ...(manyCodecs ? [] : [fourCc])];
  for (const id of ids) {
    parts.push(...(manyCodecs ? [fourCc] : []), Buffer.from([id]), size(bytes), Buffer.alloc(bytes, 0xee));
  }
  return Buffer.concat(parts);
}

/** A publisher with a real codec, whose every read is delivered. */
class Encoder {
  nowMs = 1000;
  readonly publication: Publication;
  readonly #codec: ChunkCodec;
  timestamp = 0;

  constructor(inPlace: boolean) {
    this.#codec = new ChunkCodec({ limits: { outChunkSize: CHUNK_SIZE, ...(inPlace ? {} : { slabBytes: 0 }) } });
    this.#codec.setPublishing(true);
    const fanout = new Fanout({ maxDelayMs: 0, playersAtMaxDelay: 1 }, () => this.nowMs);
    const observer = { ready: () => {}, updated: () => {}, codecRefused: () => {} };
    this.publication = new Publication('stream', new SlabPool(), new Audience(fanout), LIMITS, observer, this.nowMs);
    if (inPlace) this.publication.writer.frameFrom(this.#codec);
  }

  /** Sends messages at a time; audio and video are told apart by their first byte. */
  send(nowMs: number, ...payloads: readonly Buffer[]): void {
    this.nowMs = nowMs;
    for (const payload of payloads) {
      const type = payload[0] === 0xaf || payload[0] >> 4 === 9 ? 8 : 9;
      const chunkStreamId = type === 8 ? 4 : 6;
      const wire = chunks({ type, timestamp: this.timestamp, messageStreamId: 1, payload, chunkStreamId });
      for (let at = 0; at < wire.length; at += 9000) this.#read(wire.subarray(at, at + 9000));
    }
  }

  #read(bytes: Buffer): void {
    this.#codec.input.set(bytes);
    for (let status = this.#codec.next(0, bytes.length); ; status = this.#codec.next(0, 0)) {
      if (status < 0) throw this.#codec.error(status);
      if (this.#codec.batchCount > 0) this.publication.append(this.#codec, this.nowMs);
      if (status === 0) return;
    }
  }

  /** `v0@1000 a0@1000`: every track and when it had its last frame. */
  get times(): string {
    return this.publication.activity.tracks
      .map(({ kind, trackId, lastMs }) => `${kind[0]}${trackId}@${lastMs}`)
      .join(' ');
  }
}

for (const inPlace of [true, false]) {
  describe(`the last frame of each track, media framed ${inPlace ? 'in place' : 'and copied'}`, () => {
    it('is known for plain audio and video', () => {
      const encoder = new Encoder(inPlace);
      encoder.send(1000, H264, AAC);
      encoder.send(1040, H264);
      expect(encoder.times).toBe('v0@1040 a0@1000');
    });

    it('is known for each track of an Enhanced RTMP stream, and the default track does not live on the others', () => {
      const encoder = new Encoder(inPlace);
      encoder.send(1000, H264, AAC, oneTrack(3), oneTrack(255), oneTrack(3, 0x95));
      encoder.send(2000, oneTrack(3));
      expect(encoder.times).toBe('v0@1000 a0@1000 v3@2000 v255@1000 a3@1000');
      encoder.send(3000, oneTrack(0), AAC);
      expect(encoder.times).toBe('v0@3000 a0@3000 v3@2000 v255@1000 a3@1000');
    });

    it('is not moved by headers, ends of sequence, metadata and empty messages', () => {
      const encoder = new Encoder(inPlace);
      encoder.send(1000, H264, AAC, oneTrack(3));
      encoder.send(
        2000,
        hex('17 00 000000 01'),
        hex('af 00 1210'),
        hex('17 02 000000'),
        Buffer.alloc(0),
        hex('a6 00 61766331 03 01'),
        hex('a6 02 61766331 03'),
        hex('a6 04 61766331 03 02'),
        hex('95 00 6d703461 03 1210'),
      );
      expect(encoder.times).toBe('v0@1000 a0@1000 v3@1000');
    });

    it('is known for every track of a message that holds several, however long they are', () => {
      for (const manyCodecs of [false, true]) {
        for (const bytes of [0, 1, 120, CHUNK_SIZE - 1, CHUNK_SIZE, 3 * CHUNK_SIZE + 1, 70_000]) {
          for (const timestamp of [40, 0x1000000]) {
            const encoder = new Encoder(inPlace);
            encoder.timestamp = timestamp;
            encoder.send(1000, manyTracks(bytes, manyCodecs, 0, 1, 2));
            encoder.send(2000, manyTracks(bytes, manyCodecs, 1, 9));
            expect(encoder.times, `${bytes} ${manyCodecs}`).toBe('v0@1000 v1@2000 v2@1000 v9@2000');
          }
        }
      }
    });

    it('is not looked for beyond the end of a message whose sizes lie', () => {
      const encoder = new Encoder(inPlace);
      encoder.send(1000, Buffer.concat([hex('a6 11 61766331 05 ffffff'), Buffer.alloc(500, 7)]));
      expect(encoder.times).toBe('v5@1000');
    });

    it('is kept for 32 tracks, and for the default ones besides', () => {
      const encoder = new Encoder(inPlace);
      for (let id = 1; id < 256; id++) encoder.send(1000, oneTrack(id));
      encoder.send(2000, H264, AAC);
      expect(encoder.publication.activity.tracks.length).toBe(34);
      expect(encoder.times).toMatch(/v32@1000 v0@2000 a0@2000$/);
    });

    it('begins anew for all when the publisher is back after a gap', () => {
      const encoder = new Encoder(inPlace);
      encoder.send(1000, H264, oneTrack(3));
      encoder.publication.resumed(5000);
      expect(encoder.times).toBe('v0@5000 v3@5000');
    });
  });
}
