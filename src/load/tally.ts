import { Histogram } from './histogram.js';
import type { DelayReport } from './report.js';

const NS_PER_US = 1000n;

/** All numbers of a run, by connection where that matters. Connection `i` has index `i` in every array. */
export class Tally {
  /** Bytes received (players) or sent (publishers). */
  readonly bytes: Float64Array;
  /** 1 while playing or publishing. */
  readonly ready: Uint8Array;
  /** Number of reports in a row without a byte. */
  readonly quiet: Uint8Array;
  /** 1 when it was ever stalled in the window. */
  readonly stalledEver: Uint8Array;
  readonly failures = new Map<string, number>();
  readonly disconnectReasons = new Map<string, number>();
  readonly setupMs = new Histogram();
  readonly #delayUs = new Histogram();
  #delayFrom: bigint | undefined;
  #atLastReport: Float64Array;
  #atWindow: Float64Array | undefined;
  #readyAtWindow: Uint8Array | undefined;
  connected = 0;
  failed = 0;
  disconnects = 0;

  constructor(count: number) {
    this.bytes = new Float64Array(count);
    this.ready = new Uint8Array(count);
    this.quiet = new Uint8Array(count);
    this.stalledEver = new Uint8Array(count);
    this.#atLastReport = new Float64Array(count);
  }

  /** Connections playing or publishing now. */
  get readyCount(): number {
    let count = 0;
    for (const one of this.ready) count += one;
    return count;
  }

  /** Counts one failed connection. */
  fail(reason: string): void {
    this.failed++;
    this.failures.set(reason, (this.failures.get(reason) ?? 0) + 1);
  }

  /** Counts one lost connection. */
  lose(reason: string): void {
    this.disconnects++;
    this.disconnectReasons.set(reason, (this.disconnectReasons.get(reason) ?? 0) + 1);
  }

  /**
   * Takes a stamp that was just received. A stamp from before the window began is part of a late joiner's GOP, not a
   * delay.
   */
  stamp(nanoseconds: bigint): void {
    if (this.#delayFrom === undefined || nanoseconds < this.#delayFrom) return;
    this.#delayUs.record(Number((process.hrtime.bigint() - nanoseconds) / NS_PER_US));
  }

  /** Delays seen in the window; `undefined` when there are none. */
  get delay(): DelayReport | undefined {
    const h = this.#delayUs;
    if (h.count === 0) return undefined;
    const ms = (us: number): number => Math.round(us / 10) / 100;
    return {
      samples: h.count,
      p50: ms(h.quantile(0.5)),
      p90: ms(h.quantile(0.9)),
      p99: ms(h.quantile(0.99)),
      max: ms(h.max),
    };
  }

  /** The steady window begins now. */
  beginWindow(): void {
    this.#atWindow = this.bytes.slice();
    this.#readyAtWindow = this.ready.slice();
    this.#delayFrom = process.hrtime.bigint();
    this.quiet.fill(0);
  }

  /**
   * Bytes since the last call, and which connections are stalled: ready and without a byte in two reports in a row.
   *
   * @param isBehind whether a publisher says so of itself
   */
  second(isBehind: (index: number) => boolean): { bytes: number; stalled: number } {
    let bytes = 0;
    let stalled = 0;
    for (let i = 0; i < this.bytes.length; i++) {
      const grown = this.bytes[i]! - this.#atLastReport[i]!;
      bytes += grown;
      const isQuiet = this.ready[i] === 1 && (grown === 0 || isBehind(i));
      this.quiet[i] = isQuiet ? Math.min(255, this.quiet[i]! + 1) : 0;
      if (this.quiet[i]! < 2) continue;
      stalled++;
      if (this.#atWindow !== undefined) this.stalledEver[i] = 1;
    }
    this.#atLastReport.set(this.bytes);
    return { bytes, stalled };
  }

  /** Bytes of the window: the sum, and of each connection that was ready when it began. */
  window(): { bytes: number; min: number; median: number; max: number } {
    const from = this.#atWindow ?? new Float64Array(this.bytes.length);
    const members = this.#readyAtWindow ?? this.ready;
    const each: number[] = [];
    let bytes = 0;
    for (let i = 0; i < this.bytes.length; i++) {
      bytes += this.bytes[i]! - from[i]!;
      if (members[i] === 1) each.push(this.bytes[i]! - from[i]!);
    }
    each.sort((a, b) => a - b);
    return { bytes, min: each[0] ?? 0, median: each[Math.floor(each.length / 2)] ?? 0, max: each.at(-1) ?? 0 };
  }
}
