import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Slab, SlabPool } from '../../../src/hub/slab-pool.js';
import { StreamLog } from '../../../src/hub/stream-log.js';
import { ChunkCodec, Status } from '../../../src/wasm/chunk-codec.js';
import { SLAB_UNIT_BYTES, SlabArea } from '../../../src/wasm/slab-area.js';
import { split } from '../../reference/drive.js';
import { CodecPublisher } from '../../support/hub/codec-publisher.js';
import { batch, framed, message } from '../../support/hub/media.js';
import { PublicationHarness, words } from '../../support/hub/publication-harness.js';
import { chunks } from '../../support/rtmp-wire.js';

const UNIT = SLAB_UNIT_BYTES;

function area(units: number): SlabArea {
  return new SlabArea(new SharedArrayBuffer((units + 1) * UNIT), UNIT, (units + 1) * UNIT);
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('an area of linear memory', () => {
  it('leases the lowest free stretch, and nothing when no stretch is long enough', () => {
    const slabs = area(4);
    const first = slabs.acquire(1)!;
    const second = slabs.acquire(2 * UNIT)!;
    expect([first.address, second.address, second.buffer.length]).toEqual([UNIT, 2 * UNIT, 2 * UNIT]);
    slabs.release(first);
    expect(slabs.acquire(2 * UNIT)).toBeUndefined();
    expect(slabs.acquire(UNIT)!.address).toBe(UNIT);
    expect(slabs.leasedBytes).toBe(3 * UNIT);
  });
});

describe('a slab of linear memory', () => {
  it('goes back once it has left the log and the last write from it has gone, in either order', () => {
    for (const retireFirst of [true, false]) {
      const slabs = area(1);
      const slab = new Slab(slabs.acquire(UNIT)!, slabs);
      slab.inFlight = 2;
      slab.written();
      if (retireFirst) slab.retire();
      else slab.written();
      expect(slabs.leasedBytes).toBe(UNIT);
      if (retireFirst) slab.written();
      else slab.retire();
      expect(slabs.leasedBytes).toBe(0);
    }
  });

  it('is never pooled for other streams, and heap slabs serve while the area has no room', () => {
    const pool = new SlabPool();
    const log = new StreamLog(pool);
    log.area = area(2);
    const inMemory: boolean[] = [];
    for (let i = 0; i < 4; i++) {
      inMemory.push(log.reserve(UNIT, log.head, 1000 * (i + 1)).address > 0);
      log.commit(UNIT);
    }
    expect(inMemory).toEqual([true, true, false, false]);
    expect(log.area.leasedBytes).toBe(2 * UNIT);
    log.trim(3 * UNIT);
    expect(log.area.leasedBytes).toBe(0);
    log.close();
    expect(pool.pooledBytes).toBeGreaterThan(0);
  });
});

describe('a publication that a codec frames for', () => {
  const key = (n: number, bytes = 9000) => message('key', n, bytes);

  it('takes batches without a copy from the second on, across slabs, and players get every byte', () => {
    const harness = new PublicationHarness({ slabBytes: 12 * UNIT, gopMaxBytes: 100_000 });
    const sink = harness.join();
    const sent = Array.from({ length: 120 }, (_, n) => key(n));
    for (const one of sent) harness.play(one);
    expect(sink.bytes.equals(Buffer.concat(sent.map(framed)))).toBe(true);
    const { inPlace, batches } = harness.publisher!;
    expect(batches - inPlace).toBeLessThan(3);
  });

  it('does not write over a slab that a slow player is still sent from, and takes it again after that', () => {
    const harness = new PublicationHarness({ slabBytes: 4 * UNIT, gopMaxBytes: 20_000 });
    const slow = harness.join('slow');
    harness.play(key(0));
    expect(slow.busy).toBe(true);
    for (let n = 1; n < 200; n++) harness.play(key(n));
    // The sink compares the bytes under way with what they were.
    expect(slow.drain()).toBe(true);
    expect(slow.writes[0].includes(framed(key(0)))).toBe(true);
    harness.leave(slow);
    slow.drain();
    harness.publication.end();
    expect(harness.publisher!.codec.slabs!.leasedBytes).toBe(0);
  });

  it('gives its memory back when the last write of a player that left has gone', () => {
    const harness = new PublicationHarness({ slabBytes: 4 * UNIT });
    const slow = harness.join('slow');
    harness.play(key(0));
    harness.leave(slow);
    harness.publication.end();
    const slabs = harness.publisher!.codec.slabs!;
    expect(slabs.leasedBytes).toBe(UNIT);
    slow.drain();
    expect(slabs.leasedBytes).toBe(0);
  });

  it('puts metadata behind what is complete while a message is open there', () => {
    const harness = new PublicationHarness({ slabBytes: 4 * UNIT });
    const sink = harness.join();
    harness.play(key(0));
    harness.send(key(1, 20_000));
    harness.publication.appendData(Buffer.from('020001610500', 'hex'), 5, undefined, Date.now());
    harness.play(message('audio', 2));
    expect(words(sink)).toBe('K0 D K1 A2');
    expect(sink.messages().at(2)!.payload.equals(key(1, 20_000).payload)).toBe(true);
  });

  it('takes batches from elsewhere in between', () => {
    const harness = new PublicationHarness({ slabBytes: 4 * UNIT });
    const sink = harness.join();
    harness.play(key(0));
    harness.send(key(1, 20_000));
    harness.publication.append(batch(message('audio', 2)), Date.now());
    harness.play(message('inter', 3));
    expect(words(sink)).toBe('K0 A2 K1 I3');
  });

  it('copies messages longer than a slab and goes on without copies after them', () => {
    const harness = new PublicationHarness({ slabBytes: 12 * UNIT, gopMaxBytes: 100_000 });
    const sink = harness.join();
    const sent = [key(0), key(1, 1_500_000), ...Array.from({ length: 30 }, (_, n) => key(n + 2))];
    for (const one of sent) harness.play(one);
    expect(sink.bytes.equals(Buffer.concat(sent.map(framed)))).toBe(true);
    expect(harness.publisher!.inPlace).toBeGreaterThan(20);
  });

  it('is let go before its memory is: a codec that reads on writes nothing where a player reads', () => {
    const harness = new PublicationHarness({ slabBytes: 4 * UNIT });
    const slow = harness.join('slow');
    harness.play(key(0));
    const { codec } = harness.publisher!;
    harness.publication.writer.letCodecGo();
    expect(codec.target).toBeUndefined();
    const other = new PublicationHarness();
    other.publication.writer.frameFrom(codec);
    expect(codec.target).toBe(other.publication.writer);
    slow.drain();
    harness.leave(slow);
    harness.publication.end();
    expect(codec.target).toBe(other.publication.writer);
  });

  it('goes on in the memory of another codec when its publisher is back on a new connection', () => {
    const harness = new PublicationHarness({ slabBytes: 12 * UNIT, gopMaxBytes: 100_000 });
    const sink = harness.join();
    const sent = Array.from({ length: 60 }, (_, n) => key(n));
    for (const one of sent.slice(0, 30)) harness.play(one);
    // The old connection was in the middle of a frame.
    harness.send(key(99, 20_000));
    const before = harness.publisher!;
    const after = new CodecPublisher(harness.publication, 12 * UNIT);
    for (const one of sent.slice(30)) {
      after.send([one], Date.now());
      after.flush(Date.now());
      harness.turn();
    }
    expect(sink.bytes.equals(Buffer.concat(sent.map(framed)))).toBe(true);
    expect(after.batches - after.inPlace).toBeLessThan(3);
    expect(before.codec.target).toBeUndefined();
    harness.leave(sink);
    harness.publication.end();
    expect([before, after].map(({ codec }) => codec.slabs!.leasedBytes)).toEqual([0, 0]);
  });

  it('is one at a time: a second publication of the same connection is copied to', () => {
    const harness = new PublicationHarness({ slabBytes: 4 * UNIT });
    const second = new PublicationHarness();
    second.publication.writer.frameFrom(harness.publisher!.codec);
    expect(harness.publisher!.codec.target).toBe(harness.publication.writer);
    expect(second.publication.log.area).toBeUndefined();
  });

  it('shares its codec with other streams of the connection: theirs is copied, nobody gets what is not his', () => {
    const harness = new PublicationHarness({ slabBytes: 4 * UNIT, gopMaxBytes: 50_000 });
    const second = new PublicationHarness();
    const { codec } = harness.publisher!;
    const sinks = [harness.join(), second.join()];
    const sent: Buffer[][] = [[], []];
    const wire: Buffer[] = [];
    for (let n = 0; n < 300; n++) {
      const { payload, timestamp } = key(n, 300 + ((n * 977) % 30_000));
      const stream = n % 5 === 0 || n % 7 === 0 ? 1 : 0;
      sent[stream].push(framed({ kind: 'key', payload, timestamp }));
      // Stream 3 was never published: its media goes nowhere.
      const ids = n % 11 === 0 ? [3, stream + 1] : [stream + 1];
      for (const messageStreamId of ids) {
        wire.push(chunks({ type: 9, timestamp, messageStreamId, payload, chunkStreamId: 6 + messageStreamId }));
      }
    }
    for (const piece of split(Buffer.concat(wire), 4999)) {
      codec.input.set(piece);
      for (let status = codec.next(0, piece.length); ; status = codec.next(0, 0)) {
        expect(status).toBeGreaterThanOrEqual(0);
        const to = [harness, second][codec.batchMessageStreamId - 1];
        if (codec.batchCount > 0) to?.publication.append(codec, Date.now());
        if (status === Status.NeedInput) break;
      }
      harness.turn();
    }
    for (const index of [0, 1]) expect(sinks[index].bytes.equals(Buffer.concat(sent[index]))).toBe(true);
  });

  it('copies when the codec has no memory for slabs', () => {
    const codec = new ChunkCodec({ limits: { slabBytes: 0 } });
    codec.setPublishing(true);
    const harness = new PublicationHarness();
    harness.publication.writer.frameFrom(codec);
    expect(codec.slabs).toBeUndefined();
    expect(codec.target).toBeUndefined();
  });
});
