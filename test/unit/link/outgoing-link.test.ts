import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyTags, type MediaTag, newTagCodec } from '../../../src/client/media-reader.js';
import type { SluiceError } from '../../../src/core/errors.js';
import type { FlvTag } from '../../../src/flv/flv-format.js';
import { PlaySink } from '../../../src/hub/play-sink.js';
import { Player } from '../../../src/hub/player.js';
import { OutgoingLink, type OutgoingNews } from '../../../src/link/outgoing-link.js';
import type { ChunkCodec } from '../../../src/wasm/chunk-codec.js';
import { TAGS } from '../../support/client/flv-tags.js';
import { RecordingSink } from '../../support/hub/sinks.js';
import { ListenerHarness, OPTIONS } from '../../support/rtmp/listener-harness.js';
import { MemoryChannel } from '../../support/transport/memory-channel.js';

const MEDIA = TAGS.filter(({ type }) => type !== 18);
/** Bytes of {@link MEDIA} as players get it: a header of 12 bytes and one for each further chunk. */
const FRAMED_BYTES = MEDIA.map(({ payload }) => payload.length).reduce(
  (sum, bytes) => sum + 12 + bytes + (bytes === 0 ? 0 : Math.floor((bytes - 1) / OPTIONS.chunkSize)),
  0,
);

/** A server's listener and an outgoing link, joined in memory: there is no socket between them. */
let harness: ListenerHarness;
/** Called when a test is over. */
const undo: (() => void)[] = [];

beforeEach(async () => {
  harness = await ListenerHarness.open();
});
afterEach(async () => {
  for (const step of undo.splice(0)) step();
  await harness.close();
});

/** A link and what it has told. */
class Linked {
  readonly link: OutgoingLink;
  readonly channel: MemoryChannel;
  readonly news: OutgoingNews[] = [];
  isReady = false;
  /** What it was closed with; undefined while it is open. */
  end: { readonly error: SluiceError | undefined } | undefined;

  constructor(
    mode: 'publish' | 'play',
    name: string,
    codec: ChunkCodec,
    media: (codec: ChunkCodec) => void = () => {},
  ) {
    const [near, far] = MemoryChannel.pair();
    this.channel = near;
    harness.listener.take(far);
    this.link = new OutgoingLink(
      {
        channel: near,
        codec,
        session: { mode, app: 'live', tcUrl: 'rtmp://memory/live', name },
        entropy: Buffer.alloc(1528, 1),
        nowMs: () => harness.nowMs,
        host: 'memory',
        url: 'rtmp://memory/live',
      },
      {
        ready: () => {
          this.isReady = true;
        },
        media,
        news: (news) => this.news.push(news),
        closed: (error) => {
          this.end = { error };
        },
      },
    );
    undo.push(() => this.link.channel.destroy());
    this.link.open();
  }

  /** Resolves when publishing or playing has begun. */
  async ready(): Promise<this> {
    await harness.until(() => this.isReady || this.end !== undefined, 'the link to begin');
    expect(this.end).toBeUndefined();
    return this;
  }

  /** Sends media, as far as there is room. */
  async send(tags = TAGS): Promise<void> {
    for (const { type, timestamp, payload } of tags) {
      if (this.link.send(type, timestamp, payload)) continue;
      await new Promise<void>((drained) => {
        if (this.channel.whenSent({ drained })) drained();
      });
    }
  }
}

/** A player of the hub, attached. */
function watch(name: string): RecordingSink {
  const sink = new RecordingSink();
  sink.player = new Player(name, sink, 1, { maxLagBytes: OPTIONS.maxLagBytes }, harness.hub.writes);
  harness.hub.subscribe('live', name, sink.player);
  undo.push(() => harness.hub.unsubscribe('live', name, sink.player!));
  return sink;
}

const bytesOf = (sink: RecordingSink): Buffer => Buffer.concat(sink.writes);

