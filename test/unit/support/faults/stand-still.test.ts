import { describe, expect, it } from 'vitest';
import { StandStill, watchStandStill } from '../../../support/faults/stand-still.mjs';
import { waitFor } from '../../../support/wait.js';

describe('the stand-still of a thread', () => {
  it('is the time between two ticks beyond the tick itself', () => {
    const still = new StandStill(0, 0);
    still.tick(20, 0);
    expect(still.worstMs).toBe(0);
    still.tick(540, 0);
    expect(still.worstMs).toBe(500);
    still.tick(560, 0);
    expect(still.worstMs).toBe(500);
  });

  it('does not count what the thread waited for a core', () => {
    const still = new StandStill(1000, 700);
    still.tick(6000, 700 + 4400);
    expect(still.worstMs).toBe(580);
  });

  it('is seen in a thread that waits, and not in the control thread', async () => {
    const watched = watchStandStill();
    await waitFor(() => watched.worst().stillMs >= 0);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
    await waitFor(() => watched.worst().stillMs > 200);
    const { stillMs, controlStillMs } = watched.worst();
    await watched.stop();
    expect(controlStillMs).toBeLessThan(stillMs);
  });
});
