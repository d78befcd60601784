import * as C from '../../assembly/constants.js';
import { ChunkCodec, type CodecMessage, Status } from '../../src/wasm/chunk-codec.js';
import type { WasmFlavour } from '../../src/wasm/instance.js';
import { type CodecLimits, writeLimits } from '../../src/wasm/limits.js';
import { SLAB_UNIT_BYTES } from '../../src/wasm/slab-area.js';

const REGIONS = 4;
/** Between the regions: what is written there was written past an end. */
const GUARD_BYTES = 96;
const GUARD = 0xa5;
/** What the host itself writes behind a batch, as it does with metadata. */
const FOREIGN = Buffer.alloc(23, 0xee);

/** How a host with slabs of this size behaves. */
export interface DirectOptions {
  readonly flavour: WasmFlavour;
  readonly limits?: Partial<CodecLimits>;
  readonly publishing?: boolean;
  /** Bytes of a region; a message that does not fit is left to be copied out. */
  readonly regionBytes: number;
}

/**
 * A codec that frames into a ring of small regions of its own memory, behind the surface of a plain one. It checks what
 * a stream's log relies on: a batch stands right behind the last one, bytes handed out stay as they are until their
 * region comes round again, and nothing is written outside.
 */
export class DirectCodec {
  readonly #codec: ChunkCodec;
  readonly #options: DirectOptions;
  readonly #memory: Buffer;
  readonly #base: number;
  readonly #stride: number;
  readonly #blocksEnd: number;
  #region = 0;
  #used = 0;
  #committed: Buffer[][] = [];
  #batch: Buffer = Buffer.alloc(0);
  #message: CodecMessage | undefined;
  /** Batches that were framed in place, and that were copied. */
  inPlace = 0;
  copied = 0;

  constructor(options: DirectOptions) {
    this.#options = options;
    this.#stride = options.regionBytes + GUARD_BYTES;
    const slabBytes = Math.ceil((REGIONS * this.#stride + GUARD_BYTES) / SLAB_UNIT_BYTES) * SLAB_UNIT_BYTES;
    this.#codec = new ChunkCodec({ flavour: options.flavour, limits: { ...options.limits, slabBytes } });
    this.#codec.setPublishing(true);
    this.#memory = Buffer.from(this.#codec.memory.buffer);
    this.#base = this.#codec.slabs!.acquire(slabBytes)!.address + GUARD_BYTES;
    this.#blocksEnd = this.#codec.header[C.MEMORY_END];
    this.#codec.target = {
      makeRoom: (bytes) => {
        if (bytes <= options.regionBytes) this.#nextRegion();
      },
    };
    this.reset();
  }

  /** Makes it as new, for the next stream. */
  reset(): void {
    const { header, exports, limits } = this.#codec;
    exports.wipe(C.INPUT_BYTES);
    writeLimits(header, limits, this.#options.publishing ?? false);
    header[C.MEMORY_END] = this.#blocksEnd;
    this.#memory.fill(GUARD, this.#base - GUARD_BYTES, this.#base + REGIONS * this.#stride);
    this.#committed = Array.from({ length: REGIONS }, () => []);
    this.#region = 0;
    this.#used = 0;
    this.#batch = Buffer.alloc(0);
    this.#aim();
  }

  get input(): Buffer {
    return this.#codec.input;
  }
  get header(): Uint32Array {
    return this.#codec.header;
  }
  get records(): Uint32Array {
    return this.#codec.records;
  }
  get limits(): CodecLimits {
    return this.#codec.limits;
  }
  get dropped(): number {
    return this.#codec.dropped;
  }
  get batchCount(): number {
    return this.#codec.batchCount;
  }
  get batchBytes(): number {
    return this.#codec.batchBytes;
  }
  get batchMessageStreamId(): number {
    return this.#codec.batchMessageStreamId;
  }
  get message(): CodecMessage {
    return this.#message!;
  }

  beginTimeline(messageStreamId: number, from?: number): void {
    this.#codec.beginTimeline(messageStreamId, from);
  }

  next(start: number, end: number): number {
    const status = this.#codec.next(start, end);
    if (this.#codec.batchCount > 0) this.#take();
    if (status === Status.Message) {
      const { message } = this.#codec;
      this.#message = { ...message, payload: Buffer.from(message.payload) };
      this.#write(FOREIGN);
    }
    return status;
  }

  copyBatch(target: Uint8Array, offset: number): void {
    target.set(this.#batch, offset);
  }

  /** Throws when bytes that were handed out, or bytes outside the regions, are not what they were. */
  verify(): void {
    for (let region = 0; region < REGIONS; region++) this.#verifyRegion(region);
    for (let region = -1; region < REGIONS; region++) {
      const end = this.#address(region + 1);
      const guard = this.#memory.subarray(end - GUARD_BYTES, end);
      if (!guard.every((byte) => byte === GUARD)) throw new Error(`bytes were written past region ${region}`);
    }
  }

  #verifyRegion(region: number): void {
    const expected = Buffer.concat(this.#committed[region]);
    const at = this.#address(region);
    if (!expected.equals(this.#memory.subarray(at, at + expected.length))) throw new Error('bytes handed out changed');
  }

  #take(): void {
    const bytes = this.#codec.batchBytes;
    const address = this.#codec.header[C.BATCH_ADDRESS];
    this.#batch = Buffer.alloc(bytes);
    if (address !== 0) {
      if (address !== this.#address(this.#region) + this.#used) throw new Error('the batch is not behind the last one');
      this.#batch.set(this.#memory.subarray(address, address + bytes));
      this.inPlace++;
      this.#commit(this.#batch);
      if (this.#used > this.#options.regionBytes) throw new Error('the batch goes past the end of its region');
      return;
    }
    this.copied++;
    this.#codec.copyBatch(this.#batch, 0);
    this.#write(this.#batch);
  }

  /** Writes as the host does: nothing of the codec's may lie behind the last batch meanwhile. */
  #write(bytes: Buffer): void {
    this.#codec.aim(0, 0);
    if (bytes.length <= this.#options.regionBytes) {
      if (this.#used + bytes.length > this.#options.regionBytes) this.#nextRegion();
      this.#codec.aim(0, 0);
      this.#memory.set(bytes, this.#address(this.#region) + this.#used);
      this.#commit(bytes);
    }
    this.#aim();
  }

  #commit(bytes: Buffer): void {
    this.#committed[this.#region].push(Buffer.from(bytes));
    this.#used += bytes.length;
  }

  #nextRegion(): void {
    this.#region = (this.#region + 1) % REGIONS;
    this.#verifyRegion(this.#region);
    this.#committed[this.#region] = [];
    this.#used = 0;
    this.#aim();
  }

  #aim(): void {
    const at = this.#address(this.#region);
    this.#codec.aim(at + this.#used, at + this.#options.regionBytes);
  }

  #address(region: number): number {
    return this.#base + region * this.#stride;
  }
}
