// The longest time for which a thread stood still. A thread that waits for a broker or a disk stands still, and so does
// all media; waiting for a core of a busy machine is not a fault of Sluice. The kernel counts both apart
// (/proc/thread-self/schedstat: nanoseconds on a core, nanoseconds of waiting for one). A control thread that does
// nothing else shows what happened to the whole process or machine meanwhile.
import { readFileSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const TICK_MS = 20;

/** Milliseconds that this thread has waited for a core so far; 0 where the kernel does not tell. */
function waitedForCoreMs() {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}

/** The longest time from one tick to the next beyond the tick's own, without what the thread waited for a core. */
export class StandStill {
  #tickedMs;
  #waitedMs;
  worstMs = 0;

  constructor(nowMs, waitedMs) {
    this.#tickedMs = nowMs;
    this.#waitedMs = waitedMs;
  }

  tick(nowMs, waitedMs) {
    const still = nowMs - this.#tickedMs - TICK_MS - (waitedMs - this.#waitedMs);
    this.worstMs = Math.max(this.worstMs, Math.round(still));
    this.#tickedMs = nowMs;
    this.#waitedMs = waitedMs;
  }
}

function watch(onTick, excusedMs = () => 0) {
  const still = new StandStill(performance.now(), waitedForCoreMs());
  const timer = setInterval(() => {
    still.tick(performance.now(), waitedForCoreMs() + excusedMs());
    onTick?.(still.worstMs);
  }, TICK_MS);
  return { still, stop: () => clearInterval(timer) };
}

/**
 * Watches this thread and a control thread.
 *
 * @param excusedMs how long this thread has waited so far for the one who tests it
 * @returns their worst times so far, in milliseconds, and how to end it
 */
export function watchStandStill(excusedMs) {
  const shared = new Int32Array(new SharedArrayBuffer(4));
  // Its outputs are kept apart: piping them into the process's would make those non-blocking, and the ledger is written
  // synchronously.
  const control = new Worker(new URL(import.meta.url), { workerData: { shared }, stdout: true, stderr: true });
  control.unref();
  const own = watch(undefined, excusedMs);
  return {
    worst: () => ({ stillMs: own.still.worstMs, controlStillMs: Atomics.load(shared, 0) }),
    stop: async () => {
      own.stop();
      await control.terminate();
    },
  };
}

if (!isMainThread && workerData?.shared instanceof Int32Array) {
  watch((worstMs) => Atomics.store(workerData.shared, 0, worstMs));
}
