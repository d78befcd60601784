/** Whether the long form runs (`SLUICE_INTEROP=full`): streams that last a minute, fifty lost connections. */
export const FULL = process.env['SLUICE_INTEROP'] === 'full';

/** `short` in the short form, `full` in the long one. */
export function scaled<T>(short: T, full: T): T {
  return FULL ? full : short;
}
