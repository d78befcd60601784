import { checkWith } from '../../core/check-input.js';
import type { Clock } from '../../core/clock.js';
import { SluiceError } from '../../core/errors.js';
import { escapeToken } from '../../core/escape.js';
import { readBody } from '../../core/json-body.js';
import type { Logger } from '../../core/log.js';
import { type Problem, problemOf } from '../../core/problem.js';
import { within } from '../../core/within.js';
import { z } from '../../core/zod.js';
import { refusalHeaders } from '../../nats/micro-service.js';
import type { NatsMessage, NatsRequests, NatsSubscription } from '../../nats/requests.js';
import { keyOfJobId } from '../record/record.js';
import { type JobLogs, LOG_BEGIN } from '../run/job-logs.js';

/** What a runner answers. */
const VERBS = ['info', 'drain', 'logs'] as const;
type RunnerVerb = (typeof VERBS)[number];

/** Subject of a verb of one runner; `*` as verb takes all of them. */
export function runnerSubject(prefix: string, runnerId: string, verb: RunnerVerb | '*'): string {
  return `${prefix}.ctl.r.${escapeToken(runnerId)}.${verb}`;
}

/** Longest piece of a log in one answer, in bytes as the program printed them. */
const PIECE_BYTES = 64 * 1024;
/** A server that takes no longer messages is sent pieces of at least so many bytes. */
const LEAST_PIECE_BYTES = 4096;
/** Longest wait for more of a log, in ms. */
const LONGEST_WAIT_MS = 10_000;
/** Requests for logs that are answered at a time. */
const MOST_LOGS = 16;
const DAY_MS = 86_400_000;
/** Most values of a request. */
const MOST_VALUES = 16;

const SHAPES = {
  info: z.strictObject({}),
  drain: z.strictObject({ deadlineMs: z.int().min(0).max(DAY_MS).optional() }),
  logs: z.strictObject({
    jobId: z.string().max(1200),
    attempt: z.int().min(1).optional(),
    place: z.strictObject({ file: z.int().min(0), offset: z.int().min(0) }).optional(),
    lastBytes: z.int().min(1).max(PIECE_BYTES).optional(),
    waitMs: z.int().min(0).max(LONGEST_WAIT_MS).default(0),
  }),
} as const;

type Answer = Readonly<Record<string, unknown>>;

/** What the door of a runner is made with. */
interface DoorDeps {
  readonly requests: NatsRequests;
  /** `events.prefix`. */
  readonly prefix: string;
  readonly runnerId: string;
  readonly logs: Pick<JobLogs, 'attempts' | 'piece' | 'grown' | 'beforeEnd'>;
  /** What the runner says of itself. */
  readonly info: () => Answer;
  /** How far the program of an attempt is; undefined: it does not run here, or tells nothing. */
  readonly progressOf: (jobId: string, attempt: number) => Answer | undefined;
  /** Begins to drain; then the process ends. @returns whether it drained before */
  readonly drain: (deadlineMs: number | undefined) => boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Answers what is asked of one runner over NATS: `<prefix>.ctl.r.<runnerId>.<verb>`. Each request has one answer. A log
 * is read piece by piece, each asked for with the place where the one before ended, so that whoever reads sets the
 * pace, and whoever has gone costs nothing.
 */
export class RunnerDoor {
  readonly #deps: DoorDeps;
  readonly #subscription: NatsSubscription;
  #reading = 0;
  #isClosed = false;

  constructor(deps: DoorDeps) {
    this.#deps = deps;
    const { requests, prefix, runnerId } = deps;
    this.#subscription = requests.subscribe(runnerSubject(prefix, runnerId, '*'), undefined, (message) => {
      void this.#take(message);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#subscription.close();
  }

  async #take(message: NatsMessage): Promise<void> {
    const verb = message.subject.slice(message.subject.lastIndexOf('.') + 1);
    try {
      await this.#answer(verb, message);
    } catch (error) {
      this.#refuse(
        message,
        problemFrom(error, (defect) => this.#tell(defect, verb)),
      );
    }
  }

