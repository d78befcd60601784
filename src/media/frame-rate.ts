/** Frame rates that cameras and encoders use. */
const USUAL_RATES = [
  5,
  6,
  7.5,
  8,
  10,
  12,
  12.5,
  15000 / 1001,
  15,
  20,
  24000 / 1001,
  24,
  25,
  30000 / 1001,
  30,
  48,
  50,
  60000 / 1001,
  60,
  90,
  100,
  120000 / 1001,
  120,
  144,
  240,
];
/** Timestamps are whole milliseconds. Over two seconds, a steady rate is measured to within this share. */
const NEAR = 0.001;

/**
 * Rounds a measured frame rate: to a rate that encoders use when the whole milliseconds of timestamps explain the
 * difference, else to two places.
 *
 * @param fps frames per second, measured over two seconds or more
 */
export function roundFrameRate(fps: number): number {
  let nearest = fps;
  let least = NEAR;
  for (const rate of USUAL_RATES) {
    const off = Math.abs(rate / fps - 1);
    if (off >= least) continue;
    least = off;
    nearest = rate;
  }
  return nearest === fps ? Math.round(fps * 100) / 100 : Math.round(nearest * 1000) / 1000;
}
