import {
  BATCH_ADDRESS,
  INPUT_BYTES,
  RECORD_FRAMED_BYTES,
  RECORD_OFFSET,
  RECORD_PAYLOAD_BYTES,
  RECORD_TYPE_FLAGS,
  RECORD_WORDS,
} from '../../assembly/constants.js';
import { ChunkCodec } from '../../src/wasm/chunk-codec.js';
import type { Region } from '../../src/wasm/slab-area.js';
import { ArenaRing } from '../js-parser/arena.js';
import { JsChunkParser } from '../js-parser/chunk-parser.js';
import { requireFromNodeMediaServer } from '../peers/node-media-server.js';
import { BareCopy } from './bare-copy.js';

const READ_BYTES = INPUT_BYTES;
/** The message stream id of the recordings: both guard its timestamps, as for a publish. */
const MESSAGE_STREAM = 1;
const SLAB_BYTES = 1 << 20;
/** What a server keeps: the newest 8 MiB, as of a GOP, before a slab is written again. */
const SLABS = 8;
/** One outgoing chunk per message: its payload is contiguous, so that the whole message is one stretch of a slab. */
const WHOLE = 0xffffff;

/** The output: a framed batch for each read with records, or each message as one part of a slab. */
export type ParserWork = 'batch' | 'messages';

/** What one pass over the input brought: the same numbers from each contestant, or the bench is wrong. */
export interface PassResult {
  messages: number;
  /** Framed bytes (batch) or payload bytes (messages). */
  bytes: number;
  /** Time in the parser alone. */
  ownMs: number;
}

/**
 * Parses a whole recording once, fed in reads of 64 KiB. Keeps its state between passes, as a connection does. The copy
 * that fills its input is the kernel's work in a server: `ownMs` leaves it out.
 */
export type Contestant = (socketBytes: Buffer) => PassResult;

/** Takes one read of a recording. */
interface Fed {
  input(): Buffer;
  read(bytes: number, result: PassResult): void;
}

/** What reading the clock around a read adds to it, in ms: the least of many. */
const CLOCK_MS = clockMs();

function clockMs(): number {
  let sum = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 1; i <= 100_000; i++) {
    const start = performance.now();
    sum += performance.now() - start;
    if (i % 1000 !== 0) continue;
    least = Math.min(least, sum / 1000);
    sum = 0;
  }
  return least;
}

/** Feeds reads and takes the time of each, without that of the copy that fed it. */
function fedByReads(fed: Fed): Contestant {
  return (socketBytes) => {
    const result = { messages: 0, bytes: 0, ownMs: 0 };
    for (let from = 0; from < socketBytes.length; from += READ_BYTES) {
      const to = Math.min(from + READ_BYTES, socketBytes.length);
      // What the kernel does in a server. `fill` is a plain memory copy into shared memory too, where `copy` goes word
      // by word.
      fed.input().fill(socketBytes.subarray(from, to), 0, to - from);
      const start = performance.now();
      fed.read(to - from, result);
      result.ownMs += performance.now() - start - CLOCK_MS;
    }
    return result;
  };
}

/** Sluice's codec as a publisher's: it frames into slabs of its own memory, eight in turn. */
export function wasmContestant(work: ParserWork, chunkSizeOut = 60000): Contestant {
  const codec = new ChunkCodec({ limits: { outChunkSize: work === 'batch' ? chunkSizeOut : WHOLE } });
  codec.setPublishing(true);
  codec.beginTimeline(MESSAGE_STREAM);
  const slabs: Region[] = Array.from({ length: SLABS }, () => codec.slabs!.acquire(SLAB_BYTES)!);
  let next = 0;
  let slab = slabs[0];
  const turn = (): void => {
    slab = slabs[next];
    next = (next + 1) % SLABS;
    codec.aim(slab.address, slab.address + SLAB_BYTES);
  };
  codec.target = { makeRoom: turn };
  turn();
  const { input, header, records } = codec;
  return fedByReads({
    input: () => input,
    read: (bytes, result) => {
      let status = codec.next(0, bytes);
      for (;;) {
        if (status < 0) throw new Error(`the WASM parser refused the input: ${status}`);
        const count = codec.batchCount;
        if (count > 0) {
          if (header[BATCH_ADDRESS] === 0) throw new Error('a batch was not framed in place');
          take(result, work, records, count, slab.buffer, header[BATCH_ADDRESS] - slab.address, codec.batchBytes);
        }
        if (status === 0) break;
        status = codec.next(0, 0);
      }
    },
  });
}

