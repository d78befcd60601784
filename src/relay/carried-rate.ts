/** Over how long a rate is measured, in ms. */
const WINDOW_MS = 2000;

/** How fast a relay carries its stream, from looks at what it has carried. */
export class CarriedRate {
  #bytes = 0;
  #atMs = 0;
  #kbps = 0;

  /** Kbit/s over the last whole window; 0 before there was one. */
  get kbps(): number {
    return this.#kbps;
  }

  /** A connection begins. @param bytes that were carried before @param nowMs monotonic */
  begin(bytes: number, nowMs: number): void {
    this.#bytes = bytes;
    this.#atMs = nowMs;
    this.#kbps = 0;
  }

  /** Call it a few times a second. @param bytes carried so far @param nowMs monotonic */
  look(bytes: number, nowMs: number): void {
    const ms = nowMs - this.#atMs;
    if (ms < WINDOW_MS) return;
    this.#kbps = Math.round((Math.max(0, bytes - this.#bytes) * 8) / ms);
    this.#bytes = bytes;
    this.#atMs = nowMs;
  }
}
