import type { Admission, BanSubject, Question, Verdict } from '../live/admission.js';
import type { Decided } from './span.js';

/** Asks an admission, and tells how long each decision on a connect and a publish took. */
export class TracedAdmission implements Admission {
  readonly #asked: Admission;
  readonly #decided: (decision: Decided) => void;
  readonly #wallMs: () => number;

  /** @param wallMs milliseconds since the epoch */
  constructor(asked: Admission, decided: (decision: Decided) => void, wallMs: () => number) {
    this.#asked = asked;
    this.#decided = decided;
    this.#wallMs = wallMs;
  }

  decide(question: Question): Verdict | Promise<Verdict> {
    const startMs = this.#wallMs();
    const verdict = this.#asked.decide(question);
    if (question.action === 'play' || question.reason === 'renew') return verdict;
    if (!(verdict instanceof Promise)) return this.#told(question, startMs, verdict);
    return verdict.then((decided) => this.#told(question, startMs, decided));
  }

  isNameKey(app: string): boolean {
    return this.#asked.isNameKey(app);
  }

  isBanned(subject: BanSubject): boolean {
    return this.#asked.isBanned(subject);
  }

  guessed(address: string, secret: string): void {
    this.#asked.guessed(address, secret);
  }

  #told({ action, facts }: Question, startMs: number, verdict: Verdict): Verdict {
    if (action === 'play') return verdict;
    this.#decided({
      ...{ connectionId: facts.connectionId, action, startMs, endMs: this.#wallMs(), decision: verdict.decision },
      ...(verdict.decision === 'deny' ? { code: verdict.code } : {}),
      ...(verdict.decision === 'deny' && verdict.responder !== undefined ? { responder: verdict.responder } : {}),
    });
    return verdict;
  }
}
