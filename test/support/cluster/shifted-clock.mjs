// Loaded before a node's own code: its wall clock is off by so many milliseconds as SHIFTED_CLOCK_MS says.
const shiftMs = Number(process.env.SHIFTED_CLOCK_MS);
const Real = Date;
globalThis.Date = class Shifted extends Real {
  constructor(...given) {
    if (given.length === 0) super(Real.now() + shiftMs);
    else super(...given);
  }

  static now() {
    return Real.now() + shiftMs;
  }
};
