/** Rates are means over so much time. Samples come every 250 ms, so it is a little more. */
const WINDOW_MS = 5000;
/** So much at either end of the window may be left out: a keyframe of many bytes takes some time on a slow network. */
const EDGE_MS = 500;
/** A connection that delivered nothing for some time may deliver what it held back: what so much time allows. */
const MAX_SILENCE_MS = 5000;
/** A pause that is shorter is none: encoders send in bursts, and slide shows have few frames. */
const MIN_SILENCE_MS = 1000;

/** What had come up to a moment. */
interface Mark {
  readonly atMs: number;
  /** Less what was held back while nothing came. */
  readonly count: number;
}

/**
 * The mean rate of something that is counted about four times a second, over the last 5 s. What a publisher sends
 * before `freeUntilMs` is not counted.
 */
export class RateWindow {
  /** What is allowed in a ms: so much may be held back by a network that stands still. */
  #allowed: number;
  #freeUntilMs: number;
  /** Oldest first; none within the free time. */
  #marks: Mark[] = [];
  #newest: Mark | undefined;
  /** For how long nothing has come, in ms. */
  #silentMs = 0;
  /** How much may still come late. */
  #heldBack = 0;
  /** How much came late. */
  #late = 0;

  /** @param allowed what is allowed in a ms */
  constructor(allowed: number, freeUntilMs: number) {
    this.#allowed = allowed;
    this.#freeUntilMs = freeUntilMs;
  }

  /** Something else is allowed from now on: what came before is not judged by it. */
  allow(allowed: number): void {
    if (allowed === this.#allowed) return;
    this.#allowed = allowed;
    this.#heldBack = 0;
    this.#silentMs = 0;
    this.#marks = this.#marks.slice(-1);
  }

  /** The publisher is another one, whose free time lasts until `freeUntilMs`. */
  restart(freeUntilMs: number): void {
    this.#freeUntilMs = freeUntilMs;
    this.#heldBack = 0;
    this.#silentMs = 0;
    this.#marks = [];
    this.#newest = undefined;
  }

  /** Takes a count since the beginning of the stream. */
  take(atMs: number, total: number): void {
    const last = this.#newest;
    if (last !== undefined && atMs <= last.atMs) return;
    let count = total - this.#late;
    if (last !== undefined) {
      const late = this.#cameLate(count - last.count, atMs - last.atMs);
      this.#late += late;
      count -= late;
    }
    const now = { atMs, count };
    this.#newest = now;
    if (atMs < this.#freeUntilMs) return;
    const marks = this.#marks;
    if (marks.length === 0 && last !== undefined && last.atMs < this.#freeUntilMs)
      marks.push(between(last, now, this.#freeUntilMs));
    marks.push(now);
    while (marks.length > 1 && atMs - marks[1]!.atMs >= WINDOW_MS) marks.shift();
  }

  /**
   * The mean over the window, in counts a ms, by its quieter part: once without its beginning, once without its end. A
   * keyframe at either end would count for a whole GOP otherwise, of which the window has a part only.
   *
   * @returns 0 until the window is long enough
   */
  get mean(): number {
    const marks = this.#marks;
    const first = marks[0];
    const last = marks.at(-1);
    if (first === undefined || last === undefined || last.atMs - first.atMs < WINDOW_MS) return 0;
    const afterFirst = marks.find(({ atMs }) => atMs - first.atMs >= EDGE_MS)!;
    const beforeLast = marks.findLast(({ atMs }) => last.atMs - atMs >= EDGE_MS)!;
    return Math.min(rate(first, beforeLast), rate(afterFirst, last));
  }

  /**
   * Of what came in some time, how much was held back before. A network that stands still for some seconds delivers it
   * at once afterwards, which is no excess of the encoder.
   */
  #cameLate(came: number, inMs: number): number {
    if (came > 0) {
      if (this.#silentMs >= MIN_SILENCE_MS)
        this.#heldBack = Math.min(this.#heldBack + this.#allowed * this.#silentMs, this.#allowed * MAX_SILENCE_MS);
      this.#silentMs = 0;
      const late = Math.min(Math.max(came - this.#allowed * inMs, 0), this.#heldBack);
      this.#heldBack -= late;
      return late;
    }
    this.#silentMs += inMs;
    return 0;
  }
}

function rate(from: Mark, to: Mark): number {
  return to.atMs > from.atMs ? (to.count - from.count) / (to.atMs - from.atMs) : 0;
}

/** What had probably come at a moment between two marks. */
function between(from: Mark, to: Mark, atMs: number): Mark {
  return { atMs, count: from.count + rate(from, to) * (atMs - from.atMs) };
}