  async #answer(verb: string, message: NatsMessage): Promise<void> {
    switch (verb) {
      case 'info':
        inputOf('info', message.body);
        this.#reply(message, this.#deps.info());
        return;
      case 'drain': {
        const { deadlineMs } = inputOf('drain', message.body);
        const isAlready = this.#deps.drain(deadlineMs);
        this.#deps.log.info({ already: isAlready, deadlineMs }, 'jobs: a drain was asked for over NATS');
        this.#reply(message, { ...this.#deps.info(), ...(isAlready ? { already: true } : {}) });
        return;
      }
      case 'logs':
        await this.#logs(inputOf('logs', message.body), message);
        return;
      default:
        throw badRequest('', `one of ${VERBS.join(', ')}`, 'another operation');
    }
  }

  async #logs(input: z.output<typeof SHAPES.logs>, message: NatsMessage): Promise<void> {
    if (this.#reading >= MOST_LOGS) {
      this.#refuse(message, problemOf('ERR_CTL_BUSY', `${MOST_LOGS} logs are being read`, { retryAfterS: 1 }));
      return;
    }
    this.#reading += 1;
    try {
      await this.#sendPiece(input, message);
    } finally {
      this.#reading -= 1;
    }
  }

  async #sendPiece(input: z.output<typeof SHAPES.logs>, message: NatsMessage) {
    const { jobId, attempt, lastBytes, waitMs } = input;
    const { logs, clock } = this.#deps;
    if (keyOfJobId(jobId) === undefined)
      throw badRequest('/jobId', 'the id of a job', `text of ${jobId.length} characters`);
    const attempts = await logs.attempts(jobId);
    const which = attempt ?? attempts.at(-1);
    if (which === undefined) throw new SluiceError('ERR_JOB_LOG_LOST', jobId);
    const end = lastBytes === undefined ? LOG_BEGIN : await logs.beforeEnd(jobId, which, lastBytes);
    const place = input.place ?? end;
    const endMs = clock.monotonicMs() + waitMs;
    let most = PIECE_BYTES;
    for (;;) {
      // This is asked for before reading: what is written meanwhile is read in the next round.
      const grown = logs.grown(jobId, which);
      const piece = await logs.piece(jobId, which, place, most);
      if (piece === undefined) throw new SluiceError('ERR_JOB_LOG_LOST', `${jobId}, attempt ${which}`);
      const { bytes, next, isEnd } = piece;
      const leftMs = endMs - clock.monotonicMs();
      if (bytes.length === 0 && !isEnd && leftMs > 0 && !this.#isClosed) {
        await within(grown, leftMs);
        continue;
      }
      const progress = this.#deps.progressOf(jobId, which);
      const more = progress === undefined ? {} : { progress };
      const answer = { jobId, attempt: which, attempts: attempts.slice(-100), place: next, isEnd, ...more };
      if (this.#reply(message, { ...answer, text: bytes.toString('utf8') })) return;
      // Control characters take six bytes each in JSON, and the server may take short messages only.
      if (!message.wantsReply || most <= LEAST_PIECE_BYTES) return;
      most = Math.ceil(most / 2);
    }
  }

  #reply(message: NatsMessage, answer: Answer): boolean {
    return message.reply(Buffer.from(JSON.stringify({ ok: true, ...answer })));
  }

  #refuse(message: NatsMessage, problem: Problem): void {
    message.reply(Buffer.from(JSON.stringify(problem)), refusalHeaders(problem));
  }

  #tell(error: unknown, verb: string): void {
    this.#deps.log.error({ err: error, code: 'ERR_INTERNAL', verb }, 'jobs: a request to the runner failed');
  }
}

/** The input of a verb. @throws SluiceError ERR_CTL_BAD_REQUEST */
function inputOf<V extends RunnerVerb>(verb: V, bytes: Uint8Array): z.output<(typeof SHAPES)[V]> {
  const body = readBody(bytes);
  if ('error' in body) throw badRequest('', body.error.expected, body.error.got);
  const checked = checkWith(SHAPES[verb], body.value, MOST_VALUES);
  if ('input' in checked) return checked.input as z.output<(typeof SHAPES)[V]>;
  const { errors } = checked;
  const { pointer = '', expected = '', got = '' } = errors[0] ?? {};
  throw badRequest(pointer, expected, got, errors);
}

function badRequest(
  pointer: string,
  expected: string,
  got: string,
  errors: readonly object[] = [{ pointer, expected, got }],
): SluiceError {
  const where = pointer === '' ? '' : `${pointer}: `;
  return new SluiceError('ERR_CTL_BAD_REQUEST', `${where}${expected} was expected, not ${got}`, {
    details: { errors },
  });
}

/** @param defect told of what is no refusal */
function problemFrom(error: unknown, defect: (error: unknown) => void): Problem {
  if (error instanceof SluiceError) return problemOf(error.code, error.detail, error.details);
  defect(error);
  return problemOf('ERR_INTERNAL');
}
