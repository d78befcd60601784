/** What one check of `sluice doctor` has found. */
export interface Finding {
  /** What was looked at: a setting by its key, or a word. */
  readonly check: string;
  /** `warn`: a server starts, and something is likely to go wrong later; `fail`: it does not start, or loses events. */
  readonly state: 'ok' | 'warn' | 'fail';
  /** What was found, and with a trouble what was expected; without secrets. */
  readonly says: string;
  /** What a person can do about it. */
  readonly todo?: string;
}

/** A number of bytes for a person: `1.5 GiB`. */
export function sizeText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 1024 ** power;
  return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
