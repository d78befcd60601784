import type { FileHandle } from 'node:fs/promises';
import { BACK_POINTER_BYTES, FlvTagType, TAG_HEADER_BYTES } from '../../flv/flv-format.js';
import { FlvHead } from './flv-head.js';
import { KeyframeIndex } from './keyframe-index.js';
import { kindOf, PEEK_BYTES } from './message-kind.js';
import { type FileState, RecordFile, stateAfter, type TagOf } from './record-file.js';

/** Bytes that are read at once. Of larger tags only the beginning is read. */
const WINDOW_BYTES = 262_144;
/** What is looked at of a tag: its header and the beginning of its body. */
const LOOK_BYTES = TAG_HEADER_BYTES + PEEK_BYTES;
const TYPES: ReadonlySet<number> = new Set(Object.values(FlvTagType));

/** What a file of a recorder holds, up to its last whole tag. */
interface ScannedFile {
  readonly head: FlvHead;
  readonly state: FileState;
  readonly index: KeyframeIndex;
}

/**
 * Goes through a recorded file, tag by tag, up to the first that is not whole or is none: a process that died leaves
 * half a tag at the end, and a machine that lost its power may leave zeros.
 *
 * @param file borrowed
 * @returns undefined when it does not begin as recorded files do
 * @throws the system's error
 */
export async function scanFile(file: Pick<FileHandle, 'read' | 'stat'>): Promise<ScannedFile | undefined> {
  const { size } = await file.stat();
  const window = new Window(file, size);
  const head = FlvHead.read(await readStart(file, size));
  if (head === undefined) return undefined;
  const index = new KeyframeIndex(head.capacity);
  let state = RecordFile.begun(head);
  for (;;) {
    const start = await window.at(state.bytes, LOOK_BYTES);
    if (start.length < TAG_HEADER_BYTES || !TYPES.has(start[0]!)) break;
    const tag = tagIn(start);
    // The next read may take the place of what was read before.
    const pointer = await window.at(state.bytes + TAG_HEADER_BYTES + tag.length, BACK_POINTER_BYTES);
    if (pointer.length < BACK_POINTER_BYTES || pointer.readUInt32BE(0) !== TAG_HEADER_BYTES + tag.length) break;
    if (tag.isKeyframe) index.add(tag.timeMs, state.bytes);
    state = stateAfter(state, tag);
  }
  return { head, state, index };
}

/** @param start its header, and the beginning of its body or all of it */
function tagIn(start: Buffer): TagOf {
  const type = start[0]!;
  const length = start.readUIntBE(1, 3);
  const timeMs = start.readUIntBE(4, 3) + start[7]! * 0x1000000;
  const body = start.subarray(TAG_HEADER_BYTES, TAG_HEADER_BYTES + Math.min(length, PEEK_BYTES));
  return { type, timeMs, length, isKeyframe: kindOf(type, body).kind === 'key' };
}

async function readStart(file: Pick<FileHandle, 'read'>, size: number): Promise<Buffer> {
  const start = Buffer.alloc(Math.min(size, FlvHead.mostBytes));
  const { bytesRead } = await file.read(start, 0, start.length, 0);
  return start.subarray(0, bytesRead);
}

/** Reads pieces of a file that lie close together out of one larger read. */
class Window {
  readonly #file: Pick<FileHandle, 'read'>;
  readonly #size: number;
  readonly #buffer = Buffer.allocUnsafe(WINDOW_BYTES);
  #from = 0;
  #length = 0;

  constructor(file: Pick<FileHandle, 'read'>, size: number) {
    this.#file = file;
    this.#size = size;
  }

  /** @returns so many bytes from an offset on, or those that there are; a view that is valid until the next call */
  async at(from: number, bytes: number): Promise<Buffer> {
    const end = Math.min(this.#size, from + bytes);
    if (from < this.#from || end > this.#from + this.#length) {
      const { bytesRead } = await this.#file.read(this.#buffer, 0, WINDOW_BYTES, from);
      this.#from = from;
      this.#length = bytesRead;
    }
    const at = from - this.#from;
    return this.#buffer.subarray(at, Math.max(at, Math.min(at + bytes, this.#length)));
  }
}
