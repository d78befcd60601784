import { join } from 'node:path';
import { expect } from 'vitest';
import type { Child } from '../child.js';
import { type SeenEvent, type SseWatcher, short } from '../events.js';
import type { FlvTag } from '../flv.js';
import { tagsIn } from '../playback.js';
import type { TestServer } from '../server.js';
import { tempDir } from '../temp.js';
import { ffmpegPlay, sluice } from '../tools.js';
import { type Pause, WatchedPlay } from './watched-play.js';

/** An encoder that loses its connection again and again, and each time publishes the same stream on another one. */
export interface LostEncoder {
  readonly name: string;
  /** How often. */
  readonly times: number;
  /** Publishes on the connection of that number, from 0 on. */
  readonly publish: (n: number) => Child;
  /**
   * Has an encoder lose its connection, and waits until it is the turn of the next one.
   *
   * @returns the moment of the loss (wall clock, ms)
   */
  readonly lose: (encoder: Child) => Promise<number>;
  /** The next encoder has taken the place of that one. */
  readonly replaced?: (n: number, encoder: Child) => Promise<void>;
}

/** How much a player may have to wait longer than the encoder took to come back, in ms. */
const MOST_MS = 1000;
/** What it must get before the next loss. */
const MESSAGES = 40;

/**
 * Loses an encoder so many times, and expects that the stream stays the same and that its players notice pauses only:
 * no player connects again, no timestamp goes back.
 *
 * @returns the pauses of a player that was there all the time
 */
export async function survives(server: TestServer, events: SseWatcher, lost: LostEncoder): Promise<Pause[]> {
  const { name, times } = lost;
  let encoder = lost.publish(0);
  const { streamId } = await server.ready(name, 20_000);
  const play = await WatchedPlay.open(server.rtmpPort, name);
  const files = tempDir('interop');
  const [byFfmpeg, bySluice] = [join(files, 'ffmpeg.flv'), join(files, 'sluice.flv')];
  const programs = [ffmpegPlay(server.url(name), byFfmpeg), sluice('play', server.url(name), '-o', bySluice)];
  const resumes = (): SeenEvent[] => events.of(streamId).filter((event) => short(event) === 'stream.resumed');
  const pauses: Pause[] = [];
  try {
    await play.after(0, MESSAGES);
    for (let n = 0; n < times; n++) {
      const lostMs = await lost.lose(encoder);
      const former = encoder;
      encoder = lost.publish(n + 1);
      const backMs = await events
        .expect('stream.resumed', (event) => event === resumes()[n], 30_000)
        .then(({ time }) => Date.parse(time))
        .catch((error) =>
          Promise.reject(new Error(`${String(error)}\n${encoder.output}\n${server.child.output.slice(-3000)}`)),
        );
      await play.after(backMs, MESSAGES);
      pauses.push(play.pause(lostMs, backMs));
      await lost.replaced?.(n, former);
    }
    const now = await server.stream(name);
    expect(now?.streamId).toBe(streamId);
    expect(events.types(streamId).filter((type) => type === 'stream.started')).toHaveLength(1);
    expect(events.types(streamId)).not.toContain('stream.ended');
    expect(now?.players).toBe(1 + programs.length);
    expect(play.isOpen).toBe(true);
    expect(play.backwards).toBe(0);
    for (const program of programs) {
      expect(program.exit, program.output).toBeUndefined();
      expect(program.output).not.toMatch(/non.monoton/i);
    }
    for (const pause of pauses) {
      expect(pause.timestamps).toBeGreaterThan(0);
      expect(pause.gap, JSON.stringify(pause)).toBeLessThanOrEqual(pause.reconnect + MOST_MS);
    }
  } finally {
    play.close();
    for (const program of programs) await program.stop('SIGTERM');
  }
  for (const file of [byFfmpeg, bySluice]) expect(backwards(await tagsIn(file)), file).toEqual([]);
  return pauses;
}

/** Timestamps that are lower than the one before of their kind. */
function backwards(tags: readonly FlvTag[]): number[] {
  return [8, 9].flatMap((kind) => {
    const times = tags.filter(({ type }) => type === kind).map(({ timestamp }) => timestamp);
    expect(times.length).toBeGreaterThan(0);
    return times.filter((time, at) => time < (times[at - 1] ?? 0));
  });
}

/** How pauses are spread, in ms: `over` is what a player waited longer than its encoder took to come back. */
export function spread(pauses: readonly Pause[]): Record<string, Record<string, number>> {
  const rows = {
    reconnect: pauses.map(({ reconnect }) => reconnect),
    gap: pauses.map(({ gap }) => gap),
    over: pauses.map(({ gap, reconnect }) => gap - reconnect),
    timestamps: pauses.map(({ timestamps }) => timestamps),
  };
  return Object.fromEntries(
    Object.entries(rows).map(([what, values]) => {
      const sorted = values.sort((a, b) => a - b);
      const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
      return [what, { least: at(0), p50: at(0.5), p95: at(0.95), most: at(1) }];
    }),
  );
}
