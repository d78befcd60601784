/** How long after the last question what was made for it is kept, in ms. */
const KEPT_MS = 60_000;

/**
 * Lets go of what was kept for the next who ask, when nobody has asked for a minute.
 *
 * @param release lets go; called once for each time that nobody asks any more
 * @returns to be called for each question; there is a timer from then on until `release` was called, and no other
 */
export function afterIdle(release: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    timer = undefined;
    release();
  };
  return () => {
    if (timer === undefined) timer = setTimeout(end, KEPT_MS).unref();
    else timer.refresh();
  };
}
