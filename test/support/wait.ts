/** How to wait: the longest time, the interval between checks, and what to name in the error. */
export interface WaitOptions {
  /** Longest wait in milliseconds; default 10 000. */
  readonly timeoutMs?: number;
  /** Time between two checks in milliseconds; default 5. */
  readonly everyMs?: number;
  /**
   * A measure of progress: whenever it has another value, the longest wait begins again, because a busy machine may
   * need time.
   */
  readonly progress?: () => string | number;
  /** Words for the error message, or a function that tells the state at the time of giving up. */
  readonly what?: string | (() => string);
}

/**
 * Waits until `look` returns something other than `undefined` or `false`, calling it at once and then every `everyMs`.
 *
 * @returns what `look` returned
 * @throws Error that names `what` when the time is over
 */
export async function waitFor<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  options: WaitOptions = {},
): Promise<T> {
  const { timeoutMs = 10_000, everyMs = 5, progress, what = 'the condition' } = options;
  let giveUpAt = performance.now() + timeoutMs;
  let come = progress?.();
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    const now = progress?.();
    if (now !== come) giveUpAt = performance.now() + timeoutMs;
    come = now;
    if (performance.now() >= giveUpAt) {
      throw new Error(`waited ${timeoutMs} ms in vain for ${typeof what === 'string' ? what : what()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** Waits for time to pass, where that is what a test is about: a fault that lasts, an encoder that takes its time. */
export async function passed(ms: number): Promise<void> {
  const untilMs = performance.now() + ms;
  await waitFor(() => performance.now() >= untilMs, { timeoutMs: ms + 10_000 });
}

/** `promise`, or an Error that names `what` when it takes longer than `timeoutMs`. */
export async function within<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${timeoutMs} ms in vain for ${what}`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
