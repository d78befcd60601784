import type { Player } from '../../../src/hub/player.js';
import type { PlayerSink, PlayFormat } from '../../../src/hub/player-sink.js';
import { readFlvStrictly } from '../flv.js';
import { chunks, type WireMessage, WireReader } from '../rtmp-wire.js';
import { CHUNK_SIZE } from './media.js';

/** `sync` takes everything at once, `slow` when the test says so, `stuck` never. */
export type SinkMode = 'sync' | 'slow' | 'stuck';

/** A player's far end that keeps what it gets and finds bytes that change while they are being sent. */
export class RecordingSink implements PlayerSink {
  mode: SinkMode;
  readonly format: PlayFormat;
  player: Player | undefined;
  /** Whether other writes of its connection keep it from sending. */
  clogged = false;
  readonly writes: Buffer[] = [];
  readonly notices: ('came' | 'gone')[] = [];
  #underWay: { readonly shared: Buffer; readonly copy: Buffer } | undefined;

  constructor(mode: SinkMode = 'sync', format: PlayFormat = 'rtmp') {
    this.mode = mode;
    this.format = format;
  }

  write(bytes: Buffer): boolean {
    if (this.#underWay !== undefined) throw new Error('a second write was begun while one was under way');
    const copy = Buffer.from(bytes);
    this.writes.push(copy);
    if (this.mode === 'sync') return true;
    this.#underWay = { shared: bytes, copy };
    return false;
  }

  /** Whether a write waits for {@link drain}. */
  get busy(): boolean {
    return this.#underWay !== undefined;
  }

  /** The write under way has gone: all of its bytes must be what they were. */
  drain(): boolean {
    if (this.#underWay === undefined || this.mode === 'stuck') return false;
    const { shared, copy } = this.#underWay;
    if (!shared.equals(copy)) throw new Error('bytes changed while they were being sent');
    this.#underWay = undefined;
    this.player!.drained();
    return true;
  }

  publisherCame(): void {
    this.notices.push('came');
  }

  publisherGone(): void {
    this.notices.push('gone');
  }

  evictions = 0;
  /** What an owner does then. */
  onEvicted: () => void = () => {};

  evicted(): void {
    this.evictions++;
    this.onEvicted();
  }

  /** What {@link PlayerSink.failed} was told. */
  readonly failures: unknown[] = [];

  failed(error: unknown): void {
    this.failures.push(error);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.writes);
  }

  /** The messages received, read by a chunk reader that throws on anything that is not whole and in order. */
  messages(): WireMessage[] {
    if (this.format === 'flv') return readFlvStrictly(this.bytes).map((tag) => ({ ...tag, messageStreamId: 0 }));
    const reader = new WireReader();
    const size = Buffer.alloc(4);
    size.writeUInt32BE(CHUNK_SIZE);
    reader.read(chunks({ type: 1, timestamp: 0, messageStreamId: 0, payload: size, chunkStreamId: 2 }));
    return reader.read(this.bytes);
  }
}
