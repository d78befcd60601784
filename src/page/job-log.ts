import { ApiError, ask } from './api.js';
import { grownLog, type LogPart } from './jobs.js';
import { useEffect, useState } from './preact.js';

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
    let timer = 0;
    let cursor: string | undefined;
    const round = async (): Promise<void> => {
      clearTimeout(timer);
      if (document.hidden) return;
      const query = cursor === undefined ? queryOf({ attempt }) : queryOf({ cursor });
      let isOver = false;
      try {
        const part = await ask<LogPart>(`/v1/jobs/${encodeURIComponent(jobId)}/log${query}`, { signal: stop.signal });
        if (stop.signal.aborted) return;
        const { text, cursor: next, ...more } = part;
        cursor = next;
        isOver = part.isEnd;
        setShown((before) => ({ ...more, text: grownLog(before.text, text) }));
      } catch (error) {
        if (stop.signal.aborted) return;
        const known = error instanceof ApiError ? error : new ApiError(0, '', String(error));
        setShown((before) => ({ ...before, error: known }));
      }
      if (!stop.signal.aborted && !isOver) timer = window.setTimeout(() => void round(), EVERY_MS);
    };
    const begin = (): void => void round();
    document.addEventListener('visibilitychange', begin);
    begin();
    return () => {
      stop.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', begin);
    };
  }, [jobId, attempt]);
  return shown;
}

function queryOf(members: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given.map(([key, value]) => [key, String(value)]))}`;
}
