import { beginMedia, endMedia } from '../doors/framed-media.js';
import type { RunningPublish } from '../doors/published-stream.js';
import type { MediaBatch } from '../hub/media-batch.js';
import type { OutgoingLink, OutgoingNews } from '../link/outgoing-link.js';
import type { ChunkCodec } from '../wasm/chunk-codec.js';
import { heldBatch } from './held-batch.js';

const DATA_AMF0 = 18;
/** What servers tell each player of itself: it is no part of the stream. */
const OF_THE_PLAY = '|RtmpSampleAccess';

/**
 * The media of a stream that is played from another server, on its way into a publish here. Batches lie in the codec as
 * those of an encoder do, and are appended to the stream's log in the same way.
 */
export class FetchedMedia {
  readonly #nowMs: () => number;
  #run: RunningPublish | undefined;
  #link: OutgoingLink | undefined;
  #codec: ChunkCodec | undefined;
  /** Media that came before the stream was accepted here: some servers play without a Play.Start. */
  #held: MediaBatch | undefined;
  #readBytes = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** The publish that it goes into. */
  get run(): RunningPublish | undefined {
    return this.#run;
  }

  /** A connection plays the stream. Nothing of it is read until {@link FetchedMedia.begin}. */
  connected(link: OutgoingLink, codec: ChunkCodec): void {
    this.#link = link;
    this.#codec = codec;
    this.#readBytes = link.bytesIn;
    link.hold();
  }

  /** The publish was accepted: media goes into it from here on. Does nothing once the connection has gone. */
  begin(run: RunningPublish): void {
    const [link, codec, held] = [this.#link, this.#codec, this.#held];
    if (link === undefined || codec === undefined) return;
    this.#run = run;
    this.#held = undefined;
    beginMedia(codec, run, this.#messageStreamIds(link));
    if (held !== undefined) run.publication.append(held, this.#nowMs());
    link.goOn();
  }

  /** @param codec with the batch that it has just read */
  append(codec: ChunkCodec): void {
    const run = this.#run;
    if (run === undefined) {
      this.#held ??= heldBatch(codec);
      return;
    }
    run.publication.append(codec, this.#nowMs());
    this.#count(run);
  }

  news(news: OutgoingNews): void {
    if (news.kind !== 'data' || news.name === OF_THE_PLAY) return;
    const { name, payload, timestamp, values } = news;
    this.#run?.data({ name, type: DATA_AMF0, payload, timestamp, values });
  }

  /**
   * What has come belongs to the stream, and what follows does not.
   *
   * @returns the publish, which goes on without media until the caller ends it
   */
  leave(): RunningPublish | undefined {
    const [run, codec, link] = [this.#run, this.#codec, this.#link];
    this.#run = undefined;
    this.#held = undefined;
    if (run !== undefined) {
      this.#count(run);
      run.publication.writer.letCodecGo();
    }
    if (codec !== undefined && link !== undefined) {
      endMedia(codec, this.#messageStreamIds(link));
      codec.setPublishing(false);
    }
    return run;
  }

  /** The connection is going, and its codec with it. @returns as {@link FetchedMedia.leave} */
  gone(): RunningPublish | undefined {
    const run = this.leave();
    this.#link = undefined;
    this.#codec = undefined;
    return run;
  }

  #messageStreamIds({ messageStreamId }: OutgoingLink): Set<number> {
    return new Set([messageStreamId, 0]);
  }

  #count({ publication }: RunningPublish): void {
    const readBytes = this.#link?.bytesIn ?? this.#readBytes;
    publication.wireBytes += readBytes - this.#readBytes;
    this.#readBytes = readBytes;
  }
}
