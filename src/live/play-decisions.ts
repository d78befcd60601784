import type { Clock } from '../core/clock.js';
import { type ErrorCode, SluiceError } from '../core/errors.js';
import { newId } from '../core/ids.js';
import type { NameRule } from '../core/names.js';
import type { Grant } from '../model/grant.js';
import type { NodeClient } from '../model/node-link.js';
import type { PlayRefusal } from '../model/refusals.js';
import type { PlayAsk, Refusal } from './access.js';
import type { AddressLog } from './address-log.js';
import { type Admission, MASKED_NAME, PLAIN_GRANT, type Question, type Verdict } from './admission.js';
import type { ChurnGuard } from './churn-guard.js';
import type { Admitted, JobAccess } from './job-access.js';
import { TICKET_MARK, ticketIn } from './job-ticket.js';
import type { NodeAccess } from './node-access.js';
import type { OpenAsk } from './open-asks.js';
import type { PlayAccounting, PlayedBy } from './play-accounting.js';
import { previewing, previewOf } from './previews.js';
import { principalOf } from './principals.js';
import type { RecordedDecisions } from './recorded-decisions.js';
import { toldEnd } from './told-end.js';
import { refusedPlay as deniedPlay } from './told-verdict.js';
import type { WaitingRoom } from './waiting-room.js';

/** The parts with which plays are decided. */
interface PlayDecisionsParts {
  readonly admission: Admission;
  readonly names: NameRule;
  readonly clock: Clock;
  readonly churn: ChurnGuard;
  readonly waits: WaitingRoom;
  readonly faults: AddressLog;
  readonly plays: PlayAccounting;
  /** Admits runs of jobs, which have tickets, in place of admission. */
  readonly jobs: JobAccess;
  /** Admits other nodes of the cluster; undefined: there is none. */
  readonly nodes: NodeAccess | undefined;
  /** Finds files that are played; undefined: there are none. */
  readonly recorded: RecordedDecisions | undefined;
  /** Why nothing new is accepted at present, or undefined. */
  readonly closedFor: () => string | undefined;
}

/** Decides who plays what. */
export class PlayDecisions {
  /** Refused plays by error code; for `/metrics`. */
  readonly rejectedBy = new Map<ErrorCode, number>();
  readonly #parts: PlayDecisionsParts;

  constructor(parts: PlayDecisionsParts) {
    this.#parts = parts;
  }

  decide(ask: PlayAsk, open: OpenAsk): void | Promise<void> {
    const { names, clock, churn, waits, closedFor } = this.#parts;
    const problem = names.problem(ask.request);
    if (problem !== undefined) return this.#refuse(ask, open, failed('ERR_NAME_INVALID', problem));
    const node = ask.facts.info?.node;
    if (node !== undefined) return this.#admitNode(ask, open, node);
    const closed = closedFor();
    if (closed !== undefined) return this.#refuse(ask, open, failed('ERR_SESSION_SHUTDOWN', closed));
    const nowMs = clock.monotonicMs();
    const turn = churn.play(ask.facts, nowMs);
    if (turn === undefined) return this.#refuse(ask, open, failed('ERR_LIMIT_PLAY_RATE'));
    if (turn > 0) return waits.until(nowMs + turn).then(() => this.#admit(ask, open));
    return this.#admit(ask, open);
  }

  #admit(ask: PlayAsk, open: OpenAsk): void | Promise<void> {
    // It may have waited for its turn.
    if (open.withdrawn !== undefined) return answerRefused(ask, open, failed('ERR_PEER_CLOSED'));
    const { facts, request } = ask;
    const ticket = request.query.includes(TICKET_MARK) ? ticketIn(request.query) : undefined;
    if (ticket !== undefined) return this.#admitJob(ask, open, ticket);
    const preview = previewOf(facts, request.query);
    if (preview !== undefined) return this.#admitPreview(ask, open, preview);
    const isWanted = (): boolean => open.withdrawn === undefined;
    const { app, name, query } = request;
    const of = { app, name, query };
    const question: Question = { requestId: newId(), action: 'play', reason: 'start', facts, ...of, isWanted };
    const decided = (verdict: Verdict): void | Promise<void> => {
      if (this.#isTooLate(ask, open)) return;
      if (verdict.decision === 'allow') return this.#allowed(ask, open, verdict.grant);
      this.#refuse(ask, open, deniedPlay(verdict, question.requestId));
    };
    const verdict = this.#parts.admission.decide(question);
    return verdict instanceof Promise ? verdict.then(decided) : decided(verdict);
  }

  /** Neither admission nor the guards against clients have a say: its ticket has let it in, for this stream alone. */
  #admitNode(ask: PlayAsk, open: OpenAsk, node: NodeClient): void {
    const { nodes } = this.#parts;
    const code = nodes === undefined ? 'ERR_RELAY_TICKET' : nodes.problem(node, ask.request);
    if (code === undefined) this.#begin(ask, open, PLAIN_GRANT, { relayOf: node.streamId });
    else this.#refuse(ask, open, failed(code));
  }

