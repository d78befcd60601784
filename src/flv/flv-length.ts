import { type FileHandle, open, stat } from 'node:fs/promises';
import { BACK_POINTER_BYTES, FILE_HEADER_BYTES, FlvTagType, TAG_HEADER_BYTES } from './flv-format.js';
import { checkFileHeader, readTagHeader } from './flv-tag-header.js';

/** Tags at the end of a file that are looked at: the last one may be script data, or an end of sequence with time 0. */
const LAST_TAGS = 8;

/**
 * How long a file is, by its first tag and its last ones; the rest of it is not read.
 *
 * @param path of a file
 * @returns in ms; undefined when it is no regular file (a pipe is not touched), no FLV, or cut
 */
export async function flvLengthMs(path: string): Promise<number | undefined> {
  let file: FileHandle | undefined;
  try {
    if (!(await stat(path)).isFile()) return undefined;
    file = await open(path, 'r');
    return await lengthOf(file, (await file.stat()).size);
  } catch {
    return undefined;
  } finally {
    await file?.close();
  }
}

async function lengthOf(file: FileHandle, size: number): Promise<number | undefined> {
  const read = async (at: number, bytes: number): Promise<Buffer> => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, at);
    return buffer.subarray(0, bytesRead);
  };
  const begin = checkFileHeader(await read(0, FILE_HEADER_BYTES)) + BACK_POINTER_BYTES;
  const first = readTagHeader(await read(begin, TAG_HEADER_BYTES));
  if (first === undefined) return undefined;
  let lastMs: number | undefined;
  let end = size;
  for (let seen = 0; seen < LAST_TAGS && end > begin; seen++) {
    const pointer = await read(end - BACK_POINTER_BYTES, BACK_POINTER_BYTES);
    const tagBytes = pointer.readUInt32BE();
    const at = end - BACK_POINTER_BYTES - tagBytes;
    const tag = at < begin ? undefined : readTagHeader(await read(at, TAG_HEADER_BYTES));
    if (tag === undefined || tag.bodyBytes + TAG_HEADER_BYTES !== tagBytes) return undefined;
    if (tag.type !== FlvTagType.Script) lastMs = Math.max(lastMs ?? 0, tag.timestamp);
    end = at;
  }
  return lastMs === undefined || lastMs < first.timestamp ? undefined : lastMs - first.timestamp;
}
