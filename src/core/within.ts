/**
 * Waits for work that may hang, but at most for a given time.
 *
 * @param timeoutMs longest wait, in ms; after that the result and the errors of the work are ignored
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
