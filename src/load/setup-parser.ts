import { SluiceError } from '../core/errors.js';
import { MessageType } from '../protocol/messages/message-types.js';

/** A message of the set-up. The receiver owns `payload`. */
interface SetupMessage {
  readonly type: number;
  readonly payload: Buffer;
}

interface PublishQueue {
  timestampExtended: boolean;
  length: number;
  type: number;
  parts: Buffer[];
  got: number;
}

/** No server sends this much before it plays; a server that does never will. */
const MAX_PENDING_BYTES = 4 * 1024 * 1024;
const HEADER_BYTES = [11, 7, 3, 0] as const;

/**
 * A small chunk stream reader for the few messages of a connection's set-up (RTMP 1.0 §5.3.1). After that the load
 * generator only counts bytes, so this is written to be short, not fast, and ignores timestamps.
 */
export class SetupParser {
  #pending: Buffer = Buffer.alloc(0);
  #chunkSize = 128;
  readonly #lanes = new Map<number, PublishQueue>();

  /**
   * @param bytes borrowed until return
   * @returns the messages that became whole
   * @throws SluiceError `ERR_LOAD_SETUP` when the bytes are no chunk stream
   */
  push(bytes: Uint8Array): SetupMessage[] {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    if (this.#pending.length > MAX_PENDING_BYTES)
      throw new SluiceError('ERR_LOAD_SETUP', 'no end of the first message');
    const messages: SetupMessage[] = [];
    for (let used = this.#chunk(messages); used > 0; used = this.#chunk(messages))
      this.#pending = this.#pending.subarray(used);
    return messages;
  }

  /** @returns bytes of the chunk at the start of what is pending; 0 when it is not all there */
  #chunk(messages: SetupMessage[]): number {
    const b = this.#pending;
    if (b.length === 0) return 0;
    const fmt = b[0]! >> 6;
    const low = b[0]! & 63;
    let at = low > 1 ? 1 : low + 2;
    if (b.length < at + HEADER_BYTES[fmt]!) return 0;
    const id = low > 1 ? low : 64 + b[1]! + (low === 1 ? 256 * b[2]! : 0);
    let lane = this.#lanes.get(id);
    if (lane === undefined && fmt > 1)
      throw new SluiceError('ERR_LOAD_SETUP', `chunk stream ${id} starts with fmt ${fmt}`);
    lane ??= { timestampExtended: false, length: 0, type: 0, parts: [], got: 0 };
    const before = { ...lane };
    if (fmt < 3) before.timestampExtended = b.readUIntBE(at, 3) === 0xffffff;
    if (fmt < 2) {
      before.length = b.readUIntBE(at + 3, 3);
      before.type = b[at + 6]!;
    }
    at += HEADER_BYTES[fmt]!;
    if (before.timestampExtended) at += 4;
    const size = Math.min(this.#chunkSize, before.length - lane.got);
    if (b.length < at + size) return 0;
    Object.assign(lane, before);
    this.#lanes.set(id, lane);
    lane.parts.push(Buffer.from(b.subarray(at, at + size)));
    lane.got += size;
    if (lane.got === lane.length) this.#complete(lane, messages);
    return at + size;
  }

  #complete(lane: PublishQueue, messages: SetupMessage[]): void {
    const payload = Buffer.concat(lane.parts);
    lane.parts = [];
    lane.got = 0;
    if (lane.type === MessageType.SetChunkSize && payload.length >= 4) {
      this.#chunkSize = Math.max(1, payload.readUInt32BE(0) & 0x7fffffff);
    } else messages.push({ type: lane.type, payload });
  }
}
