import { SluiceError } from '../../core/errors.js';
import type { Problem } from '../../core/problem.js';
import type { Overview } from '../../model/overview.js';

/** Longest wait for an answer, in ms. */
const ANSWER_MS = 5000;

/** What came of a question: an overview, or why the server gives none. */
type OverviewAnswer =
  | { readonly ok: true; readonly overview: Overview }
  | { readonly ok: false; readonly problem: Problem };

/**
 * Asks a server for `GET /v1/overview`.
 *
 * @param base `http://HOST:PORT`
 * @param credentials headers with a token, or none
 * @throws SluiceError ERR_CTL_SERVER_UNREACHABLE when there is no answer, or none of Sluice
 */
export async function askOverview(
  base: string,
  credentials: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<OverviewAnswer> {
  const unreachable = (detail: string, cause?: unknown): SluiceError =>
    new SluiceError('ERR_CTL_SERVER_UNREACHABLE', `${base}: ${detail}`, { cause });
  let status = 0;
  let facts: unknown;
  try {
    const response = await fetch(`${base}/v1/overview`, {
      headers: { accept: 'application/json', ...credentials },
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
    status = response.status;
    facts = await response.json();
  } catch (error) {
    const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
    if (name === 'TimeoutError') throw unreachable('no answer in time', error);
    if (status !== 0) throw unreachable(`it answers ${status} with something that is no JSON of Sluice`, error);
    throw unreachable(cause?.code ?? cause?.message ?? message, error);
  }
  const answer = facts as Partial<Overview> & Partial<Problem>;
  if (status === 200 && typeof answer?.node === 'object' && Array.isArray(answer.streams))
    return { ok: true, overview: answer as Overview };
  if (typeof answer?.code === 'string') return { ok: false, problem: answer as Problem };
  throw unreachable(`it answers ${status} with something that is no overview; is it an older version of Sluice?`);
}
