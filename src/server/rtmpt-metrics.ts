import type { Metric } from '../http/deps.js';
import type { HttpTunnel } from '../transport/tunnel/tunnel.js';

/** What RTMPT counts. */
export type TunnelCounts = Pick<
  HttpTunnel,
  'sessions' | 'connections' | 'opened' | 'requests' | 'replays' | 'refusals'
>;

/** The metrics of RTMPT; none while it is off. */
export function tunnelMetrics(tunnel: TunnelCounts | undefined): Metric[] {
  if (tunnel === undefined) return [];
  const { sessions, connections, opened, requests, replays, refusals } = tunnel;
  const gauges = [
    ['sessions', 'RTMPT sessions open; each is an RTMP connection, too', sessions],
    ['http_connections', 'HTTP connections of RTMPT open', connections],
  ] as const;
  const counters = [
    ['sessions_opened_total', 'RTMPT sessions opened', opened],
    ['requests_total', 'HTTP requests of RTMPT', requests],
    ['replays_total', 'answers of RTMPT that were sent again', replays],
  ] as const;
  const samples = [...refusals].map(([status, value]) => ({ value, labels: { status: String(status) } }));
  return [
    ...gauges.map(([name, help, value]) => metric('gauge', name, help, value)),
    ...counters.map(([name, help, value]) => metric('counter', name, help, value)),
    {
      name: 'sluice_rtmpt_refused_total',
      help: 'HTTP requests of RTMPT that were refused, by status',
      type: 'counter',
      labels: ['status'],
      samples,
    },
  ];
}

function metric(type: 'gauge' | 'counter', name: string, help: string, value: number): Metric {
  return { name: `sluice_rtmpt_${name}`, help, type, samples: [{ value }] };
}
