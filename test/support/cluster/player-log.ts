import { isPicture, type Mark, markOf } from './numbered-media.js';

/** A message as a player gets it. */
export interface PlayedMessage {
  readonly type: number;
  readonly timestamp: number;
  readonly payload: Buffer;
}

/** A time without a picture. */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A stillness that is no ordinary pause between two pictures, ms. */
const GAP_MS = 300;

/** What one player sees: kept as it comes, judged by {@link checkPlayers}. */
export class PlayerLog {
  readonly label: string;
  /** When the connection was lost that nobody had closed. */
  lostMs: number | undefined;
  /** Status codes after the start, in order. */
  readonly statuses: { readonly atMs: number; readonly code: string }[] = [];
  readonly gaps: Gap[] = [];
  /** What must not be, as sentences. */
  readonly faults: string[] = [];
  pictures = 0;
  /** Pictures that should have come within the session of an encoder and did not: what was skipped. */
  missing = 0;
  firstMs: number | undefined;
  lastMs: number | undefined;
  #mark: Mark | undefined;
  readonly #newest = new Map<number, number>();

  constructor(label: string) {
    this.label = label;
  }

  /** The newest picture. */
  get mark(): Mark | undefined {
    return this.#mark;
  }

  /** Takes a message of sound or picture. */
  take({ type, timestamp, payload }: PlayedMessage, nowMs: number): void {
    const newest = this.#newest.get(type);
    if (newest !== undefined && timestamp < newest)
      this.faults.push(`${this.label}: timestamp ${timestamp} of type ${type} comes after ${newest}`);
    this.#newest.set(type, Math.max(newest ?? 0, timestamp));
    if (type === 9) this.#picture(payload, nowMs);
  }

  #picture(payload: Buffer, nowMs: number): void {
    if (!isPicture(payload)) return;
    this.pictures++;
    this.firstMs ??= nowMs;
    if (this.lastMs !== undefined && nowMs - this.lastMs > GAP_MS) this.gaps.push({ fromMs: this.lastMs, toMs: nowMs });
    this.lastMs = nowMs;
    const mark = markOf(payload);
    if (mark === undefined) return;
    const before = this.#mark;
    this.#mark = mark;
    if (before === undefined) return;
    if (mark.session < before.session || (mark.session === before.session && mark.frame <= before.frame))
      this.faults.push(`${this.label}: ${text(mark)} comes after ${text(before)}`);
    else if (mark.session === before.session) this.missing += mark.frame - before.frame - 1;
  }
}

function text({ session, frame }: Mark): string {
  return `picture ${session}/${frame}`;
}

/** The longest gap that began in a span of time, ms; 0 without one. */
export function longestGap(log: PlayerLog, fromMs = 0, toMs = Number.POSITIVE_INFINITY): number {
  const within = log.gaps.filter((gap) => gap.toMs >= fromMs && gap.fromMs <= toMs);
  return Math.max(0, ...within.map((gap) => gap.toMs - gap.fromMs));
}

/**
 * No player is disconnected, told that the stream is over, or sees a step back in time, and none waits longer than it
 * may.
 *
 * @param mostGapMs longest stillness, ms
 */
export function checkPlayers(logs: readonly PlayerLog[], mostGapMs: number): string[] {
  return logs.flatMap((log) => {
    const out = [...log.faults];
    if (log.lostMs !== undefined) out.push(`${log.label}: lost its connection`);
    if (log.firstMs === undefined) out.push(`${log.label}: has seen nothing`);
    const ended = log.statuses.filter(({ code }) => /UnpublishNotify|Play\.Stop|Play\.Failed|NotFound/.test(code));
    for (const { code } of ended) out.push(`${log.label}: was told ${code}`);
    const gap = longestGap(log);
    if (gap > mostGapMs) out.push(`${log.label}: saw nothing for ${Math.round(gap)} ms, ${mostGapMs} are allowed`);
    return out;
  });
}
