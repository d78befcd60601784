import { within } from '../../core/within.js';
import type { BoundedHttp, HttpOutcome } from '../../http-client/bounded-http.js';
import type { RunProgress } from '../../model/run-progress.js';
import type { HttpCall } from '../template/template.js';
import type { JobLog } from './job-log.js';
import type { Run, RunEnd } from './run.js';
import type { RunTicker, Ticking } from './run-ticker.js';

/** Longest wait for the answer to the start, in ms. */
const START_MS = 10_000;
/** Time between two beats, and the longest wait for one, in ms. */
const BEAT_MS = 5000;
/** So many beats in a row have to fail before the run counts as ended. */
const MAX_MISSED_BEATS = 3;
/** Shortest and longest wait for the answer to the stop, in ms; the grace of the template lies in between. */
const STOP_MS = [1000, 60_000] as const;
/** Longest wait for the answer to the stop of a run that is killed, in ms. */
const KILL_MS = 2000;
/** How long the end waits for the disk to take the rest of the log. */
const LAST_WRITES_MS = 2000;
/** Most bytes of an answer. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** Most bytes of an answer that go to the log. */
const MAX_SHOWN_BYTES = 512;

/** Kinds of failure after which it is certain that the server has not seen the request. */
const UNSEEN: readonly string[] = ['refused', 'forbidden_address'];

/** Makes the requests. */
type HttpCaller = Pick<BoundedHttp, 'ask'>;

/** What is asked of a server; placeholders are expanded already. */
export interface HttpOrder {
  readonly start: HttpCall;
  readonly stop?: HttpCall;
  readonly beatUrl?: string;
  readonly graceMs: number;
  /** 0: no limit. */
  readonly timeLimitMs: number;
}

/**
 * Asks a server to run something. An answer 2xx to the start means that it runs; a redirect is a failure, as is every
 * other answer.
 *
 * Nothing is asked of the server between start and stop without a `beatUrl`; with it, three failures in a row end the
 * run. Failures are ends of kind `exit` without an exit code, with the reason as text: `spawn` would be for good, and a
 * server that is down comes back. When the server may have got the start although its answer did not come, it is asked
 * to stop, so that the next attempt does not run beside this one. It knows its runs by what the template sends, such as
 * `{jobId}` and `{attempt}`.
 *
 * `afterEof` and `now` ask it to stop and wait for the answer; without a stop request the run is over at once.
 *
 * @param log closed by the run before `done`; it masks the secrets
 */
export function startHttp(order: HttpOrder, log: JobLog, host: { ticker: RunTicker; http: HttpCaller }): Run {
  return new HttpJobRun(order, log, host.ticker, host.http);
}

class HttpJobRun implements Run, Ticking {
  readonly shown: readonly string[];
  /** Such a run has none. */
  readonly progress: RunProgress = {};
  readonly done: Promise<RunEnd>;
  readonly #order: HttpOrder;
  readonly #log: JobLog;
  readonly #ticker: RunTicker;
  readonly #http: HttpCaller;
  readonly #limitMs: number;
  /** Gives up what is asked, at a kill and at the end. */
  readonly #giveUp = new AbortController();
  readonly #giveUpStop = new AbortController();
  readonly #starting: Promise<void>;
  /** Whether the server may have something running. */
  #mayRun = true;
  #isBeating = false;
  #nextBeatMs = Number.POSITIVE_INFINITY;
  #missed = 0;
  #ending: Promise<void> | undefined;
  #resolve: (end: RunEnd) => void = () => {};

  constructor(order: HttpOrder, log: JobLog, ticker: RunTicker, http: HttpCaller) {
    this.#order = order;
    this.#log = log;
    this.#ticker = ticker;
    this.#http = http;
    this.#limitMs = order.timeLimitMs > 0 ? ticker.nowMs() + order.timeLimitMs : Number.POSITIVE_INFINITY;
    this.shown = [order.start.method, order.start.url].map((text) => log.mask.maskText(text));
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    ticker.add(this);
    this.#starting = this.#start();
  }

  /** Nothing is known of its progress. */
  expectProgress(): void {}