/** The JavaScript parser of this bench: it frames into the slab behind its input, eight in turn. */
export function javascriptContestant(work: ParserWork, chunkSizeOut = 60000): Contestant {
  const parser = new JsChunkParser({
    outChunkSize: work === 'batch' ? chunkSizeOut : WHOLE,
    arenas: new ArenaRing(SLAB_BYTES, SLABS),
  });
  parser.timelines.begin(MESSAGE_STREAM, -1);
  return fedByReads({
    input: () => parser.input,
    read: (bytes, result) => {
      let status = parser.next(0, bytes);
      for (;;) {
        if (status < 0) throw new Error(`the JavaScript parser refused the input: ${status}`);
        const count = parser.batchCount;
        if (count > 0) {
          const batch = parser.takeBatch();
          take(result, work, parser.records, count, batch, 0, batch.length);
        }
        if (status === 0) break;
        status = parser.next(0, 0);
      }
    },
  });
}

/**
 * No parser: the bytes of each read, copied once into eight slabs in turn, in pieces of the size that lies in one
 * stretch of the input. The least that any parser that keeps what it reads does. Finds no messages.
 */
export function copyContestant(pieceBytes: number): Contestant {
  const copy = new BareCopy(READ_BYTES, SLABS * SLAB_BYTES);
  return fedByReads({
    input: () => copy.input,
    read: (size, result) => {
      result.bytes += copy.take(size, pieceBytes);
    },
  });
}

interface AvPacket {
  readonly size: number;
  readonly data: Buffer;
}

interface NmsRtmp {
  handshakeState: number;
  onPacketCallback: (packet: AvPacket) => void;
  parserData(bytes: Buffer): string | null;
}

interface NmsRtmpClass {
  new (): NmsRtmp;
  createMessage(packet: AvPacket): Buffer;
}

const NMS_HANDSHAKE_DONE = 3;

/**
 * Node-Media-Server's parser, and for the batch its `createMessage`, which serialises each message for all players as
 * its server does.
 */
export function nodeMediaServerContestant(work: ParserWork): Contestant {
  const Rtmp = requireFromNodeMediaServer('src/protocol/rtmp.js') as NmsRtmpClass;
  const parser = new Rtmp();
  parser.handshakeState = NMS_HANDSHAKE_DONE;
  const socket = Buffer.alloc(READ_BYTES);
  let result: PassResult = { messages: 0, bytes: 0, ownMs: 0 };
  parser.onPacketCallback = (packet) => {
    result.messages++;
    result.bytes += work === 'batch' ? Rtmp.createMessage(packet).length : packet.size;
  };
  return fedByReads({
    input: () => socket,
    read: (bytes, into) => {
      result = into;
      parser.parserData(socket.subarray(0, bytes));
    },
  });
}

/**
 * A receiver of messages: it is told where each lies, and no object is made for it. A server would read it, write it
 * out or pass it on.
 */
class MessageSink {
  messages = 0;
  bytes = 0;
  first = 0;

  message(type: number, slab: Buffer, start: number, end: number): void {
    this.messages++;
    this.bytes += end - start;
    this.first = (this.first + type + slab[start]) | 0;
  }
}

const sink = new MessageSink();

function take(
  result: PassResult,
  work: ParserWork,
  records: Uint32Array,
  count: number,
  slab: Buffer,
  at: number,
  size: number,
): void {
  result.messages += count;
  if (work === 'batch') {
    result.bytes += size;
    return;
  }
  const before = sink.bytes;
  for (let r = 0; r < count * RECORD_WORDS; r += RECORD_WORDS) {
    // One outgoing chunk per message: the payload is what follows its header.
    const end = at + records[r + RECORD_OFFSET] + records[r + RECORD_FRAMED_BYTES];
    sink.message(records[r + RECORD_TYPE_FLAGS] & 255, slab, end - records[r + RECORD_PAYLOAD_BYTES], end);
  }
  result.bytes += sink.bytes - before;
}
