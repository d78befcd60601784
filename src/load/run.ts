import { ChunkWriter } from '../protocol/messages/chunk-writer.js';
import { acknowledgement } from '../protocol/messages/control.js';
import { type Consumer, LoadConnection } from './connection.js';
import { DelayProbe } from './delay-probe.js';
import { type EncodedLoop, encodeHead, encodeLoop } from './encoded-loop.js';
import { fileLoop } from './file-loop.js';
import { type LoadOptions, type LoadSettings, loadSettings, sourceOf, streamNameOf } from './options.js';
import { Publisher } from './publisher.js';
import type { LoadResult, LoadSecond } from './report.js';
import { type MediaLoop, syntheticLoop } from './synthetic.js';
import { Tally } from './tally.js';
import { type Timed, TimerWheel } from './timer-wheel.js';
import { Expectation, newVerifyCounts, Verifier } from './verifier.js';

const TICK_MS = 5;
const REPORT_MS = 1000;
/** A player sends nothing otherwise, and nginx-rtmp pings and drops clients that are silent for a minute and a half. */
const ACK_EVERY_MS = 20_000;
/** How long a server has to close its side at the end. */
const LEAVE_MS = 1000;
/** Most connects in one tick, so that a stall is not followed by a burst. */
const MAX_BURST = 64;

/**
 * Runs a load: connects at the given rate, waits until all connections are up or refused, measures, and closes
 * everything.
 *
 * @throws SluiceError `ERR_CLIENT_URL`, `ERR_LOAD_OPTION`, `ERR_LOAD_FILE`, `ERR_FLV_*` before anything is connected;
 *   what happens to connections is counted, not thrown
 */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const settings = loadSettings(options);
  const loop = settings.file === undefined ? syntheticLoop(settings.kbps) : await fileLoop(settings.file);
  const run = new LoadRun(settings, loop, options);
  return run.result();
}

class LoadRun implements Timed {
  readonly #settings: LoadSettings;
  readonly #options: LoadOptions;
  readonly #loop: MediaLoop;
  readonly #encoded: EncodedLoop | undefined;
  readonly #expected: Expectation | undefined;
  readonly #counts = newVerifyCounts();
  readonly #tally: Tally;
  readonly #startMs = performance.now();
  readonly #wheel = new TimerWheel(TICK_MS, this.#startMs);
  readonly #connections: (LoadConnection | undefined)[] = [];
  readonly #publishers: (Publisher | undefined)[] = [];
  readonly #acks = new ChunkWriter();
  #settled = 0;
  #settledMs: number | undefined;
  #windowMs: number | undefined;
  #windowEndMs: number | undefined;
  #windowCpu = process.cpuUsage();
  #lastCpu = process.cpuUsage();
  #lastReportMs = this.#startMs;
  #opened = 0;
  #finish: () => void = () => {};
  #isOver = false;

  constructor(settings: LoadSettings, loop: MediaLoop, options: LoadOptions) {
    this.#settings = settings;
    this.#options = options;
    this.#loop = loop;
    this.#tally = new Tally(settings.count);
    if (settings.mode === 'publish') this.#encoded = encodeLoop(loop, settings.chunkSize);
    if (settings.verify) this.#expected = new Expectation(loop);
  }

