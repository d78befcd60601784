import { RECORD_OFFSET, RECORD_PAYLOAD_BYTES, RECORD_TIMESTAMP, RECORD_WORDS } from '../../assembly/constants.js';
import { ChunkCodec } from '../../src/wasm/chunk-codec.js';
import { ArenaRing } from '../js-parser/arena.js';
import { JsChunkParser } from '../js-parser/chunk-parser.js';
import { requireFromNodeMediaServer } from '../peers/node-media-server.js';

const READ_BYTES = 65536;
const SLAB_BYTES = 2 << 20;
const SLABS = 2;
const EXTENDED = 0xffffff;
/** One outgoing chunk per message: its payload is contiguous, so that a view of the slab is the whole message. */
const WHOLE = 0xffffff;

/** What comes out: a framed batch per read with records, or each message as one Buffer. */
export type ParserWork = 'batch' | 'messages';

/** What one pass over the input brought: the same numbers from each contestant, or the bench is wrong. */
export interface PassResult {
  messages: number;
  /** Framed bytes (batch) or payload bytes (messages). */
  bytes: number;
}

/** Parses a whole recording once, fed in reads of 64 KiB. Keeps its state between passes, as a connection does. */
export type Contestant = (socketBytes: Buffer) => PassResult;

/** The floor: only the copy of each read into the input buffer, which the kernel does in a server. */
export function feedContestant(): Contestant {
  const input = Buffer.alloc(READ_BYTES);
  return (socketBytes) => {
    for (let from = 0; from < socketBytes.length; from += READ_BYTES) {
      feed(input, socketBytes, from, Math.min(from + READ_BYTES, socketBytes.length));
    }
    return { messages: 0, bytes: input.length };
  };
}

/** Sluice's codec: bytes are written into its memory, the batch is copied out once per read into a pooled slab. */
export function wasmContestant(work: ParserWork, chunkSizeOut = 60000): Contestant {
  const codec = new ChunkCodec({ limits: { outChunkSize: work === 'batch' ? chunkSizeOut : WHOLE } });
  codec.setPublishing(true);
  const slabs = Array.from({ length: SLABS }, () => Buffer.alloc(SLAB_BYTES));
  let slab = slabs[0];
  let at = 0;
  let next = 1;
  return (socketBytes) => {
    const result = { messages: 0, bytes: 0 };
    for (let from = 0; from < socketBytes.length; from += READ_BYTES) {
      const to = Math.min(from + READ_BYTES, socketBytes.length);
      feed(codec.input, socketBytes, from, to);
      let status = codec.next(0, to - from);
      for (;;) {
        if (status < 0) throw new Error(`the WASM parser refused the input: ${status}`);
        const count = codec.batchCount;
        if (count > 0) {
          const size = codec.batchBytes;
          if (at + size > slab.length) {
            slab = slabs[next];
            next = (next + 1) % SLABS;
            at = 0;
            if (size > slab.length) slab = Buffer.alloc(size);
          }
          codec.copyBatch(slab, at);
          take(result, work, codec.records, count, slab, at, size);
          at += size;
        }
        if (status === 0) break;
        status = codec.next(0, 0);
      }
    }
    return result;
  };
}

/** The JavaScript parser of this bench. */
export function javascriptContestant(work: ParserWork, chunkSizeOut = 60000): Contestant {
  const parser = new JsChunkParser({
    outChunkSize: work === 'batch' ? chunkSizeOut : WHOLE,
    arenas: new ArenaRing(SLAB_BYTES, SLABS),
  });
  return (socketBytes) => {
    const result = { messages: 0, bytes: 0 };
    for (let from = 0; from < socketBytes.length; from += READ_BYTES) {
      const to = Math.min(from + READ_BYTES, socketBytes.length);
      feed(parser.input, socketBytes, from, to);
      let status = parser.next(0, to - from);
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
    }
    return result;
  };
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

/** Node-Media-Server's parser, and for the batch its `createMessage`, which serialises each message for all players as its server does. */
export function nodeMediaServerContestant(work: ParserWork): Contestant {
  const Rtmp = requireFromNodeMediaServer('src/protocol/rtmp.js') as NmsRtmpClass;
  const parser = new Rtmp();
  parser.handshakeState = NMS_HANDSHAKE_DONE;
  const socket = Buffer.alloc(READ_BYTES);
  let result: PassResult = { messages: 0, bytes: 0 };
  parser.onPacketCallback = (packet) => {
    result.messages++;
    result.bytes += work === 'batch' ? Rtmp.createMessage(packet).length : packet.size;
  };
  return (socketBytes) => {
    result = { messages: 0, bytes: 0 };
    for (let from = 0; from < socketBytes.length; from += READ_BYTES) {
      const to = Math.min(from + READ_BYTES, socketBytes.length);
      feed(socket, socketBytes, from, to);
      parser.parserData(socket.subarray(0, to - from));
    }
    return result;
  };
}

/** What the kernel does in a server. `fill` is a plain memory copy also into shared memory, where `copy` goes word by word. */
function feed(input: Buffer, socketBytes: Buffer, from: number, to: number): void {
  input.fill(socketBytes.subarray(from, to), 0, to - from);
}

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
  for (let i = 0; i < count; i++) {
    const r = i * RECORD_WORDS;
    const start = at + records[r + RECORD_OFFSET] + (records[r + RECORD_TIMESTAMP] >= EXTENDED ? 16 : 12);
    result.bytes += slab.subarray(start, start + records[r + RECORD_PAYLOAD_BYTES]).length;
  }
}
