/**
 * Waits for work that may hang, but not for ever.
 *
 * @param timeoutMs most to wait, in ms; what the work still does then is left behind, and its failure is nobody's any
 *   more
 * @returns whether it was done in time
 * @throws what the work rejects with in time
 */
export async function within(work: Promise<unknown> | undefined, timeoutMs: number): Promise<boolean> {
  if (work === undefined) return true;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, false);
  });
  const done = work.then(() => true);
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
    done.catch(() => undefined);
  }
}
