import { newId } from '../core/ids.js';
import type { ConnectAsk } from './access.js';
import type { Admission, Question, Verdict } from './admission.js';
import type { NodeAccess } from './node-access.js';
import type { OpenAsk } from './open-asks.js';
import { type Previews, previewOf } from './previews.js';
import { shutDown } from './told-end.js';
import { refusedConnect } from './told-verdict.js';

/** The parts with which connects are decided. */
interface ConnectDecisionsParts {
  readonly admission: Admission;
  /** Admits other nodes of the cluster; undefined: there is none. */
  readonly nodes: NodeAccess | undefined;
  /** Tickets of operators who look at streams. */
  readonly previews: Previews;
  /** Why nothing new is accepted at present, or undefined. */
  readonly closedFor: () => string | undefined;
}

/** Decides who connects. */
export class ConnectDecisions {
  readonly #parts: ConnectDecisionsParts;

  constructor(parts: ConnectDecisionsParts) {
    this.#parts = parts;
  }

  decide(ask: ConnectAsk, open: OpenAsk): void | Promise<void> {
    const { admission, nodes, closedFor } = this.#parts;
    const { id, facts, query, hello } = ask;
    // A node that drains goes on serving the players of the others for as long as it has the stream.
    if (hello !== undefined && nodes !== undefined) {
      const entry = nodes.connect(ask, hello);
      return open.answer(
        'client' in entry
          ? { kind: 'connectAccepted', id, node: entry }
          : { kind: 'connectRefused', id, refusal: entry },
      );
    }
    const closed = closedFor();
    if (closed !== undefined) return open.answer({ kind: 'connectRefused', id, refusal: shutDown(closed) });
    // It is told to nobody.
    const preview = previewOf(facts, query);
    if (preview !== undefined && this.#parts.previews.holds(preview))
      return open.answer({ kind: 'connectAccepted', id });
    const isWanted = (): boolean => open.withdrawn === undefined;
    const of = { facts, app: facts.info?.app ?? '', name: '', query: preview === undefined ? query : '' };
    const question: Question = { requestId: newId(), action: 'connect', reason: 'start', ...of, isWanted };
    const answer = (verdict: Verdict): void =>
      open.answer(
        verdict.decision === 'allow'
          ? { kind: 'connectAccepted', id }
          : { kind: 'connectRefused', id, refusal: refusedConnect(verdict, question.requestId) },
      );
    const verdict = admission.decide(question);
    return verdict instanceof Promise ? verdict.then(answer) : answer(verdict);
  }
}
