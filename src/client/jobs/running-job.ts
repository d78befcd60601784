import { setTimeout as delay } from 'node:timers/promises';
import { SluiceError } from '../../core/errors.js';
import type { DispatchClient, DispatchReply } from './dispatch-client.js';
import type { Job, JobHandler, JobProgress, JobStream } from './options.js';

/** A job as a dispatcher gave it. */
export interface LeasedJob {
  readonly jobId: string;
  readonly attempt: number;
  readonly token: number;
  readonly url?: string;
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly snapshot: JobStream;
  readonly leaseMs: number;
}

/** Beats in one lease. */
const BEATS = 4;
/** Time that a run has to end by itself once its stream is over, in ms. */
const AFTER_EOF_MS = 2000;
/** First and longest pause before the end is told again, in ms. */
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 5000;
/** Longest text of a failure that is told, in characters. */
const MOST_TEXT = 1024;

/** So often the end is told by a worker that stops. Then others get the job when its lease is over. */
const LAST_TURNS = 5;

/** Why a run is to end. */
type Ending = 'stopping' | 'given_back' | 'fenced';

/** One job that runs: its handler, its beats, and the end that is told. */
export class RunningJob {
  readonly jobId: string;
  /** Resolves when its end is told, or need not be. */
  readonly done: Promise<void>;
  readonly #client: DispatchClient;
  readonly #leased: LeasedJob;
  readonly #notice: (text: string) => void;
  readonly #aborting = new AbortController();
  readonly #over = new AbortController();
  #ending: Ending | undefined;
  #progress: JobProgress | undefined;
  /** Whether the worker stops, so that nobody waits for a server that is away. */
  #isLeaving = false;

  /** @param notice told of what is borne here */
  constructor(client: DispatchClient, leased: LeasedJob, handler: JobHandler, notice: (text: string) => void) {
    this.jobId = leased.jobId;
    this.#client = client;
    this.#leased = leased;
    this.#notice = notice;
    this.done = this.#go(handler);
  }

  /** Ends the run and gives the job back: this worker stops. */
  giveBack(): void {
    this.#isLeaving = true;
    this.#end('given_back', new SluiceError('ERR_JOB_STOPPING', 'the worker stops'));
  }

  async #go(handler: JobHandler): Promise<void> {
    const beats = this.#beat();
    let failure: unknown;
    let isFailed = false;
    try {
      // It begins in a turn of its own, and one that throws at once fails as one that rejects.
      await Promise.resolve().then(() => {
        const { signal } = this.#aborting;
        signal.throwIfAborted();
        return handler(this.#job(), signal);
      });
    } catch (error) {
      isFailed = true;
      failure = error;
    }
    this.#over.abort();
    const outcome = this.#outcome(isFailed);
    await beats;
    // What has become of the run is of no interest to anybody then: another worker has the job.
    if (this.#ending === 'fenced') return;
    await this.#tellEnd(outcome, isFailed ? textOf(failure) : '');
  }

  #outcome(isFailed: boolean): 'succeeded' | 'failed' | 'stopped' {
    if (this.#ending === 'given_back') return 'stopped';
    // What fails by itself has failed, also at the end of its stream; what was aborted has stopped.
    if (isFailed && this.#aborting.signal.aborted) return 'stopped';
    return isFailed ? 'failed' : 'succeeded';
  }

  #job(): Job {
    const { jobId, attempt, token, url = '', argv = [], env = {}, snapshot } = this.#leased;
    return {
      ...{ jobId, attempt, token, url, argv, env, stream: snapshot },
      progress: (progress) => {
        this.#progress = progress;
      },
    };
  }

  /** Beats until the run is over. While nobody answers it goes on: another run of the job gets another ticket. */
  async #beat(): Promise<void> {
    const { jobId, token, leaseMs } = this.#leased;
    const everyMs = leaseMs / BEATS;
    while (!this.#isOver()) {
      await this.#pause(everyMs);
      if (this.#isOver()) return;
      const progress = this.#progress;
      this.#progress = undefined;
      const body = { jobId, token, ...(progress === undefined ? {} : { progress }) };
      this.#take(await this.#client.ask('beat', body, Math.max(everyMs, 1000)));
    }
  }

  #take(reply: DispatchReply): void {
    if (reply.kind === 'away') this.#notice(reply.text);
    else if (reply.kind === 'refused') this.#refused(reply);
    else if (reply.body['state'] === 'stopping' && this.#ending === undefined) {
      this.#ending = 'stopping';
      const reason = typeof reply.body['reason'] === 'string' ? reply.body['reason'] : 'operator';
      const error = new SluiceError('ERR_JOB_STOPPING', reason, { details: { reason } });
      if (reason === 'stream_ended') void this.#pause(AFTER_EOF_MS).then(() => this.#end('stopping', error));
      else this.#end('stopping', error);
    }
  }

  #refused({ code, text }: Extract<DispatchReply, { kind: 'refused' }>): void {
    this.#notice(`${this.jobId}: ${text}`);
    if (code !== 'ERR_JOB_FENCED') return;
    this.#ending = undefined;
    this.#end('fenced', new SluiceError('ERR_JOB_FENCED', this.jobId));
  }

  #end(ending: Ending, why: SluiceError): void {
    this.#ending ??= ending;
    if (!this.#aborting.signal.aborted) this.#aborting.abort(why);
  }

  /** Tells the end until it is answered: the job is this worker's as long as nobody says otherwise. */
  async #tellEnd(outcome: 'succeeded' | 'failed' | 'stopped', reason: string): Promise<void> {
    const { jobId, token } = this.#leased;
    const body = { jobId, token, outcome, ...(reason === '' ? {} : { reason }) };
    let left = LAST_TURNS;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS)) {
      const reply = await this.#client.ask('done', body, LAST_PAUSE_MS);
      if (reply.kind === 'ok') return;
      this.#notice(`${jobId}: ${reply.text}`);
      if (reply.kind === 'refused' && !MAY_PASS.includes(reply.code)) return;
      if (this.#isLeaving && --left === 0) return;
      await delay(pauseMs);
    }
  }

  #isOver(): boolean {
    return this.#over.signal.aborted || this.#ending === 'fenced';
  }

  /** Waits, or until the run is over. */
  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#over.signal }).catch(() => undefined);
  }
}

/** Refusals that may be none a moment later. */
const MAY_PASS: readonly string[] = ['ERR_JOB_BUSY', 'ERR_JOB_STORE'];

function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.slice(0, MOST_TEXT);
}
