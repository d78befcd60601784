import { ApiError, ask } from './api.js';
import { grownLog, type LogPart } from './jobs.js';
import { useEffect, useState } from './preact.js';
import { whileSeen } from './rounds.js';

/** How often more of a log is asked for, in ms. */
const EVERY_MS = 2000;

/** What is known of a log. */
interface ShownLog extends Partial<Omit<LogPart, 'text' | 'cursor'>> {
  readonly text: string;
  readonly error?: ApiError;
}

/**
 * The end of a log, and what comes behind it while somebody looks. It is asked for until it ends.
 *
 * @param attempt undefined: the newest that ran
 */
export function useLog(jobId: string, attempt: number | undefined): ShownLog {
  const [shown, setShown] = useState<ShownLog>({ text: '' });
  useEffect(() => {
    setShown({ text: '' });
    const stop = new AbortController();
    let cursor: string | undefined;
    const round = async (): Promise<boolean> => {
      const query = cursor === undefined ? queryOf({ attempt }) : queryOf({ cursor });
      try {
        const part = await ask<LogPart>(`/v1/jobs/${encodeURIComponent(jobId)}/log${query}`, { signal: stop.signal });
        if (stop.signal.aborted) return false;
        const { text, cursor: next, ...more } = part;
        cursor = next;
        setShown((before) => ({ ...more, text: grownLog(before.text, text) }));
        return !part.isEnd;
      } catch (error) {
        if (stop.signal.aborted) return false;
        const known = error instanceof ApiError ? error : new ApiError(0, '', String(error));
        setShown((before) => ({ ...before, error: known }));
        return true;
      }
    };
    const rounds = whileSeen(round, EVERY_MS);
    return () => {
      stop.abort();
      rounds.stop();
    };
  }, [jobId, attempt]);
  return shown;
}

function queryOf(members: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given.map(([key, value]) => [key, String(value)]))}`;
}
