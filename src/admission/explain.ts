import { ERRORS } from '../core/errors.js';
import { newId } from '../core/ids.js';
import { silentLogger } from '../core/log.js';
import type { AdmissionAction, Question } from '../live/admission.js';
import type { TransportName } from '../model/peer.js';
import { ask, inTime } from './ask-in-order.js';
import { AdmissionChain, type ChainDeps, type ChainOptions } from './chain.js';
import type { AdmissionRequest } from './request.js';
import type { Responder, ResponderAnswer } from './responder.js';

/** A question that is asked only to see what the answer would be. */
export interface TestQuestion {
  readonly action: AdmissionAction;
  readonly app: string;
  readonly name: string;
  /** Without `?`. */
  readonly query: string;
  /** Of the client. */
  readonly address: string;
  readonly transport: string;
  readonly tcUrl?: string;
}

/** What one responder answered. */
interface ResponderReport {
  readonly name: string;
  /** `allow`, `deny`, `redirect`, `next`, `unavailable`, `invalid`. */
  readonly decision: string;
  /** One sentence without secrets. */
  readonly why: string;
  readonly latencyMs: number;
}

/** What admission would decide. */
export interface Explanation {
  readonly decision: 'allow' | 'deny' | 'redirect';
  readonly code?: string;
  readonly message?: string;
  /** Bans first, then all responders in their order, those after the deciding one included. */
  readonly responders: readonly ResponderReport[];
}

/**
 * Asks every responder, and says what the chain would make of it. Nothing is counted, remembered or banned: the answers
 * go through a chain of their own.
 */
export async function explain(test: TestQuestion, options: ChainOptions, deps: ChainDeps): Promise<Explanation> {
  const question = questionOf(test);
  const { hasKeys } = deps.bans;
  const bans = { hasKeys, match: deps.bans.match.bind(deps.bans), banGuesser: () => undefined };
  const aside = { ...deps, bans, log: silentLogger };
  const signal = AbortSignal.timeout(options.budgetMs);
  const request = new AdmissionChain(options, aside).requestOf(question, () => signal);
  const reports: ResponderReport[] = [];
  const answered: Responder[] = [];
  for (const responder of options.responders) {
    const { answer, report } = await hear(responder, request);
    reports.push(report);
    answered.push({ name: responder.name, asks: (action) => responder.asks(action), answer: () => answer });
  }
  const verdict = await new AdmissionChain({ ...options, responders: answered }, aside).decide(question);
  const isBanned = verdict.decision === 'deny' && verdict.code === 'ERR_AUTH_BANNED';
  const banned: ResponderReport = {
    name: 'bans',
    decision: isBanned ? 'deny' : 'next',
    why: isBanned ? 'a ban names the client, its key, its principal or the stream' : 'no ban fits',
    latencyMs: 0,
  };
  const responders = [banned, ...reports];
  if (verdict.decision !== 'deny') return { decision: verdict.decision, responders };
  const { decision, code, message } = verdict;
  return { decision, code, message: message === '' ? ERRORS[code].says : message, responders };
}

async function hear(
  responder: Responder,
  request: AdmissionRequest,
): Promise<{ readonly answer: ResponderAnswer; readonly report: ResponderReport }> {
  const { name } = responder;
  if (!responder.asks(request.action)) {
    const why = `it is not asked about ${request.action}`;
    return { answer: { decision: 'next' }, report: { name, decision: 'next', why, latencyMs: 0 } };
  }
  const beganMs = performance.now();
  const given = ask(responder, request);
  const answer = given instanceof Promise ? await inTime(name, given, request, { late: () => undefined }) : given;
  const latencyMs = Math.round((performance.now() - beganMs) * 100) / 100;
  return { answer, report: { name, decision: answer.decision, why: whyOf(answer), latencyMs } };
}

/** What a responder elsewhere says about a denial is for the client; of its other members only the code is told. */
function whyOf(answer: ResponderAnswer): string {
  if (answer.decision === 'invalid') {
    return `its reply cannot be used: ${answer.pointer === '' ? 'the whole' : answer.pointer}: ${answer.expected}`;
  }
  return answer.why ?? ('code' in answer && answer.code !== undefined ? `it says ${answer.code}` : 'it says so');
}

function questionOf({ action, app, name, query, address, transport, tcUrl = '' }: TestQuestion): Question {
  const nothing = { swfUrl: '', pageUrl: '', objectEncoding: 0, isEnhanced: false, capsEx: 0 };
  return {
    requestId: newId(),
    action,
    reason: 'start',
    facts: {
      connectionId: newId(),
      peer: { address, port: 0 },
      transport: transport as TransportName,
      info: { app, tcUrl, flashVer: 'sluice auth test', ...nothing },
    },
    ...{ app, name, query, isWanted: () => true },
  };
}
