/** Work that is done again and again. */
interface Rounds {
  /** Does it now; while it is being done once more as soon as that is over. */
  readonly now: () => void;
  readonly stop: () => void;
}

/**
 * Does something at once, then a while after each time it was done, and never twice at a time, however long it takes.
 * While the tab is hidden nothing is begun; when it is seen again, it goes on at once.
 *
 * @param work never rejects; false: it was done for the last time
 * @param everyMs from the end of one to the beginning of the next
 */
export function whileSeen(work: () => Promise<boolean>, everyMs: number): Rounds {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let state: 'waits' | 'runs' | 'again' | 'stopped' = 'waits';
  const now = (): void => {
    if (state === 'stopped' || document.hidden) return;
    clearTimeout(timer);
    if (state === 'waits') void run();
    else state = 'again';
  };
  const run = async (): Promise<void> => {
    state = 'runs';
    const goesOn = await work();
    const isAsked = is('again');
    if (is('stopped')) return;
    if (!goesOn) return stop();
    state = 'waits';
    if (isAsked) now();
    else timer = setTimeout(now, everyMs);
  };
  // What happens while something is awaited is not seen by the compiler.
  const is = (one: typeof state): boolean => state === one;
  const stop = (): void => {
    state = 'stopped';
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', now);
  };
  document.addEventListener('visibilitychange', now);
  now();
  return { now, stop };
}
