import type { CodecLimits } from '../wasm/limits.js';
import { numberOf } from './amf-node.js';
import { type AmfReading, readAmfNodes } from './amf0-nodes.js';
import { ChunkWalker, type Fault, type WalkedMessage, type WalkItem, type WalkState } from './chunk-walker.js';
import { handshakeFault } from './handshake-fault.js';
import { type MaskOptions, maskedPayload } from './secrets.js';

/** Which side sent the bytes. */
type Side = 'client' | 'server';

/** Bytes of the handshake, named as the specification does (RTMP 1.0 §5.2). */
export interface HandshakePart {
  readonly kind: 'handshake';
  readonly at: number;
  readonly name: string;
  /** Its bytes; of a part that is not complete, those that are there. */
  readonly bytes: number;
  readonly isComplete: boolean;
  /** What it says, without the filler. */
  readonly says: string;
}

/** A message with its values, as they may be shown: secrets are overwritten with `*`. */
export interface ReadableMessage extends WalkedMessage {
  /**
   * The AMF values of commands and data messages; undefined for other types, and when only the end of the message is
   * there.
   */
  readonly amf: AmfReading | undefined;
}

export type StreamItem = HandshakePart | Exclude<WalkItem, WalkedMessage> | ReadableMessage;

/** A place in a connection from which a walk can begin. */
export interface WalkStart {
  /** Position of the first byte. */
  readonly at: number;
  /** Where the reader stands there; undefined at the beginning of the connection. */
  readonly from: WalkState | undefined;
  /** Whether a publish runs there. */
  readonly publishing: boolean;
}

/** How a walk begins. */
export interface StreamWalkOptions extends MaskOptions {
  readonly limits?: Partial<CodecLimits>;
  /** Default: the client. */
  readonly side?: Side;
  /** Position of the first byte in the connection; default 0. */
  readonly at?: number;
  /** Whether the handshake is in the bytes; default: it is when they begin at position 0. */
  readonly handshake?: boolean;
  /** Where the server's reader stood before the first byte, when that is in the middle of the chunk stream. */
  readonly from?: WalkState;
  /** Whether a publish was accepted before the first byte. */
  readonly publishing?: boolean;
  /** Whether messages tell where their payload lies; default true. */
  readonly places?: boolean;
}

const PACKET_BYTES = 1536;
/** Bytes of each packet that mean something: time and version. */
export const PACKET_HEAD_BYTES = 8;

/** Bytes of commands and data messages that precede the AMF0 values; undefined when the type carries none. */
function amfStart(type: number): number | undefined {
  if (type === 18 || type === 20) return 0;
  return type === 15 || type === 17 ? 1 : undefined;
}

/**
 * Reads what one side of a connection sent, handshake first: {@link ChunkWalker} with names for the handshake and
 * values for messages.
 */
export class StreamWalker {
  readonly #chunks: ChunkWalker;
  readonly #limits: CodecLimits;
  readonly #side: Side;
  readonly #mask: MaskOptions;
  /** Parts of the handshake that are to come, each with its length. */
  readonly #handshake: { readonly name: string; readonly bytes: number }[];
  #part: Buffer = Buffer.alloc(0);
  #partBytes = 0;
  #partAt: number;
  #failed = false;
  /** Message streams with a publish. */
  readonly #publishing = new Set<number>();

  constructor(limits: CodecLimits, options: StreamWalkOptions = {}) {
    const at = options.at ?? 0;
    this.#limits = limits;
    this.#side = options.side ?? 'client';
    this.#mask = options;
    const letter = this.#side === 'client' ? 'C' : 'S';
    const hasHandshake = options.handshake ?? (at === 0 && options.from === undefined);
    this.#handshake = hasHandshake
      ? [0, 1, 2].map((n) => ({ name: `${letter}${n}`, bytes: n === 0 ? 1 : PACKET_BYTES }))
      : [];
    this.#partAt = at;
    const handshakeBytes = this.#handshake.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#chunks = new ChunkWalker(limits, at + handshakeBytes, options.from);
    // What a server sends is no peer's risk: the limits of a publisher are wide enough for it.
    this.#chunks.isPublishing = options.publishing === true || this.#side === 'server';
    this.#chunks.keepsPlaces = options.places !== false;
  }

