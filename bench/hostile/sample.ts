/** The state of a server under attack, read once a second from outside and from its own metrics. */
export interface Sample {
  /** Monotonic, of the bench. */
  readonly atMs: number;
  readonly rssBytes: number;
  /** Sum of `sluice_memory_bytes`: the memory that peers make the server hold, by its own account. */
  readonly accountBytes: number;
  /** The same by kind. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Events recorded since its start. */
  readonly events: number;
  /** Log lines since its start. */
  readonly logLines: number;
  /** Longest turn of its event loop within the last 5 to 10 seconds. */
  readonly longestTurnMs: number;
}

/** The part of a {@link Sample} that `/metrics` has. */
export type MetricsPart = Pick<Sample, 'accountBytes' | 'kinds' | 'events' | 'longestTurnMs'>;

const SAMPLE = /^(sluice_\w+)(?:\{kind="(\w+)"\})? (\S+)$/;

/** Reads the page that Prometheus gets. @throws Error when the account or the event count is not on it */
export function readMetrics(page: string): MetricsPart {
  const kinds: Record<string, number> = {};
  const values = new Map<string, number>();
  for (const line of page.split('\n')) {
    const [, name, kind, value] = SAMPLE.exec(line) ?? [];
    if (name === 'sluice_memory_bytes' && kind !== undefined) kinds[kind] = Number(value);
    else if (name !== undefined && kind === undefined) values.set(name, Number(value));
  }
  const events = values.get('sluice_events_emitted_total');
  const turn = values.get('sluice_event_loop_turn_max_seconds');
  if (Object.keys(kinds).length === 0 || events === undefined || turn === undefined) {
    throw new Error(
      '/metrics lacks sluice_memory_bytes, sluice_events_emitted_total or sluice_event_loop_turn_max_seconds',
    );
  }
  const accountBytes = Object.values(kinds).reduce((sum, bytes) => sum + bytes, 0);
  return { accountBytes, kinds, events, longestTurnMs: turn * 1000 };
}
