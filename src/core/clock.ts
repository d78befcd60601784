/** Time as the edges see it. It is handed in, so that tests and the fault suite can move it. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch; may jump. For timestamps in events only. */
  wallMs(): number;
  /** Monotonic clock in milliseconds; never jumps. For durations and deadlines. */
  monotonicMs(): number;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