  stop(how: 'afterEof' | 'now' | 'kill'): void {
    if (how === 'kill') {
      this.#giveUp.abort();
      setTimeout(() => this.#giveUpStop.abort(), KILL_MS).unref();
    }
    this.#end({ kind: 'asked' }, Math.min(Math.max(this.#order.graceMs, STOP_MS[0]), STOP_MS[1]));
  }

  tick(nowMs: number): void {
    if (nowMs >= this.#limitMs) this.#end({ kind: 'time_limit' }, STOP_MS[0]);
    if (nowMs >= this.#nextBeatMs && !this.#isBeating && this.#ending === undefined) void this.#beat(nowMs);
  }

  async #start(): Promise<void> {
    const outcome = await this.#call('start', this.#order.start, START_MS, this.#giveUp.signal);
    this.#mayRun = outcome?.mayRun ?? true;
    if (outcome !== undefined) this.#end({ kind: 'exit', text: `start: ${outcome.why}` }, STOP_MS[0]);
    else if (this.#order.beatUrl !== undefined) this.#nextBeatMs = this.#ticker.nowMs() + BEAT_MS;
  }

  async #beat(nowMs: number): Promise<void> {
    this.#isBeating = true;
    this.#nextBeatMs = nowMs + BEAT_MS;
    const call = { url: this.#order.beatUrl!, method: 'GET', headers: {} };
    const failure = await this.#call('beat', call, BEAT_MS, this.#giveUp.signal);
    this.#isBeating = false;
    this.#missed = failure === undefined ? 0 : this.#missed + 1;
    if (failure === undefined || this.#missed < MAX_MISSED_BEATS) return;
    this.#end({ kind: 'exit', text: `beat: ${failure.why}, ${MAX_MISSED_BEATS} times in a row` }, STOP_MS[0]);
  }

  /** Ends the run, once: the first reason is the one that is told. */
  #end(end: RunEnd, stopMs: number): void {
    this.#ending ??= this.#stop(end, stopMs);
  }

  async #stop(end: RunEnd, stopMs: number): Promise<void> {
    this.#ticker.delete(this);
    // A stop that overtakes the start would stop nothing.
    await this.#starting;
    let { text } = end;
    const { stop } = this.#order;
    if (stop !== undefined && this.#mayRun) {
      const failure = await this.#call('stop', stop, stopMs, this.#giveUpStop.signal);
      if (failure !== undefined) text = text === undefined ? `stop: ${failure.why}` : `${text}; stop: ${failure.why}`;
    }
    this.#giveUp.abort();
    // A disk that hangs holds up nothing: the run is over.
    await within(this.#log.close(), LAST_WRITES_MS);
    this.#resolve({ ...end, ...(text === undefined ? {} : { text }), logTail: this.#log.tail() });
  }

  /** @returns undefined when the answer was 2xx, otherwise why not, and whether the server may have acted */
  async #call(
    name: string,
    call: HttpCall,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<{ why: string; mayRun: boolean } | undefined> {
    const url = URL.canParse(call.url) ? new URL(call.url) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol)) {
      return this.#failed(name, 'the URL is not one of http or https', false);
    }
    const { method, headers } = call;
    const body = call.body === undefined ? undefined : Buffer.from(call.body, 'utf8');
    let outcome: HttpOutcome;
    try {
      const limits = { timeoutMs, maxBytes: MAX_ANSWER_BYTES, signal };
      // A kept connection may have been closed by the server; requests are too few for that to be worth a second try.
      outcome = await this.#http.ask({ method, url, headers, body, ...limits, isFresh: true });
    } catch {
      // Node refuses methods and headers with characters that HTTP has no place for.
      return this.#failed(name, 'the method or a header has characters that HTTP does not allow', false);
    }
    if (outcome.kind !== 'answer') return this.#failed(name, outcome.why, !UNSEEN.includes(outcome.kind));
    const { status, body: answer } = outcome;
    if (status >= 200 && status < 300) {
      if (name !== 'beat') this.#log.note(`${name}: HTTP ${status}`);
      return undefined;
    }
    const said = answer.subarray(0, MAX_SHOWN_BYTES).toString('utf8').replace(/\s+/g, ' ');
    if (said !== '') this.#log.note(`${name}: the server answered: ${said}`);
    const isRedirect = status >= 300 && status < 400;
    return this.#failed(name, `HTTP ${status}${isRedirect ? ', and redirects are not followed' : ''}`, status >= 500);
  }

  #failed(name: string, why: string, mayRun: boolean): { why: string; mayRun: boolean } {
    this.#log.note(`${name}: ${why}`);
    return { why, mayRun };
  }
}
