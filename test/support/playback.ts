import { readFile } from 'node:fs/promises';
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

/**
 * Waits until a player has ended or its file holds `packets` packets of media besides headers, then stops it.
 * Some players (rtmpsrc, curl on some servers) never end by themselves.
 */
export async function finishPlayer(player: Child, file: string, packets: number, timeoutMs = 15_000): Promise<void> {
  await waitFor(
    async () =>
      player.exit !== undefined ||
      (await tagsIn(file)).filter((t) => t.type !== 18 && t.payload.length > 5).length >= packets,
    {
      timeoutMs,
      everyMs: 100,
      what: () => `${player.name} to receive ${packets} packets\n${player.output.slice(-2000)}`,
    },
  ).catch(async (error: unknown) => {
    await player.stop('SIGINT', 2000);
    throw error;
  });
  await player.stop('SIGKILL');
}
