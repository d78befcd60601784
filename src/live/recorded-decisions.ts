import { newId } from '../core/ids.js';
import type { NameRule } from '../core/names.js';
import type { PlayAsk } from './access.js';
import type { Admission, Verdict } from './admission.js';
import type { OpenAsk } from './open-asks.js';
import type { FoundFile, PlayRequest, RecordedNames } from './recorded-names.js';

/** The parts that decisions about files need. */
interface RecordedDecisionsParts {
  readonly files: RecordedNames;
  readonly names: NameRule;
  readonly admission: Admission;
  /** Whether something is live under a name. */
  readonly isLive: (of: { readonly app: string; readonly name: string }) => boolean;
}

/** Decides whether a play is of a file, and how long a file is. */
export class RecordedDecisions {
  readonly #parts: RecordedDecisionsParts;

  constructor(parts: RecordedDecisionsParts) {
    this.#parts = parts;
  }

  /**
   * Looks for the file that a play means: where the client wants one (`start` 0 or more), or wants anything (-2) and
   * nothing is live under that name.
   *
   * @param name that the grant says
   * @returns undefined, at once, when no file is meant; resolves with undefined when there is none
   */
  find(request: PlayRequest, name: string): Promise<FoundFile | undefined> | undefined {
    const { app, start, container } = request;
    const { files, isLive } = this.#parts;
    if (start === -1 || (start < 0 && isLive({ app, name }))) return undefined;
    return files.find({ app, name, ...(container === undefined ? {} : { container }) });
  }

  /**
   * Answers how long a file is. The chain is asked only about a file that is there, so that it decides once about a
   * play of what is live, whose length ffmpeg asks for, too.
   */
  async answerLength({ id, facts, request }: PlayAsk, open: OpenAsk): Promise<void> {
    open.answer({ kind: 'lengthAnswered', id, seconds: await this.#seconds(facts, request, open) });
  }

  async #seconds(facts: PlayAsk['facts'], request: PlayRequest, open: OpenAsk): Promise<number> {
    const { names, admission, isLive } = this.#parts;
    const { app, name, query } = request;
    if (names.problem(request) !== undefined || isLive(request)) return 0;
    // What cannot be played is told when it is played.
    const found = await this.find(request, name)?.catch(() => undefined);
    if (found === undefined || open.withdrawn !== undefined) return 0;
    const isWanted = (): boolean => open.withdrawn === undefined;
    const about = { requestId: newId(), action: 'play', reason: 'start', facts, app, name, query, isWanted } as const;
    const verdict: Verdict = await admission.decide(about);
    return verdict.decision === 'allow' ? found.durationMs / 1000 : 0;
  }
}
