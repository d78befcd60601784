/** Whether the long form runs (`SLUICE_FAULTS=full`): longer faults, every server version, more kills. */
export const FULL = process.env['SLUICE_FAULTS'] === 'full';

/** `short` in the short form, `full` in the long one. */
export function scaled<T>(short: T, full: T): T {
  return FULL ? full : short;
}

/** Seed of the workloads; printed with every failure so that a run can be repeated (`SLUICE_SEED`). */
export const SEED = Number(process.env['SLUICE_SEED'] ?? 20_260_101);

/**
 * The seeds of a case that is run with several: `short` of them in the short form, `full` in the long one, from {@link
 * SEED} on.
 */
export function seeds(short: number, full: number): number[] {
  return Array.from({ length: scaled(short, full) }, (_, i) => SEED + i);
}