describe('an outgoing link in memory', () => {
  it('publishes to a server’s connection, and another plays that from it, message by message', async () => {
    const publisher = await new Linked('publish', 'cam', harness.codecs.acquire()).ready();
    const tags: MediaTag[] = [];
    const player = await new Linked('play', 'cam', newTagCodec(), (codec) =>
      copyTags(codec, (tag) => tags.push(tag)),
    ).ready();
    await publisher.send();
    await harness.until(() => tags.length === MEDIA.length, 'all media');
    const kinds = (all: readonly FlvTag[]): unknown => all.map((tag) => [tag.type, tag.timestamp, tag.payload.length]);
    const payloads = (all: readonly FlvTag[]): Buffer => Buffer.concat(all.map((tag) => tag.payload));
    expect(kinds(tags)).toEqual(kinds(MEDIA));
    expect(payloads(tags).equals(payloads(MEDIA))).toBe(true);
    expect(player.news.flatMap((news) => (news.kind === 'data' ? [news.name] : []))).toContain('onMetaData');

    publisher.link.stop();
    await harness.until(() => publisher.end !== undefined && player.end !== undefined, 'both ends');
    expect(publisher.end?.error).toBeUndefined();
    expect(player.end?.error?.code).toBe('ERR_CLIENT_ENDED');
    expect(harness.publishEnds).toEqual(['cam:client_unpublish']);
  });

  it('gives batches that a publication takes where they lie, and its players get the bytes of an ingest', async () => {
    const ingest = await new Linked('publish', 'cam', harness.codecs.acquire()).ready();
    const claim = harness.hub.claim('live', 'copy')!;
    const copy = claim.open('copy', { ready: () => {}, updated: () => true, codecRefused: () => {} }, harness.nowMs);
    const codec = harness.codecs.acquire();
    codec.setPublishing(true);
    copy.writer.frameFrom(codec);
    const addresses: number[] = [];
    await new Linked('play', 'cam', codec, (batch) => {
      addresses.push(batch.batchAddress);
      copy.append(batch, harness.nowMs);
    }).ready();
    const [original, copied] = [watch('cam'), watch('copy')];
    await ingest.send(MEDIA);
    await harness.until(() => bytesOf(copied).length >= FRAMED_BYTES, 'all media');
    expect(bytesOf(copied).equals(bytesOf(original))).toBe(true);
    // The first batch makes the log's first slab. Those behind it are framed there: nothing is copied.
    expect(addresses.length).toBeGreaterThan(1);
    expect(addresses.slice(1).every((address) => address > 0)).toBe(true);
    claim.close(harness.nowMs);
  });

  it('is a place that a hub’s player can send to', async () => {
    const source = await new Linked('publish', 'cam', harness.codecs.acquire()).ready();
    const { link } = await new Linked('publish', 'pushed', harness.codecs.acquire()).ready();
    const defects: unknown[] = [];
    const sink = new PlaySink(link.channel, OPTIONS.maxLagBytes, {
      onPublisher: () => {},
      onDefect: (error) => defects.push(error),
      onEvicted: (error) => defects.push(error),
      onDrained: () => sink.player?.unclogged(),
    });
    const limits = { maxLagBytes: OPTIONS.maxLagBytes };
    const relay = new Player('relay', sink, link.messageStreamId, limits, harness.hub.writes);
    sink.player = relay;
    harness.hub.subscribe('live', 'cam', relay);
    const [original, pushed] = [watch('cam'), watch('pushed')];
    await source.send(MEDIA);
    await harness.until(() => bytesOf(pushed).length >= FRAMED_BYTES, 'all media');
    expect(bytesOf(pushed).equals(bytesOf(original))).toBe(true);
    expect(defects).toEqual([]);
    harness.hub.unsubscribe('live', 'cam', relay);
  });

  it('ends with the server’s words when it is refused', async () => {
    const player = new Linked('play', 'none', newTagCodec());
    await harness.until(() => player.end !== undefined, 'the end');
    expect(player.end?.error).toMatchObject({
      code: 'ERR_CLIENT_REJECTED',
      details: { rtmpCode: 'NetStream.Play.StreamNotFound' },
    });
  });

  it('ends with an error when the server closes it without a word', async () => {
    const publisher = await new Linked('publish', 'cam', harness.codecs.acquire()).ready();
    for (const connection of harness.listener.connections) connection.destroy();
    await harness.until(() => publisher.end !== undefined, 'the end');
    expect(publisher.end?.error?.code).toBe('ERR_CLIENT_LOST');
    expect(publisher.link.send(8, 0, Buffer.alloc(4))).toBe(true);
  });
});
