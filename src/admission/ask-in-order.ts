import type { AdmissionRequest } from './request.js';
import type { InvalidReply, Reply, Responder, ResponderAnswer, Unavailable } from './responder.js';

/** Where the chain ended. */
export interface ChainEnd {
  /** The answer that counts. `next`: nobody has decided. */
  readonly answer: ResponderAnswer;
  /** Who gave it; undefined when nobody has decided. */
  readonly responder: string | undefined;
}

/** What is told of each answer while the chain is asked. */
export interface ChainObserver {
  /** A promise was not settled when the request's time was over, and is now. */
  late(responder: string): void;
  answered(responder: string, answer: ResponderAnswer): void;
}

const OUT_OF_TIME: Unavailable = { decision: 'unavailable', kind: 'budget', why: 'no answer within auth.budgetMs' };

/**
 * Asks responders one after the other until one decides. The first answer that is not `next` counts: a responder that
 * cannot be asked decides too, since those after it might allow what it would have refused.
 *
 * @returns at once when every responder that was asked answered at once
 */
export function askInOrder(
  responders: readonly Responder[],
  request: AdmissionRequest,
  observer: ChainObserver,
  hint?: Reply,
): ChainEnd | Promise<ChainEnd> {
  let open = hint;
  for (const [i, responder] of responders.entries()) {
    const answer = ask(responder, request);
    if (answer instanceof Promise) {
      return inTime(responder.name, answer, request, observer).then((settled) => {
        observer.answered(responder.name, settled);
        if (settled.decision !== 'next') return { answer: settled, responder: responder.name };
        if (!request.question.isWanted()) return { answer: settled, responder: undefined };
        return askInOrder(responders.slice(i + 1), request, observer, moreTelling(open, settled));
      });
    }
    observer.answered(responder.name, answer);
    if (answer.decision !== 'next') return { answer, responder: responder.name };
    open = moreTelling(open, answer);
  }
  return { answer: open ?? { decision: 'next' }, responder: undefined };
}

/** Asks one responder. A defect in it counts as unavailable. */
export function ask(responder: Responder, request: AdmissionRequest): ResponderAnswer | Promise<ResponderAnswer> {
  try {
    const answer = responder.answer(request);
    return answer instanceof Promise ? answer.catch(failed) : answer;
  } catch (error) {
    return failed(error);
  }
}

/** The answer, or that there is none once the request's time is over. */
export function inTime(
  responder: string,
  answer: Promise<ResponderAnswer>,
  { signal }: AdmissionRequest,
  observer: Pick<ChainObserver, 'late'>,
): Promise<ResponderAnswer> {
  return new Promise((resolve) => {
    const giveUp = (): void => resolve(OUT_OF_TIME);
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
    void answer.then((settled) => {
      if (signal.aborted && settled.decision !== 'unavailable') observer.late(responder);
      signal.removeEventListener('abort', giveUp);
      resolve(settled);
    });
  });
}

/** The error's message may have a URL with a password in it, so only its name is told. */
function failed(error: unknown): Unavailable {
  return {
    decision: 'unavailable',
    why: `the responder failed inside: ${error instanceof Error ? error.name : typeof error}`,
  };
}

/** Of two answers `next` the one that says what was wrong. */
function moreTelling(a: Reply | undefined, b: Reply | InvalidReply | Unavailable): Reply | undefined {
  if (a?.error !== undefined) return a;
  return b.decision === 'next' ? b : a;
}
