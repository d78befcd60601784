import { onTestFinished } from 'vitest';
import { type AdmissionRequest, makeRequest, type RequestOrigin } from '../../../src/admission/request.js';
import { systemClock } from '../../../src/core/clock.js';
import type { Question } from '../../../src/live/admission.js';

/** What a test says of a request; everything else is usual. */
export interface RequestParts {
  readonly question?: Partial<Question>;
  readonly origin?: Partial<RequestOrigin>;
  /** Time for the whole chain. */
  readonly budgetMs?: number;
}

/** A question about publishing `live/cam1`. */
export function questionOf(parts: Partial<Question> = {}): Question {
  return {
    ...{ requestId: '01JREQUEST', action: 'publish', reason: 'start', app: 'live', name: 'cam1', query: '' },
    facts: {
      connectionId: '01JCONNECTION',
      peer: { address: '192.0.2.7', port: 50412 },
      transport: 'rtmp',
      info: {
        ...{ app: 'live', tcUrl: 'rtmp://in.example/live', flashVer: 'FMLE/3.0', swfUrl: 'rtmp://in.example/a.swf' },
        ...{ pageUrl: 'https://example/page', objectEncoding: 0, isEnhanced: false, capsEx: 0 },
      },
    },
    isWanted: () => true,
    ...parts,
  };
}

/** A request as the chain makes it. Its time is the system's, and it is aborted with the test at the latest. */
export function admissionRequest({ question, origin, budgetMs = 60_000 }: RequestParts = {}): AdmissionRequest {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), budgetMs);
  onTestFinished(() => {
    clearTimeout(timer);
    abort.abort();
  });
  return makeRequest(
    questionOf(question),
    {
      ...{ nodeId: 'n1', bootId: '01JBOOT', sendSecrets: true, keyParameters: ['key', 'token'] },
      isNameKey: () => false,
      fingerprint: () => '9f86d081',
      wallMs: systemClock.wallMs,
      surplus: () => undefined,
      ...origin,
    },
    { deadlineMs: systemClock.monotonicMs() + budgetMs, signal: () => abort.signal },
  );
}
