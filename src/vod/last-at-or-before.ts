/** A list of numbers that never fall. */
interface Rising {
  readonly length: number;
  readonly [index: number]: number;
}

/** The index of the last number that is not above `value`, by halving; -1 when all are. */
export function lastAtOrBefore(rising: Rising, value: number): number {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rising[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
