import type { VerifyCounts } from './verifier.js';

/** Delay from the publisher's write to the player's read, in ms. */
export interface DelayReport {
  readonly samples: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** The state of a run, reported every second. */
export interface LoadSecond {
  readonly type: 'second' | 'steady';
  /** Seconds since the start. */
  readonly at: number;
  /** `setup` until all connections are up or refused, then `steady`. */
  readonly phase: 'setup' | 'steady';
  /** TCP connections open now. */
  readonly connected: number;
  /** Playing or publishing now. */
  readonly ready: number;
  readonly failed: number;
  readonly disconnects: number;
  /** Received (players) or sent (publishers) since the last report. */
  readonly bytes: number;
  readonly mbitPerSecond: number;
  /** Ready players without a byte, or publishers with which the server does not keep up, for two reports in a row. */
  readonly stalled: number;
  /** CPU of this process, as a share of one core. */
  readonly cpuPercent: number;
  readonly delayMs?: DelayReport;
}

/** The result of a run. All of it but `setup` and `total` is about the steady window. */
export interface LoadResult {
  readonly type: 'result';
  readonly mode: 'play' | 'publish';
  readonly url: string;
  readonly count: number;
  /** Length of the window; 0 when the run was over before measuring began, so that nothing was measured. */
  readonly seconds: number;
  readonly ready: number;
  readonly failed: number;
  /** How many failed for which reason: TCP error code, RTMP status code, `timeout`, `closed`. */
  readonly failures: Readonly<Record<string, number>>;
  /** Connections lost in the window or before, after they were ready. */
  readonly disconnects: number;
  readonly disconnectReasons: Readonly<Record<string, number>>;
  /** Connections that were ever stalled in the window. */
  readonly stalled: number;
  readonly bytes: number;
  readonly mbitPerSecond: number;
  /** Bytes of each connection that was ready when the window began. */
  readonly perConnection: { readonly min: number; readonly median: number; readonly max: number };
  readonly setup: { readonly seconds: number; readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
  readonly totalBytes: number;
  readonly delayMs?: DelayReport;
  readonly verify?: Readonly<VerifyCounts>;
  /** The cost of this process in the window. */
  readonly cpu: {
    readonly userMs: number;
    readonly systemMs: number;
    readonly percent: number;
    /** CPU-seconds per 10^9 bytes; 0 when nothing flowed. */
    readonly secondsPerGb: number;
  };
  readonly rssBytes: number;
}

/** One line for a terminal. */
export function formatSecond(s: LoadSecond): string {
  const parts = [
    `${s.at.toFixed(0).padStart(4)} s`,
    s.phase.padEnd(6),
    `${s.ready} ready of ${s.connected} connected`,
    `${s.mbitPerSecond.toFixed(1)} Mbit/s`,
    `CPU ${s.cpuPercent.toFixed(0)} %`,
  ];
  if (s.failed > 0) parts.push(`${s.failed} failed`);
  if (s.disconnects > 0) parts.push(`${s.disconnects} lost`);
  if (s.stalled > 0) parts.push(`${s.stalled} stalled`);
  if (s.delayMs !== undefined) parts.push(`delay p50 ${s.delayMs.p50} p99 ${s.delayMs.p99} ms`);
  return parts.join(' · ');
}

/** A few lines for a terminal. */
export function formatResult(r: LoadResult): string {
  const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;
  const reasons = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([reason, count]) => `${reason} ${count}`)
      .join(', ');
  const measured =
    r.seconds === 0
      ? 'nothing was measured: it was over before all connections were up and the warm-up had passed'
      : `${mb(r.bytes)} in ${r.seconds.toFixed(1)} s, ${r.mbitPerSecond.toFixed(1)} Mbit/s; each ${mb(r.perConnection.min)} / ${mb(r.perConnection.median)} / ${mb(r.perConnection.max)} (min, median, max)`;
  const lines = [
    `${r.mode} ${r.url}: ${r.ready} of ${r.count} ${r.mode === 'play' ? 'playing' : 'publishing'}, ${r.failed} failed, ${r.disconnects} lost, ${r.stalled} stalled`,
    measured,
    `set-up ${r.setup.seconds.toFixed(1)} s, one ${r.setup.p50Ms} ms (p50), ${r.setup.p99Ms} ms (p99)`,
    `generator: CPU ${r.cpu.percent.toFixed(0)} % of a core, ${r.cpu.secondsPerGb.toFixed(3)} s per GB, RSS ${mb(r.rssBytes)}`,
  ];
  if (r.failed > 0) lines.push(`failed: ${reasons(r.failures)}`);
  if (r.disconnects > 0) lines.push(`lost: ${reasons(r.disconnectReasons)}`);
  if (r.delayMs !== undefined) {
    const { p50, p90, p99, max, samples } = r.delayMs;
    lines.push(`delay: ${p50} ms (p50), ${p90} (p90), ${p99} (p99), ${max} (max) of ${samples} frames`);
  }
  if (r.verify !== undefined) {
    const { audio, video, gaps, disorders, mismatches } = r.verify;
    lines.push(
      `verified: ${video} video, ${audio} audio messages; ${gaps} gaps, ${disorders} out of order, ${mismatches} altered`,
    );
  }
  return lines.join('\n');
}
