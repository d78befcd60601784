import { SluiceError } from '../../core/errors.js';
import type { PlainValue } from '../../core/plain.js';
import type { Problem } from '../../core/problem.js';
import type { NatsRequests } from '../../nats/requests.js';
import { runnerSubject } from './runner-door.js';

type Facts = Readonly<Record<string, PlainValue>>;

/** How long a runner is waited for besides the time that a request says itself that it may take, in ms. */
const ANSWER_MS = 3000;

/** What became of a request to a runner. */
export type RunnerAnswer =
  | { readonly ok: true; readonly answer: Facts }
  | { readonly ok: false; readonly problem: Problem };

/**
 * Asks a runner.
 *
 * @param body its input; `waitMs` in it is waited for as well
 * @throws SluiceError ERR_JOB_RUNNER_UNREACHABLE
 */
export async function askRunner(
  requests: NatsRequests,
  prefix: string,
  runnerId: string,
  verb: 'info' | 'drain' | 'logs',
  body: Facts,
): Promise<RunnerAnswer> {
  const waitMs = ANSWER_MS + Number(body['waitMs'] ?? 0);
  const subject = runnerSubject(prefix, runnerId, verb);
  const outcome = await requests.request(subject, Buffer.from(JSON.stringify(body)), waitMs);
  if (outcome.kind !== 'reply')
    throw new SluiceError('ERR_JOB_RUNNER_UNREACHABLE', `${runnerId}: ${WHY[outcome.kind]}`);
  try {
    const facts = JSON.parse(Buffer.from(outcome.reply.body).toString('utf8')) as Facts | null;
    if (facts?.['ok'] === true) return { ok: true, answer: facts };
    if (typeof facts?.['code'] === 'string') return { ok: false, problem: facts as unknown as Problem };
  } catch {
    // Told below.
  }
  throw new SluiceError('ERR_JOB_RUNNER_UNREACHABLE', `${runnerId}: what answers is no runner`);
}

const WHY = {
  no_responders: 'it is not there',
  timeout: 'no answer in time',
  away: 'there is no connection to NATS',
  refused: 'this user may not ask it, or may not get answers',
} as const;
