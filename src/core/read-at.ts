/**
 * Reads a part of a file by its position, in bytes. Resolves with exactly as many bytes as were asked for, or with
 * fewer where the file ends before. The Buffer is borrowed and must not be changed. Rejects when the file cannot be
 * read.
 */
export type ReadAt = (position: number, bytes: number) => Promise<Buffer>;
