import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import type { Child } from './child.js';
import { digests, type FlvTag, readFlv } from './flv.js';
import { packetHashes } from './tools.js';
import { waitFor } from './wait.js';

/** The media of a stream as lists of hashes, in order. */
export interface MediaHashes {
  readonly video: string[];
  readonly audio: string[];
}

/** Packet hashes of a file that ffprobe can read: what is inside, whatever the container. */
export async function hashesOf(file: string): Promise<MediaHashes> {
  return { video: await packetHashes(file, 'video'), audio: await packetHashes(file, 'audio') };
}

/** Payload hashes of FLV tags: for codecs that this machine's ffprobe cannot name. */
export function tagHashes(tags: readonly FlvTag[]): MediaHashes {
  return { video: digests(tags, 9), audio: digests(tags, 8) };
}

/** The tags that a player has written to `file` so far; none while the file is missing. */
export async function tagsIn(file: string): Promise<FlvTag[]> {
  return readFlv(await readFile(file).catch(() => Buffer.alloc(0)));
}

/** Whether a tag is a sequence header or an end of sequence, of H.264 or AAC or in Enhanced RTMP. */
function isHeader({ type, payload }: FlvTag): boolean {
  if (payload[0] === 0x90 || payload[0] === 0x92) return true;
  if (type === 8) return payload[0] >> 4 === 10 && payload[1] === 0;
  return (payload[0] & 0x8f) === 7 && payload[1] !== 1;
}

/** How many audio and video frames, not headers, the tags hold. */
export function frameCount(tags: readonly FlvTag[]): number {
  return tags.filter((t) => t.type !== 18 && t.payload.length > 1 && !isHeader(t)).length;
}

/**
 * Waits until a player has ended or `complete` says that its file holds all there is, then ends it.
 * Some players (rtmpsrc, curl on some servers) never end by themselves.
 */
export async function finishPlayer(
  player: Child,
  file: string,
  complete: number | ((tags: readonly FlvTag[]) => boolean),
): Promise<void> {
  const isComplete =
    typeof complete === 'number' ? (tags: readonly FlvTag[]) => frameCount(tags) >= complete : complete;
  await waitFor(async () => player.exit !== undefined || isComplete(await tagsIn(file)), {
    timeoutMs: 15_000,
    everyMs: 100,
    what: () => `${player.name} to receive everything\n${player.output.slice(-2000)}`,
  }).finally(() => player.stop('SIGKILL'));
}

/** What a player has written is one stretch of the source: nothing wrong, lost or doubled in it. */
export function expectStretchOf(source: MediaHashes, got: MediaHashes): void {
  for (const kind of ['video', 'audio'] as const) {
    const from = source[kind].indexOf(got[kind][0]!);
    expect(from, `the first ${kind} packet is one of the source's`).toBeGreaterThanOrEqual(0);
    expect(got[kind]).toEqual(source[kind].slice(from, from + got[kind].length));
  }
}