  /** An operator looks at a stream: control has let it in, for one play of this stream. */
  #admitPreview(ask: PlayAsk, open: OpenAsk, text: string): void {
    const admitted = this.#parts.jobs.admitPreview(ask.request, text);
    if ('code' in admitted) this.#refuse(ask, open, failed(admitted.code));
    else {
      const asPreview = { ...ask, facts: previewing(ask.facts) };
      this.#begin(asPreview, open, PLAIN_GRANT, { previewOf: admitted.streamId });
    }
  }

  #admitJob(ask: PlayAsk, open: OpenAsk, text: string): void | Promise<void> {
    const { jobs, admission } = this.#parts;
    const admitted = jobs.admit(ask.request, text);
    if (admitted instanceof Promise)
      return admitted.then((later) => {
        if (!this.#isTooLate(ask, open)) this.#beginJob(ask, open, later);
      });
    if (admitted.ticket === undefined && admitted.code === 'ERR_AUTH_CREDENTIALS')
      admission.guessed(ask.facts.peer.address, text);
    this.#beginJob(ask, open, admitted);
  }

  #beginJob(ask: PlayAsk, open: OpenAsk, admitted: Admitted): void {
    if (admitted.ticket === undefined) this.#refuse(ask, open, failed(admitted.code));
    else this.#begin(ask, open, PLAIN_GRANT, { ticket: admitted.ticket });
  }

  /** Whether the client has gone while it was decided, or nothing is accepted any more. Then it is answered so. */
  #isTooLate(ask: PlayAsk, open: OpenAsk): boolean {
    const closed = this.#parts.closedFor();
    if (open.withdrawn !== undefined) answerRefused(ask, open, failed('ERR_PEER_CLOSED'));
    else if (closed !== undefined) this.#refuse(ask, open, failed('ERR_SESSION_SHUTDOWN', closed));
    return open.withdrawn !== undefined || closed !== undefined;
  }

  /** A play is admitted: it is of a file, or of what is live. */
  #allowed(ask: PlayAsk, open: OpenAsk, grant: Grant): void | Promise<void> {
    const finding = this.#parts.recorded?.find(ask.request, grant.name ?? ask.request.name);
    if (finding === undefined) return this.#arrive(ask, open, grant);
    return finding.then(
      (found) => {
        if (this.#isTooLate(ask, open)) return;
        if (found === undefined) return this.#arrive(ask, open, grant);
        this.#begin(ask, open, grant, { file: found.file });
      },
      (error: unknown) => {
        if (!(error instanceof SluiceError)) throw error;
        this.#refuse(ask, open, failed(error.code));
      },
    );
  }

  /** What it plays is no file: it may have to be fetched first. */
  #arrive(ask: PlayAsk, open: OpenAsk, grant: Grant): void | Promise<void> {
    const { app, name } = ask.request;
    const arrival = this.#parts.plays.arrival({ app, name: grant.name ?? name });
    if (arrival === undefined) return this.#begin(ask, open, grant);
    return arrival.then(() => {
      if (this.#isTooLate(ask, open)) return;
      // What runs is ended by a ban. This has not run while one may have been set.
      if (this.#isBanned(ask, grant)) this.#refuse(ask, open, failed('ERR_AUTH_BANNED'));
      else this.#begin(ask, open, grant);
    });
  }

  #isBanned({ facts, request: { app, name } }: PlayAsk, grant: Grant): boolean {
    const { keyFingerprint, name: alias = name } = grant;
    const subject = { address: facts.peer.address, principal: principalOf(grant, facts), keyFingerprint };
    return this.#parts.admission.isBanned({ ...subject, name: `${app}/${alias}` });
  }

  #begin(ask: PlayAsk, open: OpenAsk, grant: Grant, by: PlayedBy = {}): void {
    const begun = this.#parts.plays.begin(ask, grant, by);
    if (!('refusal' in begun)) {
      open.answer(begun.answer);
      return;
    }
    this.#tell(ask, begun.refusal.code);
    // A name that nobody publishes is no refusal of the client.
    if (begun.refusal.code !== 'ERR_PLAY_NOT_FOUND') this.#count(begun.refusal.code);
    answerRefused(ask, open, begun.refusal);
  }

  #refuse(ask: PlayAsk, open: OpenAsk, refusal: Refusal<PlayRefusal>): void {
    this.#tell(ask, refusal.code);
    this.#count(refusal.code);
    answerRefused(ask, open, refusal);
  }

  #count(code: ErrorCode): void {
    this.rejectedBy.set(code, (this.rejectedBy.get(code) ?? 0) + 1);
  }

  #tell({ facts, request }: PlayAsk, code: ErrorCode): void {
    const { admission, names, faults } = this.#parts;
    const { connectionId, peer } = facts;
    const shown = admission.isNameKey(request.app) ? { app: request.app, name: MASKED_NAME } : request;
    faults.tell('warn', peer.address, { connectionId, peer: peer.address, ...names.tell(shown), code }, 'play refused');
  }
}

function answerRefused({ id }: PlayAsk, open: OpenAsk, refusal: Refusal<PlayRefusal>): void {
  open.answer({ kind: 'playRefused', id, refusal });
}

/** @param message default: what the code says */
function failed(code: ErrorCode, message?: string): Refusal<PlayRefusal> {
  return { status: 'NetStream.Play.Failed', code, description: toldEnd(code, message) };
}
