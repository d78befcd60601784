import { ApiError, ask } from './api.js';
import { useEffect, useRef, useState } from './preact.js';
import { whileSeen } from './rounds.js';

/** What a view knows of something that it asks for again and again. */
interface Polled<T> {
  /** The newest answer; undefined: there was none yet. */
  readonly value: T | undefined;
  /** Why the newest question got no answer; undefined: it got one. */
  readonly error: ApiError | undefined;
  /** Asks again now. */
  readonly refresh: () => void;
}

/** Called for every question that was refused for want of a token: the page asks for one. */
let onSignedOut: () => void = () => {};

/** @param told is called when a question was refused for want of a token */
export function whenSignedOut(told: () => void): void {
  onSignedOut = told;
}

/**
 * Asks for `path` at once and then every `everyMs`, while the tab is seen: a page that nobody looks at asks nothing.
 *
 * @param path undefined: nothing is asked
 */
export function usePoll<T>(path: string | undefined, everyMs: number): Polled<T> {
  const [state, setState] = useState<Pick<Polled<T>, 'value' | 'error'>>({ value: undefined, error: undefined });
  const refresh = useRef(() => {});
  useEffect(() => {
    setState({ value: undefined, error: undefined });
    if (path === undefined) return undefined;
    const stop = new AbortController();
    const round = async (): Promise<boolean> => {
      try {
        const value = await ask<T>(path, { signal: stop.signal });
        if (!stop.signal.aborted) setState({ value, error: undefined });
      } catch (error) {
        if (stop.signal.aborted) return false;
        const known = error instanceof ApiError ? error : new ApiError(0, '', String(error));
        if (known.status === 401) onSignedOut();
        setState(({ value }) => ({ value, error: known }));
      }
      return true;
    };
    const rounds = whileSeen(round, everyMs);
    refresh.current = rounds.now;
    return () => {
      stop.abort();
      rounds.stop();
    };
  }, [path, everyMs]);
  return { ...state, refresh: () => refresh.current() };
}