  /** Whether nothing more can be read: a fault was found. */
  get failed(): boolean {
    return this.#failed;
  }

  /**
   * Takes in more bytes, in any split. @param bytes borrowed @returns what they complete, in order; after a fault
   * nothing more
   */
  *push(bytes: Uint8Array): Generator<StreamItem> {
    let rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    while (this.#handshake.length > 0 && rest.length > 0 && !this.#failed) {
      const part = this.#handshake[0]!;
      const taken = rest.subarray(0, part.bytes - this.#partBytes);
      if (this.#part.length < PACKET_HEAD_BYTES)
        this.#part = Buffer.concat([this.#part, taken.subarray(0, PACKET_HEAD_BYTES)]);
      this.#partBytes += taken.length;
      rest = rest.subarray(taken.length);
      if (this.#partBytes === part.bytes) yield* this.#endPart(part);
    }
    if (this.#failed) return;
    for (const item of this.#chunks.push(rest)) {
      if (item.kind === 'fault') this.#failed = true;
      if (item.kind !== 'message') yield item;
      else {
        const message = this.#readable(item);
        yield message;
        if (this.#side === 'client') this.#follow(message);
      }
    }
  }

  /** What is there of things that are not complete, for the end of the bytes. */
  *end(): Generator<HandshakePart> {
    const [part] = this.#handshake;
    if (part === undefined || this.#partBytes === 0) return;
    yield { kind: 'handshake', at: this.#partAt, name: part.name, bytes: this.#partBytes, isComplete: false, says: '' };
  }

  /** Messages that are not complete, and bytes of a header that is not. */
  get leftOver(): Pick<ChunkWalker, 'unfinished' | 'headerBytes' | 'position' | 'heldBytes'> {
    return this.#chunks;
  }

  /** Where a walk can begin that goes on with the header of which a part is here, or behind the last byte. */
  get restart(): WalkStart {
    const { position, headerBytes, state, isPublishing } = this.#chunks;
    return { at: position - headerBytes, from: state, publishing: isPublishing };
  }

  *#endPart({ name, bytes }: { readonly name: string; readonly bytes: number }): Generator<HandshakePart | Fault> {
    const at = this.#partAt;
    const fault = bytes === 1 ? handshakeFault(this.#part[0]!, at) : undefined;
    if (fault === undefined) {
      const says = bytes === 1 ? `version ${this.#part[0]}` : packetSays(name, this.#part);
      yield { kind: 'handshake', at, name, bytes, isComplete: true, says };
    } else {
      this.#failed = true;
      yield fault;
    }
    this.#handshake.shift();
    this.#part = Buffer.alloc(0);
    this.#partBytes = 0;
    this.#partAt = at + bytes;
  }

  #readable(message: WalkedMessage): ReadableMessage {
    const start = amfStart(message.type);
    if (start === undefined || message.payload.length < message.length) return { ...message, amf: undefined };
    const payload = maskedPayload(message.type, message.payload, this.#limits, this.#mask);
    return { ...message, payload, amf: readAmfNodes(payload, Math.min(start, payload.length), this.#limits) };
  }

  /** The server allows longer messages while a publish runs, so the limits follow the commands. */
  #follow({ amf, payload, messageStreamId, type }: ReadableMessage): void {
    if (amf === undefined || type === 15 || type === 18) return;
    const [name, , , first] = amf.nodes;
    const command = name?.kind === 'string' ? payload.toString('latin1', name.value.at, name.value.end) : '';
    if (command === 'publish' && first?.kind === 'string') this.#publishing.add(messageStreamId);
    else if (command === 'publish' || command === 'closeStream') this.#publishing.delete(messageStreamId);
    else if (command === 'deleteStream' && first?.kind === 'number') this.#publishing.delete(numberOf(payload, first));
    else return;
    this.#chunks.isPublishing = this.#publishing.size > 0;
  }
}

function packetSays(name: string, head: Buffer): string {
  if (name.endsWith('2')) return `echo of time ${head.readUInt32BE(0)}`;
  return `time ${head.readUInt32BE(0)}, version ${[...head.subarray(4, 8)].join('.')}`;
}