  async result(): Promise<LoadResult> {
    const { signal } = this.#options;
    const over = new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    signal?.addEventListener('abort', this.#finish, { once: true });
    if (signal?.aborted === true) this.#finish();
    this.#wheel.add(this, this.#startMs);
    this.#wheel.start();
    const timer = setInterval(() => this.#report('second'), REPORT_MS);
    await over;
    clearInterval(timer);
    signal?.removeEventListener('abort', this.#finish);
    const result = this.#result();
    this.#close();
    return result;
  }

  /** Launches the connections that are due. */
  due(nowMs: number): number | undefined {
    const { rate, count } = this.#settings;
    const wanted = Math.min(
      count,
      Math.floor(((nowMs - this.#startMs) * rate) / 1000) + 1,
      this.#connections.length + MAX_BURST,
    );
    while (this.#connections.length < wanted && !this.#isOver) this.#launch(this.#connections.length);
    if (this.#connections.length === count) return undefined;
    return Math.max(nowMs + TICK_MS, this.#startMs + (this.#connections.length * 1000) / rate);
  }

  /**
   * Sleeps between rounds of the event loop, so that each round finds all sockets readable and reads each once. Node
   * has no other way to wait for more than one byte.
   */
  #drain(everyMs: number): void {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    let nextMs = performance.now();
    const round = (): void => {
      if (this.#isOver) return;
      nextMs = Math.max(nextMs + everyMs, performance.now());
      const waitMs = nextMs - performance.now();
      if (waitMs > 0) Atomics.wait(cell, 0, 0, waitMs);
      setImmediate(round);
    };
    setImmediate(round);
  }

  #launch(index: number): void {
    const settings = this.#settings;
    const startedMs = performance.now();
    const tally = this.#tally;
    let isOpen = 0;
    const connection = new LoadConnection({
      wish: {
        mode: settings.mode,
        url: settings.url,
        name: streamNameOf(settings, index),
        chunkSize: settings.chunkSize,
      },
      localAddress: sourceOf(settings, index),
      insecure: settings.insecure,
      consumer: this.#consumer(index),
      events: {
        connected: () => {
          isOpen = 1;
          this.#opened++;
          tally.connected++;
        },
        ready: (messageStreamId) => {
          tally.setupMs.record(performance.now() - startedMs);
          tally.ready[index] = 1;
          this.#begin(index, messageStreamId);
          this.#settle();
        },
        failed: (reason) => {
          this.#connections[index] = undefined;
          tally.connected -= isOpen;
          if (this.#isOver) return;
          tally.fail(reason);
          this.#settle();
        },
        closed: (reason) => {
          this.#connections[index] = undefined;
          tally.connected -= isOpen;
          this.#publishers[index]?.stop();
          tally.ready[index] = 0;
          if (!this.#isOver) tally.lose(reason);
        },
      },
    });
    this.#connections.push(connection);
    const giveUp = { due: () => this.#giveUp(index) };
    this.#wheel.add(giveUp, startedMs + settings.timeoutMs);
  }

  #giveUp(index: number): undefined {
    if (this.#tally.ready[index] === 0) this.#connections[index]?.destroy('timeout');
  }

  #consumer(index: number): Consumer {
    const { bytes } = this.#tally;
    const { mode, delay, delayPlayers } = this.#settings;
    const onStamp = (nanoseconds: bigint): void => this.#tally.stamp(nanoseconds);
    if (mode === 'publish') return { bytes: () => {} };
    if (this.#expected !== undefined) {
      const onBytes = (count: number): void => {
        bytes[index]! += count;
      };
      return new Verifier({ expected: this.#expected, counts: this.#counts, onBytes, onStamp });
    }
    if (delay && index < delayPlayers) {
      const probe = new DelayProbe(onStamp);
      return {
        bytes: (buffer, start, end) => {
          bytes[index]! += end - start;
          probe.scan(buffer.subarray(start, end));
        },
      };
    }
    return {
      bytes: (_buffer, start, end) => {
        bytes[index]! += end - start;
      },
    };
  }

  #begin(index: number, messageStreamId: number): void {
    const connection = this.#connections[index]!;
    if (this.#encoded === undefined) {
      const ack: Timed = {
        due: (nowMs) => {
          if (this.#tally.ready[index] === 0) return undefined;
          connection.write(this.#acks.write(acknowledgement(this.#tally.bytes[index]!)));
          return nowMs + ACK_EVERY_MS;
        },
      };
      this.#wheel.add(ack, performance.now() + ACK_EVERY_MS);
      return;
    }
    // `ready` comes in the middle of a read, so the loop begins on the next tick.
    const nowMs = performance.now();
    const publisher = new Publisher(connection, this.#encoded, nowMs, this.#settings.delay);
    this.#publishers[index] = publisher;
    connection.write(encodeHead(this.#loop, messageStreamId, this.#settings.chunkSize));
    this.#wheel.add(publisher, nowMs);
  }

  #settle(): void {
    this.#settled++;
    if (this.#settled < this.#settings.count) return;
    this.#settledMs = performance.now();
    // It does not begin earlier: a set-up takes a dozen round trips, and each would wait for the next round.
    if (this.#settings.drainMs > 0) this.#drain(this.#settings.drainMs);
    if (this.#tally.readyCount === 0 && this.#settings.seconds !== undefined) this.#finish();
    else this.#wheel.add({ due: () => this.#beginWindow() }, performance.now() + this.#settings.warmup * 1000);
  }

  #beginWindow(): undefined {
    this.#countSent();
    this.#windowMs = performance.now();
    this.#windowCpu = process.cpuUsage();
    this.#tally.beginWindow();
    const { seconds } = this.#settings;
    if (this.#options.onSteady !== undefined) this.#options.onSteady(this.#second('steady'));
    if (seconds === undefined) return;
    this.#wheel.add({ due: () => this.#endWindow() }, this.#windowMs + seconds * 1000);
  }

  #endWindow(): undefined {
    this.#windowEndMs = performance.now();
    this.#finish();
  }

  #countSent(): void {
    for (const [index, publisher] of this.#publishers.entries()) {
      if (publisher !== undefined) this.#tally.bytes[index] = publisher.sentBytes;
    }
  }

  #report(type: 'second'): void {
    const second = this.#second(type);
    this.#options.onSecond?.(second);
    // A run without any connection left has nothing more to measure.
    if (this.#windowMs !== undefined && this.#opened > 0 && second.ready === 0) this.#finish();
  }

  #second(type: LoadSecond['type']): LoadSecond {
    const nowMs = performance.now();
    this.#countSent();
    const tally = this.#tally;
    const { bytes, stalled } = tally.second((index) => this.#publishers[index]?.isBehind === true);
    const used = process.cpuUsage(this.#lastCpu);
    const seconds = Math.max(0.001, (nowMs - this.#lastReportMs) / 1000);
    this.#lastCpu = process.cpuUsage();
    this.#lastReportMs = nowMs;
    const { delay } = tally;
    return {
      type,
      at: round((nowMs - this.#startMs) / 1000),
      phase: this.#windowMs === undefined ? 'setup' : 'steady',
      connected: tally.connected,
      ready: tally.readyCount,
      failed: tally.failed,
      disconnects: tally.disconnects,
      bytes,
      mbitPerSecond: round((bytes * 8) / 1e6 / seconds),
      stalled,
      cpuPercent: round((used.user + used.system) / 1e4 / seconds),
      ...(delay === undefined ? {} : { delayMs: delay }),
    };
  }

  #result(): LoadResult {
    const cpu = process.cpuUsage(this.#windowCpu);
    const nowMs = this.#windowEndMs ?? performance.now();
    this.#countSent();
    const tally = this.#tally;
    const { mode, url, count } = this.#settings;
    const hasWindow = this.#windowMs !== undefined;
    const { bytes, ...perConnection } = hasWindow ? tally.window() : NOTHING;
    const seconds = hasWindow ? (nowMs - this.#windowMs!) / 1000 : 0;
    const per = Math.max(0.001, seconds);
    const { setupMs, delay } = tally;
    return {
      type: 'result',
      mode,
      url: url.display,
      count,
      seconds: round(seconds),
      ready: tally.readyCount,
      failed: tally.failed,
      failures: Object.fromEntries(tally.failures),
      disconnects: tally.disconnects,
      disconnectReasons: Object.fromEntries(tally.disconnectReasons),
      stalled: tally.stalledEver.reduce((sum, one) => sum + one, 0),
      bytes,
      mbitPerSecond: round((bytes * 8) / 1e6 / per),
      perConnection,
      setup: {
        seconds: round(((this.#settledMs ?? nowMs) - this.#startMs) / 1000),
        p50Ms: Math.round(setupMs.quantile(0.5)),
        p99Ms: Math.round(setupMs.quantile(0.99)),
        maxMs: Math.round(setupMs.max),
      },
      totalBytes: tally.bytes.reduce((sum, one) => sum + one, 0),
      ...(delay === undefined ? {} : { delayMs: delay }),
      ...(this.#settings.verify ? { verify: { ...this.#counts } } : {}),
      cpu: {
        userMs: Math.round(cpu.user / 1000),
        systemMs: Math.round(cpu.system / 1000),
        percent: seconds === 0 ? 0 : round((cpu.user + cpu.system) / 1e4 / seconds),
        secondsPerGb: bytes === 0 ? 0 : (cpu.user + cpu.system) / 1e6 / (bytes / 1e9),
      },
      rssBytes: process.memoryUsage.rss(),
    };
  }

  #close(): void {
    this.#isOver = true;
    this.#wheel.stop();
    for (const publisher of this.#publishers) publisher?.stop();
    for (const connection of this.#connections) connection?.leave('done');
    // Some servers never close their side. The timer alone keeps no process alive.
    setTimeout(() => {
      for (const connection of this.#connections) connection?.destroy('done');
    }, LEAVE_MS).unref();
  }
}

/** The window of a run that was over before it measured. */
const NOTHING = { bytes: 0, min: 0, median: 0, max: 0 };

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
